"""How many requests go out at once, and who goes first when there are too many."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from regbrowse.registry.transport.url_policy import Origin

TOTAL = 16
PER_ORIGIN = 4

_Waiter = tuple[Origin, "asyncio.Future[None]"]


class ConcurrencyLimit:
    """At most TOTAL requests at once, and per origin as many as `room` says.

    Whoever a person waits for goes before what is fetched in the background; otherwise first come, first served.
    """

    def __init__(self, room: Callable[[Origin], int] = lambda _: PER_ORIGIN, total: int = TOTAL) -> None:
        self._room = room
        self._total = total
        self._inside: Counter[Origin] = Counter()
        self._people: deque[_Waiter] = deque()
        self._background: deque[_Waiter] = deque()

    @asynccontextmanager
    async def through(self, origin: Origin, *, background: bool = False) -> AsyncIterator[None]:
        """Waits for a place, and gives it back when the block is left."""
        await self._enter(origin, self._background if background else self._people)
        try:
            yield
        finally:
            self._leave(origin)

    async def _enter(self, origin: Origin, queue: deque[_Waiter]) -> None:
        # Whoever could go has gone, so a free place means that nobody waits for it.
        if self._free(origin):
            self._inside[origin] += 1
            return
        waiter = (origin, asyncio.get_running_loop().create_future())
        queue.append(waiter)
        try:
            await waiter[1]
        except asyncio.CancelledError:
            if waiter[1].cancelled():
                queue.remove(waiter)
            else:
                self._leave(origin)
            raise

    def _leave(self, origin: Origin) -> None:
        self._inside[origin] -= 1
        if not self._inside[origin]:
            del self._inside[origin]
        for queue in (self._people, self._background):
            for waiter in list(queue):
                if self._inside.total() >= self._total:
                    return
                if self._free(waiter[0]) and not waiter[1].done():
                    queue.remove(waiter)
                    self._inside[waiter[0]] += 1
                    waiter[1].set_result(None)

    def _free(self, origin: Origin) -> bool:
        return self._inside.total() < self._total and self._inside[origin] < self._room(origin)
