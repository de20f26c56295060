"""The forms in which the row under the cursor can be copied; a letter copies at once."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from regbrowse.tui.cells import Span, clip, cut, wrap
from regbrowse.tui.colours import Ink
from regbrowse.tui.copying import Form
from regbrowse.tui.dialogs.window import Dialog, Window

LABEL = 26
VALUE_ROWS = 4


class CopyWindow(Window):
    def __init__(self, subject: str, forms: list[Form]) -> None:
        super().__init__("Copy", subject, (("enter", "copy"), ("letter", "copy at once"), ("esc", "close")))
        self.forms = forms

    def content(self, width: int, ink: Ink) -> list[list[Span]]:
        lines: list[list[Span]] = []
        for index, form in enumerate(self.forms):
            here = index == self.cursor
            row = self.inks.cursor if here else ink
            bar = ("▌", row.focus) if here else (" ", row.plain)
            spans: list[Span] = [bar, (" ", row.plain), (form.key, row.key), ("  ", row.plain)]
            spans.append((form.label.ljust(LABEL), row.text))
            spans.append((cut(form.value, width - 5 - LABEL), row.secondary))
            lines.append([*clip(spans, width), ("", row.plain)])
        lines.append([("─" * width, ink.rule)])
        lines += [[(line, ink.text)] for line in wrap(self.forms[self.cursor].value, width)[:VALUE_ROWS]]
        return lines


class CopyDialog(Dialog[Form]):
    """Gives the chosen form."""

    wide = 100
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("enter", "choose", show=False),
    ]

    def __init__(self, subject: str, forms: list[Form]) -> None:
        self.forms = forms
        self.high = len(forms) + 3 + VALUE_ROWS
        super().__init__(CopyWindow(subject, forms))

    def action_move(self, by: int) -> None:
        self.window.cursor = max(0, min(self.window.cursor + by, len(self.forms) - 1))

    def action_choose(self) -> None:
        self.dismiss(self.forms[self.window.cursor])

    def on_key(self, event: events.Key) -> None:
        form = next((each for each in self.forms if each.key == event.character), None)
        if form is not None:
            event.stop()
            event.prevent_default()
            self.dismiss(form)

    def on_click(self, event: events.Click) -> None:
        super().on_click(event)
        index = event.y - 1
        if event.widget is self.window and 0 <= index < len(self.forms):
            self.dismiss(self.forms[index])
