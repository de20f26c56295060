"""What a pane says instead of rows: what it waits for, what was asked, what failed and what can be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rich.style import Style
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from regbrowse.errors import RegbrowseError, RegistryError
from regbrowse.text import visible
from regbrowse.tui.cells import Span, cut, strip, wrap
from regbrowse.tui.error_hints import KeyHint
from regbrowse.tui.theme_styles import TextStyles, theme_styles

SPINNER = "◐◓◑◒"
_BOLD = Style(bold=True)


class Idle(NamedTuple):
    """Nothing was asked."""

    waits_for: str
    """Such as `a tag`."""


class Loading(NamedTuple):
    """An answer is awaited."""

    what: str
    """Such as `asking for webapp:1.0`."""


class Failed(NamedTuple):
    """The answer was an error."""

    error: RegbrowseError
    hints: tuple[KeyHint, ...]
    """The keys that help."""
    near: tuple[str, ...] = ()
    """Names that may be meant instead."""


Status = Idle | Loading | Failed
"""None of them where there are rows, or nothing to say but what the pane says of no rows."""


class PaneStatus(ScrollView):
    """Paints the status of a pane; scrolls where an error takes more lines than there are."""

    status: reactive[Status | None] = reactive(None)
    wait_reason: reactive[str] = reactive("")
    """Why nothing is asked at the moment, with the seconds left."""
    frame: reactive[int] = reactive(0)
    """Which frame of the spinner is shown."""

    def __init__(self, nothing: Callable[[int, TextStyles], list[list[Span]]]) -> None:
        """Take what is said when nothing is awaited and there are no rows, by width and styles."""
        super().__init__()
        self._nothing = nothing

    def watch_status(self) -> None:
        self.scroll_y = self.scroll_target_y = 0
        self._measure()

    def watch_wait_reason(self) -> None:
        self._measure()

    def on_resize(self) -> None:
        self._measure()

    def _measure(self) -> None:
        self.virtual_size = Size(0, len(self._lines()) if isinstance(self.status, Failed) else 0)

    def render_line(self, y: int) -> Strip:
        width, styles = self.size.width, theme_styles(self.app).pane
        lines = self._lines()
        at = self.scroll_offset.y + y
        return strip(lines[at] if at < len(lines) else [], width, styles.plain)

    def _lines(self) -> list[list[Span]]:
        """Give all lines at the present width, without the column of the scroll bar."""
        width = self.size.width - self.styles.scrollbar_size_vertical
        styles, status = theme_styles(self.app).pane, self.status
        if isinstance(status, Failed):
            if self.size.height == 1:
                return [error_line(status.error, styles)]
            return error_lines(status, width, styles, self.wait_reason)
        if isinstance(status, Idle):
            return [[(f"waits for {status.waits_for}", styles.secondary)]]
        if not isinstance(status, Loading):
            return self._nothing(width, styles)
        turning = (SPINNER[self.frame % len(SPINNER)], styles.accent)
        if self.wait_reason:
            spans: list[list[Span]] = [[(line, styles.warning)] for line in wrap(self.wait_reason, width - 2)]
            return [[turning, (" ", styles.plain), *spans[0]], *([("  ", styles.plain), *line] for line in spans[1:])]
        verb, _, rest = status.what.partition(" for ")
        tail: list[Span] = [(" for ", styles.secondary), (cut(rest, width - 13), styles.text)] if rest else []
        return [[turning, (f" {verb}", styles.secondary), *tail]]


def error_lines(status: Failed, width: int, styles: TextStyles, wait_reason: str = "") -> list[list[Span]]:
    """Paint an error over as many lines as it needs at this width; keys that help come last.

    `wait_reason` says when the same is asked again without a key.
    """
    error = status.error
    heading = wrap(error.heading, max(8, width - 2))
    out: list[list[Span]] = [
        [("× " + part if i == 0 else part, styles.error + _BOLD)] for i, part in enumerate(heading)
    ]
    out.append([])
    out += [[(line, styles.text)] for line in wrap(error.why, width)]
    said = error.evidence.said if isinstance(error, RegistryError) else ""
    if said and said not in error.why:
        out += [[], [("said", styles.secondary)], *([("  " + line, styles.text)] for line in wrap(said, width - 2))]
    out += [[], [("next", styles.secondary)]]
    if wait_reason:
        out += [[("  " + line, styles.warning)] for line in wrap(wait_reason, width - 2)]
    if status.near:
        meant = " or ".join(f'"{visible(name, 256)}"' for name in status.near)
        out += [[("  " + line, styles.text)] for line in wrap(f"Did you mean {meant}?", width - 2)]
    if error.hint and not status.near and not (wait_reason and error.hint.startswith("Try again")):
        out += [[("  " + line, styles.text)] for line in wrap(error.hint, width - 2)]
    if error.command and error.command not in error.hint:
        out += [[("  " + line, styles.bold)] for line in wrap(error.command, width - 2)]
    out += [[("  ", styles.plain), (hint.key, styles.key), (f"  {hint.word}", styles.text)] for hint in status.hints]
    return out


def error_line(error: RegbrowseError, styles: TextStyles) -> list[Span]:
    """Paint an error in one line."""
    return [(f"× {error.heading}", styles.error + _BOLD), (f"  {error.why}", styles.secondary)]
