"""Several ways to the same place, of which the first that answers is taken."""

from __future__ import annotations

import asyncio

import pytest

from regbrowse.registry.net.addresses import first_of


class Way:
    """Something that is open until it is closed."""

    def __init__(self) -> None:
        self.closed = False

    async def aclose(self) -> None:
        self.closed = True


async def test_the_winner_is_closed_when_nobody_is_there_to_take_it() -> None:
    """Whoever wanted it may leave while the others are hung up."""
    won, leaving = Way(), asyncio.Event()

    async def dial(place: str) -> Way:
        if place == "answers":
            await asyncio.sleep(0)
            return won
        try:
            await asyncio.Event().wait()
        finally:
            leaving.set()
            await asyncio.sleep(0.01)  # it takes its time
        raise AssertionError

    wanting = asyncio.create_task(first_of(["silent", "answers"], dial, stagger=0))
    await asyncio.wait_for(leaving.wait(), 5)
    wanting.cancel()
    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            await wanting
    assert won.closed


async def test_who_comes_second_is_closed() -> None:
    ways: list[Way] = []

    async def dial(_: int) -> Way:
        ways.append(Way())
        return ways[-1]

    taken = await first_of([1, 2, 3], dial, stagger=0)
    await asyncio.sleep(0)
    assert [way.closed for way in ways] == [way is not taken for way in ways]


async def test_what_the_only_one_raises_is_raised_as_it_is() -> None:
    async def dial(_: str) -> Way:
        raise ConnectionRefusedError

    with pytest.raises(ConnectionRefusedError):
        await first_of(["only"], dial)
    with pytest.raises(ExceptionGroup, match="every address"):
        await first_of(["one", "other"], dial)
