"""The request log: what was asked since the program began, what it cost, and how it is asked by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen

from regbrowse.exchange import totals
from regbrowse.tui import keys
from regbrowse.tui.panes.pane import Pane
from regbrowse.tui.panes.requests import CurlPane, RequestsPane, whole
from regbrowse.tui.screens.header_footer import FIXED
from regbrowse.tui.widgets.lines import Footer, Header, Hint, Note, StatusLine, TooSmall

if TYPE_CHECKING:
    from collections.abc import Callable

    from regbrowse.tui.session import RegistrySession
    from regbrowse.tui.widgets.lines import Where

LOOK_SECONDS = 0.25
"""Seconds between two looks at the log."""


class RequestsScreen(Screen[None]):
    """Shows the log of a session, which grows meanwhile; `where` gives what the header says."""

    AUTO_FOCUS = "#requests"
    CSS_PATH = "requests.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *keys.bindings_of("next_pane(1)", "next_pane(-1)", "back", "requests", "help", "suspend", "quit"),
        Binding("1", "focus_pane('requests')", show=False),
        Binding("2", "focus_pane('curl')", show=False),
    ]

    def __init__(self, session: RegistrySession, where: Callable[[], Where], classes: str = "") -> None:
        super().__init__(id="request-log", classes=classes)
        self._session, self._where = session, where
        self.header, self.status_line, self.footer = Header(id="header"), StatusLine(id="status"), Footer(id="footer")
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
        is_on_top = self.app.screen is self
        self.status_line.detail = self.pane.detail()
        self.footer.hints = self._hints() if is_on_top else ()
        self.footer.fixed = FIXED if is_on_top and self.focused in (self.pane, None) else ()

    def _hints(self) -> tuple[Hint, ...]:
        """Give the keys that do something now."""
        pane = self.pane
        if self.focused is not None and self.focused is not pane:
            return (Hint("enter", "keep"), Hint("esc", "clear"), Hint("↑ ↓", "move"))
        enabled = {each.binding.action for each in self.active_bindings.values() if each.enabled}
        found = []
        for action in pane.foot:
            if action in enabled:
                key = keys.key_for(action)
                found.append(Hint(key.foot_key or key.shown, pane.word(action) or key.foot, action))
        clears = "clear_filter" in enabled
        return (*found, Hint("esc", "clear" if clears else "back", "clear_filter" if clears else "back"))

    @on(Pane.Noted)
    def _noted(self, event: Pane.Noted) -> None:
        self.status_line.say(Note(event.verb, event.what, event.how))

    def on_key(self) -> None:
        self.status_line.say_no_more()

    @on(Pane.Selected)
    async def _selected(self) -> None:
        """Show the whole of a request and its answer."""
        from regbrowse.tui.dialogs.whole import WholeDialog

        one = self.requests_pane.current
        if one is not None:
            await self.app.push_screen(WholeDialog("request and answer", whole(one)))

    @on(Footer.Pressed)
    async def _footer_pressed(self, event: Footer.Pressed) -> None:
        for active in self.active_bindings.values():
            if active.binding.action == event.action and active.enabled:
                await self.app.run_action(event.action, active.node)
                return

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

    async def action_help(self) -> None:
        from regbrowse.tui.dialogs.help import HelpDialog

        await self.app.push_screen(HelpDialog())

    def action_suspend(self) -> None:
        self.app.action_suspend_process()

    def action_quit(self) -> None:
        self.app.exit()
