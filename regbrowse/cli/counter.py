"""A line on a terminal's stderr that says how far something is; nothing where stderr is a file."""

from __future__ import annotations

import sys
import time

EVERY = 0.1
"""Seconds between two paints."""


class Counter:
    """Shown in place, cleared before anything else is written."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._painted = 0.0
        self._shown = False

    def show(self, text: str) -> None:
        now = time.monotonic()
        if self._terminal and now - self._painted >= EVERY:
            self._painted, self._shown = now, True
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()

    def clear(self) -> None:
        if self._shown:
            self._shown = False
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
