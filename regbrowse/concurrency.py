"""The same work for many items, a few at the same time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable
from contextlib import aclosing
from typing import TypeVar

from regbrowse.errors import RegbrowseError

AT_ONCE = 4
"""Items that are worked on at the same time: what a registry's connections are for."""

Item = TypeVar("Item")
Result = TypeVar("Result")


async def for_each(work: Callable[[Item], Awaitable[None]], items: Iterable[Item]) -> None:
    """Do the work for every item, in any order. The first failure cancels the rest and is raised as it is."""
    todo = iter(items)

    async def some() -> None:
        for item in todo:
            await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(some())
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


async def in_order(
    work: Callable[[Item], Awaitable[Result]], items: AsyncIterable[Item] | Iterable[Item]
) -> AsyncGenerator[tuple[Item, Result], None]:
    """Yield each item with its result, in the order of the items, as soon as those before it are there.

    The first failure is raised as it is, after all results before it, and cancels the rest; that of the items is
    raised when those that came before it are done.
    """
    waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
    failure: RegbrowseError | None = None
    async with aclosing(_each(items)) as source:
        more = True
        try:
            while more or waiting:
                while more and len(waiting) < AT_ONCE:
                    try:
                        item = await anext(source)
                        waiting.append((item, asyncio.ensure_future(work(item))))
                    except StopAsyncIteration:
                        more = False
                    except RegbrowseError as error:
                        more, failure = False, error
                if waiting:
                    item, result = waiting[0]
                    yield item, await result
                    waiting.popleft()
            if failure is not None:
                raise failure
        finally:
            for _, result in waiting:
                result.cancel()
            await asyncio.gather(*(result for _, result in waiting), return_exceptions=True)


async def _each(items: AsyncIterable[Item] | Iterable[Item]) -> AsyncGenerator[Item, None]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item
