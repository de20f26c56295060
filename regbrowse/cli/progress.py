"""How far a long transfer is, in one line on the terminal that is gone when it ends."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TextIO

from regbrowse.text import size, span

PAUSE = 0.2
"""Seconds between two pictures."""
WINDOW = 5.0
"""Seconds over which the rate is counted."""


class Progress:
    """Remembers how far it was when, and puts that into words."""

    def __init__(self, label: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._label = label
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque([(clock(), 0)])

    def line(self, done: int, total: int | None, width: int, note: str = "") -> str:
        """`sha256:9c3a…  [######------]  45 %  12.0 of 26.7 MiB  3.1 MiB/s  5 s left`, as much of it as fits."""
        now = self._clock()
        self._seen.append((now, done))
        while len(self._seen) > 2 and self._seen[1][0] <= now - WINDOW:
            self._seen.popleft()
        then, before = self._seen[0]
        rate = (done - before) / (now - then) if now > then else 0.0
        parts = [self._label]
        if total:
            parts.append(f"{min(100, 100 * done // total):3d} %")
        parts.append(f"{size(done)} of {size(total)}" if total is not None else size(done))
        parts.append(f"{size(int(rate))}/s")
        if note:
            parts.append(note)
        elif total and rate > 0 and done < total:
            parts.append(f"{span((total - done) / rate)} left")
        room = width - 1 - sum(len(part) + 2 for part in parts) - 2
        if total and room >= 10:
            filled = min(room, 30) * min(done, total) // total
            parts.insert(1, f"[{'#' * filled}{'-' * (min(room, 30) - filled)}]")
        return "  ".join(parts)[: max(0, width - 1)]


@asynccontextmanager
async def shown(
    label: str, state: Callable[[], tuple[int, int | None, str]], stream: TextIO | None = None
) -> AsyncIterator[None]:
    """While the block runs, the line is on stderr, if that is a terminal; `state` gives done, total and a note."""
    stream = stream or sys.stderr
    if not stream.isatty():
        yield
        return
    task = asyncio.create_task(_draw(stream, Progress(label), state))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        _put(stream, "")


async def _draw(stream: TextIO, progress: Progress, state: Callable[[], tuple[int, int | None, str]]) -> None:
    while True:
        await asyncio.sleep(PAUSE)
        done, total, note = state()
        _put(stream, progress.line(done, total, _width(stream), note))


def _put(stream: TextIO, line: str) -> None:
    if os.environ.get("TERM", "dumb") == "dumb":
        # It knows no way to erase but writing over.
        stream.write("\r" + line.ljust(_width(stream) - 1) + ("" if line else "\r"))
    else:
        stream.write(f"\r{line}\x1b[K")
    stream.flush()


def _width(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80
