"""The main screen: puts the parts together, keeps layout and lines in step with the state."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.layout import Layout
from textual.timer import Timer
from textual.worker import Worker

from regbrowse.reference import Digest, Reference, Repository
from regbrowse.state import recents
from regbrowse.tui import describe, keys
from regbrowse.tui.grid import MANIFESTS, TAGS, Focus, Grid
from regbrowse.tui.messages import Entered, Moved, Scrolled
from regbrowse.tui.panes.lines import Pane
from regbrowse.tui.panes.status import Foot
from regbrowse.tui.session import Session
from regbrowse.tui.state import Connect, Place

SETTLE = 0.12
"""Seconds the cursor rests on a tag before it is asked for: holding an arrow key asks once."""
ROWS_AFTER = 0.25
"""Seconds rows rest on the screen before their details are asked for."""
MESSAGE_SECONDS = 4.0


class BrowseScreen(Session):
    """Tags, manifests, layers and config of one registry."""

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings()

    def __init__(self, connect: Connect, place: Place | None) -> None:
        super().__init__(connect)
        self._start = place
        self._grid = Grid(lambda: self.focus_state)
        self._settle: Timer | None = None
        self._rows: Timer | None = None
        self._message: Timer | None = None

    def compose(self) -> ComposeResult:
        yield from (self.head, *self.panes, self.strip, self.foot, self.refuse)

    @property
    def layout(self) -> Layout:
        return self._grid

    def on_mount(self) -> None:
        self.tags_pane.wait("a repository")
        self.manifests_pane.wait("a tag")
        self.layers_pane.wait("a manifest")
        self.config_pane.wait("a manifest")
        self.tags_pane.active = True
        self.tags_pane.focus()
        self.app.theme_changed_signal.subscribe(self, lambda _: self._theme_changed())
        self.refresh_lines()
        self.watch_waits()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.run_worker(self.connected(), group="connect")
        if self._start is not None:
            self.go_to(self._start)
        else:
            self.action_open()

    def _theme_changed(self) -> None:
        for pane in self.panes:
            pane.theme_changed()
        for line in (self.head, self.strip, self.foot, self.refuse):
            line.theme_changed()

    # Focus and layout

    @on(events.DescendantFocus)
    def _focused(self, event: events.DescendantFocus) -> None:
        pane = next((node for node in event.widget.ancestors_with_self if isinstance(node, Pane)), None)
        if pane is not None and pane.id:
            self.set_focus_state(pane=pane.id)
        self.refresh_lines()

    def set_focus_state(self, *, pane: str | None = None, zoomed: bool | None = None) -> None:
        before = self.focus_state
        now = before.pane if pane is None else pane
        self.focus_state = Focus(
            now,
            before.room if now == TAGS else now,
            before.zoomed if zoomed is None else zoomed,
        )
        for each in self.panes:
            each.active = each.id == now
        if self.focus_state != before:
            self.pane.refresh(layout=True)
        self.refresh_lines()

    # The lines round the panes

    def refresh_lines(self) -> None:
        if not self.is_mounted:
            return
        self.head.where = describe.where(self)
        self.strip.detail = describe.detail(self)
        dialog = self.app.screen is not self
        self.foot.pairs = () if dialog else describe.foot(self)
        self.foot.fixed = () if dialog else describe.fixed(self)

    def say(self, verb: str, what: str, how: str) -> None:
        self.strip.message = (verb, what, how)
        if self._message:
            self._message.stop()
        self._message = self.set_timer(MESSAGE_SECONDS, self._unsay)

    def _unsay(self) -> None:
        self.strip.message = ("", "", "")

    async def on_key(self) -> None:
        self._unsay()

    @on(events.ScreenResume)
    def _resumed(self) -> None:
        self.refresh_lines()

    @on(events.ScreenSuspend)
    def _suspended(self) -> None:
        self.foot.pairs = self.foot.fixed = ()

    @on(Foot.Pressed)
    async def _foot_pressed(self, event: Foot.Pressed) -> None:
        if event.action:
            await self.run_action(event.action)

    @on(Worker.StateChanged)
    def _worker_changed(self, event: Worker.StateChanged) -> None:
        if event.worker.is_finished:
            self.refresh_lines()

    # Intents

    @on(Moved)
    def _moved(self, event: Moved) -> None:
        settled = {TAGS: self._tag_settled, MANIFESTS: self._node_settled}.get(event.pane)
        if settled is not None:
            if self._settle:
                self._settle.stop()
            self._settle = self.set_timer(SETTLE, settled)
        self.refresh_lines()

    def _tag_settled(self) -> None:
        name, repository = self.tags_pane.current, self.repository
        if name is None or repository is None:
            return
        reference = Reference(repository, name)
        if self.opened is None or self.opened.reference != reference:
            self.place = reference
            self.history.amend(reference)
            self.open_reference(reference)
            self.refresh_lines()

    def _node_settled(self) -> None:
        self.show_node(self.manifests_pane.current)
        self.refresh_lines()

    @on(Entered)
    def _entered(self, event: Entered) -> None:
        if event.pane == self.focus_state.pane:
            self.action_enter()

    @on(Scrolled)
    def _scrolled(self) -> None:
        self.details_wanted()

    def details_wanted(self) -> None:
        if self._rows:
            self._rows.stop()
        self._rows = self.set_timer(ROWS_AFTER, self._ask_details)

    def _ask_details(self) -> None:
        """Details of the visible rows, once what was asked for by hand has come."""
        browser, registry = self.browser, self.registry
        if browser is None or registry is None or browser.client.limits.is_low(registry):
            return
        tree = self.manifests_pane.model
        if self.opened is not None and tree is not None and not self.running("manifest", "config"):
            wanted = tree.wanted(self.manifests_pane.nodes_in_view, frugal=browser.client.limits.is_metered(registry))
            if wanted:
                self.ask_children(self.opened, wanted)
        if self.listing is not None and isinstance(self.listing.place, Repository) and not self.tags_pane.streaming:
            unknown = [name for name in self.tags_pane.names_in_view if name not in self.tags_pane.list.digests]
            if unknown:
                self.ask_claims(self.listing, unknown)

    async def action_palette(self) -> None:
        await self.app.run_action("command_palette")

    async def action_quit(self) -> None:
        self.app.exit()

    def app_opened(self, reference: Reference, digest: Digest) -> None:
        recents.remember(reference, digest)
