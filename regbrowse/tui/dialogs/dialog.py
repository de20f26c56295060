"""What all dialogs are: a frame in the middle, which esc closes; its keys stand in the lower border."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget

from regbrowse.tui.cells import Span, clip, content
from regbrowse.tui.theme_styles import theme_styles

Result = TypeVar("Result")


class Dialog(ModalScreen[Result]):
    """Shows its parts above each other; gives a result, or None when it is closed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "close", show=False)]

    wide, high = 80, 20
    """The size with the border, where the terminal has the room."""

    def __init__(self, title: str, subject: str, keys: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        self.frame = Vertical(*self.parts(), id="frame")
        self._title, self._subject, self._keys = title, subject, tuple(keys)

    def parts(self) -> Iterable[Widget]:
        """Give what the dialog is made of."""
        raise NotImplementedError

    def keys(self, width: int, height: int) -> Iterable[tuple[str, str]]:  # noqa: ARG002
        """Give the keys that do something in a dialog of so many cells and rows within its frame."""
        return self._keys

    def compose(self) -> ComposeResult:
        yield self.frame

    def on_mount(self) -> None:
        self._fit()
        for part in self.frame.query("Input, Reader").results(Widget):
            # At once, so that what is typed ahead reaches it.
            self.set_focus(part)
            break

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        """Take the wanted size, or what the terminal leaves of it, and write title and keys into the border."""
        columns, rows = self.app.size
        width = min(columns - 4, self.wide)
        self.frame.styles.width, self.frame.styles.height = width, min(rows - 2, self.high)
        styles = theme_styles(self.app).surface
        title: list[Span] = [(f" {self._title} ", styles.chip)]
        if self._subject:
            title.append((f" {self._subject}", styles.secondary))
        keys: list[Span] = []
        for key, word in self.keys(width - 4, min(rows - 2, self.high) - 2):
            keys += [("   " if keys else "", styles.plain), (key, styles.key), (f" {word}", styles.text)]
        self.frame.border_title = content(clip(title, width - 6))
        self.frame.border_subtitle = content(clip(keys, width - 6))

    def action_close(self) -> None:
        self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.dismiss(None)
