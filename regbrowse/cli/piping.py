"""Bytes to standard output while they come, by a thread that nobody has to wait for.

A reader may stop reading for ever; a thread of the loop's own pool would then keep the program from ending.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread

from regbrowse.cli.saving import unwritable


class Piping:
    """Writes to a file descriptor, past every buffer."""

    def __init__(self, to: int | None = None) -> None:
        self._to = sys.stdout.fileno() if to is None else to
        self._loop = asyncio.get_running_loop()
        self._work: SimpleQueue[tuple[list[bytes], asyncio.Future[None]]] = SimpleQueue()
        Thread(target=self._run, daemon=True).start()

    async def write(self, chunks: list[bytes]) -> None:
        """Returns when they are out. Raises BrokenPipeError when nobody reads any more, ConfigError for a full disk."""
        done = self._loop.create_future()
        self._work.put((chunks, done))
        try:
            await done
        except BrokenPipeError:
            raise
        except OSError as error:
            raise unwritable("Standard output", error, "") from None

    def _run(self) -> None:
        while True:
            chunks, done = self._work.get()
            problem: OSError | None = None
            try:
                for chunk in chunks:
                    left = memoryview(chunk)
                    while left:
                        left = left[os.write(self._to, left) :]
            except OSError as error:
                problem = error
            with suppress(RuntimeError):  # the loop is gone, and with it whoever waited
                self._loop.call_soon_threadsafe(_settle, done, problem)


def _settle(done: asyncio.Future[None], problem: OSError | None) -> None:
    if done.done():
        return
    if problem is None:
        done.set_result(None)
    else:
        done.set_exception(problem)
