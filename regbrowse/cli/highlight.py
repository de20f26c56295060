"""Colours for JSON on a terminal."""

from __future__ import annotations

from pygments import highlight
from pygments.formatters.terminal import TerminalFormatter
from pygments.lexers.data import JsonLexer
from pygments.token import Keyword, Name, Number, String, Token

_COLOURS = {
    Token: ("", ""),
    Name.Tag: ("blue", "blue"),
    String: ("green", "green"),
    Number: ("cyan", "cyan"),
    Keyword: ("magenta", "magenta"),
}
"""Those of every theme of a terminal, the same on light and dark ground; punctuation and space have none."""


def highlighted(text: str) -> str:
    """The text with the terminal's own colours; a part of a document will do."""
    return highlight(text, JsonLexer(stripnl=False), TerminalFormatter(colorscheme=_COLOURS)).rstrip("\n")
