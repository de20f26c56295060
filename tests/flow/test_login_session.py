"""Logging in for this session, as nobody, and through a helper that needs the terminal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, cast

import pytest
import pytest_asyncio

from fake_login import FakeKeychain
from fake_registry import FakeRegistry, Fault
from images import image
from regbrowse.errors import AuthRejected, AuthRequired, PolicyError, RateLimited
from regbrowse.reference import Registry, Repository
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.client import Client, Login, Secret, Settings
from regbrowse.registry.models import LoginState
from regbrowse.registry.transport.scheme_probe import SchemeProbe
from regbrowse.settings.login import Source

if TYPE_CHECKING:
    from regbrowse.settings.keychain import Keychain

GOOD = Secret("s3cr3t-canary-1")
WRONG = Secret("s3cr3t-canary-wrong")


class Visitor:
    """A client, its desk, and what its keychain holds."""

    def __init__(self, registry: FakeRegistry, client: Client, keychain: FakeKeychain) -> None:
        self.client = client
        self.keychain = keychain
        self.desk: Authenticator = client.auth
        self.registry = Registry.parse(registry.name)
        self.changes: list[str] = []
        self.desk.on_change.append(lambda registry: self.changes.append(registry.name))

    async def names(self) -> list[str]:
        pages = self.client.tags(Repository(self.registry, "acme/app"))
        return [tag async for page in pages for tag in page.tags]


@pytest_asyncio.fixture
async def visitor(registry: FakeRegistry) -> AsyncIterator[Visitor]:
    registry.auth, registry.public = "bearer", False
    registry.repository("acme/app").add(image(), "1")
    keychain = FakeKeychain()
    async with Client(Settings(pause=0, keychain=cast("Keychain", keychain))) as client:
        yield Visitor(registry, client, keychain)


@pytest.mark.parametrize(("user", "password"), [("", "s3cr3t-canary-1"), ("ann", ""), ("ann", "s3cr3t-canary-\ud800")])
async def test_half_a_login_is_none(registry: FakeRegistry, visitor: Visitor, user: str, password: str) -> None:
    registry.public = True
    assert await visitor.names() == ["1"]
    before = len(registry.asked)
    with pytest.raises(AuthRejected, match="takes a user name and a password") as caught:
        await visitor.desk.sign_in(visitor.registry, user, Secret(password))
    assert "canary" not in str(caught.value)
    assert len(registry.asked) == before
    assert visitor.desk.state(visitor.registry).user == ""


@pytest.mark.parametrize("auth", ["basic", "bearer"])
async def test_characters_of_every_script_are_sent_as_utf8(
    registry: FakeRegistry, visitor: Visitor, auth: str
) -> None:
    registry.auth = "basic" if auth == "basic" else "bearer"
    registry.users["jürgen&ко"] = "s3cr3t-canary-pässwörd-密码: &%"
    await visitor.desk.sign_in(visitor.registry, "jürgen&ко", Secret("s3cr3t-canary-pässwörd-密码: &%"))
    assert await visitor.names() == ["1"]


@pytest.mark.parametrize("auth", ["basic", "bearer"])
async def test_logging_in_for_this_session(registry: FakeRegistry, visitor: Visitor, auth: str) -> None:
    registry.auth = "basic" if auth == "basic" else "bearer"
    with pytest.raises(AuthRequired):
        await visitor.names()
    await visitor.desk.sign_in(visitor.registry, "ann", GOOD)
    assert visitor.desk.state(visitor.registry) == LoginState("ann", "this session")
    assert visitor.changes == [registry.name]
    assert await visitor.names() == ["1"]


@pytest.mark.parametrize("auth", ["basic", "bearer"])
async def test_a_wrong_password_is_refused_at_once(registry: FakeRegistry, visitor: Visitor, auth: str) -> None:
    registry.auth = "basic" if auth == "basic" else "bearer"
    visitor.keychain.logins[""] = Login("ann", GOOD, "docker config")
    assert await visitor.names() == ["1"]
    with pytest.raises(AuthRejected) as caught:
        await visitor.desk.sign_in(visitor.registry, "ann", WRONG)
    assert caught.value.why == f"{registry.name} refused the credentials from this session."
    assert "canary" not in str(caught.value) + repr(caught.value.evidence) + repr(list(visitor.client.log))
    assert visitor.desk.state(visitor.registry) == LoginState("ann", "docker config"), "we are who we were"
    assert visitor.changes == []
    assert await visitor.names() == ["1"]


async def test_the_token_of_somebody_else_is_not_used_on(registry: FakeRegistry, visitor: Visitor) -> None:
    registry.users["bob"] = "s3cr3t-canary-2"
    await visitor.desk.sign_in(visitor.registry, "ann", GOOD)
    await visitor.names()
    await visitor.desk.sign_in(visitor.registry, "bob", Secret("s3cr3t-canary-2"))
    await visitor.names()
    accounts = [one.field("account") for one in registry.asked if one.path == "/token"]
    assert accounts[-1] == ["bob"]


async def test_an_identity_token_is_typed_with_the_name_that_docker_gives_it(
    registry: FakeRegistry, visitor: Visitor
) -> None:
    registry.identities["s3cr3t-canary-identity"] = "ann"
    await visitor.desk.sign_in(visitor.registry, "<token>", Secret("s3cr3t-canary-identity"))
    assert await visitor.names() == ["1"]
    assert visitor.desk.state(visitor.registry).user == "token"
    assert {one.method for one in registry.asked if one.path == "/token"} == {"POST"}


async def test_a_registry_that_does_not_ask_yet_believes_anybody(registry: FakeRegistry, visitor: Visitor) -> None:
    registry.ping_challenge = False
    registry.auth = "none"
    await visitor.desk.sign_in(visitor.registry, "ann", WRONG)
    registry.auth = "bearer"
    with pytest.raises(AuthRejected):
        await visitor.names()


async def test_trouble_of_the_registry_is_no_refusal(registry: FakeRegistry, visitor: Visitor) -> None:
    registry.auth = "basic"
    registry.fault("/v2/", Fault(429, b"", after=1))
    with pytest.raises(RateLimited):
        await visitor.desk.sign_in(visitor.registry, "ann", GOOD)
    assert visitor.changes == []


async def test_a_password_is_not_sent_in_clear(
    registry: FakeRegistry, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SchemeProbe, "http_allowed", lambda *_: False)
    monkeypatch.setattr(SchemeProbe, "is_tolerable", lambda *_: True)
    with pytest.raises(PolicyError, match="anybody on the way could read the password"):
        await visitor.desk.sign_in(visitor.registry, "ann", GOOD)
    assert [one.path for one in registry.asked] == ["/v2/"]


async def test_browsing_anonymously_when_told_so(registry: FakeRegistry, visitor: Visitor) -> None:
    registry.public = True
    visitor.keychain.logins[""] = Login("ann", GOOD, "docker config")
    await visitor.names()
    await visitor.desk.browse_anonymously(visitor.registry)
    assert visitor.changes == [registry.name]
    before = len(registry.asked)
    assert await visitor.names() == ["1"]
    assert visitor.desk.state(visitor.registry) == LoginState()
    assert not [one for one in registry.asked[before:] if one.headers.get("authorization", "").startswith("Basic")]
    assert await visitor.desk.sources(visitor.registry) == (
        Source("this session", note="browsing anonymously", wins=True),
        Source("docker config", "ann", "kept here", wins=False),
    )


async def test_a_refused_login_makes_us_somebody_else(registry: FakeRegistry, visitor: Visitor) -> None:
    registry.public = True
    visitor.keychain.logins[""] = Login("ann", WRONG, "docker config")
    assert await visitor.names() == ["1"]
    assert visitor.changes == [registry.name]


async def test_a_helper_that_has_the_terminal(registry: FakeRegistry, visitor: Visitor) -> None:
    assert not await visitor.desk.ask_helper_in_foreground(visitor.registry)
    visitor.keychain.slow.add(registry.name)
    with pytest.raises(AuthRequired):
        await visitor.names()
    visitor.keychain.behind_the_terminal = Login("ann", GOOD, "credential helper docker-credential-pass")
    assert await visitor.desk.ask_helper_in_foreground(visitor.registry)
    assert visitor.changes == [registry.name]
    assert await visitor.names() == ["1"]
    assert visitor.desk.state(visitor.registry).source == "credential helper docker-credential-pass"


async def test_every_source_is_listed_and_one_counts(registry: FakeRegistry) -> None:
    keychain = FakeKeychain({"": Login("bob", GOOD, "auth.json")})
    given = Login("ann", GOOD, "REGBROWSE_USER")
    async with Client(Settings(user=given, pause=0, keychain=cast("Keychain", keychain))) as client:
        visitor = Visitor(registry, client, keychain)
        listed = await visitor.desk.sources(visitor.registry)
        assert [(source.name, source.wins) for source in listed] == [("REGBROWSE_USER", True), ("auth.json", False)]
        registry.auth = "basic"
        await visitor.desk.sign_in(visitor.registry, "ann", GOOD)
        listed = await visitor.desk.sources(visitor.registry)
    assert [(source.name, source.user, source.wins) for source in listed] == [
        ("this session", "ann", True),
        ("REGBROWSE_USER", "ann", False),
        ("auth.json", "bob", False),
    ]
    assert "canary" not in repr(listed)


@pytest.mark.parametrize(("auth", "there"), [("none", False), ("basic", True), ("bearer", True)])
async def test_where_logins_go_is_known_after_the_first_knock(
    registry: FakeRegistry, visitor: Visitor, auth: str, there: bool
) -> None:
    registry.auth = "none" if auth == "none" else "basic" if auth == "basic" else "bearer"
    assert visitor.desk.logins_go_to(visitor.registry) == ""
    await visitor.desk.pings.ping(visitor.registry)
    assert visitor.desk.logins_go_to(visitor.registry) == (registry.name if there else "")


async def test_the_login_for_the_registry_itself(visitor: Visitor) -> None:
    assert await visitor.desk.login_for(visitor.registry) is None
    visitor.keychain.logins[""] = Login("ann", WRONG, "docker config")
    found = await visitor.desk.login_for(visitor.registry)
    assert found is not None
    with pytest.raises(AuthRejected):
        await visitor.names()
    assert await visitor.desk.login_for(visitor.registry) is None, "it was refused"
