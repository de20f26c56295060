"""The one-line input at the top of a pane: it filters names, and searches documents and registries."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label


class FilterBar(Horizontal):
    """`/ text`, which takes no room until it is opened. The pane around it says what enter and esc do."""

    @dataclass
    class Changed(Message):
        """Another text stands in the input."""

        text: str

    def __init__(self) -> None:
        super().__init__()
        self.input = FilterInput(compact=True, select_on_focus=False)

    def compose(self) -> ComposeResult:
        yield Label("/")
        yield self.input

    @property
    def is_open(self) -> bool:
        """Whether the input is shown."""
        return self.display

    @property
    def text(self) -> str:
        """What stands in the input."""
        return self.input.value

    def open(self, text: str) -> None:
        """Show the input with a text, and give it the keyboard before the next key is read."""
        if not self.is_open:
            self.show(text)
        self.screen.set_focus(self.input)

    def show(self, text: str) -> None:
        """Show the input with a text."""
        self.display = True
        with self.input.prevent(Input.Changed):
            self.input.value = text
        self.input.cursor_position = len(text)

    def close(self) -> None:
        """Take the input away."""
        self.display = False

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(event.value))


class FilterInput(Input):
    """An input that leaves enter to the pane around it."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        return action != "submit"
