"""Authentication as the client sees it: anonymous, Basic and Bearer, refusals and fall-backs."""

from __future__ import annotations

import asyncio

import pytest

from regbrowse.errors import AuthError, AuthRejected, AuthRequired, Denied, PolicyError, RegistryError
from regbrowse.registry.client import Client, Login, Secret
from support.asking import here, names, settings
from support.fake_registry import FakeRegistry, Fault
from support.images import image

ANN = Login("ann", Secret("s3cr3t-canary-1"))
WRONG = Login("ann", Secret("s3cr3t-canary-wrong"))


async def test_an_open_registry_is_pinged_once(registry: FakeRegistry, client: Client) -> None:
    registry.repository("acme/app").add(image(), "1", "2")
    assert await names(client, here(registry)) == ["1", "2"]
    assert await names(client, here(registry)) == ["1", "2"]
    assert [one.path for one in registry.asked if one.path == "/v2/"] == ["/v2/"]
    assert client.auth.login_state(here(registry).registry).user == ""


async def test_basic(registry: FakeRegistry) -> None:
    registry.auth = "basic"
    registry.repository("acme/app").add(image(), "1")
    async with Client(settings(ANN)) as client:
        assert await names(client, here(registry)) == ["1"]
        assert client.auth.login_state(here(registry).registry).user == "ann"
    assert registry.paths() == ["/v2/acme/app/tags/list?n=1000"]


async def test_bearer_without_a_login_gets_its_token_before_the_request(registry: FakeRegistry, client: Client) -> None:
    registry.auth = "bearer"
    registry.repository("acme/app").add(image(), "1")
    assert await names(client, here(registry)) == ["1"]
    assert [one.path for one in registry.asked] == ["/v2/", "/token", "/v2/acme/app/tags/list"]
    token = registry.asked[1]
    assert token.field("scope") == ["repository:acme/app:pull"]
    assert token.field("service") == ["fake"]
    assert token.field("offline_token") == token.field("account") == []
    assert "authorization" not in token.headers


@pytest.mark.parametrize("key", ["token", "access_token"])
async def test_bearer_with_a_login(registry: FakeRegistry, key: str) -> None:
    registry.auth, registry.public, registry.token_key = "bearer", False, key
    registry.repository("acme/app").add(image(), "1")
    async with Client(settings(ANN)) as client:
        assert await names(client, here(registry)) == ["1"]
    token = next(one for one in registry.asked if one.path == "/token")
    assert token.field("account") == ["ann"]
    assert token.headers["authorization"].startswith("Basic ")


async def test_a_challenge_that_only_the_resource_names_is_answered(registry: FakeRegistry, client: Client) -> None:
    registry.auth, registry.ping_challenge = "bearer", False
    made = registry.repository("acme/app").add(image(), "1")
    assert await names(client, here(registry)) == ["1"]
    await client.manifest(here(registry), made.digest)
    assert [one.path for one in registry.asked].count("/token") == 1


async def test_no_login_known_is_said_with_the_next_step(registry: FakeRegistry, client: Client) -> None:
    registry.auth, registry.public = "bearer", False
    with pytest.raises(AuthRequired) as caught:
        await names(client, here(registry))
    host = registry.name
    assert caught.value.why == (
        f"{host} needs a login for acme/app (or the repository does not exist; {host} does not tell)."
    )
    assert caught.value.hint == "Log in with docker login, or press L for this session only."
    assert caught.value.command == f"docker login {host}"
    assert caught.value.evidence.status == 401
    assert caught.value.evidence.codes == ("UNAUTHORIZED",)


async def test_a_refused_login_falls_back_to_browsing_anonymously_and_says_so(registry: FakeRegistry) -> None:
    registry.auth = "bearer"
    registry.repository("acme/app").add(image(), "1")
    async with Client(settings(WRONG)) as client:
        assert await names(client, here(registry)) == ["1"]
        state = client.auth.login_state(here(registry).registry)
    assert state.user == ""
    assert state.note == f"Credentials from -u were rejected — browsing {registry.name} anonymously."


@pytest.mark.parametrize("auth", ["basic", "bearer"])
async def test_a_refused_login_without_public_access(registry: FakeRegistry, auth: str) -> None:
    registry.auth, registry.public = ("basic", False) if auth == "basic" else ("bearer", False)
    async with Client(settings(WRONG)) as client:
        with pytest.raises(AuthRejected) as caught:
            await names(client, here(registry))
    assert caught.value.why == f"{registry.name} refused the credentials from -u."
    assert "canary" not in str(caught.value) + repr(caught.value.evidence)
    assert len(registry.paths()) <= 4


async def test_logged_in_but_not_allowed(registry: FakeRegistry) -> None:
    registry.auth = "basic"
    registry.fault("/v2/acme/app/tags/list", Fault(403, b'{"errors":[{"code":"DENIED","message":"no"}]}'))
    async with Client(settings(ANN)) as client:
        with pytest.raises(Denied) as caught:
            await names(client, here(registry))
    host = registry.name
    assert caught.value.why == f"You are logged in to {host} as ann, but may not read {host}/acme/app."
    assert caught.value.evidence.short == "403 DENIED"


async def test_a_login_is_sent_to_one_registry_only(registry: FakeRegistry) -> None:
    async with FakeRegistry().serve() as other:
        registry.auth = other.auth = "bearer"
        for one in (registry, other):
            one.repository("acme/app").add(image(), "1")
        async with Client(settings(ANN)) as client:
            await names(client, here(registry))
            await names(client, here(other))
        assert not [one for one in other.asked if one.headers.get("authorization", "").startswith("Basic")]


