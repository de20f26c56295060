"""The whole of something that was cut."""

from __future__ import annotations

from regbrowse.text import FIELD_LIMIT, visible
from regbrowse.tui.cells import Span, wrap
from regbrowse.tui.colours import Ink
from regbrowse.tui.dialogs.window import Reader, Window


class WholeWindow(Window):
    def __init__(self, title: str, text: str) -> None:
        super().__init__("Whole", visible(title, 80), (("↑ ↓", "scroll"), ("esc", "close")))
        self._text = visible(text[:FIELD_LIMIT], FIELD_LIMIT, multiline=True)
        self._wrapped: tuple[int, list[str]] = (-1, [])

    def wrapped(self, width: int) -> list[str]:
        if self._wrapped[0] != width:
            self._wrapped = (width, wrap(self._text, max(1, width)))
        return self._wrapped[1]

    def content(self, width: int, ink: Ink) -> list[list[Span]]:
        return [[(line, ink.text)] for line in self.wrapped(width)]


class WholeDialog(Reader):
    """All of a text, wrapped."""

    wide, high = 100, 24

    def __init__(self, title: str, text: str) -> None:
        super().__init__(WholeWindow(title, text))
