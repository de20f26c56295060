"""The only writer of stdout: data and nothing else, exact where exactness was asked for."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import BinaryIO

from regbrowse.cli.indent import indented
from regbrowse.errors import RegbrowseError
from regbrowse.oci.document import parse_json
from regbrowse.text import visible


class Output:
    """Writes to one stream; a terminal gets colours and no control characters."""

    def __init__(self, stream: BinaryIO, *, terminal: bool, colours: bool) -> None:
        self._stream = stream
        self.terminal = terminal
        self._colours = colours

    @classmethod
    def standard(cls) -> Output:
        """Standard output as it is."""
        terminal = sys.stdout.isatty()
        colours = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        return cls(sys.stdout.buffer, terminal=terminal, colours=colours)

    def raw(self, content: bytes) -> None:
        """Exact bytes, nothing added."""
        self._stream.write(content)

    def line(self, text: str) -> None:
        """One line of our own or of checked text."""
        self._stream.write(text.encode("utf-8", "backslashreplace") + b"\n")

    def document(self, raw: bytes) -> None:
        """A JSON document as served, indented; token by token, so that no number and no repeated key changes.

        What is no JSON is written as it is, and made visible for a terminal.
        """
        try:
            parse_json(raw, limit=len(raw))
        except RegbrowseError:
            text = raw.decode("utf-8", "backslashreplace")
            self.line(visible(text, len(text), multiline=True) if self.terminal else text)
            return
        self._json(indented(raw.decode("utf-8-sig")))

    def value(self, value: object) -> None:
        """A value of our own as JSON."""
        self._json(json.dumps(value, indent=2, ensure_ascii=False))

    def _json(self, text: str) -> None:
        safe = "".join(char if char.isprintable() or char == "\n" else _escaped(char) for char in text)
        if self._colours:
            from regbrowse.cli.highlight import highlighted

            safe = highlighted(safe)
        self.line(safe)

    def table(self, header: Sequence[str], rows: Iterable[Sequence[str]], right: frozenset[int] = frozenset()) -> None:
        """Columns for people; every cell made visible. `right`: the columns whose cells stand on the right."""
        cells = [tuple(header), *(tuple(visible(cell) for cell in row) for row in rows)]
        widths = [max(len(row[at]) for row in cells) for at in range(len(header))]
        for row in cells:
            parts = [
                cell.rjust(width) if at in right else cell.ljust(width)
                for at, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            self.line("  ".join(parts).rstrip())

    def flush(self) -> None:
        self._stream.flush()


def _escaped(char: str) -> str:
    """As JSON spells it: still the same document."""
    return json.dumps(char)[1:-1]
