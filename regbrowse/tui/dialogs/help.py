"""Every key and every mark, from the key table."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
from typing import ClassVar

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.widget import Widget

from regbrowse.tui import keys
from regbrowse.tui.cells import Span, clip, width_of
from regbrowse.tui.dialogs.dialog import Dialog
from regbrowse.tui.keys import CHECK, FIND, MARKS, MOVE, TAKE
from regbrowse.tui.theme_styles import TextStyles
from regbrowse.tui.widgets.line_view import Reader

COLUMN = 48
LEFT_KEY, RIGHT_KEY = 16, 8
TWO_COLUMNS = 90
_BOLD = Style(bold=True)


class HelpDialog(Dialog[None]):
    """Closes with the key that opened it, too."""

    wide, high = 102, 32
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,q,question_mark", "close", show=False)]

    def __init__(self, own_group: str = "") -> None:
        """Take the group of keys that only this screen has."""
        self._own_group = own_group
        super().__init__("Help", "", (("↑ ↓", "scroll"), ("esc", "close")))

    def parts(self) -> Iterable[Widget]:
        yield Reader(self._lines)

    def _lines(self, width: int, styles: TextStyles) -> list[list[Span]]:
        own = [*_group(self._own_group, LEFT_KEY, styles), []] if self._own_group else []
        left = [*own, *_group(MOVE, LEFT_KEY, styles), [], *_group(FIND, LEFT_KEY, styles)]
        right = [*_group(TAKE, RIGHT_KEY, styles), [], *_group(CHECK, RIGHT_KEY, styles), [], *_marks(styles)]
        if width < TWO_COLUMNS:
            return [[], *left, [], *right]
        lines: list[list[Span]] = [[]]
        nothing: list[Span] = []
        for one, other in zip_longest(left, right, fillvalue=nothing):
            first = clip([(" ", styles.plain), *one], COLUMN)
            second = clip(other, max(0, width - COLUMN - 2))
            lines.append([*first, (" " * (COLUMN + 2 - width_of(first)), styles.plain), *second])
        return lines


def _group(name: str, width: int, styles: TextStyles) -> list[list[Span]]:
    rows: list[list[Span]] = [[(key.ljust(width), styles.key), (does, styles.text)] for key, does in keys.rows(name)]
    return [[(name, styles.primary + _BOLD)], *rows]


def _marks(styles: TextStyles) -> list[list[Span]]:
    style = {"✓": styles.success, "×": styles.error, "!": styles.warning, "≠ ◎": styles.warning}
    style |= dict.fromkeys("=●", styles.accent)
    return [
        [("Marks", styles.primary + _BOLD)],
        *([(mark.ljust(RIGHT_KEY), style.get(mark, styles.secondary)), (means, styles.text)] for mark, means in MARKS),
    ]
