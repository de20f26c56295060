"""Token requests in both forms, with identity tokens and passwords, and the responses to them."""

from __future__ import annotations

import pytest

from regbrowse.errors import AuthRejected, PolicyError, RateLimited, ServerError
from regbrowse.reference import Registry, Repository
from regbrowse.registry.client import Client, Login, Secret, Settings
from support.fake_registry import FakeRegistry, Fault
from support.images import image

ANN = Login("ann", Secret("s3cr3t-canary-1"))
IDENTITY = Login("", Secret("s3cr3t-canary-identity"), "docker config", "identity")
NAMED = Login("ann", Secret("s3cr3t-canary-identity"), "docker config", "identity")
AZURE = Login("00000000-0000-0000-0000-000000000000", Secret("s3cr3t-canary-azure"), "docker config")
PULL = "repository:acme/app:pull"


@pytest.fixture
def private_registry(private_registry: FakeRegistry) -> FakeRegistry:
    private_registry.identities = {"s3cr3t-canary-identity": "ann", "s3cr3t-canary-azure": AZURE.user}
    return private_registry


async def names(registry: FakeRegistry, login: Login | None) -> list[str]:
    async with Client(Settings(user=login, pause=0)) as client:
        repository = Repository(Registry.parse(registry.name), "acme/app")
        try:
            return [tag async for page in client.tags(repository) for tag in page.tags]
        finally:
            log = repr(list(client.log))
            assert "canary" not in log


def asked(registry: FakeRegistry) -> list[str]:
    return [one.method for one in registry.asked if one.path == "/token"]


@pytest.mark.parametrize("login", [IDENTITY, AZURE])
async def test_an_identity_token_is_posted(private_registry: FakeRegistry, login: Login) -> None:
    assert await names(private_registry, login) == ["1"]
    token = next(one for one in private_registry.asked if one.path == "/token")
    assert token.method == "POST"
    assert token.query == ""
    assert token.headers["content-type"] == "application/x-www-form-urlencoded"
    assert "authorization" not in token.headers
    assert token.form("grant_type") == ["refresh_token"]
    assert token.form("refresh_token") == [login.password.reveal()]
    assert token.form("scope") == [PULL]
    assert token.form("service") == ["fake"]
    assert token.form("client_id") == ["regbrowse"]
    assert token.form("offline_token") == []


@pytest.mark.parametrize("status", [400, 401, 404, 405])
@pytest.mark.parametrize("login", [NAMED, AZURE])
async def test_an_identity_token_with_a_name_is_tried_as_a_password(
    private_registry: FakeRegistry, login: Login, status: int
) -> None:
    private_registry.token_status["POST"] = status
    assert await names(private_registry, login) == ["1"]
    assert asked(private_registry) == ["POST", "GET"]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "refused the credentials from docker config"),
        (401, "refused the credentials from docker config"),
        (404, "does not take the identity token from docker config"),
        (405, "does not take the identity token from docker config"),
    ],
)
async def test_an_identity_token_without_a_name_has_one_way_only(
    private_registry: FakeRegistry, status: int, said: str
) -> None:
    private_registry.token_status["POST"] = status
    with pytest.raises(AuthRejected, match=said) as caught:
        await names(private_registry, IDENTITY)
    assert "canary" not in str(caught.value) + repr(caught.value.evidence)
    assert asked(private_registry) == ["POST", "GET"], "the second anonymously"
    assert "authorization" not in private_registry.asked[-1].headers


async def test_an_identity_token_that_is_refused_twice_is_not_tried_a_third_time(
    private_registry: FakeRegistry,
) -> None:
    private_registry.identities.clear()
    with pytest.raises(AuthRejected, match="refused the credentials from docker config"):
        await names(private_registry, NAMED)
    assert asked(private_registry) == ["POST", "GET", "GET"], "the last anonymously"


@pytest.mark.parametrize("status", [400, 404, 405])
async def test_a_password_is_posted_where_get_is_not_offered(private_registry: FakeRegistry, status: int) -> None:
    private_registry.token_status["GET"] = status
    assert await names(private_registry, ANN) == ["1"]
    token = private_registry.asked[-2]
    assert asked(private_registry) == ["GET", "POST"]
    assert token.form("grant_type") == ["password"]
    assert token.form("username") == ["ann"]
    assert token.form("access_type") == ["online"]
    assert token.form("scope") == [PULL]


async def test_a_wrong_password_is_not_sent_in_the_other_form(private_registry: FakeRegistry) -> None:
    with pytest.raises(AuthRejected):
        await names(private_registry, Login("ann", Secret("s3cr3t-canary-wrong")))
    assert asked(private_registry) == ["GET", "GET"], "the second anonymously"


async def test_the_grant_type_that_worked_is_used_again(private_registry: FakeRegistry) -> None:
    private_registry.token_status["GET"] = 405
    private_registry.repository("acme/other").add(image("other"), "2")
    async with Client(Settings(user=ANN, pause=0)) as client:
        for path in ("acme/app", "acme/other"):
            repository = Repository(Registry.parse(private_registry.name), path)
            assert [tag async for page in client.tags(repository) for tag in page.tags]
    assert asked(private_registry) == ["GET", "POST", "POST"]


async def test_a_posted_login_follows_one_redirect_within_the_token_service(private_registry: FakeRegistry) -> None:
    private_registry.fault("/token", Fault(307, b"", [("Location", "/token?moved=1")], times=1))
    assert await names(private_registry, IDENTITY) == ["1"]
    assert asked(private_registry) == ["POST", "POST"]
    assert private_registry.asked[-2].form("refresh_token") == [IDENTITY.password.reveal()]


async def test_a_posted_login_does_not_follow_twice(private_registry: FakeRegistry) -> None:
    private_registry.fault("/token", Fault(308, b"", [("Location", "/token?moved=1")], times=1))
    private_registry.fault("/token", Fault(308, b"", [("Location", "/token?moved=2")]))
    with pytest.raises(Exception, match=r"did not return a token \(status 308"):
        await names(private_registry, IDENTITY)
    assert asked(private_registry) == ["POST", "POST"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_posted_login_goes_to_no_other_host(private_registry: FakeRegistry, status: int) -> None:
    async with FakeRegistry().serve() as thief:
        private_registry.fault("/token", Fault(status, b"", [("Location", f"{thief.url}/token")]))
        with pytest.raises(PolicyError if status > 303 else Exception, match=r"another host|did not return a token"):
            await names(private_registry, IDENTITY)
        assert thief.asked == []


async def test_access_token_counts_when_both_are_there(private_registry: FakeRegistry) -> None:
    private_registry.token_key, private_registry.token_fields = "access_token", {"token": "another"}
    assert await names(private_registry, ANN) == ["1"]


async def test_an_empty_access_token_counts_as_absent(private_registry: FakeRegistry) -> None:
    private_registry.token_fields = {"access_token": "", "issued_at": "1990-01-01T00:00:00Z", "scope": ""}
    assert await names(private_registry, ANN) == ["1"]


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimited), (503, ServerError)])
async def test_a_token_service_in_lasting_trouble_is_not_a_refused_login(
    private_registry: FakeRegistry, status: int, kind: type[Exception]
) -> None:
    private_registry.fault("/token", Fault(status, b""))
    with pytest.raises(kind):
        await names(private_registry, ANN)
    assert len(asked(private_registry)) == 3
    assert private_registry.paths() == []
