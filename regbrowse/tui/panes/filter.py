"""The one-line input at the top of a pane: filter in Tags, search in Config."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult, RenderResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input

from regbrowse.tui.messages import FilterChanged, FilterKept


class Prompt(Widget):
    """The sign before the input."""

    def render(self) -> RenderResult:
        return "/"


class Field(Input):
    """The input itself; the arrows move the rows below it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "screen.move(-1)", "up", show=False),
        Binding("down", "screen.move(1)", "down", show=False),
        Binding("ctrl+t", "screen.fuzzy", "fuzzy", show=False),
        Binding("tab", "screen.pane(1)", "next pane", show=False),
    ]


class FilterInput(Horizontal):
    """`/ text`, over the first row of the pane that mounts it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "drop", "clear", show=False)]

    def __init__(self, pane: str, text: str) -> None:
        super().__init__()
        self._pane = pane
        self._text = text

    def compose(self) -> ComposeResult:
        yield Prompt()
        yield Field(self._text, compact=True, select_on_focus=False)

    def focus(self, scroll_visible: bool = True) -> FilterInput:
        self.call_after_refresh(lambda: self.query_one(Field).focus(scroll_visible))
        return self

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(FilterChanged(self._pane, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(FilterKept(self._pane, True))

    def action_drop(self) -> None:
        self.post_message(FilterKept(self._pane, False))
