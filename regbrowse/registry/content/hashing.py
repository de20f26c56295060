"""A digest that is computed beside what is done with the content: of long content it is most of the work."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regbrowse.digest import Hasher

BEHIND = 8
"""Pieces that it may be behind: more would leave the processor's caches, and take longer."""


class Hashing:
    """One digest, in a thread of its own; `close` ends it early."""

    def __init__(self, hasher: Hasher) -> None:
        self._hasher = hasher
        self._loop = asyncio.get_running_loop()
        self._work: SimpleQueue[list[bytes] | None] = SimpleQueue()
        self._room = Semaphore(BEHIND)
        self._closed = False
        self._over = asyncio.Event()
        Thread(target=self._run, daemon=True).start()

    def put(self, piece: list[bytes]) -> None:
        """Waits while it is behind: to be called in a thread. Of no effect after `close`."""
        self._room.acquire()
        if self._closed:
            self._room.release()  # for the next one who waits
        else:
            self._work.put(piece)

    async def add(self, piece: list[bytes]) -> None:
        """As `put`, on the event loop."""
        if self._room.acquire(blocking=False):
            self._work.put(piece)
        else:
            await asyncio.to_thread(self.put, piece)

    async def result(self) -> str:
        """The digest of everything that was added, in hexadecimal digits."""
        self.close()
        await self._over.wait()
        return self._hasher.hexdigest()

    def close(self) -> None:
        self._closed = True
        self._work.put(None)

    def _run(self) -> None:
        while (piece := self._work.get()) is not None:
            for chunk in piece:
                self._hasher.update(chunk)
            self._room.release()
        self._room.release(BEHIND)  # nobody waits for what is not computed any more
        with suppress(RuntimeError):  # the loop is gone, and with it whoever waited
            self._loop.call_soon_threadsafe(self._over.set)
