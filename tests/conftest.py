"""Fixtures that the tests of several folders share."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
import pytest_asyncio

from regbrowse.oci.platform import Platform
from regbrowse.registry.client import Client, Settings
from support.command_line import CommandLine, command_line
from support.fake_registry import FakeRegistry
from support.images import image
from support.tls_world import issue

# How long an example takes on a busy machine says nothing.
hypothesis.settings.register_profile("regbrowse", deadline=None)
hypothesis.settings.load_profile("regbrowse")


def pytest_xdist_auto_num_workers() -> int:
    """Start more workers than there are processors: in a third of their time tests wait for a clock or a socket."""
    return -(-3 * len(os.sched_getaffinity(0)) // 2) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@pytest.fixture(scope="session", autouse=True)
def system_cas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let the system's CAs be a single one, in this process and in those that tests start.

    Reading the real ones takes 25 ms or more for each client, which was a third of the time of all tests, and no test
    connects to anybody whom they verify.
    """
    folder = tmp_path_factory.mktemp("system-cas")
    certificate, _ = issue("System CA", authority=True).write(folder, "system")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(certificate))
        yield


@pytest_asyncio.fixture
async def registry() -> AsyncIterator[FakeRegistry]:
    """Start a registry on this machine, empty and well-behaved until told otherwise."""
    async with FakeRegistry().serve() as registry:
        yield registry


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Client]:
    """Make an anonymous client that does not wait between tries."""
    async with Client(Settings(pause=0)) as client:
        yield client


@pytest.fixture
def private_registry(registry: FakeRegistry) -> FakeRegistry:
    """Let only those read a registry who have a login for its token service."""
    registry.auth, registry.public = "bearer", False
    registry.repository("acme/app").add(image(), "1")
    return registry


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Choose what containers on this machine run on."""

    def choose(text: str) -> None:
        platform = Platform.parse(text)
        monkeypatch.setattr(Platform, "host", staticmethod(lambda: platform))

    return choose


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, host: Callable[[str], None]) -> CommandLine:
    """Run commands in a home without settings, on linux/amd64."""
    host("linux/amd64")
    return command_line(monkeypatch, tmp_path)


@pytest.fixture
def settings(run: CommandLine) -> Callable[[str], None]:
    """Write the settings that commands read."""
    return run.configure
