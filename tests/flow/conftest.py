from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest_asyncio
from fake_registry import FakeRegistry

if TYPE_CHECKING:
    from regbrowse.registry.client import Client


@pytest_asyncio.fixture
async def registry() -> AsyncIterator[FakeRegistry]:
    async with FakeRegistry().serve() as registry:
        yield registry


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Client]:
    from regbrowse.registry.client import Client, Settings

    async with Client(Settings(pause=0)) as client:
        yield client
