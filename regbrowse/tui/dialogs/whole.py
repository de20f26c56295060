"""The whole of something that was cut."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from regbrowse.text import FIELD_LIMIT, visible
from regbrowse.tui.cells import Span, wrap
from regbrowse.tui.colours import Ink
from regbrowse.tui.dialogs.window import Dialog, Window


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


class WholeDialog(Dialog[None]):
    """Scrolls; gives nothing."""

    wide, high = 100, 24
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_by(-1)", show=False),
        Binding("down,j", "scroll_by(1)", show=False),
        Binding("ctrl+f,pagedown", "scroll_by(20)", show=False),
        Binding("ctrl+b,pageup", "scroll_by(-20)", show=False),
        Binding("enter,q", "close", show=False),
    ]

    def __init__(self, title: str, text: str) -> None:
        self._whole = WholeWindow(title, text)
        super().__init__(self._whole)

    def action_scroll_by(self, by: int) -> None:
        window = self._whole
        count = len(window.wrapped(window.inner))
        window.top = max(0, min(window.top + by, max(0, count - window.room)))

    def on_mouse_scroll_down(self) -> None:
        self.action_scroll_by(3)

    def on_mouse_scroll_up(self) -> None:
        self.action_scroll_by(-3)
