"""Every key and every mark, from the key table."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import ClassVar

from rich.style import Style
from textual.binding import Binding, BindingType

from regbrowse.tui import keys
from regbrowse.tui.cells import Span, clip, width_of
from regbrowse.tui.colours import Ink
from regbrowse.tui.dialogs.window import Reader, Window
from regbrowse.tui.keys import CHECK, FIND, MARKS, MOVE, TAKE

PICK = "Pick"
COLUMN = 48
LEFT_KEY, RIGHT_KEY = 16, 5
_BOLD = Style(bold=True)
TWO_COLUMNS = 90


class HelpWindow(Window):
    def __init__(self, own: tuple[tuple[str, str], ...]) -> None:
        super().__init__("Help", "", (("↑ ↓", "scroll"), ("esc", "close")))
        self._own = own

    def content(self, width: int, ink: Ink) -> list[list[Span]]:
        own = [*_rows(PICK, self._own, LEFT_KEY, ink), []] if self._own else []
        left = [*own, *_group(MOVE, LEFT_KEY, ink), [], *_group(FIND, LEFT_KEY, ink)]
        right = [*_group(TAKE, RIGHT_KEY, ink), [], *_group(CHECK, RIGHT_KEY, ink), [], *_marks(ink)]
        if width < TWO_COLUMNS:
            return [[], *left, [], *right]
        lines: list[list[Span]] = [[]]
        nothing: list[Span] = []
        for one, other in zip_longest(left, right, fillvalue=nothing):
            first = clip([(" ", ink.plain), *one], COLUMN)
            lines.append([*first, (" " * (COLUMN + 2 - width_of(first)), ink.plain), *other])
        return lines


def _group(name: str, width: int, ink: Ink) -> list[list[Span]]:
    return _rows(name, keys.rows(name), width, ink)


def _rows(name: str, rows: Sequence[tuple[str, str]], width: int, ink: Ink) -> list[list[Span]]:
    spans: list[list[Span]] = [[(shown.ljust(width), ink.key), (does, ink.text)] for shown, does in rows]
    return [[(name, ink.primary + _BOLD)], *spans]


def _marks(ink: Ink) -> list[list[Span]]:
    style = {"✓": ink.success, "×": ink.error, "!": ink.warning, "=": ink.accent}
    return [
        [("Marks", ink.primary + _BOLD)],
        *([(mark.ljust(RIGHT_KEY), style.get(mark, ink.secondary)), (means, ink.text)] for mark, means in MARKS),
    ]


class HelpDialog(Reader):
    """Closes with the key that opened it, too."""

    wide, high = 102, 26
    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark", "close", show=False)]

    def __init__(self, own: tuple[tuple[str, str], ...] = ()) -> None:
        """`own`: keys that only this screen has, and what they do."""
        super().__init__(HelpWindow(own))
