"""The whole of something that was cut."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from regbrowse.text import FIELD_LIMIT, visible
from regbrowse.tui.cells import Span, wrap
from regbrowse.tui.dialogs.dialog import Dialog
from regbrowse.tui.theme_styles import TextStyles
from regbrowse.tui.widgets.line_view import Reader


class WholeDialog(Dialog[None]):
    """All of a text, wrapped."""

    wide, high = 100, 24
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,q", "close", show=False)]

    def __init__(self, title: str, text: str) -> None:
        self._text = visible(text[:FIELD_LIMIT], FIELD_LIMIT, multiline=True)
        super().__init__("Whole", visible(title, 80), ())

    def on_mount(self) -> None:
        self.high = min(self.high, len(wrap(self._text, min(self.wide, self.app.size.width - 4) - 4)) + 2)
        super().on_mount()

    def parts(self) -> Iterable[Widget]:
        yield Reader(self._lines)

    def keys(self, width: int, height: int) -> Iterable[tuple[str, str]]:
        scrolls = len(wrap(self._text, max(1, width))) > height
        return [("↑ ↓", "scroll")] * scrolls + [("esc", "close")]

    def _lines(self, width: int, styles: TextStyles) -> list[list[Span]]:
        return [[(line, styles.text)] for line in wrap(self._text, max(1, width))]
