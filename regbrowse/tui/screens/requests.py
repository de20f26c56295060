"""The request log: what was asked since the program began, what it cost, and how it is asked by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from regbrowse.exchange import totals
from regbrowse.tui import keys
from regbrowse.tui.panes.pane import Pane
from regbrowse.tui.panes.requests import CurlPane, RequestsPane
from regbrowse.tui.screens.pane_screen import FILTER_HINTS, PaneScreen
from regbrowse.tui.widgets.lines import Hint, TooSmall

if TYPE_CHECKING:
    from collections.abc import Callable

    from regbrowse.tui.session import RegistrySession
    from regbrowse.tui.widgets.lines import Where

LOOK_SECONDS = 0.25
"""Seconds between two looks at the log."""


class RequestsScreen(PaneScreen):
    """Shows the log of a session, which grows meanwhile; `where` gives what the header says."""

    AUTO_FOCUS = "#requests"
    CSS_PATH = "requests.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *keys.bindings_of("next_pane(1)", "next_pane(-1)", "back", "requests", "help", "suspend", "quit"),
        Binding("1", "focus_pane('requests')", show=False),
        Binding("2", "focus_pane('curl')", show=False),
    ]

    def __init__(self, session: RegistrySession, where: Callable[[], Where], classes: str = "") -> None:
        super().__init__("request-log", classes)
        self._session, self._where = session, where
        self.requests_pane, self.curl_pane = RequestsPane(), CurlPane()
        self.requests_pane.add_class("-favoured")
        self._seen = -1
        """The number of the last request that is shown."""

    @property
    def panes(self) -> tuple[Pane, ...]:
        return self.requests_pane, self.curl_pane

    @property
    def pane(self) -> Pane:
        """The pane that the keyboard works in."""
        return next((pane for pane in self.panes if pane.active), self.requests_pane)

    def compose(self) -> ComposeResult:
        yield self.header
        yield Container(*self.panes, id="body")
        yield self.status_line
        yield self.footer
        yield TooSmall()

    def on_mount(self) -> None:
        self.requests_pane.active = True
        self.set_interval(LOOK_SECONDS, self._look)
        self._look()

    def _look(self) -> None:
        """Take what was asked since the last look."""
        self.header.where = self._where()
        log = self._session.browser.client.log if self._session.browser else None
        if log is not None and log.sent + log.cached != self._seen:
            self._seen = log.sent + log.cached
            self.requests_pane.take(log, totals(log.sent, log.cached, log.received))
        self.curl_pane.show(self.requests_pane.current)

    # What the panes tell

    @on(Pane.Changed)
    @on(events.ScreenResume)
    @on(events.ScreenSuspend)
    def _describe(self) -> None:
        """Let the lines and the other pane say what the cursor is on; under a dialog no key of the screen works."""
        if not self.is_mounted:
            return
        self.curl_pane.show(self.requests_pane.current)
        self.status_line.detail = self.pane.detail()
        self.show_hints(self._hints)

    def _hints(self) -> tuple[Hint, ...]:
        """Give the keys that do something now."""
        pane = self.pane
        if self.focused is not None and self.focused is not pane:
            return FILTER_HINTS
        clears = "clear_filter" in self.enabled_actions
        last = Hint("esc", "clear" if clears else "back", "clear_filter" if clears else "back")
        return (*self.hints_of(pane.foot, pane.word), last)

    # Focus and keys

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        found = next((node for node in event.widget.ancestors_with_self if isinstance(node, Pane)), None)
        for pane in self.panes:
            pane.active = pane is found

    def action_focus_pane(self, name: str) -> None:
        self.set_focus(next(pane for pane in self.panes if pane.id == name))

    def action_next_pane(self, by: int) -> None:
        self.set_focus(self.panes[(self.panes.index(self.pane) + by) % len(self.panes)])

    def action_back(self) -> None:
        self.dismiss(None)

    def action_requests(self) -> None:
        """Close with the key that opened it, too."""
        self.dismiss(None)
