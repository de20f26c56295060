"""TOML one statement at a time, so that each value keeps its line and a broken line breaks nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from regbrowse.settings.reading import NotToml, parse_toml

LINE_LIMIT = 4096
PROBLEMS = 20
"""Broken statements after which the rest of a text is left alone."""
_LINES = 50
"""Lines that one statement may have."""
_KEYS = 8


class Value(NamedTuple):
    """`a.b = 1`, wherever its table was opened."""

    line: int
    """From 1."""
    path: tuple[str, ...]
    value: object
    """A text, number, truth, date or list; tables are taken apart, except empty ones."""


class Heading(NamedTuple):
    """`[a.b]`."""

    line: int
    path: tuple[str, ...]


class Problem(NamedTuple):
    """A line that cannot be used."""

    line: int
    reason: str
    """In words that follow a colon, without any of the text."""


def read_statements(text: str) -> Iterator[Value | Heading | Problem]:
    """Every value and heading in order, and every problem. Below a broken heading nothing is read until the next."""
    lines = text.replace("\r\n", "\n").split("\n")
    table: tuple[str, ...] | None = ()
    problems = number = 0
    while number < len(lines) and problems < PROBLEMS:
        line = number + 1
        start = lines[number].lstrip()
        if not start or start.startswith("#"):
            number += 1
            continue
        heading = start.startswith("[")
        if table is None and not heading:
            number += 1
            continue
        try:
            found, number = _statement(lines, number)
        except NotToml as error:
            problems += 1
            number += 1
            if heading:
                table = None
            yield Problem(line, f"{error.reason}; nothing below it is used" if heading else error.reason)
            continue
        if heading:
            table = _heading(found)
            if table is None:
                problems += 1
                yield Problem(line, "tables are written in single brackets; nothing below it is used")
            else:
                yield Heading(line, table)
            continue
        for path, value in _leaves(found, table or ()):
            yield Value(line, path, value)
    if problems >= PROBLEMS:
        yield Problem(number, f"this is the {PROBLEMS}th line that cannot be read; the rest of the file is not used")


def _statement(lines: list[str], first: int) -> tuple[dict[str, object], int]:
    """The statement that begins in a line, and the number of the line behind it. Raises NotToml."""
    chunk = ""
    for number in range(first, min(first + _LINES, len(lines))):
        if len(lines[number]) > LINE_LIMIT:
            raise NotToml(f"the line has more than {LINE_LIMIT:,} characters", number + 1)
        chunk += lines[number] + "\n"
        try:
            return parse_toml(chunk), number + 1
        except NotToml as error:
            reason = error
            if not error.unfinished:
                break
    raise reason


def _heading(found: dict[str, object]) -> tuple[str, ...] | None:
    """The path of the one table in it; None when it is an array of tables."""
    path: list[str] = []
    inner: object = found
    while isinstance(inner, dict) and inner:
        path.append(next(iter(inner)))
        inner = inner[path[-1]]
    return tuple(path) if isinstance(inner, dict) else None


def _leaves(found: dict[str, object], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
    for key, value in found.items():
        inner = (*path, key)
        if isinstance(value, dict) and value and len(inner) < _KEYS:
            yield from _leaves(value, inner)
        else:
            yield inner, value
