"""JSON indented token by token: every text and number keeps its spelling, every repeated key its place."""

from __future__ import annotations

import re

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TOKEN = re.compile(rf'({_STRING}|[^\s{{}}\[\],:"]+)|([{{\[])|([}}\]])|(,)|(:)', re.DOTALL)
_EMPTY = re.compile(r"\s*([}\]])")


def indented(text: str, step: str = "  ") -> str:
    """The document with a line for every member; the text must be valid JSON (RFC 8259)."""
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
