"""A short list to choose from: the sort order, the platform."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from regbrowse.text import size as written
from regbrowse.tui.cells import Span, clip, spread
from regbrowse.tui.dialogs.dialog import Dialog
from regbrowse.tui.theme_styles import TextStyles
from regbrowse.tui.widgets.row_list import RowList


class Choice(NamedTuple):
    """One row."""

    label: str
    note: str = ""
    present: bool = False
    """Marked with a dot: what holds now."""
    size: int | None = None
    mark: str = ""


class ChooseDialog(Dialog[int]):
    """Gives the index of the chosen row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("g,home", "move(-9999)", show=False),
        Binding("G,end", "move(9999)", show=False),
        Binding("enter", "choose", show=False),
    ]

    def __init__(self, title: str, subject: str, choices: list[Choice]) -> None:
        self._choices = choices
        self._sized = any(choice.size is not None for choice in choices)
        longest = max(len(choice.label) + len(choice.note) for choice in choices)
        self.wide = max(34, longest + 10 + (12 if self._sized else 0))
        self.high = len(choices) + 2
        self.rows = RowList(self, ground="surface")
        super().__init__(title, subject, (("enter", "choose"), ("esc", "close")))

    def parts(self) -> Iterable[Widget]:
        yield self.rows

    def on_mount(self) -> None:
        super().on_mount()
        self.rows.active = True
        self.rows.cursor = next((i for i, choice in enumerate(self._choices) if choice.present), 0)
        self.rows.rows_changed()

    def row_count(self) -> int:
        return len(self._choices)

    def paint_row(self, index: int, width: int, styles: TextStyles) -> list[Span]:
        choice = self._choices[index]
        left: list[Span] = [("● " if choice.present else "  ", styles.accent), (choice.label, styles.text)]
        if choice.note:
            left.append((f"  {choice.note}", styles.secondary))
        right: list[Span] = []
        if self._sized:
            right = [(f"{written(choice.size):>9} ", styles.text), (choice.mark or " ", styles.secondary)]
        return spread(clip(left, width), right, width, styles.plain)

    def summary(self, styles: TextStyles) -> list[Span]:
        return self.paint_row(self.rows.cursor, self.rows.size.width, styles)

    def action_move(self, by: int) -> None:
        self.rows.move(by)

    @on(RowList.Chosen)
    def action_choose(self) -> None:
        self.dismiss(self.rows.cursor)
