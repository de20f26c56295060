"""JSON as text: indented, cut out, made safe and coloured token by token, so that everything keeps its spelling."""

from __future__ import annotations

import json
import re
import unicodedata
from functools import lru_cache

from regbrowse.text import visible

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TOKEN = re.compile(rf'({_STRING}|[^\s{{}}\[\],:"]+)|([{{\[])|([}}\]])|(,)|(:)', re.DOTALL)
_EMPTY = re.compile(r"\s*([}\]])")
_BRACKET = re.compile(rf"{_STRING}|([{{\[])|([}}\]])", re.DOTALL)
_ODD = re.compile(r"[^\n\x20-\x7e]+")
_MARKS_PER_BASE = 3
_COLOURED = 2**20
"""Characters that are coloured at most: beyond them it takes longer than anybody looks."""


def indented(text: str, step: str = "  ") -> str:
    """Put every member on a line of its own; the text must be valid JSON (RFC 8259)."""
    out: list[str] = []
    depth, at, end = 0, 0, len(text)
    while at < end:
        token = _TOKEN.search(text, at)
        if token is None:
            break
        at = token.end()
        plain, opens, closes, comma, colon = token.groups()
        if plain:
            out.append(plain)
        elif opens:
            empty = _EMPTY.match(text, at)
            if empty:
                out.append(opens + empty[1])
                at = empty.end()
                continue
            depth += 1
            out.append(f"{opens}\n{step * depth}")
        elif closes:
            depth -= 1
            out.append(f"\n{step * depth}{closes}")
        elif comma:
            out.append(f",\n{step * depth}")
        elif colon:
            out.append(": ")
    return "".join(out)


def member(text: str, key: str) -> str | None:
    """Cut a member out of an object, exactly as it is written there; of a repeated key the first.

    None when there is none, or the text, which must be valid JSON, is no object.
    """
    brace = _TOKEN.search(text)
    if brace is None or brace[0] != "{":
        return None
    at = brace.end()
    while (name := _TOKEN.search(text, at)) is not None and name[1]:
        colon = _TOKEN.search(text, name.end())
        value = _TOKEN.search(text, colon.end()) if colon else None
        if value is None:
            return None
        end = _end_of(text, value)
        if json.loads(name[1]) == key:
            return text[value.start() : end]
        comma = _TOKEN.search(text, end)
        if comma is None or not comma[4]:
            return None
        at = comma.end()
    return None


def _end_of(text: str, value: re.Match[str]) -> int:
    """Find where the value that begins with this token ends."""
    depth, at = int(bool(value[2])), value.end()
    while depth:
        bracket = _BRACKET.search(text, at)
        if bracket is None:
            return len(text)
        depth += bool(bracket[1]) - bool(bracket[2])
        at = bracket.end()
    return at


def harmless(text: str) -> str:
    """Write the same JSON document with escapes for everything that is not plainly seen (RFC 8259, Strings)."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text  # the common case, many times faster
    return _ODD.sub(lambda found: _harmless(found[0]), text)


def _harmless(run: str) -> str:
    out: list[str] = []
    marks = 0
    for char in run:
        marks = marks + 1 if unicodedata.category(char)[0] == "M" else 0
        out.append(_spelled(char) if marks <= _MARKS_PER_BASE else json.dumps(char)[1:-1])
    return "".join(out)


@lru_cache(4096)
def _spelled(char: str) -> str:
    return char if visible(char) == char else json.dumps(char)[1:-1]


def coloured(text: str) -> str:
    """Colour a document, or a part of one, in the terminal's own colours, which fit a light and a dark ground.

    Punctuation and space have none.
    """
    if len(text) > _COLOURED:
        return text
    from pygments import highlight
    from pygments.formatters.terminal import TerminalFormatter
    from pygments.lexers.data import JsonLexer
    from pygments.token import Keyword, Name, Number, String, Token

    kinds = {Token: "", Name.Tag: "blue", String: "green", Number: "cyan", Keyword: "magenta"}
    scheme = {kind: (colour, colour) for kind, colour in kinds.items()}
    return highlight(text, JsonLexer(stripnl=False), TerminalFormatter(colorscheme=scheme)).rstrip("\n")
