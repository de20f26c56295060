"""What was asked, and what registries want users to know of it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from regbrowse.text import visible

MAX_ENTRIES = 500
MAX_WARNING_BYTES = 4096
"""Of all warnings of one registry together."""
_WARNING = re.compile(r'\s*299 - "((?:[^"\\]|\\.)*)"', re.DOTALL)
_QUOTED = re.compile(r"\\(.)", re.DOTALL)
_TO_COMMA = re.compile(r"[^,]*,")


class Warnings:
    """The warnings of each registry, each once, as long as there is room; they never change what is done."""

    def __init__(self) -> None:
        self._texts: dict[str, dict[str, None]] = {}

    def add(self, registry: str, lines: Iterable[str]) -> None:
        """Keep the warnings in the `Warning` headers of an answer; `registry` is the key."""
        texts = self._texts.setdefault(registry, {})
        for text in warnings_in(lines):
            if sum(len(kept.encode()) for kept in [*texts, text]) <= MAX_WARNING_BYTES:
                texts[text] = None

    def of(self, registry: str) -> tuple[str, ...]:
        return tuple(self._texts.get(registry, ()))


def warnings_in(lines: Iterable[str]) -> list[str]:
    """Read `Warning: 299 - "text"` (distribution-spec, Warnings), made visible; other codes are passed over."""
    found: list[str] = []
    for line in lines:
        at = 0
        while match := _WARNING.match(line, at):
            found.append(visible(_QUOTED.sub(r"\1", match[1]).strip(), MAX_WARNING_BYTES))
            comma = _TO_COMMA.match(line, match.end())
            if comma is None:
                break
            at = comma.end()
    return [text for text in found if text]
