"""Where logins go: the host is remembered for each registry, and a change is asked about."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from regbrowse.errors import RealmChanged
from regbrowse.reference import Registry, Repository
from regbrowse.registry.auth.realm_policy import host_of
from regbrowse.registry.client import Client, Login, Secret, Settings
from regbrowse.state.realm_hosts import read_hosts
from support.asking import names
from support.fake_login import FakeLogin
from support.fake_registry import FakeRegistry

ANN = Login("ann", Secret("s3cr3t-canary-1"))


def repository(registry: FakeRegistry) -> Repository:
    return Repository(Registry.parse(registry.name), "acme/app")


def send_logins_to(registry: FakeRegistry, service: FakeLogin) -> None:
    registry.realm = f"{service.url}/token"
    # A token is valid at both, whichever issued it.
    service.tokens = registry.tokens


async def test_a_login_that_would_go_to_another_host_than_before_is_asked_about(
    private_registry: FakeRegistry, tmp_path: Path
) -> None:
    settings = Settings(user=ANN, pause=0, state_folder=tmp_path / "state")
    async with FakeRegistry().serve() as service, FakeRegistry().serve() as thief:
        send_logins_to(private_registry, service)
        async with Client(settings) as client:
            assert await names(client, repository(private_registry)) == ["1"]
            assert client.auth.login_host(repository(private_registry).registry) == service.name
        send_logins_to(private_registry, thief)
        async with Client(settings) as client:
            with pytest.raises(RealmChanged) as caught:
                await names(client, repository(private_registry))
            assert caught.value.slug == "realm-changed"
            assert caught.value.why == (
                f"{private_registry.name} used to send logins to {service.name}; now it names {thief.name}."
                " Continue only if you expected this."
            )
            with pytest.raises(RealmChanged):
                await names(client, repository(private_registry))
            assert thief.asked == []
            client.auth.realms.allow(repository(private_registry).registry)
            assert await names(client, repository(private_registry)) == ["1"]
            assert [one.path for one in thief.asked] == ["/token"]
        async with Client(settings) as client:
            assert await names(client, repository(private_registry)) == ["1"]


async def test_saying_yes_counts_for_what_was_shown_only(private_registry: FakeRegistry) -> None:
    async with FakeRegistry().serve() as service, FakeRegistry().serve() as moved, FakeRegistry().serve() as thief:
        send_logins_to(private_registry, service)
        async with Client(Settings(user=ANN, pause=0)) as client:
            assert await names(client, repository(private_registry)) == ["1"]
            for asked in (moved, thief):
                send_logins_to(private_registry, asked)
                private_registry.tokens.clear()
                with pytest.raises(RealmChanged, match=asked.name):
                    await names(client, repository(private_registry))
            # Which of the two was on the screen?
            client.auth.realms.allow(repository(private_registry).registry)
            with pytest.raises(RealmChanged, match=thief.name):
                await names(client, repository(private_registry))
            client.auth.realms.allow(repository(private_registry).registry)
            assert await names(client, repository(private_registry)) == ["1"]
        assert moved.asked == []
        assert len(thief.asked) == 1


async def test_the_change_is_seen_within_one_run_and_without_a_folder(private_registry: FakeRegistry) -> None:
    async with FakeRegistry().serve() as service, FakeRegistry().serve() as thief:
        send_logins_to(private_registry, service)
        async with Client(Settings(user=ANN, pause=0)) as client:
            assert await names(client, repository(private_registry)) == ["1"]
            send_logins_to(private_registry, thief)
            private_registry.tokens.clear()
            with pytest.raises(RealmChanged):
                await names(client, repository(private_registry))
            send_logins_to(private_registry, service)
            assert await names(client, repository(private_registry)) == ["1"], "the known host is trusted at once"
        assert thief.asked == []


async def test_without_a_login_the_user_is_not_asked(private_registry: FakeRegistry, tmp_path: Path) -> None:
    private_registry.public = True
    async with FakeRegistry().serve() as one, FakeRegistry().serve() as other:
        for service in (one, other):
            send_logins_to(private_registry, service)
            async with Client(Settings(pause=0, state_folder=tmp_path)) as client:
                assert await names(client, repository(private_registry)) == ["1"]
    assert read_hosts(tmp_path / "realms.json") == {}


async def test_the_registry_itself_may_always_ask_for_the_login(private_registry: FakeRegistry, tmp_path: Path) -> None:
    settings = Settings(user=ANN, pause=0, state_folder=tmp_path)
    async with FakeRegistry().serve() as service:
        send_logins_to(private_registry, service)
        async with Client(settings) as client:
            await names(client, repository(private_registry))
        private_registry.realm = ""
        async with Client(settings) as client:
            assert await names(client, repository(private_registry)) == ["1"]


async def test_the_file_holds_host_names_for_this_account_only(private_registry: FakeRegistry, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    async with FakeRegistry().serve() as service:
        send_logins_to(private_registry, service)
        async with Client(Settings(user=ANN, pause=0, state_folder=folder)) as client:
            await names(client, repository(private_registry))
        [file] = folder.iterdir()
        assert json.loads(file.read_text()) == {private_registry.name: [service.name]}
    assert file.name == "realms.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Auth.Example./t", "auth.example"),
        ("https://a.example:443/t", "a.example"),
        ("https://a.example:80/t", "a.example:80"),
        ("http://[::1]:5000/t", "[::1]:5000"),
    ],
)
def test_the_same_host_is_written_in_one_way(url: str, host: str) -> None:
    assert host_of(url) == host
