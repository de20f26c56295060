"""Rows that are painted by line: the cursor, scrolling, and the bar of the selected row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, Self

from rich.segment import Segment, Segments
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import Reactive, reactive
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.strip import Strip

from regbrowse.tui.cells import Span, clip, strip
from regbrowse.tui.theme_styles import TextStyles, ThemeStyles, theme_styles

MARGIN = 2
"""Rows kept between the cursor and the edge when scrolling."""
SHIFT_LIMIT = 4_096
"""Cells that rows can be scrolled to the left at most; a longer line is read whole by the enter key."""
KEPT = 500
"""Painted rows that are kept."""
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

    @staticmethod
    def extent(rows: int, count: int, position: int) -> tuple[int, int]:
        """Give the first cell of the thumb and its length, for so many rows in view of so many."""
        length = max(1, rows * rows // count) if count else 0
        return (rows - length) * position // max(1, count - rows), length

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
        start, length = cls.extent(rows, count, int(position))
        bar = Segment("▐", Style(color=bar_color, bgcolor=back_color, meta={"@mouse.down": "grab"}))
        above = Segment(" ", Style(bgcolor=back_color, meta={"@mouse.down": "scroll_up"}))
        below = Segment(" ", Style(bgcolor=back_color, meta={"@mouse.down": "scroll_down"}))
        if count <= rows:
            return Segments([Segment(" ", Style(bgcolor=back_color))] * size, new_lines=True)
        lines = [above if y < start else bar if y < start + length else below for y in range(size)]
        return Segments(lines, new_lines=True)


class RowList(ScrollView):
    """The rows of a source, one of which the cursor is on."""

    virtual_size: Reactive[Size] = Reactive(Size(0, 0), layout=False)
    """How many rows there are changes nothing of the layout: the place of the scroll bar is kept free."""
    cursor: reactive[int] = reactive(0, repaint=False)
    shift: reactive[int] = reactive(0)
    """Cells that what is cut at the right is scrolled to the left; the source paints rows so."""
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
        self._strips: dict[int, Strip] = {}
        """Painted rows, until something about them changes."""
        self._painted_for: tuple[int, int, ThemeStyles] | None = None
        """The width, height and theme that they were painted for."""
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

    def shift_by(self, direction: int) -> None:
        """Scroll what is cut at the right by half the width, as far as something in view is cut."""
        if direction < 0 or any("…" in self.render_line(y).text for y in range(self.size.height)):
            step = max(4, self.size.width // 2)
            self.shift = max(0, min(SHIFT_LIMIT, self.shift + direction * step))

    def reset(self) -> None:
        """Begin at the first row and at the beginning of the lines."""
        self.shift = 0
        self.put_cursor(0)

    def put_cursor(self, index: int) -> None:
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
        self.put_cursor(self.cursor)
        self.refresh()
        self.post_message(self.Scrolled())

    def _nearest(self, index: int) -> int:
        return max(0, min(index, self._source.row_count() - 1))

    # What Textual tells

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        if repaint and not regions:
            self._strips.clear()
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def refresh_line(self, y: int) -> None:
        self._strips.pop(y, None)
        super().refresh_line(y)

    def watch_cursor(self, before: int, now: int) -> None:
        self.refresh_line(before)
        self.refresh_line(now)
        self.post_message(self.Moved(self._by_hand))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Paint what moved; the scroll bar only when its thumb stands elsewhere."""
        before, now = round(old_value), round(new_value)
        if before == now:
            return
        bar, rows, count = self.vertical_scrollbar, self.size.height, self._source.row_count()
        if Thumb.extent(rows, count, before) == Thumb.extent(rows, count, now):
            bar.set_reactive(ScrollBar.position, now)
        else:
            bar.position = now
        self.refresh(self.size.region)
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

    def render_lines(self, crop: Region) -> list[Strip]:
        """Give the lines with what Textual knows of each row from before: most rows only move when a list scrolls."""
        strips = [self.render_line(y) for y in crop.line_range]
        background = self.background_colors[1]
        for each in self.get_line_filters():
            strips = [strip.apply_filter(each, background) for strip in strips]
        return (
            strips if crop.column_span == (0, self.size.width) else [strip.crop(*crop.column_span) for strip in strips]
        )

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        styles = theme_styles(self.app)
        if self._painted_for != (width, height, styles):
            self._painted_for = width, height, styles
            self._strips.clear()
        index = self.scroll_offset.y + y
        strip = self._strips.get(index)
        if strip is None:
            if len(self._strips) > KEPT:
                self._strips.clear()
            strip = self._strips[index] = self._paint(index, width, height, styles)
        return strip

    def _paint(self, index: int, width: int, height: int, themed: ThemeStyles) -> Strip:
        here = ground = getattr(themed, self._ground)
        room = width - self.styles.scrollbar_size_vertical  # this column is kept free where no bar is shown
        spans: list[Span] = []
        if height == 1 and self._source.row_count() > 1:
            indent = "" if self.app.size.width >= WIDE else " "
            spans = clip([(indent, here.plain), *self._source.summary(here)], room)
        elif index < self._source.row_count():
            if index == self.cursor:
                here = themed.cursor if self.active else themed.selected
            bar = ("▌", here.focus) if index == self.cursor else (" ", here.plain)
            spans = [bar, *self._source.paint_row(index, room - 1, here)]
        return strip(spans, room, here.plain).extend_cell_length(width, ground.plain)
