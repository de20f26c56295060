"""Run a call once for all tasks that need its result at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class SingleFlight(Generic[Result]):
    """Calls in progress by key: a second call with the same key waits for the first; errors are shared, too.

    Nothing is kept after a call has ended. A call is cancelled when the last task that waits for it is.
    """

    def __init__(self) -> None:
        self._calls: dict[Hashable, _Call[Result]] = {}

    async def share(self, key: Hashable, start: Callable[[], Awaitable[Result]]) -> Result:
        """Wait for the call in progress with this key, or start one; return its result or raise its error."""
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = _Call(asyncio.ensure_future(_run(start)))
        call.waiters += 1
        try:
            return await asyncio.shield(call.task)
        finally:
            call.waiters -= 1
            if not call.waiters or call.task.done():
                if self._calls.get(key) is call:
                    del self._calls[key]
                if not call.task.done():
                    call.task.cancel()
                    # The caller that was cancelled expects its connection to be closed now.
                    await asyncio.wait([call.task])
                    if not call.task.cancelled():
                        call.task.exception()


class _Call(Generic[Result]):
    __slots__ = ("task", "waiters")

    def __init__(self, task: asyncio.Future[Result]) -> None:
        self.task = task
        self.waiters = 0


async def _run(start: Callable[[], Awaitable[Result]]) -> Result:
    return await start()