async def test_fifty_requests_at_once_need_one_token(registry: FakeRegistry, client: Client) -> None:
    registry.auth = "bearer"
    registry.repository("acme/app").add(image(), *(f"t{number}" for number in range(50)))
    gate = registry.gate("/token")
    heads = asyncio.gather(*(client.head(here(registry), f"t{number}") for number in range(50)))
    await gate.arrived.wait()
    gate.open()
    found = await heads
    assert len({head.digest for head in found if head}) == 1
    assert [one.path for one in registry.asked].count("/token") == 1
    assert [one.path for one in registry.asked].count("/v2/") == 1


async def test_a_token_that_expires_in_the_middle_is_renewed_once(registry: FakeRegistry, client: Client) -> None:
    registry.auth, registry.page_size = "bearer", 2
    registry.repository("acme/app").add(image(), "a", "b", "c", "d", "e")
    found: list[str] = []
    async for page in client.tags(here(registry)):
        found += page.tags
        if page.total == 4:
            registry.tokens.clear()
    assert found == ["a", "b", "c", "d", "e"]
    assert [one.status for one in registry.asked if one.path.endswith("tags/list")] == [200, 200, 401, 200]
    assert [one.path for one in registry.asked].count("/token") == 2


@pytest.mark.parametrize("login", [None, ANN])
async def test_a_registry_that_refuses_every_token_is_asked_a_few_times_only(
    registry: FakeRegistry, login: Login | None
) -> None:
    registry.auth, registry.insatiable = "bearer", True
    async with Client(settings(login)) as client:
        with pytest.raises(AuthError) as caught:
            await names(client, here(registry))
    assert "keeps asking for authentication" in caught.value.why
    assert len(registry.paths()) <= 4
    assert [one.path for one in registry.asked].count("/token") <= 3


async def test_a_401_without_a_challenge(registry: FakeRegistry, client: Client) -> None:
    registry.auth, registry.challenge = "bearer", "-"
    with pytest.raises(AuthRequired, match="without saying how to log in"):
        await names(client, here(registry))
    assert len(registry.paths()) == 1


async def test_only_unknown_schemes(registry: FakeRegistry, client: Client) -> None:
    registry.auth, registry.challenge = "basic", "Negotiate, NTLM"
    with pytest.raises(AuthRequired, match="only offers negotiate, ntlm authentication"):
        await names(client, here(registry))


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        (Fault(200, b"<html>", [("Content-Type", "text/html")]), "did not return a token (status 200, text/html)"),
        (Fault(200, b"{}"), "did not return a token"),
        (Fault(200, b'{"token":"a\\r\\nX: y"}'), "did not return a token"),
        (Fault(200, b'{"token":"' + b"x" * 70_000 + b'"}'), "did not return a token"),
        (Fault(404, b""), "did not return a token"),
    ],
)
async def test_a_bad_token_answer_is_explained_without_its_body(
    registry: FakeRegistry, client: Client, fault: Fault, word: str
) -> None:
    registry.auth = "bearer"
    registry.fault("/token", fault)
    with pytest.raises(AuthError) as caught:
        await names(client, here(registry))
    assert word in caught.value.why
    assert caught.value.evidence.said == ""


async def test_a_token_service_in_trouble_is_asked_again(registry: FakeRegistry, client: Client) -> None:
    registry.auth = "bearer"
    registry.repository("acme/app").add(image(), "1")
    registry.fault("/token", Fault(503, times=2))
    assert await names(client, here(registry)) == ["1"]


async def test_the_login_is_not_sent_after_a_redirect_of_the_login_service(registry: FakeRegistry) -> None:
    async with FakeRegistry().serve() as thief:
        registry.auth = "bearer"
        registry.fault("/token", Fault(307, b"", [("Location", f"{thief.url}/token")]))
        async with Client(settings(ANN)) as client:
            with pytest.raises(PolicyError, match="redirected to another host"):
                await names(client, here(registry))
        assert thief.asked == []


@pytest.mark.parametrize(
    ("realm", "word"),
    [
        ("http://elsewhere.example/token", "in clear to another host"),
        ("https://u:p@auth.example/token", "a user name in it"),
        ("file:///etc/passwd", "the scheme"),
    ],
)
async def test_logins_are_not_sent_to_strange_places(
    registry: FakeRegistry, client: Client, realm: str, word: str
) -> None:
    registry.auth, registry.realm = "bearer", realm
    with pytest.raises(PolicyError, match=word):
        await names(client, here(registry))


async def test_a_realm_relative_to_the_registry(registry: FakeRegistry, client: Client) -> None:
    registry.auth, registry.realm = "bearer", "/token"
    registry.repository("acme/app").add(image(), "1")
    assert await names(client, here(registry)) == ["1"]


async def test_no_secret_is_in_the_request_log(registry: FakeRegistry) -> None:
    registry.auth = "bearer"
    registry.repository("acme/app").add(image(), "1")
    async with Client(settings(ANN)) as client:
        await names(client, here(registry))
        assert "canary" not in repr(list(client.log))
        assert [one.note for one in client.log] == ["no answer", "", "login", ""]
        assert len([one for one in client.log if one.status]) == len(registry.asked)


async def test_no_cookie_is_ever_sent(registry: FakeRegistry, client: Client) -> None:
    registry.extra_headers = [("Set-Cookie", "sid=1; Path=/")]
    registry.repository("acme/app").add(image(), "1")
    await names(client, here(registry))
    await names(client, here(registry))
    assert not [one for one in registry.asked if "cookie" in one.headers]


async def test_everything_that_fails_is_one_of_our_errors(registry: FakeRegistry, client: Client) -> None:
    registry.auth, registry.challenge = "bearer", 'Bearer realm="http://["'
    with pytest.raises(RegistryError):
        await names(client, here(registry))
