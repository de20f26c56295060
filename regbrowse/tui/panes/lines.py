"""A pane that paints its rows by line: cursor, scrolling, selection, states; the base of all four."""

from __future__ import annotations

from rich.style import Style
from textual import events
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from regbrowse.errors import RegbrowseError
from regbrowse.tui.cells import Span, cut, strip, wrap
from regbrowse.tui.colours import Ink
from regbrowse.tui.grid import SMALL
from regbrowse.tui.messages import Entered, Moved, Scrolled
from regbrowse.tui.panes import frame, trouble
from regbrowse.tui.panes.waiting import SPINNER, Step, Waiting

MARGIN = 2
"""Rows kept between the cursor and the edge when scrolling."""
WIDE = 100
"""Columns of the terminal from which panes have padding and a scroll thumb."""


class Pane(Waiting, can_focus=True):
    """A framed list of rows. Subclasses say what the rows are; nothing here knows a registry."""

    number = 0
    label = ""

    subject: reactive[str] = reactive("")
    """What the rows belong to, behind the title."""
    cursor: reactive[int] = reactive(0)
    top: reactive[int] = reactive(0)
    active: reactive[bool] = reactive(False)
    """Whether the pane, or an input in it, has the focus."""

    # What subclasses say

    def row_count(self) -> int:
        return 0

    def paint_row(self, index: int, width: int, ink: Ink) -> list[Span]:
        """Row `index` without its first cell (the bar), in at most `width` cells."""
        raise NotImplementedError

    def header(self, width: int, ink: Ink) -> list[Span] | None:  # noqa: ARG002
        """A line above the rows that does not scroll."""
        return None

    def facts(self) -> list[str]:
        """What the subtitle says, the most important first."""
        return []

    def summary(self, ink: Ink) -> list[Span]:  # noqa: ARG002
        """The pane in one line, shown when it has three rows."""
        return []

    def empty_lines(self, width: int, ink: Ink) -> list[list[Span]]:  # noqa: ARG002
        """What is said when there are no rows and none are awaited."""
        return []

    def top_rows(self) -> int:
        """Rows at the top that an input covers."""
        return 0

    # State

    def fail(self, error: RegbrowseError, steps: tuple[Step, ...]) -> None:
        super().fail(error, steps)
        if not self.row_count():
            self.top = 0

    def wait(self, what: str) -> None:
        super().wait(what)
        self.cursor = self.top = 0

    # Geometry

    @property
    def wide(self) -> bool:
        return self.screen.size.width >= WIDE

    @property
    def inner(self) -> int:
        """Cells of a row, without border, padding and thumb column."""
        return max(0, self.size.width - (4 if self.wide else 2))

    @property
    def small(self) -> bool:
        return self.size.height <= SMALL

    @property
    def visible_rows(self) -> int:
        head = 1 if self.header(self.inner, self.inks.pane) is not None else 0
        return max(0, self.size.height - 2 - head - self.top_rows())

    @property
    def window(self) -> range:
        """The rows that can be seen."""
        if self.small:
            return range(0)
        return range(self.top, min(self.row_count(), self.top + self.visible_rows))

    def show_row(self, index: int) -> None:
        """Scrolls so that the row is visible, with a margin."""
        rows = self.visible_rows
        if rows <= 0:
            return
        margin = min(MARGIN, (rows - 1) // 2)
        last = max(0, self.row_count() - rows)
        top = min(self.top, index - margin)
        top = max(top, index + margin - rows + 1)
        self.top = max(0, min(top, last))

    # Moving

    def move(self, by: int) -> None:
        if not self.row_count():
            self.top = max(0, self.top + by) if self.error else 0
            return
        self.jump(self.cursor + by)

    def page(self, direction: int) -> None:
        self.move(direction * max(1, self.visible_rows - 1))

    def jump(self, index: int) -> None:
        """Puts the cursor on a row, the nearest one there is."""
        index = max(0, min(index, self.row_count() - 1))
        moved = index != self.cursor
        self.cursor = index
        self.show_row(index)
        if moved:
            self.post_message(Moved(self.id or ""))

    def watch_top(self) -> None:
        self.post_message(Scrolled(self.id or ""))

    def place_input(self, field: Widget) -> None:
        """Puts an input over the first row."""
        field.styles.offset = (2 if self.wide else 1, 1)
        field.styles.width = self.inner

    def on_resize(self) -> None:
        for field in self.children:
            self.place_input(field)
        self.show_row(self.cursor)
        self.post_message(Scrolled(self.id or ""))

    def rows_changed(self) -> None:
        """The rows are others than before; the cursor stays within them."""
        self.cursor = max(0, min(self.cursor, self.row_count() - 1))
        self.show_row(self.cursor)
        self.refresh()
        self.post_message(Scrolled(self.id or ""))

    # Mouse

    def row_at(self, y: int) -> int | None:
        head = 1 if self.header(self.inner, self.inks.pane) is not None else 0
        index = self.top + y - 1 - head - self.top_rows()
        return index if y >= 1 + head and index in self.window else None

    async def on_click(self, event: events.Click) -> None:
        index = self.row_at(event.y)
        self.focus()
        if index is not None:
            again = index == self.cursor and event.chain == 2
            self.jump(index)
            if again:
                self.post_message(Entered(self.id or ""))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._wheel(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._wheel(-3)

    def _wheel(self, by: int) -> None:
        self.top = max(0, min(self.top + by, max(0, self.row_count() - self.visible_rows)))

    # Painting

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        ink = self.inks.pane
        edges = frame.HEAVY if self.active else frame.ROUND
        border = ink.error_line if self.error else ink.focus if self.active else ink.line
        if y == 0:
            title = frame.heading(self.number, self.label, self.subject, ink, focused=self.active)
            return strip(frame.top(width, edges, border, title), width, ink.plain)
        if y >= height - 1:
            return strip(frame.bottom(width, edges, border, self._subtitle(width, ink)), width, ink.plain)
        return self._framed(self._inner_line(y - 1), edges, border, y)

    def _framed(self, spans: list[Span], edges: frame.Edges, border: Style, y: int) -> Strip:
        ink = self.inks.pane
        pad = " " if self.wide else ""
        body = strip(spans, self.inner, spans[-1][1] if spans and spans[-1][0] == "" else ink.plain)
        parts: list[Strip] = [strip([(edges.side, border), (pad, ink.plain)], 1 + len(pad), ink.plain), body]
        if self.wide:
            thumb = self._thumb(y - 1)
            parts.append(strip([("▐" if thumb else " ", ink.thumb)], 1, ink.plain))
        parts.append(strip([(edges.side, border)], 1, ink.plain))
        return Strip.join(parts)

    def _thumb(self, row: int) -> bool:
        head = self.size.height - 2 - self.visible_rows
        count, rows, row = self.row_count(), self.visible_rows, row - head
        if count <= rows or rows <= 0 or row < 0:
            return False
        length = max(1, rows * rows // count)
        start = (rows - length) * self.top // max(1, count - rows)
        return start <= row < start + length

    def _subtitle(self, width: int, ink: Ink) -> list[Span]:
        if self.small:
            return []
        style = ink.text if self.active else ink.secondary
        if self.error and not self.row_count():
            return [("× " + self.error.mark, style)]
        text = frame.joined(self.facts(), width - 6)
        if text.startswith(tuple(SPINNER)):
            return [(text[0], ink.accent), (text[1:], style)]
        return [(text, style)] if text else []

    def _inner_line(self, row: int) -> list[Span]:
        """The spans of an inner line; an empty last span tells the style to fill with."""
        ink, width = self.inks.pane, self.inner
        if self.small and (self.row_count() or self.error):
            return self._summary(ink)
        row -= self.top_rows()
        if row < 0:
            return []
        head = self.header(width, ink)
        if head is not None and self.row_count():
            if row == 0:
                return head
            row -= 1
        index = self.top + row
        if self.row_count():
            return self._row(index, width) if index < self.row_count() else []
        lines = self._notice(width, ink)
        return lines[index] if index < len(lines) else []

    def _row(self, index: int, width: int) -> list[Span]:
        chosen = index == self.cursor
        ink = self.inks.pane
        if chosen:
            ink = self.inks.cursor if self.active else self.inks.selected
        bar = ("▌", ink.focus) if chosen else (" ", ink.plain)
        return [bar, *self.paint_row(index, width - 1, ink), ("", ink.plain)]

    def _summary(self, ink: Ink) -> list[Span]:
        if self.error and not self.row_count():
            return trouble.one_line(self.error, ink)
        return [(" ", ink.plain), *self.summary(ink)] if not self.wide else self.summary(ink)

    def _notice(self, width: int, ink: Ink) -> list[list[Span]]:
        if self.error:
            steps = [(step.key, step.does) for step in self.steps]
            return trouble.lines(self.error, steps, width, ink, self.held)
        if self.asking and self.held:
            spans: list[list[Span]] = [[(line, ink.warning)] for line in wrap(self.held, width - 2)]
            return [[(f"{self.spinner} ", ink.accent), *spans[0]], *([("  ", ink.plain), *line] for line in spans[1:])]
        if self.asking:
            verb, _, rest = self.asking.partition(" for ")
            tail: list[Span] = [(" for ", ink.secondary), (cut(rest, width - 13), ink.text)] if rest else []
            return [[(self.spinner, ink.accent), (f" {verb}", ink.secondary), *tail]]
        if self.waits_for:
            return [[(f"waits for {self.waits_for}", ink.secondary)]]
        return self.empty_lines(width, ink)
