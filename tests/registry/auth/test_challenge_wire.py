"""The challenges that registries send, and the requests that answer them."""

from __future__ import annotations

import pytest

from regbrowse.errors import AuthRequired, Denied, NotFound, Unsupported
from regbrowse.registry.auth import ping
from regbrowse.registry.client import Client, Login, Secret
from support.asking import here, names, sent, settings
from support.fake_registry import FakeRegistry, Fault
from support.images import image

ANN = Login("ann", Secret("s3cr3t-canary-1"))
WRONG = Login("ann", Secret("s3cr3t-canary-wrong"))
PULL = "repository:acme/app:pull"
TAGS = "/v2/acme/app/tags/list"


def fill(registry: FakeRegistry) -> None:
    registry.repository("acme/app").add(image(), "1")


async def test_a_challenge_in_a_200_ping_is_answered_with_the_login(registry: FakeRegistry) -> None:
    registry.auth, registry.open_ping, registry.public = "bearer", True, False
    registry.challenge = f"bearer realm={registry.url}/token,service=fake,scope="
    fill(registry)
    async with Client(settings(ANN)) as client:
        assert await names(client, here(registry)) == ["1"]
    assert sent(registry) == ["GET /v2/", "GET /token", f"GET {TAGS}"]
    assert registry.asked[1].field("scope") == [PULL]


async def test_a_challenge_in_a_200_ping_is_ignored_without_a_login(registry: FakeRegistry, client: Client) -> None:
    registry.open_ping, registry.challenge = True, "basic realm=zot"
    registry.auth = "basic"
    fill(registry)
    assert await names(client, here(registry)) == ["1"]
    assert sent(registry) == ["GET /v2/", f"GET {TAGS}"]


async def test_a_401_without_a_challenge_is_answered_with_the_one_of_the_ping(registry: FakeRegistry) -> None:
    registry.auth, registry.resource_challenge = "bearer", False
    fill(registry)
    async with Client(settings()) as client:
        assert await names(client, here(registry)) == ["1"]
        registry.tokens.clear()
        assert await names(client, here(registry)) == ["1"]
    assert [one.status for one in registry.asked if one.path == TAGS] == [200, 401, 200]


async def test_denied_without_a_challenge_falls_back_to_browsing_anonymously(registry: FakeRegistry) -> None:
    registry.auth, registry.open_ping, registry.denies_strangers = "basic", True, True
    fill(registry)
    async with Client(settings(WRONG)) as client:
        assert await names(client, here(registry)) == ["1"]
        note = client.auth.login_state(here(registry).registry).note
    assert note.startswith("Credentials from -u do not reach ")
    assert note.endswith(f" — browsing {registry.name} anonymously.")
    assert [one.status for one in registry.asked if one.path == TAGS] == [403, 200]


async def test_a_token_service_that_denies_wrong_credentials_does_not_hide_a_public_image(
    registry: FakeRegistry,
) -> None:
    registry.auth, registry.refused_with = "bearer", 403
    fill(registry)
    async with Client(settings(WRONG)) as client:
        assert await names(client, here(registry)) == ["1"]
        assert await names(client, here(registry)) == ["1"]
        state = client.auth.login_state(here(registry).registry)
    assert state.note == f"Credentials from -u were rejected — browsing {registry.name} anonymously."
    assert [one.status for one in registry.asked if one.path == "/token"] == [403, 200], "asked with it once only"


async def test_a_login_that_reaches_one_repository_only_is_kept_for_it(registry: FakeRegistry) -> None:
    registry.auth = "bearer"
    fill(registry)
    registry.repository("acme/other").add(image("other"), "2")
    registry.fault("/token", Fault(403, times=1))
    async with Client(settings(ANN)) as client:
        await names(client, here(registry))
        assert "anonymously" in client.auth.login_state(here(registry).registry).note
        assert await names(client, here(registry, "acme/other")) == ["2"]
        state = client.auth.login_state(here(registry).registry)
    assert (state.user, state.note) == ("ann", "")
    assert registry.asked[-2].field("account") == ["ann"]


async def test_more_rights_are_asked_for_once_and_the_demanded_first(registry: FakeRegistry) -> None:
    registry.auth, registry.demands = "bearer", "repository:acme/app:metadata_read"
    fill(registry)
    async with Client(settings(ANN)) as client:
        assert await names(client, here(registry)) == ["1"]
    asked = [one.field("scope") for one in registry.asked if one.path == "/token"]
    assert asked == [[PULL], [registry.demands, PULL]]
    assert [one.status for one in registry.asked if one.path == TAGS] == [403, 200]


async def test_more_rights_that_do_not_help_are_not_asked_for_twice(registry: FakeRegistry) -> None:
    challenge = f'Bearer realm="{registry.url}/token",service="fake",scope="x",error="insufficient_scope"'
    registry.auth, registry.public = "bearer", False
    fill(registry)
    registry.fault(TAGS, Fault(403, b"{}", [("WWW-Authenticate", challenge)]))
    async with Client(settings(ANN)) as client:
        with pytest.raises(Denied) as caught:
            await names(client, here(registry))
    host = registry.name
    assert caught.value.why == f"You are logged in to {host} as ann, but may not read {host}/acme/app."
    assert len(registry.paths()) == 2
    assert sent(registry).count("GET /token") == 3, "two as ann, one anonymously"


