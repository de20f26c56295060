"""Lines that are only read: painted at the width there is, and scrolled by the keys of a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from regbrowse.tui.cells import Span, strip
from regbrowse.tui.theme_styles import TextStyles, theme_styles

PAGE = 20
"""Lines that a page key scrolls by."""


class LineView(ScrollView, can_focus=False):
    """Lines on the ground of dialogs; those with a style for the whole line end with an empty span."""

    def __init__(self, paint: Callable[[int, TextStyles], list[list[Span]]], *, id: str | None = None) -> None:
        """Take what paints all lines at a width."""
        super().__init__(id=id)
        self._paint = paint
        self._lines: list[list[Span]] = []

    def on_mount(self) -> None:
        self.repaint()

    def on_resize(self) -> None:
        self.repaint()

    def repaint(self) -> None:
        """Paint anew, after what the lines say has changed."""
        self._lines = self._paint(self.size.width, theme_styles(self.app).surface)
        self.virtual_size = Size(0, len(self._lines))
        self.refresh()

    def show_line(self, line: int) -> None:
        """Scroll so that a line can be seen."""
        top = max(min(self.scroll_offset.y, line), line - self.size.height + 1)
        self.scroll_to(y=top, animate=False, immediate=True)

    def render_line(self, y: int) -> Strip:
        plain = theme_styles(self.app).surface.plain
        at = self.scroll_offset.y + y
        spans = self._lines[at] if at < len(self._lines) else []
        return strip(spans, self.size.width, spans[-1][1] if spans and spans[-1][0] == "" else plain)


class Reader(LineView, can_focus=True):
    """Lines that have the keyboard."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("ctrl+f,pagedown", f"scroll({PAGE})", show=False),
        Binding("ctrl+b,pageup", f"scroll(-{PAGE})", show=False),
    ]

    def action_scroll(self, by: int) -> None:
        self.scroll_relative(y=by, animate=False, immediate=True)
