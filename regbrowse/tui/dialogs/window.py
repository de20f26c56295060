"""The frame of every dialog: heavy border, title chip, keys in the lower border, painted by line."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.reactive import reactive
from textual.screen import ModalScreen
from textual.strip import Strip

from regbrowse.tui.cells import Span, clip, strip
from regbrowse.tui.colours import Ink
from regbrowse.tui.inked import Inked
from regbrowse.tui.panes import frame

Result = TypeVar("Result")


class Window(Inked, can_focus=True):
    """Rows between borders; a cursor where the dialog has one."""

    cursor: reactive[int] = reactive(0)
    top: reactive[int] = reactive(0)

    def __init__(self, title: str, subject: str, keys: tuple[tuple[str, str], ...]) -> None:
        super().__init__()
        self._lines: list[list[Span]] | None = None
        self.title = title
        self.subject = subject
        self.keys = keys

    @property
    def inner(self) -> int:
        """Cells of a row, without border and a column on each side."""
        return max(0, self.size.width - 4)

    @property
    def room(self) -> int:
        """Rows between the borders."""
        return max(0, self.size.height - 2)

    def content(self, width: int, ink: Ink) -> list[list[Span]]:
        """All lines; the window shows `room` of them from `top` on."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        ink = self.inks.surface
        if y == 0:
            title: list[Span] = [(f" {self.title} ", ink.chip)]
            if self.subject:
                title.append((f" {self.subject}", ink.secondary))
            return strip(frame.top(width, frame.HEAVY, ink.focus, title), width, ink.plain)
        if y == height - 1:
            keys: list[Span] = []
            for key, word in self.keys:
                keys += [("   " if keys else "", ink.plain), (key, ink.key), (f" {word}", ink.text)]
            return strip(frame.bottom(width, frame.HEAVY, ink.focus, keys), width, ink.plain)
        if y == 1 or self._lines is None:
            self._lines = self.content(self.inner, ink)
        lines = self._lines
        index = self.top + y - 1
        spans = lines[index] if index < len(lines) else []
        fill = spans[-1][1] if spans and spans[-1][0] == "" else ink.plain
        return Strip.join(
            [
                strip([("┃ ", ink.focus)], 2, ink.plain),
                strip(clip(spans, self.inner), self.inner, fill),
                strip([(" ┃", ink.focus)], 2, ink.plain),
            ]
        )

    def keep_visible(self, line: int, count: int) -> None:
        """Scrolls so that the line can be seen."""
        top = min(self.top, line)
        top = max(top, line - self.room + 1)
        self.top = max(0, min(top, max(0, count - self.room)))


class Dialog(ModalScreen[Result]):
    """A window in the middle; `esc` closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "close", show=False)]
    wide, high = 80, 20

    def __init__(self, window: Window) -> None:
        super().__init__()
        self.window = window

    def compose(self) -> ComposeResult:
        yield self.window

    def on_mount(self) -> None:
        self.fit()
        self.window.focus()

    def on_resize(self) -> None:
        self.fit()

    def fit(self) -> None:
        """The given size, or what the terminal leaves of it."""
        columns, rows = self.app.size
        self.window.styles.width = min(columns - 4, self.wide)
        self.window.styles.height = min(rows - 2, self.high)

    def action_close(self) -> None:
        self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.dismiss(None)


class Reader(Dialog[None]):
    """A window that is only read: scrolls, and gives nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_by(-1)", show=False),
        Binding("down,j", "scroll_by(1)", show=False),
        Binding("ctrl+f,pagedown", "scroll_by(20)", show=False),
        Binding("ctrl+b,pageup", "scroll_by(-20)", show=False),
        Binding("enter,q", "close", show=False),
    ]

    def action_scroll_by(self, by: int) -> None:
        window = self.window
        count = len(window.content(window.inner, window.inks.surface))
        window.top = max(0, min(window.top + by, max(0, count - window.room)))

    def on_mouse_scroll_down(self) -> None:
        self.action_scroll_by(3)

    def on_mouse_scroll_up(self) -> None:
        self.action_scroll_by(-3)
