"""How many requests are sent at once, and which goes first when there are too many."""

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
    """At most TOTAL requests at once, and per origin as many as `limit` says.

    Requests that a user waits for go before background requests; otherwise first come, first served. Not a pair of
    semaphores, because a place that becomes free must go to the first waiter of any origin that may use it.
    """

    def __init__(self, limit: Callable[[Origin], int] = lambda _: PER_ORIGIN, total: int = TOTAL) -> None:
        self._limit = limit
        self._total = total
        self._running: Counter[Origin] = Counter()
        self._foreground: deque[_Waiter] = deque()
        self._background: deque[_Waiter] = deque()

    @asynccontextmanager
    async def slot(self, origin: Origin, *, background: bool = False) -> AsyncIterator[None]:
        """Wait for a slot, and free it when the block is left."""
        await self._acquire(origin, self._background if background else self._foreground)
        try:
            yield
        finally:
            self._free(origin)

    async def _acquire(self, origin: Origin, queue: deque[_Waiter]) -> None:
        # Whatever could run is running, so that a free slot means that no earlier request waits for it.
        if self._has_room(origin):
            self._running[origin] += 1
            return
        waiter = (origin, asyncio.get_running_loop().create_future())
        queue.append(waiter)
        try:
            await waiter[1]
        except asyncio.CancelledError:
            if waiter[1].cancelled():
                queue.remove(waiter)
            else:
                self._free(origin)
            raise

    def _free(self, origin: Origin) -> None:
        self._running[origin] -= 1
        if not self._running[origin]:
            del self._running[origin]
        for queue in (self._foreground, self._background):
            for waiter in list(queue):
                if self._running.total() >= self._total:
                    return
                if self._has_room(waiter[0]) and not waiter[1].done():
                    queue.remove(waiter)
                    self._running[waiter[0]] += 1
                    waiter[1].set_result(None)

    def _has_room(self, origin: Origin) -> bool:
        return self._running.total() < self._total and self._running[origin] < self._limit(origin)
