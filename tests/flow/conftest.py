from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from fake_registry import FakeRegistry
from regbrowse.registry.client import Client, Settings


@pytest_asyncio.fixture
async def registry() -> AsyncIterator[FakeRegistry]:
    """A registry on this machine, empty and well-behaved until told otherwise."""
    async with FakeRegistry().serve() as registry:
        yield registry


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Client]:
    """An anonymous client that does not wait between tries."""
    async with Client(Settings(pause=0)) as client:
        yield client
