"""Saved logins: when they are looked up, where they are sent, and how they are named."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest

from regbrowse.errors import AuthRejected, AuthRequired, NetError, RegbrowseError
from regbrowse.reference import Registry, Repository
from regbrowse.registry.client import Client, Login, Secret, Settings
from regbrowse.registry.models import LoginState
from regbrowse.registry.transport.scheme_probe import SchemeProbe
from regbrowse.registry.vendor.vendor_client import VendorClient
from support.asking import here, names
from support.fake_content import Gate
from support.fake_login import FakeKeychain
from support.fake_registry import FakeRegistry
from support.images import image

if TYPE_CHECKING:
    from regbrowse.settings.keychain import Keychain

SOURCE = "credential helper docker-credential-pass"
ANN = Login("ann", Secret("s3cr3t-canary-1"), SOURCE)
BOB = Login("bob", Secret("s3cr3t-canary-2"), "auth.json")
WRONG = Login("ann", Secret("s3cr3t-canary-wrong"), SOURCE)


def settings(keychain: FakeKeychain, user: Login | None = None) -> Settings:
    return Settings(user=user, pause=0, keychain=cast("Keychain", keychain))


@pytest.fixture
def private_registry(private_registry: FakeRegistry) -> FakeRegistry:
    private_registry.users["bob"] = "s3cr3t-canary-2"
    private_registry.repository("acme/other").add(image("acme/other"), "1")
    return private_registry


async def test_a_saved_login_is_used_and_its_source_is_said(private_registry: FakeRegistry) -> None:
    keychain = FakeKeychain({"": ANN})
    async with Client(settings(keychain)) as client:
        assert await names(client, here(private_registry)) == ["1"]
        await names(client, here(private_registry))
        assert client.auth.login_state(here(private_registry).registry) == LoginState("ann", SOURCE)
    assert keychain.asked == [(private_registry.name, "acme/app")], "looked up once"


async def test_a_vendor_api_is_not_asked_in_clear_when_https_was_required_while_the_helper_ran(
    private_registry: FakeRegistry,
) -> None:
    keychain, there = FakeKeychain({"": ANN}, gate=Gate()), here(private_registry).registry
    assert keychain.gate
    async with Client(settings(keychain)) as client:
        await client.ping(there)
        vendor = VendorClient(client.auth, client._transport, 5)
        asking = asyncio.ensure_future(vendor.get_from_registry(there, "/api", "acme/app", password=True))
        await asyncio.wait_for(keychain.gate.arrived.wait(), 5)
        client.require_https(there)
        keychain.gate.open()
        with pytest.raises(RegbrowseError) as caught:
            await asking
        assert caught.value.slug == "no-tls"
    assert private_registry.paths("/api") == []


async def test_the_look_up_runs_during_the_ping(private_registry: FakeRegistry) -> None:
    keychain = FakeKeychain({"": ANN}, gate=Gate())
    ping = private_registry.gate("/v2/")
    assert keychain.gate is not None
    async with Client(settings(keychain)) as client:
        asking = asyncio.ensure_future(names(client, here(private_registry)))
        await asyncio.gather(ping.arrived.wait(), keychain.gate.arrived.wait())
        ping.open()
        keychain.gate.open()
        assert await asking == ["1"]


async def test_https_may_be_required_while_the_helper_runs(private_registry: FakeRegistry) -> None:
    keychain = FakeKeychain({"": ANN}, gate=Gate())
    assert keychain.gate
    async with Client(settings(keychain)) as client:
        await client.ping(here(private_registry).registry)
        listing = asyncio.ensure_future(names(client, here(private_registry)))
        await asyncio.wait_for(keychain.gate.arrived.wait(), 5)
        client.require_https(here(private_registry).registry)
        keychain.gate.open()
        with pytest.raises(RegbrowseError) as caught:
            await listing
        assert caught.value.slug == "no-tls"
    assert private_registry.paths() == []


async def test_a_look_up_ends_with_its_request(private_registry: FakeRegistry) -> None:
    keychain = FakeKeychain({"": ANN}, gate=Gate())
    assert keychain.gate is not None
    async with Client(settings(keychain)) as client:
        asking = asyncio.ensure_future(names(client, here(private_registry)))
        await keychain.gate.arrived.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert not [task for task in asyncio.all_tasks() if "find" in repr(task)]


async def test_nothing_answers_while_a_helper_thinks() -> None:
    keychain = FakeKeychain({"": ANN}, gate=Gate())
    async with Client(settings(keychain)) as client:
        with pytest.raises(NetError):
            await names(client, Repository(Registry.parse("127.0.0.1:1"), "acme/app"))


async def test_each_repository_may_have_its_own_login(private_registry: FakeRegistry) -> None:
    keychain = FakeKeychain({"": ANN, "acme/other": BOB})
    async with Client(settings(keychain)) as client:
        assert await names(client, here(private_registry)) == ["1"]
        assert await names(client, here(private_registry, "acme/other")) == ["1"]
        assert client.auth.login_state(here(private_registry).registry) == LoginState("bob", "auth.json")
    accounts = [one.field("account") for one in private_registry.asked if one.path == "/token"]
    assert accounts == [["ann"], ["bob"]]


async def test_what_the_command_line_says_counts_more(private_registry: FakeRegistry) -> None:
    keychain = FakeKeychain({"": BOB})
    async with Client(settings(keychain, Login("ann", Secret("s3cr3t-canary-1")))) as client:
        assert await names(client, here(private_registry)) == ["1"]
        assert client.auth.login_state(here(private_registry).registry).source == "-u"
        async with FakeRegistry().serve() as other:
            other.auth, other.users = "basic", {"bob": "s3cr3t-canary-2"}
            other.repository("acme/app").add(image(), "2")
            assert await names(client, here(other)) == ["2"], "it is meant for the first registry only"
    assert keychain.asked == [(other.name, "acme/app")]


async def test_a_refused_login_is_looked_up_again_and_a_newer_one_is_used(private_registry: FakeRegistry) -> None:
    keychain = FakeKeychain({"": WRONG})
    async with Client(settings(keychain)) as client:
        with pytest.raises(AuthRejected, match=f"refused the credentials from {SOURCE}"):
            await names(client, here(private_registry))
        assert keychain.forgotten == [private_registry.name]
        keychain.logins[""] = ANN
        assert await names(client, here(private_registry)) == ["1"]
        assert client.auth.login_state(here(private_registry).registry) == LoginState("ann", SOURCE)


async def test_a_login_saved_meanwhile_is_used_without_a_restart(private_registry: FakeRegistry) -> None:
    keychain = FakeKeychain()
    async with Client(settings(keychain)) as client:
        with pytest.raises(AuthRequired):
            await names(client, here(private_registry))
        keychain.logins[""] = ANN
        assert await names(client, here(private_registry)) == ["1"]


async def test_a_helper_that_hangs_is_not_waited_for_twice(private_registry: FakeRegistry) -> None:
    private_registry.public = True
    keychain = FakeKeychain(slow={private_registry.name})
    async with Client(settings(keychain)) as client:
        await names(client, here(private_registry))
        await names(client, here(private_registry))
    assert len(keychain.asked) == 1


async def test_over_http_a_login_stays_here_and_that_is_said(
    registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SchemeProbe, "http_allowed", lambda *_: False)
    monkeypatch.setattr(SchemeProbe, "is_tolerable", lambda *_: True)
    registry.auth = "bearer"
    registry.repository("acme/app").add(image(), "1")
    async with Client(settings(FakeKeychain({"": ANN}))) as client:
        assert await names(client, here(registry)) == ["1"]
        state = client.auth.login_state(here(registry).registry)
    assert state.user == ""
    assert state.note == f"{registry.name} is reached over http: browsing without the login from {SOURCE}."
    assert not [one for one in registry.asked if one.headers.get("authorization", "").startswith("Basic")]
    assert "ann" not in repr(registry.asked)


async def test_nothing_secret_is_printed(private_registry: FakeRegistry) -> None:
    keychain = FakeKeychain({"": WRONG})
    made = settings(keychain, Login("ann", Secret("s3cr3t-canary-wrong")))
    async with Client(made) as client:
        with pytest.raises(AuthRejected) as caught:
            await names(client, here(private_registry))
        log = repr(list(client.log))
    assert "canary" not in f"{made!r} {caught.value} {caught.value!r} {caught.value.evidence!r} {log}"
