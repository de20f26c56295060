"""What a pane is waiting for, and what went wrong; the base below its rows."""

from __future__ import annotations

from dataclasses import dataclass

from textual.geometry import Region
from textual.reactive import reactive
from textual.timer import Timer

from regbrowse.errors import RegbrowseError
from regbrowse.tui.inked import Inked

SPINNER = "◐◓◑◒"
PATIENCE = 0.1
"""Seconds of waiting before a pane says that it waits."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that can be done about an error with a key."""

    key: str
    does: str


class Waiting(Inked):
    """Nothing chosen, asked, answered or failed: said in words, and by the only thing that moves."""

    waits_for: reactive[str] = reactive("")
    """Said while nothing was asked: `waits for a tag`."""
    asking: reactive[str] = reactive("")
    """Said while an answer is awaited, after a moment of patience."""
    error: reactive[RegbrowseError | None] = reactive(None)
    steps: reactive[tuple[Step, ...]] = reactive(())
    held: reactive[str] = reactive("")
    """Why nothing is asked just now, with the seconds left; said instead of what was asked, or with the error."""
    frame_number: reactive[int] = reactive(0, repaint=False)

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.again: float | None = None
        """When what failed is asked again by itself, on the monotonic clock."""
        self._patience: Timer | None = None
        self._spin: Timer | None = None

    def start_asking(self, what: str) -> None:
        """Says `asking for …` after a moment; rows that are there stay."""
        self.stop_asking()
        self.error = None
        self.again = None
        self.waits_for = ""
        self._patience = self.set_timer(PATIENCE, lambda: self._show_asking(what))

    def _show_asking(self, what: str) -> None:
        if self._patience is None:
            return  # the answer came while this was already on its way
        self.asking = what
        self.spin(True)

    def stop_asking(self, *, more: bool = False) -> None:
        """An answer came; the spinner goes on when more is to come."""
        if self._patience:
            self._patience.stop()
            self._patience = None
        self.asking = ""
        self.held = ""
        self.spin(more)

    def spin(self, on: bool) -> None:
        """Turns the spinner, the only thing that moves by itself."""
        if on and not self._spin:
            self._spin = self.set_interval(1 / 8, self._turn)
        elif not on and self._spin:
            self._spin.stop()
            self._spin = None

    def _turn(self) -> None:
        """Paints only the lines that a spinner can be on: the first inner one and the subtitle."""
        self.frame_number += 1
        width, height = self.size
        self.refresh(Region(0, 1, width, 1), Region(0, max(0, height - 1), width, 1))

    @property
    def spinner(self) -> str:
        return SPINNER[self.frame_number % 4]

    def fail(self, error: RegbrowseError, steps: tuple[Step, ...]) -> None:
        self.stop_asking()
        self.steps = steps
        self.error = error

    def wait(self, what: str) -> None:
        self.stop_asking()
        self.error = None
        self.again = None
        self.waits_for = what
