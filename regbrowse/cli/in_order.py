"""Several questions at the same time, and the answers in the order of the questions."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable
from typing import TypeVar

from regbrowse.errors import RegbrowseError

MOST = 4
"""Questions asked at the same time: what a registry's connections are for."""

Item = TypeVar("Item")
Result = TypeVar("Result")


async def in_order(
    work: Callable[[Item], Awaitable[Result]], items: AsyncIterable[Item] | Iterable[Item]
) -> AsyncGenerator[tuple[Item, Result], None]:
    """Each item with its result, as soon as those before it are there; no more than four are held at any time.

    The first failure ends the others and is raised as it is, after all results before it. An iterator that fails
    is heard of when what came before is answered.
    """
    waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
    source = _source(items)
    failure: RegbrowseError | None = None
    more = True
    try:
        while more or waiting:
            while more and len(waiting) < MOST:
                try:
                    item = await anext(source)
                    waiting.append((item, asyncio.ensure_future(work(item))))
                except StopAsyncIteration:
                    more = False
                except RegbrowseError as error:
                    more, failure = False, error
            if waiting:
                first, answer = waiting.popleft()
                try:
                    yield first, await answer
                finally:
                    answer.cancel()
        if failure is not None:
            raise failure
    finally:
        for _, answer in waiting:
            answer.cancel()
        await asyncio.gather(*(answer for _, answer in waiting), return_exceptions=True)
        await source.aclose()


async def _source(items: AsyncIterable[Item] | Iterable[Item]) -> AsyncGenerator[Item, None]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item
