"""The forms in which the row under the cursor can be copied; a letter copies at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from regbrowse.text import FIELD_LIMIT, visible
from regbrowse.tui.cells import Span, clip, cut, wrap
from regbrowse.tui.copy_forms import Form
from regbrowse.tui.dialogs.dialog import Dialog
from regbrowse.tui.theme_styles import TextStyles
from regbrowse.tui.widgets.line_view import LineView
from regbrowse.tui.widgets.row_list import RowList

LABEL = 26
VALUE_ROWS = 4


class CopyDialog(Dialog[Form]):
    """Gives the chosen form."""

    wide = 100
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("enter", "choose", show=False),
    ]

    def __init__(self, title: str, forms: list[Form]) -> None:
        self.forms = forms
        self._listed: list[Form | None] = []
        """The rows; None is a rule between two groups."""
        for form in forms:
            before = self._listed[-1] if self._listed else form
            self._listed += [None, form] if before and before.group != form.group else [form]
        self.high = len(self._listed) + 3 + VALUE_ROWS
        self.rows = RowList(self, ground="surface")
        self.value = LineView(self._value_lines)
        self.value.styles.height = 1 + VALUE_ROWS
        super().__init__("Copy", title, (("enter", "copy"), ("letter", "copy at once"), ("esc", "close")))

    def parts(self) -> Iterable[Widget]:
        yield self.rows
        yield self.value

    def on_mount(self) -> None:
        super().on_mount()
        self.rows.active = True
        self.rows.rows_changed()

    @property
    def form(self) -> Form:
        """The form under the cursor."""
        return self._listed[self.rows.cursor] or self.forms[0]

    def row_count(self) -> int:
        return len(self._listed)

    def paint_row(self, index: int, width: int, styles: TextStyles) -> list[Span]:
        form = self._listed[index]
        if form is None:
            return [("─" * width, styles.rule)]
        spans: list[Span] = [(" ", styles.plain), (form.key, styles.key), ("  ", styles.plain)]
        spans.append((form.label.ljust(LABEL), styles.text))
        spans.append((cut(form.value.replace("\n", " "), width - 4 - LABEL), styles.secondary))
        return clip(spans, width)

    def summary(self, styles: TextStyles) -> list[Span]:
        return self.paint_row(self.rows.cursor, self.rows.size.width, styles)

    def _value_lines(self, width: int, styles: TextStyles) -> list[list[Span]]:
        value = wrap(visible(self.form.value, FIELD_LIMIT), max(1, width))[:VALUE_ROWS]
        return [[("─" * width, styles.rule)], *([(line, styles.text)] for line in value)]

    @on(RowList.Moved)
    def _moved(self) -> None:
        self.value.repaint()

    def action_move(self, by: int) -> None:
        at = self.rows.cursor + by
        while 0 <= at < len(self._listed) and self._listed[at] is None:
            at += by
        self.rows.jump(at)

    @on(RowList.Chosen)
    def action_choose(self) -> None:
        self.dismiss(self.form)

    def on_key(self, event: events.Key) -> None:
        form = next((each for each in self.forms if each.key == event.character), None)
        if form is not None:
            event.stop()
            event.prevent_default()
            self.dismiss(form)
