"""How far a long command is, in one line on the terminal that is gone when it ends."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from regbrowse.cli.diagnostics import columns, paint
from regbrowse.text import size, span

if TYPE_CHECKING:
    from regbrowse.registry.models import Wait

PAUSE = 0.2
"""Seconds between two lines."""
WINDOW = 5.0
"""Seconds over which the rate of a transfer is counted."""


Line = Callable[[int], str]
"""Gives the text of a line; it is told the number of characters that fit."""
_lines: list[Line] = []
"""The lines of all blocks that run, the innermost last."""


@asynccontextmanager
async def progress_line(line: Line) -> AsyncIterator[None]:
    """While the block runs, paint the line again and again; that of an inner block takes its place."""
    task = asyncio.create_task(_draw(line))
    _lines.append(line)
    try:
        yield
    finally:
        _lines.remove(line)
        task.cancel()
        await asyncio.wait([task])
        paint("")


async def _draw(line: Line) -> None:
    while True:
        await asyncio.sleep(PAUSE)
        if _lines[-1] is line:
            room = columns() - 1
            paint(line(room)[:room])


def waiting(wait: Wait | None) -> str:
    """Say why a registry is not asked right now, and for how long; nothing when it is asked."""
    return wait.sentence if wait else ""


class Transfer:
    """Puts into words how far a transfer is and how fast; remembers how far it was when."""

    def __init__(self, label: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._label = label
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque([(clock(), 0)])

    def line(self, done: int, total: int | None, room: int, note: str = "") -> str:
        """`sha256:9c3a…  [######------]  45 %  12.0 of 26.7 MiB  3.1 MiB/s  5 s left`, as much of it as fits.

        `done` and `total` in bytes, `room` in characters. A note stands in the place of the time that is left.
        """
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
        left = room - sum(len(part) + 2 for part in parts) - 2
        if total and left >= 10:
            filled = min(left, 30) * min(done, total) // total
            parts.insert(1, f"[{'#' * filled}{'-' * (min(left, 30) - filled)}]")
        return "  ".join(parts)[:room]
