"""A pane of the comparison of two images; what its rows are, others say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regbrowse.tui.cells import Span, clip, cut
from regbrowse.tui.comparison_rows import ComparisonRows
from regbrowse.tui.error_hints import KeyHint, hints_for
from regbrowse.tui.panes.pane import Pane
from regbrowse.tui.theme_styles import TextStyles, theme_styles
from regbrowse.tui.widgets.lines import Detail, Line
from regbrowse.tui.widgets.row_list import WIDE

if TYPE_CHECKING:
    from regbrowse.errors import RegbrowseError
    from regbrowse.image_comparison import ComparedImages
    from regbrowse.tui.copy_forms import Form


class ComparisonPane(Pane):
    """Shows rows of A and B: in one line each where the terminal is wide enough for both, else in two."""

    short_label = "image"
    foot = ("copy", "digest", "swap", "back", "platform", "enter", "find")

    def __init__(self, content: ComparisonRows) -> None:
        super().__init__(content.id, content.label)
        self.number = content.number
        self.content = content
        self.header: ColumnHeader = ColumnHeader(content)

    def start(self, what: str) -> None:
        """Forget what was compared, and wait."""
        self._take(None)
        self.start_loading(what)

    def show(self, compared: ComparedImages) -> None:
        """Show what was compared."""
        self.stop_loading()
        self._take(compared)
        self.rows.put_cursor(self.content.first() * self.content.lines)

    def _take(self, compared: ComparedImages | None) -> None:
        self.drop_filter()
        self.content.sought = ""
        self.content.take(compared)
        self.subject = self.content.subject()
        self.rows.reset()
        self.rows_changed()

    def rows_changed(self) -> None:
        self.header.display = self.header.has_names
        self.header.refresh()
        super().rows_changed()

    def on_resize(self) -> None:
        super().on_resize()
        row, lines = self._row, 1 if self.app.size.width >= WIDE or not self.content.splits else 2
        if lines != self.content.lines:
            self.content.lines = lines
            self.rows_changed()
            self.rows.put_cursor(row * lines)

    @property
    def _row(self) -> int:
        """The row under the cursor, which may be of two lines."""
        return self.rows.cursor // self.content.lines

    def error_hints(self, error: RegbrowseError) -> tuple[KeyHint, ...]:
        """Give the keys that help, of those that there are here."""
        return tuple(each for each in hints_for(error) if each.key == "r")

    # What the rows say

    def row_count(self) -> int:
        return self.content.line_count()

    def paint_row(self, index: int, width: int, styles: TextStyles) -> list[Span]:
        row, line = divmod(index, self.content.lines)
        return self.content.paint(row, line, width, self.rows.shift, styles)

    def summary(self, styles: TextStyles) -> list[Span]:
        return self.content.summary(styles)

    def facts(self) -> list[str]:
        return self.content.facts()

    def detail(self) -> Detail:
        return self.content.detail(*divmod(self.rows.cursor, self.content.lines))

    def copy_forms(self) -> list[Form]:
        return self.content.forms(self._row)

    def digest_form(self) -> Form | None:
        return self.content.digest_form(self._row)

    def copy_title(self) -> str:
        return self.content.title(self._row)

    def empty_lines(self, width: int, styles: TextStyles) -> list[list[Span]]:
        if self.content.sought:
            return self.no_match_lines("row", styles)
        return [[(cut(self.content.nothing(), width), styles.text)]] if self.content.compared is not None else []

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return (action != "find" or self.content.filters) and super().check_action(action, parameters)

    def enter_word(self) -> str:
        return "whole row" if self.row_count() else ""

    async def action_enter(self) -> None:
        await self.action_details()

    def whole_row(self) -> tuple[str, str]:
        return self.copy_title(), self.content.whole(self._row)

    @property
    def filter_text(self) -> str:
        return self.content.sought

    def search(self, text: str) -> None:
        """Show the rows that hold a text."""
        if text != self.content.sought:
            self.content.filter(text)
            self.rows_changed()
            self.rows.put_cursor(0)


class ColumnHeader(Line):
    """The names of the columns, above the rows."""

    def __init__(self, content: ComparisonRows) -> None:
        super().__init__()
        self._content = content

    @property
    def has_names(self) -> bool:
        """Whether the columns have names in the present layout."""
        return bool(self._content.header(WIDE, theme_styles(self.app).pane))

    def spans(self, width: int) -> list[Span]:
        return clip(self._content.header(width, theme_styles(self.app).pane), width)
