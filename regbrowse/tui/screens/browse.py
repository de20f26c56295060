"""The main screen: composes the panes, and takes what one of them tells to the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import BindingType
from textual.containers import Container
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen
from textual.timer import Timer
from textual.worker import Worker

from regbrowse.errors import AuthRejected, Denied, NotFound, RegbrowseError
from regbrowse.oci.index_walk import entries
from regbrowse.oci.manifest import Index, Manifest, config_of
from regbrowse.oci.mediatype import OCI_EMPTY
from regbrowse.oci.platform_selection import PlatformRequest, listed, select
from regbrowse.reference import Reference, Registry, Repository
from regbrowse.tui import keys, loaders
from regbrowse.tui import messages as m
from regbrowse.tui.key_hints import needs_login
from regbrowse.tui.layout import small_rows
from regbrowse.tui.navigator import Navigator, Place
from regbrowse.tui.panes.config import ConfigPane
from regbrowse.tui.panes.layers import LayersPane
from regbrowse.tui.panes.manifests import ManifestsPane
from regbrowse.tui.panes.pane import Pane
from regbrowse.tui.panes.tags import TagsPane
from regbrowse.tui.widgets.lines import Footer, Header, Hint, Note, StatusLine, TooSmall, Where
from regbrowse.tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from regbrowse.browser import Browser
    from regbrowse.oci.platform import Platform
    from regbrowse.reference_input import Typed
    from regbrowse.tui.copy_forms import Form
    from regbrowse.tui.dialogs.connection import Decision
    from regbrowse.tui.manifest_tree import Node
    from regbrowse.tui.selection import Selection
    from regbrowse.tui.session import RegistrySession

ROWS_REST = 0.25
"""Seconds rows rest on the screen before their details are asked for."""
NOTE_SECONDS = 4.0
"""Seconds for which the status line says what was done."""
LOOK_SECONDS = 0.5
"""Seconds between two looks at what the registry makes us wait for."""


class BrowseScreen(Screen[Reference | None]):
    """Tags, manifests, layers and config of one registry."""

    AUTO_FOCUS = "#tags"
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings(keys.SCREEN)

    focused_pane: reactive[str] = reactive("tags")
    """The pane that the keyboard works in, or worked in before a dialog was opened."""
    favoured_pane: reactive[str] = reactive("manifests")
    """The right pane that has the room where the panes are stacked."""
    zoomed: reactive[bool] = reactive(False, toggle_class="-zoomed")
    """Whether the focused pane has all the room."""

    @dataclass
    class Opened(Message):
        """It was found out where a typed text leads, or why it leads nowhere."""

        place: Place | None
        notices: tuple[str, ...] = ()
        error: RegbrowseError | None = None

    @dataclass
    class IdentityChanged(Message):
        """Another login counts from now on, or why that could not be."""

        registry: Registry
        said: str = ""
        error: RegbrowseError | None = None

    @dataclass
    class Pinned(Message):
        """It was found out what a tag refers to, or why that cannot be."""

        reference: Reference
        error: RegbrowseError | None = None

    @dataclass
    class Copied(Message):
        """Text went to the clipboard by the routes named."""

        what: str
        routes: tuple[str, ...]

    def __init__(self, session: RegistrySession, place: Place | None, selection: Selection, classes: str = "") -> None:
        super().__init__(id="browse", classes=classes)
        self.session = session
        self.navigator = Navigator()
        self.platform: Platform | None = None
        """The platform that was chosen by hand; None: that of the settings, or this machine's."""
        self.header, self.status_line, self.footer = Header(id="header"), StatusLine(id="status"), Footer(id="footer")
        self.tags_pane = TagsPane()
        self.manifests_pane = ManifestsPane()
        self.layers_pane = LayersPane()
        self.config_pane = ConfigPane()
        self.panes: tuple[Pane, ...] = (self.tags_pane, self.manifests_pane, self.layers_pane, self.config_pane)
        self.selection = selection
        self._start = place
        self._list = loaders.ListLoader(self, session)
        self._search = loaders.SearchLoader(self, session)
        self._tag_heads = loaders.TagHeadLoader(self, session)
        self._tag_details = loaders.TagDetailsLoader(self, session)
        self._manifest = loaders.ManifestLoader(self, session)
        self._children = loaders.ChildLoader(self, session)
        self._image = loaders.ImageLoader(self, session)
        self._rows_rest: Timer | None = None
        self._note: Timer | None = None

    def compose(self) -> ComposeResult:
        yield self.header
        yield Container(self.tags_pane, Container(*self.panes[1:], id="right"), id="body")
        yield self.status_line
        yield self.footer
        yield TooSmall()

    def on_mount(self) -> None:
        self.tags_pane.wait_for("a repository")
        self.manifests_pane.wait_for("a tag")
        self.layers_pane.wait_for("a manifest")
        self.config_pane.wait_for("a manifest")
        self.set_interval(LOOK_SECONDS, self._look)
        self.call_after_refresh(self._begin)

    async def _begin(self) -> None:
        self.run_worker(self.session.connected(), group="connect")
        if self._start is not None:
            self.go_to(self._start)
        else:
            await self.action_open()

    # Where we are

    @property
    def pane(self) -> Pane:
        """The pane that the keyboard works in."""
        return next(pane for pane in self.panes if pane.id == self.focused_pane)

    def go_to(self, place: Place, *, remember: bool = True, fresh: bool = False) -> None:
        """Show a registry's repositories, a repository's tags, or one manifest."""
        if remember:
            self.navigator.visit(place)
        target: Repository | Registry = place if isinstance(place, Registry) else place.repository
        if fresh or self.tags_pane.request is None or self.tags_pane.request.place != target:
            self._list_names(target)
        if isinstance(place, Reference) and place.target:
            self.tags_pane.wanted = place.tag
            if place.tag:
                self.tags_pane.select(place.tag)
            self._open(place, fresh=fresh)
        else:
            self.tags_pane.wanted = None
            self._manifest.cancel()
            self._forget_image()
            self.manifests_pane.forget("a tag" if isinstance(place, Reference) else "a repository")

    def _list_names(self, target: Repository | Registry, *, keep: bool = False) -> None:
        """List from the start, or go on behind the rows that are there."""
        for loader in (self._tag_heads, self._tag_details, self._search):
            loader.cancel()
        request = m.ListRequest(target)
        last = self.tags_pane.last if keep else None
        self.tags_pane.start(request, keep=keep)
        self._list.load(request, last.part if last else None)

    def _open(self, reference: Reference, *, fresh: bool = False) -> None:
        """Ask for the manifest behind a tag or digest."""
        self._forget_image()
        request = m.ManifestRequest(reference)
        self.manifests_pane.start(request)
        self._manifest.load(request, self.platform, fresh=fresh)

    def _forget_image(self) -> None:
        self._image.cancel()
        self._children.cancel()
        self.layers_pane.forget()
        self.config_pane.forget()

    def _show_image(self, node: Node | None, error: RegbrowseError | None = None) -> None:
        """Show layers and config of a row of the manifests, or the error why it cannot be read."""
        opened, tree = self.manifests_pane.request, self.manifests_pane.model
        if node is None or tree is None or opened is None or node.digest is None:
            return
        before = self.layers_pane.request
        if before is not None and before.opened is opened and before.digest == node.digest:
            return
        self._image.cancel()
        request = m.ImageRequest(opened, node.digest)
        known = tree.manifest(node.digest)
        self.layers_pane.start(request, node.label)
        self.config_pane.start(request, node.label)
        self.config_pane.manifest = known
        if error is not None:
            self._image_failed(error)
        elif node.parent is not None and node.descriptor is not None:
            self.layers_pane.show_nothing("no layers: this is an attestation")
            self._image.load_content(request, node.descriptor)
        elif known is not None and config_of(known) is None:
            self.layers_pane.show_manifest(known)
            self.config_pane.show_manifest(known, node.label)
        else:
            if known is not None:
                self.layers_pane.show_manifest(known)
            self._image.load(request, known, node.descriptor)

    # What was loaded

    @on(m.NamesLoaded)
    def _names_loaded(self, message: m.NamesLoaded) -> None:
        if message.request is not self.tags_pane.request:
            return
        self.tags_pane.add(message)
        part = message.part
        if part.note:
            self.note("!" if part.done else "×", part.note)
        if part.note or part.done:
            self._tag_details.load(message.request)

    @on(m.SearchOffered)
    def _search_offered(self, message: m.SearchOffered) -> None:
        self.tags_pane.offer_search(message.request)

    @on(m.SearchLoaded)
    def _search_loaded(self, message: m.SearchLoaded) -> None:
        if message.request is not self.tags_pane.request:
            return
        if message.error is not None:
            self.tags_pane.stop_loading()
            self.note("×", message.error.why)
        else:
            self.tags_pane.show_found(message.text, {each.path: each.about for each in message.found})

    @on(m.TagHeadLoaded)
    def _tag_head_loaded(self, message: m.TagHeadLoaded) -> None:
        if message.request is self.tags_pane.request:
            self.tags_pane.set_digest(message.tag, message.digest)

    @on(m.TagDetailsLoaded)
    def _tag_details_loaded(self, message: m.TagDetailsLoaded) -> None:
        if message.request is self.tags_pane.request:
            self.tags_pane.add_details(message)
            if message.note:
                self.note("!", message.note)

    @on(m.ManifestLoaded)
    def _manifest_loaded(self, message: m.ManifestLoaded) -> None:
        if not self.manifests_pane.show_root(message):
            return
        from regbrowse.state import recents

        reference, root = message.request.reference, message.manifest
        recents.remember(reference, root.digest)
        self.tags_pane.opened = root
        if reference.tag and self.tags_pane.repository == reference.repository:
            self.tags_pane.set_digest(reference.tag, root.digest)
        if isinstance(root, Index):
            self._expect_image(root, message.platform)
        else:
            self._show_image(self.manifests_pane.current)

    def _expect_image(self, root: Index, platform: PlatformRequest) -> None:
        """Say which image will be shown, as far as the index itself tells, while that is found out."""
        node = self.manifests_pane.expect(select(listed(entries(root)), platform).descriptor)
        label = node.label if node and not node.is_root else ""
        for pane in (self.layers_pane, self.config_pane):
            pane.subject = label
            pane.start_loading(f"asking for {label or platform.platform}")

    @on(m.PlatformSelected)
    def _platform_selected(self, message: m.PlatformSelected) -> None:
        if message.request is not self.manifests_pane.request:
            return
        selection = message.selection
        error = selection.outcome if isinstance(selection.outcome, RegbrowseError) else None
        wanted = self.platform or (self.session.browser.platform if self.session.browser else None)
        if selection.stopped is not None:
            self.note("×", selection.stopped.why)
        elif selection.selected is None and selection.offered and wanted is not None:
            offered = ", ".join(str(each.platform) for each in selection.offered)
            self.note("!", f"no image for {wanted} here", f"available: {offered}")
        elif error is not None and selection.descriptor is not None and selection.descriptor.digest is None:
            self.note("×", error.why)
        if self.layers_pane.request is None and self.manifests_pane.is_expecting:
            self.manifests_pane.choose(selection.descriptor or selection.alternative)
            node = self.manifests_pane.current
            self._show_image(node, None if node and node.is_root else error)

    @on(m.ChildLoaded)
    def _child_loaded(self, message: m.ChildLoaded) -> None:
        if not self.manifests_pane.add_child(message) or not isinstance(message.outcome, Manifest):
            return
        image, manifest = self.layers_pane.request, message.outcome
        if image is None or image.digest != message.digest:
            return
        self.config_pane.manifest = manifest
        if self.layers_pane.table is None:
            self.layers_pane.show_manifest(manifest)
        config = config_of(manifest)
        if config is None or config.digest is None or config.media_type == OCI_EMPTY:
            self.config_pane.show_manifest(manifest, self.layers_pane.subject)

    @on(m.StatementLoaded)
    def _statement_loaded(self, message: m.StatementLoaded) -> None:
        self.manifests_pane.add_statement(message)

    @on(m.ContentLoaded)
    def _content_loaded(self, message: m.ContentLoaded) -> None:
        if message.request is self.config_pane.request and message.descriptor.media_type != OCI_EMPTY:
            self.config_pane.show_content(message)
            self._rows_shown()

    @on(m.ConfigLoaded)
    def _config_loaded(self, message: m.ConfigLoaded) -> None:
        if message.request is not self.config_pane.request:
            return
        self.manifests_pane.add_config(message.request.digest, message.config)
        if self.config_pane.manifest is not None:
            self.layers_pane.show_manifest(self.config_pane.manifest, message.config)
        self.config_pane.describe(message.config)

    @on(m.LoadFailed)
    def _load_failed(self, message: m.LoadFailed) -> None:
        request, error = message.request, message.error
        if request is self.tags_pane.request:
            self.tags_pane.fail(error)
            if self.tags_pane.row_count():
                self.note("×", error.why, "r tries again")
        elif request is self.manifests_pane.request:
            self.manifests_pane.fail(error)
        elif request is self.layers_pane.request:
            self._image_failed(error)

    def _image_failed(self, error: RegbrowseError) -> None:
        """Say it in the pane that waits, and show what came where it does not match its digest."""
        if self.layers_pane.is_settled:
            self.config_pane.fail(error)
        else:
            self.layers_pane.fail(error)
            self.config_pane.show_mismatch(error)

    # What panes tell

    @on(Pane.Highlighted)
    def _highlighted(self, event: Pane.Highlighted) -> None:
        self._show_highlighted(event.pane)

    def _show_highlighted(self, pane: Pane) -> None:
        """Let the other panes follow the cursor of one."""
        if pane is self.manifests_pane:
            self._show_image(self.manifests_pane.current)
        elif pane is self.tags_pane and self.tags_pane.repository is not None:
            reference, opened = self.tags_pane.reference, self.manifests_pane.request
            if reference is not None and (opened is None or opened.reference != reference):
                self.navigator.amend(reference)
                self._open(reference)

    @on(Pane.Selected)
    def _selected(self, event: Pane.Selected) -> None:
        if not self.selection.take(self, event.pane):
            self.enter(event.pane)

    def enter(self, pane: Pane) -> None:
        """Go on from the row under the cursor: to what it names, or to the whole of what it says."""
        if pane is self.tags_pane:
            self._enter_tag()
        elif pane is self.manifests_pane:
            self._show_image(self.manifests_pane.current)
            self.action_focus_pane("layers")
        elif pane is self.config_pane and not self.config_pane.whole:
            self._load_all()
        elif pane is self.layers_pane and self.layers_pane.current:
            self._show_whole(self.layers_pane.copy_title(), self.layers_pane.current.command.whole)
        else:
            self._show_whole(self.config_pane.path or "line", self.config_pane.value)

    def _enter_tag(self) -> None:
        reference = self.tags_pane.reference
        if reference is None:
            return
        opened = self.manifests_pane.request
        if (
            self.tags_pane.repository is None
            or opened is None
            or opened.reference != reference
            or self.manifests_pane.error
        ):
            self.go_to(reference)
        else:
            self.navigator.visit(reference)
        if reference.target:
            self.action_focus_pane("manifests")

    def _load_all(self) -> None:
        request, manifest = self.config_pane.request, self.config_pane.manifest
        descriptor = config_of(manifest) if manifest is not None else None
        if request is not None and descriptor is not None:
            self.config_pane.start_loading("asking for all of it")
            self._image.load_content(request, descriptor, everything=True)

    def _show_whole(self, title: str, text: str) -> None:
        from regbrowse.tui.dialogs.whole import WholeDialog

        self.app.push_screen(WholeDialog(title, text))

    @on(Pane.Requested)
    def _requested(self, event: Pane.Requested) -> None:
        """Ask again for what a limit of the registry refused."""
        self.session.retry_now(self.tags_pane.registry)
        if event.pane is self.tags_pane and self.tags_pane.request is not None:
            self._list_names(self.tags_pane.request.place, keep=self.tags_pane.row_count() > 0)
        elif event.pane is self.manifests_pane and self.manifests_pane.request is not None:
            self._open(self.manifests_pane.request.reference)
        elif self.layers_pane.request is not None:
            self.layers_pane.forget()
            self.config_pane.forget()
            self._show_image(self.manifests_pane.current)

    @on(TagsPane.SearchRequested)
    def _search_requested(self, event: TagsPane.SearchRequested) -> None:
        self._search.load(event.request, event.text)

    @on(ConfigPane.NothingMatches)
    def _nothing_matches(self, event: ConfigPane.NothingMatches) -> None:
        self.note("×", f'nothing matches "{event.text}"')

    @on(RowList.Scrolled)
    def _rows_shown(self) -> None:
        """Ask for the details of the rows that can be seen, once they rest."""
        if self._rows_rest:
            self._rows_rest.stop()
        self._rows_rest = self.set_timer(ROWS_REST, self._load_details)

    def _load_details(self) -> None:
        """Ask for them behind what was asked for by hand, and not where few requests are left."""
        browser, registry = self.session.browser, self.tags_pane.registry
        if browser is None or registry is None or browser.client.limits.is_low(registry):
            return
        opened, tree = self.manifests_pane.request, self.manifests_pane.model
        if opened is not None and tree is not None and not (self._manifest.is_running or self._image.is_running):
            metered = browser.client.limits.is_metered(registry)
            if wanted := tree.wanted(self.manifests_pane.nodes_in_view, frugal=metered):
                self._children.load(opened, wanted)
        if (
            self.tags_pane.request is not None
            and self.tags_pane.repository is not None
            and not self.tags_pane.streaming
        ):
            unknown = [name for name in self.tags_pane.names_in_view if name not in self.tags_pane.list.digests]
            if unknown:
                self._tag_heads.load(self.tags_pane.request, unknown)

    # Focus and layout

    def action_focus_pane(self, name: str) -> None:
        if self.pane.stop_resting():
            # What the other panes show follows at once, since the next key may be for one of them.
            self._show_highlighted(self.pane)
        self.focused_pane = name
        self.set_focus(self.pane)

    def action_next_pane(self, by: int) -> None:
        at = self.panes.index(self.pane)
        self.action_focus_pane(str(self.panes[(at + by) % len(self.panes)].id))

    @on(events.DescendantFocus)
    def _focus_moved(self, event: events.DescendantFocus) -> None:
        pane = next((node for node in event.widget.ancestors_with_self if isinstance(node, Pane)), None)
        if pane is not None:
            self.focused_pane = str(pane.id)

    def watch_focused_pane(self) -> None:
        for pane in self.panes:
            pane.active = pane is self.pane
        self.set_class(self.pane is self.tags_pane, "-in-tags")
        if self.pane is not self.tags_pane:
            self.favoured_pane = self.focused_pane
        self._describe()

    def watch_favoured_pane(self) -> None:
        for pane in self.panes:
            pane.set_class(pane.id == self.favoured_pane, "-favoured")
        self._fit()

    def watch_zoomed(self) -> None:
        self._fit()
        self._describe()

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        rows = None if self.zoomed else small_rows(*self.app.size)
        for pane in self.panes[1:]:
            pane.styles.height = None if pane.id == self.favoured_pane else rows

    # The lines around the panes

    def note(self, verb: str, what: str, how: str = "") -> None:
        """Say for a moment, or until the next key, what was done."""
        self.status_line.note = Note(verb, what, how)
        if self._note:
            self._note.stop()
        self._note = self.set_timer(NOTE_SECONDS, self._clear_note)

    def _clear_note(self) -> None:
        self.status_line.note = Note()

    def on_key(self) -> None:
        self._clear_note()

    @on(Pane.Changed)
    @on(Worker.StateChanged)
    @on(events.ScreenResume)
    @on(events.ScreenSuspend)
    def _describe(self) -> None:
        """Say where we are, what the cursor is on and which keys work, from what the parts say of themselves."""
        if not self.is_mounted:
            return
        pane = self.pane
        self.header.where = self._where()
        self.status_line.detail = pane.error_detail() if pane.error and not pane.row_count() else pane.detail()
        self.footer.fixed, self.footer.hints = self._hints() if self.app.screen is self else ((), ())

    def _where(self) -> Where:
        registry, browser = self.tags_pane.registry, self.session.browser
        if registry is None:
            return Where()
        repository, opened, tree = self.tags_pane.repository, self.manifests_pane.request, self.manifests_pane.model
        place = self.navigator.place
        reference = opened.reference if opened else place if isinstance(place, Reference) else None
        digest = tree.root.digest if tree else reference.digest if reference else None
        where = Where(
            registry=str(registry),
            repository=repository.path if repository and not repository.unnamed else "",
            tag=(reference.tag or "") if reference else "",
            digest=digest.short if digest else "",
            files=bool(registry.alias),
        )
        if browser is None:
            return where
        login, rate = browser.client.auth.login_state(registry), browser.client.limits.rate(registry)
        return where._replace(
            user=login.user,
            source=login.note or login.source,
            left=rate.remaining if rate else None,
            limit=rate.limit if rate else None,
            cost=1 if rate else 0,
            warning=_warning(browser, registry),
        )

    def _hints(self) -> tuple[tuple[Hint, ...], tuple[Hint, ...]]:
        """Give the keys at the right edge, and those that do something now in the focused pane."""
        pane = self.pane
        enabled = {each.binding.action for each in self.active_bindings.values() if each.enabled}
        if self.focused is not None and self.focused is not pane:
            hints = [Hint("enter", "keep"), Hint("esc", "clear"), Hint("↑ ↓", "move")]
            if isinstance(pane, TagsPane) and not pane.searches:
                hints.append(Hint("ctrl+t", "substring" if pane.list.filter.fuzzy else "fuzzy", "fuzzy"))
            return (), tuple(hints)
        shown: list[Hint] = []
        if "clear_filter" in enabled:
            shown.append(Hint("esc", "clear", "clear_filter"))
        elif self.zoomed:
            shown.append(Hint("esc", "back", "back"))
        elif self.is_busy:
            shown.append(Hint("esc", "cancel", "back"))
        order = self.selection.order(pane)
        if pane.error is not None:
            first = ("reload", "plain_http", "anonymous", *(("connection",) if needs_login(pane.error) else ()))
            order = (*first, *(action for action in order if action not in first))
        for action in order:
            if action in enabled:
                key = keys.key_for(action)
                shown.append(Hint(key.foot_key or key.shown, self._word(action) or key.foot, action))
        return (Hint("?", "help", "help"), Hint("q", "quit", "quit")), tuple(shown)

    def _word(self, action: str) -> str:
        if action == "reload" and self.pane.error is not None:
            return "try again"
        return self.selection.word(self.pane, action) or self.pane.word(action)

    @on(Footer.Pressed)
    async def _footer_pressed(self, event: Footer.Pressed) -> None:
        for active in self.active_bindings.values():
            if active.binding.action == event.action and active.enabled:
                await self.app.run_action(event.action, active.node)
                return

    def _look(self) -> None:
        """Say what the connection makes us wait for, and what was wrong with files of this machine."""
        registry = self.tags_pane.registry
        if new := self.session.new_notices():
            self.note("!", new[0], f"{len(new) - 1} more: L shows all" if len(new) > 1 else "L shows it again")
        for pane in self.panes:
            if pane.is_loading:
                pane.paused = self.session.paused(registry)
            elif pane is self.tags_pane and self.tags_pane.streaming:
                pane.paused = self.session.paused(registry, short=True)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        pane = self.pane
        match action:
            case "history":
                return self.navigator.can_step(int(str(parameters[0])))
            case "sort":
                return self.tags_pane.repository is not None and self.tags_pane.row_count() > 0
            case "platform":
                return bool(self.manifests_pane.platforms)
            case "raw":
                return bool(self.config_pane.raw)
            case "reload":
                return self.tags_pane.request is not None
            case "connection":
                return self.tags_pane.registry is not None and self.session.browser is not None
            case "anonymous":
                return isinstance(pane.error, AuthRejected | Denied)
            case "plain_http":
                return pane.error is not None and pane.error.slug == "no-tls"
            case "pin":
                return self.selection.can_pin(pane)
            case _:
                return True

    @property
    def is_busy(self) -> bool:
        """Whether an answer is awaited that was asked for by hand."""
        running = self._list.is_running or self._manifest.is_running or self._image.is_running
        return running or any(pane.retry_at is not None for pane in self.panes)

    def action_back(self) -> None:
        """Cancel what runs, else go back one pane or one place."""
        if self.zoomed:
            self.action_zoom()
        elif self.is_busy:
            self._cancel()
        elif self.pane is not self.tags_pane:
            self.action_next_pane(-1)
        elif self.navigator.can_step(-1):
            self.action_history(-1)
        else:
            self.selection.leave(self)

    def _cancel(self) -> None:
        """End every request; what came so far stays."""
        for loader in (self._list, self._manifest, self._image, self._children, self._tag_heads, self._tag_details):
            loader.cancel()
        for pane in self.panes:
            pane.stop_waiting()
        if self.tags_pane.streaming:
            # Names that are already on their way to the pane are still taken: going on begins behind them.
            self.tags_pane.end(stopped=True)
        if self.manifests_pane.model is None and self.manifests_pane.request:
            self.manifests_pane.forget("a tag")
        if not (self.layers_pane.row_count() and self.config_pane.row_count()):
            self.layers_pane.request = self.config_pane.request = None
        for pane in (self.layers_pane, self.config_pane):
            pane.stop_loading()
            if not pane.row_count():
                pane.wait_for("a manifest")
        self.note("stopped", "what came so far stays", "r asks again")

    def action_history(self, by: int) -> None:
        place = self.navigator.step(by)
        if place is not None:
            self.go_to(place, remember=False)

    def action_zoom(self) -> None:
        self.zoomed = not self.zoomed

    def action_reload(self) -> None:
        """Ask again for what the focused pane shows, and at once, whatever was being waited for."""
        if self.tags_pane.request is None:
            return
        self.session.retry_now(self.tags_pane.registry)
        opened, place = self.manifests_pane.request, self.navigator.place
        if self.pane is self.tags_pane:
            self.tags_pane.wanted = self.tags_pane.current
            self._list_names(self.tags_pane.request.place, keep=self.tags_pane.can_go_on)
            if self.manifests_pane.error is None:
                return
        if opened is not None:
            self._open(opened.reference, fresh=True)
        elif isinstance(place, Reference) and place.target and self.pane is not self.tags_pane:
            self._open(place, fresh=True)

    def action_raw(self) -> None:
        self.config_pane.toggle_raw()

    def action_pin(self) -> None:
        """Pick what the cursor is on by its digest, which is asked for where it is not known."""
        reference = self.selection.reference(self.pane)
        if reference is None:
            return
        known = self.tags_pane.list.digests.get(reference.tag or "") if self.pane is self.tags_pane else None
        if self.pane is self.manifests_pane and self.manifests_pane.current:
            known = self.manifests_pane.current.digest
        if known:
            self.app.exit(reference._replace(digest=known))
        else:
            self.note("asking", f"what {reference.tag} points to")
            self.run_worker(self._pin(reference), group="pin", exclusive=True)

    async def _pin(self, reference: Reference) -> None:
        try:
            digest = await (await self.session.connected()).digest_of(reference)
        except RegbrowseError as error:
            self.post_message(self.Pinned(reference, error))
        else:
            self.post_message(self.Pinned(reference._replace(digest=digest)))

    @on(Pinned)
    def _pinned(self, message: Pinned) -> None:
        if message.error is None:
            self.app.exit(message.reference)
        elif isinstance(message.error, NotFound):
            self.note("×", f'there is no "{message.reference.tag}"')
        else:
            self.note("×", message.error.why)

    async def action_palette(self) -> None:
        from regbrowse.tui.command_palette import open_palette

        await open_palette(self.app)

    async def action_quit(self) -> None:
        self.app.exit()

    async def action_sort(self) -> None:
        from regbrowse.tui.dialogs.choose import Choice, ChooseDialog

        newest = self.tags_pane.list.newest_first
        choices = [Choice("newest first", "versions understood", newest), Choice("as served", "", not newest)]

        def done(at: int | None) -> None:
            if at is not None:
                self.tags_pane.sort(at == 0)

        await self.app.push_screen(ChooseDialog("Sort", "tags", choices), done)

    async def action_platform(self) -> None:
        from regbrowse.tui.dialogs.choose import Choice, ChooseDialog

        nodes = self.manifests_pane.platforms
        here = self.layers_pane.request.digest if self.layers_pane.request else None
        choices = [Choice(node.label, "", node.digest == here, node.size, node.mark) for node in nodes]

        def done(at: int | None) -> None:
            if at is not None and (descriptor := nodes[at].descriptor):
                self.platform = descriptor.platform
                self.manifests_pane.choose(descriptor)
                self._show_image(self.manifests_pane.current)

        await self.app.push_screen(ChooseDialog("Platform", self.manifests_pane.subject, choices), done)

    async def action_help(self) -> None:
        from regbrowse.tui.dialogs.help import HelpDialog

        await self.app.push_screen(HelpDialog(self.selection.help_group))

    # Opening

    async def action_open(self) -> None:
        from regbrowse.state import recents
        from regbrowse.tui.dialogs.open import OpenDialog

        await self.app.push_screen(OpenDialog(recents.load()), self._typed)

    def _typed(self, typed: Typed | None) -> None:
        if typed is None:
            return
        self.action_focus_pane("tags")
        if typed.source is None and not typed.only_https:
            self.go_to(typed.place)
            return
        self.tags_pane.start_loading(f"asking for {typed.source or typed.place}")
        self.run_worker(self._open_typed(typed), group="list", exclusive=True)

    async def _open_typed(self, typed: Typed) -> None:
        try:
            place, notices = await self.session.open_typed(typed)
        except RegbrowseError as error:
            self.post_message(self.Opened(None, error=error))
        else:
            self.post_message(self.Opened(place, notices))

    @on(Opened)
    def _opened(self, message: Opened) -> None:
        if message.place is not None:
            self.go_to(message.place, fresh=True)
        elif message.error is not None:
            self.tags_pane.fail(message.error)
        for notice in self.session.new_notices(message.notices)[:1]:
            self.note("!", notice)

    # Copying

    @on(Pane.CopyRequested)
    async def _copy_requested(self, event: Pane.CopyRequested) -> None:
        if len(event.forms) == 1:
            self._copy(event.forms[0])
            return
        from regbrowse.tui.dialogs.copy import CopyDialog

        await self.app.push_screen(CopyDialog(event.pane.copy_title(), event.forms), self._copy)

    def _copy(self, form: Form | None) -> None:
        """Send a form to the clipboard, and say by which route."""
        if form is not None:
            self.app.copy_to_clipboard(form.value)
            self.run_worker(self._copy_by_tool(form), group="copy", exclusive=True)

    async def _copy_by_tool(self, form: Form) -> None:
        from regbrowse.tui import clipboard

        tool = clipboard.local_tool()
        took = tool is not None and await clipboard.by_tool(tool, form.value)
        name = tool[0].rpartition("/")[2] if tool and took else ""
        self.post_message(self.Copied(form.said, (name, "OSC 52") if name else ("OSC 52",)))

    @on(Copied)
    def _copied(self, message: Copied) -> None:
        self.note("copied", message.what, "by " + " and ".join(message.routes))

    # Who asks

    async def action_connection(self) -> None:
        from regbrowse.tui.dialogs.connection import ConnectionDialog

        registry, browser = self.tags_pane.registry, self.session.browser
        if registry is not None and browser is not None:
            path = self.tags_pane.repository.path if self.tags_pane.repository else ""
            await self.app.push_screen(ConnectionDialog(browser, registry, path, self.pane.error), self._decided)

    def action_anonymous(self) -> None:
        from regbrowse.tui.dialogs.connection import Anonymous

        self._decided(Anonymous())

    def action_plain_http(self) -> None:
        registry, browser, place = self.tags_pane.registry, self.session.browser, self.navigator.place
        if registry is not None and browser is not None and place is not None:
            browser.client.allow_http(registry)
            self.note("now", f"{registry} may be asked unencrypted, until regbrowse ends")
            self.go_to(place, fresh=True)

    def _decided(self, decision: Decision | None) -> None:
        registry = self.tags_pane.registry
        if decision is not None and registry is not None:
            self.run_worker(self._decide(registry, decision), group="identity", exclusive=True)

    async def _decide(self, registry: Registry, decision: Decision) -> None:
        try:
            said = await self.session.decide(registry, decision, self.app)
        except SuspendNotSupported:
            self.note("×", "this terminal cannot be lent to a credential helper")
        except RegbrowseError as error:
            self.post_message(self.IdentityChanged(registry, error=error))
        else:
            self.post_message(self.IdentityChanged(registry, said))

    @on(IdentityChanged)
    def _identity_changed(self, message: IdentityChanged) -> None:
        place = self.navigator.place
        if message.error is not None:
            self.note("×", message.error.why)
        elif message.registry == self.tags_pane.registry and place is not None:
            self.note("now", message.said)
            self.go_to(place, fresh=True)


def _warning(browser: Browser, registry: Registry) -> str:
    """Say what is not safe about the connection; empty when all is."""
    connection = browser.client.connection(registry)
    if not connection.base:
        return ""
    if not connection.encrypted:
        return "" if registry.is_loopback else "not encrypted"
    return "" if connection.verified else "certificate not checked"
