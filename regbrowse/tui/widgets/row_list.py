"""Rows that are painted by line: the cursor, scrolling, and the bar of the selected row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from rich.segment import Segment, Segments
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBarRender
from textual.strip import Strip

from regbrowse.tui.cells import Span, strip
from regbrowse.tui.theme_styles import TextStyles, theme_styles

MARGIN = 2
"""Rows kept between the cursor and the edge when scrolling."""
WIDE = 100
"""Columns of the terminal from which panes have padding and a scroll bar."""


class RowSource(Protocol):
    """What the rows are; nothing in the list knows."""

    def row_count(self) -> int:
        """How many rows there are."""

    def paint_row(self, index: int, width: int, styles: TextStyles) -> list[Span]:
        """Paint a row without its first cell (the bar), in at most `width` cells."""

    def summary(self, styles: TextStyles) -> list[Span]:
        """Paint all rows in one line, which is shown where there is room for one row only."""


class Thumb(ScrollBarRender):
    """A scroll bar of half a cell: the thumb, and nothing where it is not."""

    @classmethod
    def render_bar(
        cls,
        size: int = 25,
        virtual_size: float = 50,
        window_size: float = 20,
        position: float = 0,
        thickness: int = 1,  # noqa: ARG003
        vertical: bool = True,  # noqa: ARG003
        back_color: Any = None,
        bar_color: Any = None,
    ) -> Segments:
        """Paint the bar, one segment for each row of it."""
        rows, count = int(window_size), int(virtual_size)
        length = max(1, rows * rows // count) if count else 0
        start = (rows - length) * int(position) // max(1, count - rows)
        bar = Segment("▐", Style(color=bar_color, bgcolor=back_color, meta={"@mouse.down": "grab"}))
        above = Segment(" ", Style(bgcolor=back_color, meta={"@mouse.down": "scroll_up"}))
        below = Segment(" ", Style(bgcolor=back_color, meta={"@mouse.down": "scroll_down"}))
        if count <= rows:
            return Segments([Segment(" ", Style(bgcolor=back_color))] * size, new_lines=True)
        lines = [above if y < start else bar if y < start + length else below for y in range(size)]
        return Segments(lines, new_lines=True)


class RowList(ScrollView):
    """The rows of a source, one of which the cursor is on."""

    cursor: reactive[int] = reactive(0, repaint=False)
    active: reactive[bool] = reactive(False)
    """Whether the keyboard moves this cursor: it is painted stronger then."""

    @dataclass
    class Moved(Message):
        """The cursor stands on another row."""

        by_hand: bool
        """Whether a key or the mouse put it there."""

    class Chosen(Message):
        """A row was clicked twice, which is the same as the enter key."""

    class Scrolled(Message):
        """Other rows are visible than before."""

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, RowList.Scrolled)

    def __init__(self, source: RowSource, *, ground: str = "pane") -> None:
        """Take what the rows are, and the ground they are painted on: `pane` or `surface`."""
        super().__init__()
        self._ground = ground
        self._source = source
        self._by_hand = False
        self.is_moved = False
        """Whether the cursor was moved by hand since this was set to False."""
        self._was_on = False
        """Whether the pointer went down on the row that the cursor was on already."""

    def on_mount(self) -> None:
        self.vertical_scrollbar.renderer = Thumb  # type: ignore[misc]

    # Where the cursor is, and which rows can be seen

    @property
    def top(self) -> int:
        """The first row that can be seen."""
        return self.scroll_offset.y

    @property
    def in_view(self) -> range:
        """The rows that can be seen; none where there is room for the summary only."""
        height = self.size.height
        return range(self.top, min(self._source.row_count(), self.top + height)) if height > 1 else range(0)

    def jump(self, index: int) -> None:
        """Put the cursor on a row by hand, the nearest one there is."""
        self._by_hand = True
        self.is_moved |= self._nearest(index) != self.cursor
        self.cursor = self._nearest(index)
        self._by_hand = False
        self.show_row(self.cursor)

    def move(self, by: int) -> None:
        """Move the cursor by so many rows."""
        self.jump(self.cursor + by)

    def page(self, direction: int) -> None:
        """Move the cursor by what can be seen at once."""
        self.move(direction * max(1, self.size.height - 1))

    def place(self, index: int) -> None:
        """Put the cursor on a row, and the row where it can be seen; nobody is told that it moved by hand."""
        self.cursor = self._nearest(index)
        self.show_row(self.cursor)

    def show_row(self, index: int) -> None:
        """Scroll so that a row can be seen, with a margin."""
        rows = self.size.height
        if rows <= 0:
            return
        margin = min(MARGIN, (rows - 1) // 2)
        top = max(min(self.top, index - margin), index + margin - rows + 1)
        self.scroll_to_row(top)

    def scroll_to_row(self, top: int) -> None:
        """Scroll so that a row is the first one, as far as there are rows."""
        last = max(0, self._source.row_count() - self.size.height)
        self.scroll_y = self.scroll_target_y = max(0, min(top, last))

    def rows_changed(self) -> None:
        """Paint the rows anew after the source changed; the cursor stays within them."""
        self.virtual_size = Size(0, self._source.row_count())
        self.place(self.cursor)
        self.refresh()
        self.post_message(self.Scrolled())

    def _nearest(self, index: int) -> int:
        return max(0, min(index, self._source.row_count() - 1))

    # What Textual tells

    def watch_cursor(self, before: int, now: int) -> None:
        self.refresh_line(before)
        self.refresh_line(now)
        self.post_message(self.Moved(self._by_hand))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Scrolled())

    def on_resize(self) -> None:
        self.show_row(self.cursor)
        self.post_message(self.Scrolled())

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take the row under the pointer before the layout follows the focus."""
        index = self.top + event.y
        if event.button == 1 and index in self.in_view:
            self._was_on = index == self.cursor
            self.jump(index)

    def on_click(self, event: events.Click) -> None:
        if event.chain == 2 and self._was_on:
            self.post_message(self.Chosen())

    # Painting

    def render_line(self, y: int) -> Strip:
        ground: TextStyles = getattr(theme_styles(self.app), self._ground)
        return self._paint_line(y).extend_cell_length(self.size.width, ground.plain)

    def _paint_line(self, y: int) -> Strip:
        # Without the column of the scroll bar, which is kept free where it is not shown.
        width, styles = self.size.width - self.styles.scrollbar_size_vertical, theme_styles(self.app)
        here: TextStyles = getattr(styles, self._ground)
        if self.size.height == 1 and self._source.row_count() > 1:
            indent = "" if self.app.size.width >= WIDE else " "
            return strip([(indent, here.plain), *self._source.summary(here)], width, here.plain)
        index = self.top + y
        if index >= self._source.row_count():
            return strip([], width, here.plain)
        if index == self.cursor:
            here = styles.cursor if self.active else styles.selected
        bar = ("▌", here.focus) if index == self.cursor else (" ", here.plain)
        return strip([bar, *self._source.paint_row(index, width - 1, here)], width, here.plain)
