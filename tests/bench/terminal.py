"""A program in a terminal of our own: what stands on the screen, and since when.

A thread stamps the program's output the moment it arrives; the emulator reads it later. So the slow
emulator neither delays the program nor counts as the program's time.
"""

from __future__ import annotations

import contextlib
import os
import pty
import queue
import re
import resource
import signal
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

import pyte

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "end": "\x1b[F",
    "home": "\x1b[H",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
}
"""What a terminal sends for a key; any other name is typed as it stands."""


class NeverShown(Exception):
    """The screen did not show what was waited for; says what it showed instead."""


class _Screen(pyte.Screen):
    """pyte, forgiving: full-screen programs send private forms of sequences that pyte has no argument for."""

    def report_device_status(self, mode: int, **_private: Any) -> None:
        """Nobody listens to the answer."""

    def set_margins(self, top: int | None = None, bottom: int | None = None, **_private: Any) -> None:
        super().set_margins(top, bottom)


class Terminal:
    """Runs a command in a pseudo-terminal of that size, as a context manager."""

    def __init__(
        self, command: Sequence[str], *, columns: int = 120, lines: int = 36, env: Mapping[str, str] | None = None
    ) -> None:
        self._screen = _Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._chunks: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        kind = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        everything = {**os.environ, **kind, **(env or {})}
        for name in ("NO_COLOR", "COLUMNS", "LINES"):
            everything.pop(name, None)
        self.mark = time.perf_counter()
        """When the program was started, or the last key was sent."""
        self.last = self.mark
        """When the output on screen arrived."""
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            try:
                termios.tcsetwinsize(0, (lines, columns))
                os.execvpe(command[0], list(command), everything)
            finally:
                os._exit(127)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.used: resource.struct_rusage | None = None
        """What the program used, once it has ended."""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the program if it has not ended by itself."""
        if self.used is not None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, number)
            self._reader.join(3)
            if not self._reader.is_alive():
                break
        self.used = os.wait4(self._pid, 0)[2]
        os.close(self._terminal)

    @property
    def text(self) -> str:
        """The screen, line by line."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def press(self, *keys: str) -> None:
        """Sends keys by name, or text."""
        self.mark = time.perf_counter()
        os.write(self._terminal, "".join(KEYS.get(key, key) for key in keys).encode())

    def resize(self, columns: int, lines: int) -> None:
        self.mark = time.perf_counter()
        self._screen.resize(lines, columns)
        termios.tcsetwinsize(self._terminal, (lines, columns))

    def until(self, pattern: str, seconds: float = 30) -> float:
        """Seconds from the mark to the arrival of the output with which the screen matched; raises NeverShown."""
        wanted = re.compile(pattern)
        end = time.perf_counter() + seconds
        while not wanted.search(self.text):
            try:
                self._feed(max(0, end - time.perf_counter()))
            except queue.Empty:
                raise NeverShown(f"{pattern!r} was not shown within {seconds:g} s:\n{self.text}") from None
        return self.last - self.mark

    def change(self, seconds: float = 5) -> float:
        """Seconds from the mark to the first output after it."""
        while True:
            try:
                self._feed(seconds)
            except queue.Empty:
                raise NeverShown(f"nothing was painted within {seconds:g} s:\n{self.text}") from None
            if self.last >= self.mark:
                return self.last - self.mark

    def quiet(self, seconds: float = 0.3) -> None:
        """Reads until nothing has come for so long."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._feed(seconds)

    def _feed(self, seconds: float) -> None:
        self.last, data = self._chunks.get(timeout=seconds)
        if not data:
            raise NeverShown(f"the program ended:\n{self.text}")
        self._stream.feed(data)

    def _read(self) -> None:
        data = b"?"
        while data:
            try:
                data = os.read(self._terminal, 1 << 16)
            except OSError:  # how Linux says that the other side was closed
                data = b""
            self._chunks.put((time.perf_counter(), data))
