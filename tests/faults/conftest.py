from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from faults.internet import Internet, fenced
from faults.server import Misbehaving


@pytest.fixture(autouse=True)
def net(monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    """Only this machine is reached, by whatever name."""
    with fenced(monkeypatch) as internet:
        yield internet


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Misbehaving]:
    """A registry that behaves until it is told otherwise."""
    async with Misbehaving().serve() as server:
        yield server


@pytest_asyncio.fixture
async def other() -> AsyncIterator[Misbehaving]:
    """Another one: storage, a foreign host, a login service."""
    async with Misbehaving().serve() as server:
        yield server
