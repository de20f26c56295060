"""Content by digest in memory, and flights shared by everyone who asks the same thing at once."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

from regbrowse.reference import Digest

LIMIT = 64 * 2**20

Result = TypeVar("Result")


class Kept(NamedTuple):
    """Verified content."""

    content: bytes
    content_type: str = ""


class CacheScope(NamedTuple):
    """Who has read something: what one account may see is not shown to another."""

    registry: str
    """The key of the registry."""
    user: str
    """Empty for anonymous."""

    @property
    def name(self) -> str:
        """64 hex digits, the same in every process; says nothing about registry or user."""
        return hashlib.sha256(f"{self.registry}\n{self.user}".encode()).hexdigest()


class Cache:
    """The most recently used contents, up to a number of bytes. Only verified content belongs here.

    Bytes are kept once, whoever has read them, and are found by those who have.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._kept: OrderedDict[Digest, tuple[Kept, set[CacheScope]]] = OrderedDict()
        self._limit = limit
        self._size = 0

    def get(self, digest: Digest, holder: CacheScope | None = None) -> Kept | None:
        """What this holder has read, or without one: anybody."""
        kept, holders = self._kept.get(digest, (None, frozenset()))
        if kept is None or (holder is not None and holder not in holders):
            return None
        self._kept.move_to_end(digest)
        return kept

    def put(self, digest: Digest, kept: Kept, holder: CacheScope) -> None:
        if len(kept.content) > self._limit:
            return
        _, holders = self._kept.setdefault(digest, (kept, set()))
        if not holders:
            self._size += len(kept.content)
        holders.add(holder)
        self._kept.move_to_end(digest)
        while self._size > self._limit:
            self._size -= len(self._kept.popitem(last=False)[1][0].content)

    def forget(self, registry: str) -> None:
        """Drops what was read from the registry with this key, by whomever."""
        for digest, (kept, holders) in list(self._kept.items()):
            holders -= {holder for holder in holders if holder.registry == registry}
            if not holders:
                del self._kept[digest]
                self._size -= len(kept.content)


class SingleFlight(Generic[Result]):
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
