"""The same work for many items: how many at the same time, in which order, and what a failure ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import pytest

from regbrowse.concurrency import AT_ONCE, for_each, in_order
from regbrowse.errors import NotFound


class Work:
    """Counts what runs at the same time; an item ends after as many turns of the loop as it says."""

    def __init__(self, failing: int | None = None) -> None:
        self.failing = failing
        self.running = self.most = 0
        self.done: list[int] = []

    async def __call__(self, item: int) -> int:
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            for _ in range(item):
                await asyncio.sleep(0)
            if item == self.failing:
                raise NotFound(str(item))
            self.done.append(item)
            return -item
        finally:
            self.running -= 1

    async def quietly(self, item: int) -> None:
        await self(item)


async def test_each_item_a_few_at_a_time() -> None:
    work = Work()
    await for_each(work.quietly, [30, 1, 2, 3, 4, 5])
    assert work.done == [1, 2, 3, 4, 5, 30], "a slow one keeps nothing from being begun"
    assert work.most == AT_ONCE


async def test_a_failure_ends_the_others() -> None:
    work = Work(failing=2)
    with pytest.raises(NotFound, match="2"):
        await for_each(work.quietly, [30, 1, 2, 40, 50, 60])
    assert (work.done, work.running) == ([1], 0)


async def items(*numbers: int) -> AsyncIterator[int]:
    for number in numbers:
        if not number:
            raise NotFound("list")
        yield number


@pytest.mark.parametrize("kind", ["list", "pages"])
async def test_results_in_the_order_of_the_items(kind: str) -> None:
    work, numbers = Work(), (30, 1, 2, 3, 4, 5)
    found = [pair async for pair in in_order(work, numbers if kind == "list" else items(*numbers))]
    assert found == [(number, -number) for number in numbers]
    assert work.most == AT_ONCE


async def collect(found: list[int], results: AsyncGenerator[tuple[int, int], None]) -> None:
    async for item, _ in results:
        found.append(item)


async def test_results_before_a_failure_come_first() -> None:
    work, found = Work(failing=2), list[int]()
    with pytest.raises(NotFound, match="2"):
        await collect(found, in_order(work, [20, 1, 2, 40, 50]))
    assert (found, work.running) == ([20, 1], 0)


async def test_a_list_that_ends_early_is_told_at_its_end() -> None:
    found = list[int]()
    with pytest.raises(NotFound, match="list"):
        await collect(found, in_order(Work(), items(20, 1, 0, 5)))
    assert found == [20, 1]


async def test_what_is_left_early_is_cancelled() -> None:
    work = Work()
    async with aclosing(in_order(work, [1, 40, 50, 60])) as found:
        assert await anext(found) == (1, -1)
    assert (work.done, work.running) == ([1], 0)