@pytest.mark.parametrize(
    "challenge",
    [
        'Bearer realm="URL",service="fake",Basic realm="x"',
        'Basic realm="x", Bearer realm="URL",service="fake"',
        'Basic realm="x"\nBearer realm="URL",service="fake"',
        'Negotiate\nNTLM\nBearer realm="URL" service="fake"',
        "BEARER ReAlM=URL,service=fake",
    ],
)
async def test_bearer_is_found_among_other_challenges(registry: FakeRegistry, challenge: str) -> None:
    registry.auth, registry.challenge = "bearer", challenge.replace("URL", f"{registry.url}/token")
    fill(registry)
    async with Client(settings(ANN)) as client:
        assert await names(client, here(registry)) == ["1"]


@pytest.mark.parametrize("scope", ["*", "aws"])
async def test_a_scope_that_is_no_repository_is_sent_word_for_word(
    registry: FakeRegistry, client: Client, scope: str
) -> None:
    registry.auth = "bearer"
    registry.challenge = f'Bearer realm="{registry.url}/token",service="fake",scope="{scope}"'
    fill(registry)
    assert await names(client, here(registry)) == ["1"]
    assert registry.asked[1].field("scope") == [scope, PULL]


async def test_the_placeholder_scope_of_a_ping_is_not_requested(registry: FakeRegistry, client: Client) -> None:
    registry.auth = "bearer"
    registry.challenge = f'Bearer realm="{registry.url}/token",service="fake",scope="repository:user/image:pull"'
    fill(registry)
    assert await names(client, here(registry)) == ["1"]
    assert registry.asked[1].field("scope") == [PULL]


async def test_a_realm_keeps_its_own_query(registry: FakeRegistry, client: Client) -> None:
    registry.auth, registry.realm = "bearer", f"{registry.url}/token?tenant=7"
    fill(registry)
    assert await names(client, here(registry)) == ["1"]
    assert registry.asked[1].field("tenant") == ["7"]
    assert registry.asked[1].field("service") == ["fake"]


async def test_a_relative_realm_belongs_to_the_address_that_was_asked(registry: FakeRegistry, client: Client) -> None:
    registry.auth, registry.realm, registry.ping_challenge = "bearer", "../../../../token", False
    fill(registry)
    assert await names(client, here(registry)) == ["1"]


async def test_a_token_saved_as_it_is_is_sent_as_it_is(registry: FakeRegistry) -> None:
    registry.auth, registry.public = "bearer", False
    registry.tokens["s3cr3t-canary-saved"] = [PULL]
    fill(registry)
    async with Client(settings(Login("", Secret("s3cr3t-canary-saved"), "docker config", "bearer"))) as client:
        assert await names(client, here(registry)) == ["1"]
        state = client.auth.login_state(here(registry).registry)
    assert sent(registry) == ["GET /v2/", f"GET {TAGS}"]
    assert (state.user, state.source) == ("token", "docker config")


@pytest.mark.parametrize("saved", ["s3cr3t-canary-old", "s3cr3t-canary\r\nX: y"])
async def test_a_saved_token_that_has_expired_does_not_hide_a_public_image(registry: FakeRegistry, saved: str) -> None:
    registry.auth = "bearer"
    fill(registry)
    async with Client(settings(Login("", Secret(saved), "docker config", "bearer"))) as client:
        assert await names(client, here(registry)) == ["1"]
        state = client.auth.login_state(here(registry).registry)
    assert state.user == ""
    assert "Credentials from docker config were rejected" in state.note


async def test_a_registry_is_pinged_again_after_a_while(
    registry: FakeRegistry, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(registry)
    await client.head(here(registry), "1")
    monkeypatch.setattr(ping, "LIFETIME", -1.0)
    registry.auth = "bearer"
    before = len(registry.asked)
    assert await client.head(here(registry), "1")
    assert sent(registry)[before:] == ["GET /v2/", "GET /token", "HEAD /v2/acme/app/manifests/1"]


async def test_a_challenge_that_changed_replaces_the_one_of_the_ping(registry: FakeRegistry) -> None:
    registry.auth = "bearer"
    for path in ("acme/app", "acme/other"):
        registry.repository(path).add(image(path), "1")
    async with Client(settings()) as client:
        await names(client, here(registry))
        registry.tokens.clear()
        registry.realm = f"{registry.url}/token?moved=1"
        await names(client, here(registry))
        before = len(registry.asked)
        assert await names(client, here(registry, "acme/other")) == ["1"]
    assert [one.path for one in registry.asked[before:]] == ["/token", "/v2/acme/other/tags/list"]
    assert registry.asked[before].field("moved") == ["1"]


async def test_only_unknown_schemes_are_named_with_those_we_know(registry: FakeRegistry, client: Client) -> None:
    registry.auth, registry.challenge = "basic", "Negotiate\nDigest realm=x"
    with pytest.raises(AuthRequired) as caught:
        await names(client, here(registry))
    assert caught.value.why == (
        f"{registry.name} only offers negotiate, digest authentication; regbrowse supports Bearer and Basic."
    )


async def test_a_server_that_is_no_registry_is_called_so(registry: FakeRegistry, client: Client) -> None:
    for path in ("/v2/", TAGS):
        registry.fault(path, Fault(404, b"<html>no such page</html>", [("Content-Type", "text/html")]))
    with pytest.raises(Unsupported) as caught:
        await names(client, here(registry))
    assert caught.value.why == f"{registry.name} answers, but not like a container registry."


async def test_a_registry_without_a_ping_is_one_all_the_same(registry: FakeRegistry, client: Client) -> None:
    registry.fault("/v2/", Fault(404, b"<html>"))
    fill(registry)
    assert await names(client, here(registry)) == ["1"]
    with pytest.raises(NotFound):
        await names(client, here(registry, "acme/none"))
