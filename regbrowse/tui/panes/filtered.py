"""A pane of names that can be narrowed by a text, or that a registry is searched for."""

from __future__ import annotations

from regbrowse.tui.messages import FilterChanged, FilterKept, SearchWanted
from regbrowse.tui.panes.filter import FilterInput
from regbrowse.tui.panes.lines import Pane
from regbrowse.tui.panes.taglist import Filter, TagList


class Filtered(Pane):
    """Holds the names and the input above them."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.list = TagList()
        self.filter_open = False
        self.searches = False
        """Whether the input asks the registry instead of narrowing what is there."""
        self.searched = ""
        """The text the rows were found by."""
        self._timer = False

    @property
    def current(self) -> str | None:
        """The name under the cursor."""
        return self.list.name(self.cursor) if self.row_count() else None

    def row_count(self) -> int:
        return len(self.list)

    def top_rows(self) -> int:
        return 1 if self.filter_open and not self.small else 0

    def select(self, name: str) -> bool:
        """Puts the cursor on a name, if it is there."""
        raise NotImplementedError

    def open_filter(self) -> None:
        if self.filter_open:
            self.query_one(FilterInput).focus()
            return
        self.filter_open = True
        field = FilterInput(self.id or "", self.searched or self.list.filter.text)
        self.place_input(field)
        self.mount(field)
        field.focus()
        self.rows_changed()

    def close_filter(self) -> None:
        """Takes the filter away; every name is a row again."""
        here = self.current
        self.filter_open = False
        self.query(FilterInput).remove()
        if self.searches:
            self.list, self.searched = TagList(versions=False, newest_first=False), ""
        self.list.set_filter(Filter(fuzzy=self.list.filter.fuzzy))
        if here:
            self.select(here)
        self.rows_changed()

    def keep_filter(self) -> None:
        """Leaves the input; the rows stay filtered."""
        if not self.list.filter.text and not self.searched:
            self.close_filter()
        self.focus()

    def narrow(self, text: str, fuzzy: bool) -> None:
        """Filters by a text; the cursor keeps its row if it still matches, else takes the first."""
        here = self.current
        self.list.set_filter(Filter(text, fuzzy))
        row = self.list.index(here) if here else None
        self.cursor = row or 0
        self.rows_changed()
        self._filter_on()

    def _filter_on(self) -> None:
        if self.list.filtering and not self._timer:
            self._timer = True
            self.set_timer(0.001, self._filter_slice)

    def _filter_slice(self) -> None:
        self._timer = False
        self.list.advance()
        self.refresh()
        self._filter_on()

    def on_filter_changed(self, event: FilterChanged) -> None:
        event.stop()
        if self.searches:
            self.post_message(SearchWanted(event.text))
        else:
            self.narrow(event.text, self.list.filter.fuzzy)

    def on_filter_kept(self, event: FilterKept) -> None:
        event.stop()
        if event.kept:
            self.keep_filter()
        else:
            self.close_filter()
            self.focus()
