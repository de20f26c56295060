"""Several questions at the same time, and not too many."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

MOST = 4
"""Questions asked at the same time: what a registry's connections are for."""

Item = TypeVar("Item")


async def together(work: Callable[[Item], Awaitable[None]], items: Iterable[Item]) -> None:
    """Does the work for every item, four at a time; the first failure ends the others and is raised as it is."""
    todo = iter(items)

    async def some() -> None:
        for item in todo:
            await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(MOST):
                group.create_task(some())
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
