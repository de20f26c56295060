"""A short list to choose from: the sort order, the platform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from regbrowse.text import size as written
from regbrowse.tui.cells import Span, clip, spread
from regbrowse.tui.colours import Ink
from regbrowse.tui.dialogs.window import Dialog, Window


@dataclass(frozen=True, slots=True)
class Choice:
    """One row."""

    label: str
    note: str = ""
    present: bool = False
    """Marked with a dot: what holds now."""
    size: int | None = None
    mark: str = ""


class ChoiceWindow(Window):
    def __init__(self, title: str, subject: str, choices: list[Choice]) -> None:
        super().__init__(title, subject, (("enter", "choose"), ("esc", "close")))
        self.choices = choices

    def content(self, width: int, ink: Ink) -> list[list[Span]]:
        sized = any(choice.size is not None for choice in self.choices)
        lines: list[list[Span]] = []
        for index, choice in enumerate(self.choices):
            here = index == self.cursor
            row = self.inks.cursor if here else ink
            bar = ("▌", row.focus) if here else (" ", row.plain)
            left: list[Span] = [bar, ("● " if choice.present else "  ", row.accent), (choice.label, row.text)]
            if choice.note:
                left.append((f"  {choice.note}", row.secondary))
            right: list[Span] = []
            if sized:
                right = [(f"{written(choice.size):>9} ", row.text), (choice.mark or " ", row.secondary)]
            lines.append([*spread(clip(left, width), right, width, row.plain), ("", row.plain)])
        return lines


class ChooseDialog(Dialog[int]):
    """Gives the index of the chosen row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("enter", "choose", show=False),
    ]

    def __init__(self, title: str, subject: str, choices: list[Choice]) -> None:
        longest = max(len(choice.label) + len(choice.note) for choice in choices)
        self.wide = max(34, longest + 8 + (12 if any(choice.size is not None for choice in choices) else 0))
        self.high = len(choices) + 2
        super().__init__(ChoiceWindow(title, subject, choices))
        self._choices = choices

    def on_mount(self) -> None:
        super().on_mount()
        at = next((i for i, choice in enumerate(self._choices) if choice.present), 0)
        self.window.cursor = at
        self.window.keep_visible(at, len(self._choices))

    def action_move(self, by: int) -> None:
        at = max(0, min(self.window.cursor + by, len(self._choices) - 1))
        self.window.cursor = at
        self.window.keep_visible(at, len(self._choices))

    def action_choose(self) -> None:
        self.dismiss(self.window.cursor)

    def on_click(self, event: events.Click) -> None:
        super().on_click(event)
        index = self.window.top + event.y - 1
        if event.widget is self.window and 0 <= index < len(self._choices):
            self.dismiss(index)
