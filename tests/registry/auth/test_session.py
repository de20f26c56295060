"""Logging in for this session, browsing anonymously, and a credential helper that needs the terminal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, cast

import pytest
import pytest_asyncio

from regbrowse.errors import AuthRejected, AuthRequired, PolicyError, RateLimited
from regbrowse.reference import Registry, Repository
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.client import Client, Login, Secret, Settings
from regbrowse.registry.models import LoginState
from regbrowse.registry.transport.scheme_probe import SchemeProbe
from regbrowse.settings.login import Source
from support.fake_login import FakeKeychain
from support.fake_registry import FakeRegistry, Fault
from support.images import image

if TYPE_CHECKING:
    from regbrowse.settings.keychain import Keychain

GOOD = Secret("s3cr3t-canary-1")
WRONG = Secret("s3cr3t-canary-wrong")


class Session:
    """A client, its Authenticator, its keychain, and the login changes it was notified of."""

    def __init__(self, registry: FakeRegistry, client: Client, keychain: FakeKeychain) -> None:
        self.client = client
        self.keychain = keychain
        self.auth: Authenticator = client.auth
        self.registry = Registry.parse(registry.name)
        self.changes: list[str] = []
        self.auth.on_login_change.append(lambda registry: self.changes.append(registry.name))

    async def names(self) -> list[str]:
        pages = self.client.tags(Repository(self.registry, "acme/app"))
        return [tag async for page in pages for tag in page.tags]


@pytest_asyncio.fixture
async def session(registry: FakeRegistry) -> AsyncIterator[Session]:
    registry.auth, registry.public = "bearer", False
    registry.repository("acme/app").add(image(), "1")
    keychain = FakeKeychain()
    async with Client(Settings(pause=0, keychain=cast("Keychain", keychain))) as client:
        yield Session(registry, client, keychain)


@pytest.mark.parametrize(("user", "password"), [("", "s3cr3t-canary-1"), ("ann", ""), ("ann", "s3cr3t-canary-\ud800")])
async def test_a_login_without_user_or_password_is_not_sent(
    registry: FakeRegistry, session: Session, user: str, password: str
) -> None:
    registry.public = True
    assert await session.names() == ["1"]
    before = len(registry.asked)
    with pytest.raises(AuthRejected, match="takes a user name and a password") as caught:
        await session.auth.log_in(session.registry, user, Secret(password))
    assert "canary" not in str(caught.value)
    assert len(registry.asked) == before
    assert session.auth.login_state(session.registry).user == ""


@pytest.mark.parametrize("auth", ["basic", "bearer"])
async def test_characters_of_every_script_are_sent_as_utf8(registry: FakeRegistry, session: Session, auth: str) -> None:
    registry.auth = "basic" if auth == "basic" else "bearer"
    registry.users["jürgen&ко"] = "s3cr3t-canary-pässwörd-密码: &%"
    await session.auth.log_in(session.registry, "jürgen&ко", Secret("s3cr3t-canary-pässwörd-密码: &%"))
    assert await session.names() == ["1"]


@pytest.mark.parametrize("auth", ["basic", "bearer"])
async def test_logging_in_for_this_session(registry: FakeRegistry, session: Session, auth: str) -> None:
    registry.auth = "basic" if auth == "basic" else "bearer"
    with pytest.raises(AuthRequired):
        await session.names()
    await session.auth.log_in(session.registry, "ann", GOOD)
    assert session.auth.login_state(session.registry) == LoginState("ann", "this session")
    assert session.changes == [registry.name]
    assert await session.names() == ["1"]


@pytest.mark.parametrize("auth", ["basic", "bearer"])
async def test_a_wrong_password_is_refused_at_once(registry: FakeRegistry, session: Session, auth: str) -> None:
    registry.auth = "basic" if auth == "basic" else "bearer"
    session.keychain.logins[""] = Login("ann", GOOD, "docker config")
    assert await session.names() == ["1"]
    with pytest.raises(AuthRejected) as caught:
        await session.auth.log_in(session.registry, "ann", WRONG)
    assert caught.value.why == f"{registry.name} refused the credentials from this session."
    assert "canary" not in str(caught.value) + repr(caught.value.evidence) + repr(list(session.client.log))
    assert session.auth.login_state(session.registry) == LoginState("ann", "docker config"), "the login before stays"
    assert session.changes == []
    assert await session.names() == ["1"]


async def test_the_token_of_another_login_is_not_used(registry: FakeRegistry, session: Session) -> None:
    registry.users["bob"] = "s3cr3t-canary-2"
    await session.auth.log_in(session.registry, "ann", GOOD)
    await session.names()
    await session.auth.log_in(session.registry, "bob", Secret("s3cr3t-canary-2"))
    await session.names()
    accounts = [one.field("account") for one in registry.asked if one.path == "/token"]
    assert accounts[-1] == ["bob"]


async def test_an_identity_token_is_typed_with_the_name_that_docker_gives_it(
    registry: FakeRegistry, session: Session
) -> None:
    registry.identities["s3cr3t-canary-identity"] = "ann"
    await session.auth.log_in(session.registry, "<token>", Secret("s3cr3t-canary-identity"))
    assert await session.names() == ["1"]
    assert session.auth.login_state(session.registry).user == "token"
    assert {one.method for one in registry.asked if one.path == "/token"} == {"POST"}


async def test_a_login_is_not_verified_by_a_registry_without_a_challenge(
    registry: FakeRegistry, session: Session
) -> None:
    registry.ping_challenge = False
    registry.auth = "none"
    await session.auth.log_in(session.registry, "ann", WRONG)
    registry.auth = "bearer"
    with pytest.raises(AuthRejected):
        await session.names()


async def test_a_rate_limit_is_not_a_refused_login(registry: FakeRegistry, session: Session) -> None:
    registry.auth = "basic"
    registry.fault("/v2/", Fault(429, b"", after=1))
    with pytest.raises(RateLimited):
        await session.auth.log_in(session.registry, "ann", GOOD)
    assert session.changes == []


async def test_a_password_is_not_sent_in_clear(
    registry: FakeRegistry, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SchemeProbe, "http_allowed", lambda *_: False)
    monkeypatch.setattr(SchemeProbe, "is_tolerable", lambda *_: True)
    with pytest.raises(PolicyError, match="anybody on the way could read the password"):
        await session.auth.log_in(session.registry, "ann", GOOD)
    assert [one.path for one in registry.asked] == ["/v2/"]


async def test_anonymous_is_used_when_the_user_chooses_it(registry: FakeRegistry, session: Session) -> None:
    registry.public = True
    session.keychain.logins[""] = Login("ann", GOOD, "docker config")
    await session.names()
    session.auth.use_anonymous(session.registry)
    assert session.changes == [registry.name]
    before = len(registry.asked)
    assert await session.names() == ["1"]
    assert session.auth.login_state(session.registry) == LoginState()
    assert not [one for one in registry.asked[before:] if one.headers.get("authorization", "").startswith("Basic")]
    assert await session.auth.login_sources(session.registry) == (
        Source("this session", note="browsing anonymously", wins=True),
        Source("docker config", "ann", "kept here", wins=False),
    )


async def test_a_refused_login_notifies_of_the_change(registry: FakeRegistry, session: Session) -> None:
    registry.public = True
    session.keychain.logins[""] = Login("ann", WRONG, "docker config")
    assert await session.names() == ["1"]
    assert session.changes == [registry.name]


async def test_a_helper_that_has_the_terminal(registry: FakeRegistry, session: Session) -> None:
    assert not await session.auth.run_helper_in_foreground(session.registry)
    session.keychain.slow.add(registry.name)
    with pytest.raises(AuthRequired):
        await session.names()
    session.keychain.behind_the_terminal = Login("ann", GOOD, "credential helper docker-credential-pass")
    assert await session.auth.run_helper_in_foreground(session.registry)
    assert session.changes == [registry.name]
    assert await session.names() == ["1"]
    assert session.auth.login_state(session.registry).source == "credential helper docker-credential-pass"


async def test_the_helper_that_is_waited_for_is_named(registry: FakeRegistry, session: Session) -> None:
    assert session.auth.waiting_for_helper == ""
    session.keychain.asking = "docker-credential-pass"
    assert session.auth.waiting_for_helper == "docker-credential-pass"
    assert session.auth.slow_helper(session.registry) == ""
    session.keychain.slow.add(registry.name)
    assert session.auth.slow_helper(session.registry) == "docker-credential-pass"
    async with Client(Settings(pause=0)) as client:
        assert (client.auth.waiting_for_helper, client.auth.slow_helper(session.registry)) == ("", "")
        assert not await client.auth.run_helper_in_foreground(session.registry)


async def test_logging_in_ends_the_wait_for_a_rate_limit(registry: FakeRegistry, session: Session) -> None:
    registry.public = True
    registry.fault("/v2/acme/app/tags/list", Fault(429, b"{}", [("Retry-After", "3600")], times=1))
    with pytest.raises(RateLimited):
        await session.names()
    assert session.client.limits.wait(session.registry) is not None
    await session.auth.log_in(session.registry, "ann", GOOD)
    assert session.client.limits.wait(session.registry) is None
    assert await session.names() == ["1"]


async def test_every_source_is_listed_and_one_counts(registry: FakeRegistry) -> None:
    keychain = FakeKeychain({"": Login("bob", GOOD, "auth.json")})
    given = Login("ann", GOOD, "REGBROWSE_USER")
    async with Client(Settings(user=given, pause=0, keychain=cast("Keychain", keychain))) as client:
        session = Session(registry, client, keychain)
        listed = await session.auth.login_sources(session.registry)
        assert [(source.name, source.wins) for source in listed] == [("REGBROWSE_USER", True), ("auth.json", False)]
        registry.auth = "basic"
        await session.auth.log_in(session.registry, "ann", GOOD)
        listed = await session.auth.login_sources(session.registry)
    assert [(source.name, source.user, source.wins) for source in listed] == [
        ("this session", "ann", True),
        ("REGBROWSE_USER", "ann", False),
        ("auth.json", "bob", False),
    ]
    assert "canary" not in repr(listed)


@pytest.mark.parametrize(("auth", "there"), [("none", False), ("basic", True), ("bearer", True)])
async def test_the_login_host_is_known_after_the_ping(
    registry: FakeRegistry, session: Session, auth: str, there: bool
) -> None:
    registry.auth = "none" if auth == "none" else "basic" if auth == "basic" else "bearer"
    assert session.auth.login_host(session.registry) == ""
    await session.auth.pings.ping(session.registry)
    assert session.auth.login_host(session.registry) == (registry.name if there else "")


async def test_the_login_for_the_origin_of_the_registry(session: Session) -> None:
    assert (await session.auth.base_and_login(session.registry))[1] is None
    session.keychain.logins[""] = Login("ann", WRONG, "docker config")
    _, found = await session.auth.base_and_login(session.registry)
    assert found is not None
    with pytest.raises(AuthRejected):
        await session.names()
    assert (await session.auth.base_and_login(session.registry))[1] is None, "it was refused"
