"""The only writer of stdout: data and nothing else, exact bytes where they were asked for."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self

from regbrowse.cli.diagnostics import paint
from regbrowse.cli.json_text import coloured, harmless, indented
from regbrowse.errors import ConfigError, RegbrowseError
from regbrowse.oci.document import parse_json
from regbrowse.text import visible

if TYPE_CHECKING:
    import asyncio

_TEXTS = json.JSONEncoder(ensure_ascii=False, separators=(",\n  ", ": "))


class Output:
    """Writes to one stream; a terminal gets colours and no control characters.

    Every method raises BrokenPipeError when the reader has closed the pipe, ConfigError when it cannot be written.
    """

    def __init__(self, stream: BinaryIO, *, terminal: bool, colours: bool) -> None:
        self._stream = stream
        self.terminal = terminal
        self._colours = colours

    @classmethod
    def standard(cls) -> Output:
        """Open standard output as it is. Raises ConfigError when there is none."""
        stdout: object = sys.stdout
        if stdout is None:  # the shell has closed it
            raise ConfigError("Standard output is closed, so there is nowhere to print to.")
        terminal = sys.stdout.isatty()
        colours = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        return cls(sys.stdout.buffer, terminal=terminal, colours=colours)

    def raw(self, content: bytes) -> None:
        """Write exact bytes; a terminal gets control characters as visible text."""
        if self.terminal:
            text = content.decode("utf-8", "backslashreplace")
            content = visible(text, 16 * len(text) + 1, multiline=True).encode("utf-8", "backslashreplace")
        self._write(content)

    def line(self, text: str) -> None:
        """Write one line of our own or of checked text."""
        self._write(text.encode("utf-8", "backslashreplace") + b"\n")

    def document(self, raw: bytes) -> None:
        """Write a JSON document as served, indented; token by token, so that no number and no repeated key changes.

        What is no JSON, or JSON beyond our limits, is written as it is.
        """
        try:
            parse_json(raw, limit=len(raw))
        except RegbrowseError:
            self.raw(raw)
            if self.terminal and not raw.endswith(b"\n"):
                self.line("")
            return
        self.json(indented(raw.decode("utf-8-sig")))

    def value(self, value: object, *, compact: bool = False) -> None:
        """Write a value of our own as JSON; `compact` on one line."""
        separators = (",", ":") if compact else None
        self.json(json.dumps(value, indent=None if compact else 2, separators=separators, ensure_ascii=False))

    def json(self, text: str) -> None:
        """Write valid JSON text, made harmless."""
        self.line(self.in_colours(harmless(text)))

    def in_colours(self, text: str) -> str:
        """Colour harmless JSON, where there are colours."""
        return coloured(text) if self._colours else text

    def array(self, *, compact: bool = False) -> Array:
        """Begin a JSON array that is written while its members become known; `compact` on one line."""
        return Array(self, compact=compact)

    def table(self, header: Sequence[str], rows: Iterable[Sequence[str]], right: frozenset[int] = frozenset()) -> None:
        """Write columns for people; every cell made visible. `right`: the columns whose cells stand on the right."""
        cells = [tuple(header), *(tuple(visible(cell) for cell in row) for row in rows)]
        widths = [max(_width(row[at]) for row in cells) for at in range(len(header))]
        for row in cells:
            parts = []
            for at, (cell, width) in enumerate(zip(row, widths, strict=True)):
                gap = " " * (width - _width(cell))
                parts.append(gap + cell if at in right else cell + gap)
            self.line("  ".join(parts).rstrip())

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            raise self._lost(error) from None

    def _write(self, content: bytes) -> None:
        if self.terminal:
            paint("")  # the progress line stands where this is to be written
        try:
            self._stream.write(content)
        except OSError as error:
            raise self._lost(error) from None

    def _lost(self, error: OSError) -> Exception:
        """The error to raise; what is left in the buffer goes nowhere, or Python would try again at its end."""
        if isinstance(error, BrokenPipeError):
            return error
        if self._stream is sys.stdout.buffer:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
        return ConfigError(f"Standard output cannot be written: {error.strerror or 'writing failed'}.")


class Array:
    """A JSON array that is written as its members become known; whole at its end, also when it ends early.

    When it fails before its first member, nothing is written at all.
    """

    def __init__(self, output: Output, *, compact: bool = False) -> None:
        self._output = output
        self._compact = compact
        self._begun = False
        self._begin, self._between, self._end = (b"[", b",", "]") if compact else (b"[\n", b",\n", "\n]")
        self._holds = output.terminal and not compact
        """Whether the last members wait for the next: the progress line is painted between whole lines only."""
        self._held = b""

    def __enter__(self) -> Self:
        return self

    def add(self, members: Iterable[object]) -> None:
        """Write members at once, also through a pipe."""
        listed = list(members)
        if not listed:
            return
        if self._compact:
            text = harmless(json.dumps(listed, separators=(",", ":"), ensure_ascii=False)[1:-1])
        else:
            text = self._output.in_colours(harmless("  " + _members(listed)))
        before, written = self._between if self._begun else self._begin, text.encode("utf-8", "backslashreplace")
        if self._holds:
            self._output._write(self._held + before)
            self._held = written
        else:
            self._output._write(before + written)
        self._begun = True
        self._output.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, BrokenPipeError | ConfigError):
            return
        if self._begun:
            self._output._write(self._held)
            self._output.line(self._end)
        elif error is None:
            self._output.line("[]")
        self._output.flush()


class StdoutPipe:
    """Writes bytes to standard output while they come, by a thread that the end of the program does not wait for.

    A reader may stop reading for ever; a thread of the event loop's own pool would then keep the program from ending.
    """

    def __init__(self) -> None:
        """Raises RuntimeError outside an event loop."""
        from asyncio import get_running_loop

        self._loop = get_running_loop()
        self._work: SimpleQueue[tuple[list[bytes], asyncio.Future[None]]] = SimpleQueue()
        Thread(target=self._run, args=(sys.stdout.fileno(),), daemon=True).start()

    async def write(self, chunks: list[bytes]) -> None:
        """Return when they are written. Raises BrokenPipeError for a closed pipe, ConfigError for a full disk."""
        done = self._loop.create_future()
        self._work.put((chunks, done))
        try:
            await done
        except BrokenPipeError:
            raise
        except OSError as error:
            from regbrowse.cli.atomic_file import unwritable

            raise unwritable("Standard output", error, "") from None

    def _run(self, descriptor: int) -> None:
        while True:
            chunks, done = self._work.get()
            problem: OSError | None = None
            try:
                for chunk in chunks:
                    left = memoryview(chunk)
                    while left:
                        left = left[os.write(descriptor, left) :]
            except OSError as error:
                problem = error
            with suppress(RuntimeError):  # the loop is closed: the program has ended
                self._loop.call_soon_threadsafe(_settle, done, problem)


def _settle(done: asyncio.Future[None], problem: OSError | None) -> None:
    if done.done():
        return
    if problem is None:
        done.set_result(None)
    else:
        done.set_exception(problem)


def _members(values: list[object]) -> str:
    if all(type(each) is str for each in values):  # the common case, and many times faster in one piece
        return _TEXTS.encode(values)[1:-1]
    return ",\n  ".join(json.dumps(each, indent=2, ensure_ascii=False).replace("\n", "\n  ") for each in values)


def cut(text: str, width: int) -> str:
    """Cut a text to so many cells at its end, which becomes `…`; made visible."""
    text = visible(text, 4 * width)
    if _width(text) <= width:
        return text
    while _width(text) > width - 1:
        text = text[:-1]
    return f"{text}…"


def cut_left(text: str, width: int) -> str:
    """Cut a text at its beginning, for names whose ends differ."""
    text = visible(text, 16 * len(text) + 1)
    if _width(text) <= width:
        return text
    while _width(text) > width - 1:
        text = text[1:]
    return f"…{text}"


def _width(text: str) -> int:
    """The cells of a terminal that a visible text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(char)[0] == "M" else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )
