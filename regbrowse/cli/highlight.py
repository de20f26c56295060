"""Colours for JSON on a terminal."""

from __future__ import annotations

from pygments import highlight
from pygments.formatters.terminal import TerminalFormatter
from pygments.lexers.data import JsonLexer


def highlighted(text: str) -> str:
    """The text with the terminal's own sixteen colours."""
    return highlight(text, JsonLexer(stripnl=False), TerminalFormatter()).rstrip("\n")
