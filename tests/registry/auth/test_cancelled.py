"""Authentication that is cancelled at any moment: the next request succeeds, and nothing is left behind."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from regbrowse.registry.client import Client, Login, Secret, Settings
from regbrowse.registry.transport import tls
from regbrowse.settings.network import Network
from support.asking import here, names
from support.fake_login import FakeKeychain, FakeLogin
from support.fake_registry import FakeRegistry
from support.files import write

if TYPE_CHECKING:
    from regbrowse.settings.keychain import Keychain

ANN = Login("ann", Secret("s3cr3t-canary-1"))


def settings(folder: Path, *servers: FakeLogin) -> Settings:
    """One connection to each server: a place that is not given back stops the next request."""
    text = "".join(f'[registry."127.0.0.1:{server.port}"]\nconnections = 1\n' for server in servers)
    config = write(folder / "settings.toml", text)
    network = Network.read({}, folder, config=config, etc=folder / "etc", platform="linux")
    return Settings(pause=0, keychain=cast("Keychain", FakeKeychain({"": ANN})), state_folder=folder, network=network)


def left() -> list[object]:
    """List the tasks of the package that ought to have ended with their question."""
    coroutines = [task.get_coro() for task in asyncio.all_tasks()]
    return [one for one in coroutines if inspect.iscoroutine(one) and "regbrowse/registry" in one.cr_code.co_filename]


@pytest.mark.parametrize("auth", ["bearer", "basic"])
async def test_authentication_may_be_cancelled_at_any_moment(
    private_registry: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, auth: str
) -> None:
    # The system's CAs are read once: the loop below would wait for them in steps.
    context = tls.build_context(tls.TlsTrust())
    monkeypatch.setattr(tls, "build_context", lambda _: context)
    private_registry.auth = "bearer" if auth == "bearer" else "basic"
    unseen: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unseen.append(context))
    steps, finished = 0, 0
    async with FakeRegistry().serve() as service:
        service.tokens = private_registry.tokens
        private_registry.realm = f"{service.url}/token"
        while finished < 2:
            async with Client(settings(tmp_path / str(steps), private_registry, service)) as client:
                asking = asyncio.ensure_future(names(client, here(private_registry)))
                for _ in range(steps):
                    await asyncio.sleep(0)
                finished += asking.done()
                asking.cancel()
                await asyncio.wait([asking])
                assert left() == [], f"after {steps} steps"
                async with asyncio.timeout(5):
                    assert await names(client, here(private_registry)) == ["1"], f"after {steps} steps"
            steps += 1 + steps // 20
    # How many steps authentication takes depends on how fast the answers come; those before the first request do not.
    assert steps > 10
    assert unseen == []


@pytest.mark.parametrize(
    ("auth", "path"),
    [
        ("bearer", "/v2/"),
        ("bearer", "/token"),
        ("bearer", "/v2/acme/app/tags/list"),
        ("basic", "/v2/"),
        ("basic", "/v2/acme/app/tags/list"),
    ],
)
async def test_authentication_may_be_cancelled_while_the_registry_is_slow(
    private_registry: FakeRegistry, tmp_path: Path, auth: str, path: str
) -> None:
    private_registry.auth = "bearer" if auth == "bearer" else "basic"
    gate = private_registry.gate(path)
    async with Client(settings(tmp_path, private_registry)) as client, asyncio.timeout(10):
        asking = asyncio.ensure_future(names(client, here(private_registry)))
        await gate.arrived.wait()
        asking.cancel()
        await asyncio.wait([asking])
        assert left() == []
        gate.open()
        assert await names(client, here(private_registry)) == ["1"]
        assert left() == []


async def test_cancelling_the_first_request_does_not_cancel_the_token_of_the_others(
    private_registry: FakeRegistry, tmp_path: Path
) -> None:
    gate = private_registry.gate("/token")
    async with Client(settings(tmp_path, private_registry)) as client:
        first = asyncio.ensure_future(names(client, here(private_registry)))
        await asyncio.wait_for(gate.arrived.wait(), 5)
        others = [asyncio.ensure_future(names(client, here(private_registry))) for _ in range(49)]
        for _ in range(200):
            await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first])
        gate.open()
        async with asyncio.timeout(20):
            assert await asyncio.gather(*others) == [["1"]] * 49
        assert left() == []
    assert sum(one.path == "/token" for one in private_registry.asked) == 1
    assert gate.left.is_set() is False
