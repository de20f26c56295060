"""What registries want people to know: `Warning: 299 - "text"` (distribution-spec, Warnings)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from regbrowse.text import visible

LIMIT = 4096
"""Bytes of all warnings of one registry together."""
_WARNING = re.compile(r'\s*299 - "((?:[^"\\]|\\.)*)"', re.DOTALL)
_QUOTED = re.compile(r"\\(.)", re.DOTALL)


def warnings_in(lines: Iterable[str]) -> list[str]:
    """The texts of the header's lines, safe to show; other codes and broken ones are passed over."""
    found: list[str] = []
    for line in lines:
        at = 0
        while match := _WARNING.match(line, at):
            found.append(visible(_QUOTED.sub(r"\1", match[1]).strip(), LIMIT))
            comma = re.compile(r"[^,]*,").match(line, match.end())
            if comma is None:
                break
            at = comma.end()
    return [text for text in found if text]


class Warnings:
    """Every warning once, as long as there is room; nothing is ever done because of one."""

    def __init__(self) -> None:
        self._texts: dict[str, dict[str, None]] = {}

    def keep(self, key: str, lines: Iterable[str]) -> None:
        """`key` names the registry."""
        texts = self._texts.setdefault(key, {})
        for text in warnings_in(lines):
            if sum(len(kept.encode()) for kept in [*texts, text]) <= LIMIT:
                texts[text] = None

    def of(self, key: str) -> tuple[str, ...]:
        return tuple(self._texts.get(key, ()))
