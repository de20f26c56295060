"""Content by digest in memory, and flights shared by everyone who asks the same thing at once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from regbrowse.reference import Digest

LIMIT = 64 * 2**20

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Kept:
    """Verified content."""

    content: bytes
    content_type: str = ""


class Cache:
    """The most recently used contents, up to a number of bytes. Only verified content belongs here."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._kept: OrderedDict[Digest, Kept] = OrderedDict()
        self._limit = limit
        self._size = 0

    def get(self, digest: Digest) -> Kept | None:
        kept = self._kept.get(digest)
        if kept is not None:
            self._kept.move_to_end(digest)
        return kept

    def put(self, digest: Digest, content: bytes, content_type: str = "") -> None:
        if len(content) > self._limit:
            return
        previous = self._kept.pop(digest, None)
        self._size += len(content) - (len(previous.content) if previous else 0)
        self._kept[digest] = Kept(content, content_type)
        while self._size > self._limit:
            self._size -= len(self._kept.popitem(last=False)[1].content)


class Flights(Generic[Result]):
    """Questions under way. The same question asked again joins in; the last one to leave cancels it."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[Result]] = {}

    async def share(self, key: Hashable, start: Callable[[], Awaitable[Result]]) -> Result:
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(asyncio.ensure_future(_run(start)))
        flight.passengers += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.passengers -= 1
            if not flight.passengers or flight.task.done():
                if self._flights.get(key) is flight:
                    del self._flights[key]
                if not flight.task.done():
                    flight.task.cancel()
                    # Whoever cancelled us expects the connection to be closed when we are back.
                    await asyncio.wait([flight.task])
                    if not flight.task.cancelled():
                        flight.task.exception()


class _Flight(Generic[Result]):
    __slots__ = ("passengers", "task")

    def __init__(self, task: asyncio.Future[Result]) -> None:
        self.task = task
        self.passengers = 0


async def _run(start: Callable[[], Awaitable[Result]]) -> Result:
    return await start()
