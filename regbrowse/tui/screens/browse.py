"""The main screen: composes the panes, and lets them follow each other."""

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
from regbrowse.oci.manifest import config_of
from regbrowse.oci.mediatype import OCI_EMPTY
from regbrowse.reference import Digest, Reference, Registry, Repository
from regbrowse.tui import keys, loaders
from regbrowse.tui import messages as m
from regbrowse.tui.layout import small_rows
from regbrowse.tui.navigator import Navigator, Place
from regbrowse.tui.panes.config import ConfigPane
from regbrowse.tui.panes.layers import LayersPane
from regbrowse.tui.panes.manifests import ManifestsPane
from regbrowse.tui.panes.pane import Pane
from regbrowse.tui.panes.tags import TagsPane
from regbrowse.tui.screens.surroundings import FIXED, hints, where
from regbrowse.tui.widgets.lines import Footer, Header, Note, StatusLine, TooSmall
from regbrowse.tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from regbrowse.reference_input import Typed
    from regbrowse.tui.dialogs.connection import Decision
    from regbrowse.tui.selection import Selection
    from regbrowse.tui.session import RegistrySession

ROWS_REST = 0.25
"""Seconds rows rest on the screen before their details are asked for."""
NOTE_SECONDS = 4.0
"""Seconds for which the status line says what was done."""
LOOK_SECONDS = 0.5
"""Seconds between two looks at what the registry makes us wait for."""


class BrowseScreen(Screen[None]):
    """Tags, manifests, layers and config of one registry."""

    AUTO_FOCUS = "#tags"
    CSS_PATH = "browse.tcss"
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings(keys.SCREEN)

    focused_pane: reactive[str] = reactive("tags")
    """The pane that the keyboard works in, or worked in before a dialog was opened."""
    favoured_pane: reactive[str] = reactive("manifests")
    """The right pane that has the room where the panes are stacked."""
    zoomed: reactive[bool] = reactive(False, toggle_class="-zoomed")
    """Whether the focused pane has all the room."""

    @dataclass
    class TypedOpened(Message):
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

    def __init__(self, session: RegistrySession, place: Place | None, selection: Selection, classes: str = "") -> None:
        super().__init__(id="browse", classes=classes)
        self.session, self.selection, self.navigator = session, selection, Navigator()
        self.header, self.status_line, self.footer = Header(id="header"), StatusLine(id="status"), Footer(id="footer")
        self.tags_pane, self.manifests_pane = TagsPane(), ManifestsPane()
        self.layers_pane, self.config_pane = LayersPane(), ConfigPane()
        self.panes: tuple[Pane, ...] = (self.tags_pane, self.manifests_pane, self.layers_pane, self.config_pane)
        self._start = place
        self._list = loaders.ListLoader(self, session, self.tags_pane)
        self._search = loaders.SearchLoader(self, session, self.tags_pane)
        self._tag_heads = loaders.TagHeadLoader(self, session, self.tags_pane)
        self._tag_details = loaders.TagDetailsLoader(self, session, self.tags_pane)
        self._manifest = loaders.ManifestLoader(self, session, self.manifests_pane)
        self._children = loaders.ChildLoader(self, session, self.manifests_pane)
        self._image = loaders.ImageLoader(self, session, self)
        self._rows_rest: Timer | None = None
        self._note: Timer | None = None

    def compose(self) -> ComposeResult:
        yield self.header
        yield Container(self.tags_pane, Container(*self.panes[1:], id="right"), id="body")
        yield self.status_line
        yield self.footer
        yield TooSmall()

    def on_mount(self) -> None:
        for pane, what in zip(self.panes, ("a repository", "a tag", "a manifest", "a manifest"), strict=True):
            pane.wait_for(what)
        self.set_interval(LOOK_SECONDS, self._look)
        self.call_after_refresh(self._begin)

    async def _begin(self) -> None:
        self.run_worker(self.session.connected(), group="connect")
        if self._start is not None:
            self.go_to(self._start)
        else:
            await self.action_open()

    # Going somewhere: each pane waits for what the one before it names

    def go_to(self, place: Place, *, remember: bool = True, fresh: bool = False) -> None:
        """Show a registry's repositories, a repository's tags, or one manifest."""
        if remember:
            self.navigator.visit(place)
        target: Repository | Registry = place if isinstance(place, Registry) else place.repository
        if fresh or self.tags_pane.request is None or self.tags_pane.request.place != target:
            self._list_names(target)
        if isinstance(place, Reference) and place.target:
            self.tags_pane.want(place.tag)
            self._open(place, fresh=fresh)
        else:
            self.tags_pane.want(None)
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
        self._manifest.load(request, self.manifests_pane.platform, fresh=fresh)

    def _forget_image(self) -> None:
        self._image.cancel()
        self._children.cancel()
        self.layers_pane.forget()
        self.config_pane.forget()

    def _show_image(self, error: RegbrowseError | None = None) -> None:
        """Show layers and config of the row under the cursor of the manifests, or the error why it cannot be read."""
        opened, model, node = self.manifests_pane.request, self.manifests_pane.model, self.manifests_pane.current
        if node is None or model is None or opened is None or node.digest is None:
            return
        before = self.layers_pane.request
        if before is not None and before.opened is opened and before.digest == node.digest:
            return
        self._image.cancel()
        request, known = m.ImageRequest(opened, node.digest), model.manifest(node.digest)
        self.layers_pane.start(request, node.label)
        self.config_pane.start(request, node.label)
        if error is not None:
            self._image_failed(error)
        elif node.parent is not None and node.descriptor is not None:
            self.layers_pane.show_nothing("no layers: this is an attestation")
            self._image.load_content(request, node.descriptor)
        else:
            if known is not None:
                self._show_manifest(m.ImageLoaded(request, known))
            self._image.load(request, known, node.descriptor)

    # What was loaded, or was found out by a pane

    @on(TagsPane.Listed)
    def _listed(self, event: TagsPane.Listed) -> None:
        self._tag_details.load(event.request)

    @on(TagsPane.SearchRequested)
    def _search_requested(self, event: TagsPane.SearchRequested) -> None:
        self._search.load(event.request, event.text)

    @on(ManifestsPane.Opened)
    def _opened(self, event: ManifestsPane.Opened) -> None:
        from regbrowse.state import recents

        if event.request is not self.manifests_pane.request:
            return
        recents.remember(event.request.reference, event.root.digest)
        self.tags_pane.show_opened(event.request.reference, event.root)
        if event.wanted is None:
            self._show_image()
            return
        node = self.manifests_pane.current
        label = node.label if node and not node.is_root else ""
        for pane in (self.layers_pane, self.config_pane):
            pane.subject = label
            pane.start_loading(f"asking for {label or event.wanted}")

    @on(ManifestsPane.ImageSelected)
    def _image_selected(self, event: ManifestsPane.ImageSelected) -> None:
        if event.request is self.manifests_pane.request and self.layers_pane.request is None:
            self._show_image(event.error)

    @on(m.ImageLoaded)
    def _show_manifest(self, message: m.ImageLoaded) -> None:
        request, outcome = message.request, message.outcome
        if request.opened is self.manifests_pane.request:
            self.manifests_pane.add_child(request.digest, outcome)
        if request is not self.layers_pane.request:
            return
        if isinstance(outcome, RegbrowseError):
            self._image_failed(outcome)
            return
        if self.layers_pane.table is None:
            self.layers_pane.show_manifest(outcome)
        self.config_pane.manifest = outcome
        config = config_of(outcome)
        if config is None or config.digest is None or config.media_type == OCI_EMPTY:
            self.config_pane.show_manifest(outcome, self.layers_pane.subject)

    @on(m.ContentLoaded)
    def _content_loaded(self, message: m.ContentLoaded) -> None:
        if message.request is self.config_pane.request and message.descriptor.media_type != OCI_EMPTY:
            self.config_pane.show_content(message)
            self._rows_shown()

    @on(m.ConfigLoaded)
    def _config_loaded(self, message: m.ConfigLoaded) -> None:
        manifest = self.config_pane.manifest
        if message.request is self.config_pane.request and manifest is not None:
            self.manifests_pane.add_config(message.request.digest, message.config)
            self.layers_pane.show_manifest(manifest, message.config)
            self.config_pane.describe(message.config)

    @on(m.StatementLoaded)
    def _statement_loaded(self, message: m.StatementLoaded) -> None:
        if message.request.opened is self.manifests_pane.request:
            self.manifests_pane.add_statement(message.digest, message.statement)

    @on(m.LoadFailed)
    def _load_failed(self, message: m.LoadFailed) -> None:
        if message.request is self.layers_pane.request:
            self._image_failed(message.error)

    def _image_failed(self, error: RegbrowseError) -> None:
        """Say it in the pane that waits, and show what came where it does not match its digest."""
        if self.layers_pane.is_settled:
            self.config_pane.fail(error)
        else:
            self.layers_pane.fail(error)
            self.config_pane.show_mismatch(error)

    # Where the cursors are

    @on(Pane.Highlighted)
    def _highlighted(self, event: Pane.Highlighted) -> None:
        self._follow(event.pane)

    def _follow(self, pane: Pane) -> None:
        """Let the other panes follow the cursor of one."""
        if pane is self.manifests_pane:
            self._show_image()
        elif pane is self.tags_pane and self.tags_pane.repository is not None:
            reference, opened = self.tags_pane.reference, self.manifests_pane.request
            if reference is not None and (opened is None or opened.reference != reference):
                self.navigator.amend(reference)
                self._open(reference)

    @on(Pane.Selected)
    def _selected(self, event: Pane.Selected) -> None:
        if self.selection.take(self, event.pane):
            return
        if event.pane is self.tags_pane:
            self._enter_tag()
        elif event.pane is self.manifests_pane:
            self._show_image()
            self.action_focus_pane("layers")
        elif event.pane is self.config_pane:
            self._load_all()

    def _enter_tag(self) -> None:
        reference = self.tags_pane.reference
        if reference is None:
            return
        opened = self.manifests_pane.request
        is_open = opened is not None and opened.reference == reference and self.tags_pane.repository is not None
        if not is_open or self.manifests_pane.error:
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

    @on(Pane.Requested)
    def _requested(self, event: Pane.Requested) -> None:
        """Ask again for what a limit of the registry refused."""
        self.session.retry_now(self.tags_pane.registry)
        if event.pane is self.tags_pane and self.tags_pane.request is not None:
            self._list_names(self.tags_pane.request.place, keep=self.tags_pane.row_count() > 0)
        elif event.pane is self.manifests_pane and self.manifests_pane.request is not None:
            self._open(self.manifests_pane.request.reference)
        elif self.layers_pane.request is not None:
            self.layers_pane.request = None
            self._show_image()

    @on(Worker.StateChanged)
    def _worker_ended(self, event: Worker.StateChanged) -> None:
        """Ask for details that stood back behind what was asked for by hand."""
        if event.worker.is_finished and event.worker.group in (self._manifest.group, self._image.group):
            self._rows_shown()

    @on(RowList.Scrolled)
    def _rows_shown(self) -> None:
        """Ask for the details of the rows that can be seen, once they rest."""
        if self._rows_rest:
            self._rows_rest.stop()
        self._rows_rest = self.set_timer(ROWS_REST, self._load_details)

    def _load_details(self) -> None:
        """Ask for them behind what was asked for by hand, and not where few requests are left."""
        browser, tags, manifests = self.session.browser, self.tags_pane, self.manifests_pane
        if browser is None or tags.registry is None or browser.client.limits.is_low(tags.registry):
            return
        if manifests.request is not None and not (self._manifest.is_running or self._image.is_running):
            wanted = manifests.unread(frugal=browser.client.limits.is_metered(tags.registry))
            if wanted:
                self._children.load(manifests.request, wanted)
        if tags.request is not None and tags.repository is not None and not tags.streaming:
            unknown = [name for name in tags.names_in_view if name not in tags.list.digests]
            if unknown:
                self._tag_heads.load(tags.request, unknown)

    # Focus and layout

    @property
    def pane(self) -> Pane:
        """The pane that the keyboard works in."""
        return next(pane for pane in self.panes if pane.id == self.focused_pane)

    def action_focus_pane(self, name: str) -> None:
        if self.pane.stop_resting():
            # What the other panes show follows at once, since the next key may be for one of them.
            self._follow(self.pane)
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
        self._note = self.set_timer(NOTE_SECONDS, self.on_key)

    def on_key(self) -> None:
        self.status_line.note = Note()

    @on(Pane.Noted)
    def _noted(self, event: Pane.Noted) -> None:
        self.note(event.verb, event.what, event.how)

    @on(Pane.Changed)
    @on(Worker.StateChanged)
    @on(events.ScreenResume)
    @on(events.ScreenSuspend)
    def _describe(self) -> None:
        """Let the lines say what the parts say of themselves; under a dialog no key of the screen works."""
        if not self.is_mounted:
            return
        pane, is_on_top = self.pane, self.app.screen is self
        self.header.where = where(self)
        self.status_line.detail = pane.error_detail() if pane.error and not pane.row_count() else pane.detail()
        self.footer.hints = hints(self) if is_on_top else ()
        self.footer.fixed = FIXED if is_on_top and self.focused in (pane, None) else ()

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
        error = self.pane.error
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
                return isinstance(error, AuthRejected | Denied)
            case "plain_http":
                return error is not None and error.slug == "no-tls"
            case "pin":
                return self.selection.can_pin(self.pane)
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
            self.zoomed = False
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
        self.tags_pane.stop()
        self.manifests_pane.stop()
        if not (self.layers_pane.row_count() and self.config_pane.row_count()):
            self.layers_pane.request = self.config_pane.request = None
        for pane in (self.layers_pane, self.config_pane):
            pane.stop_waiting()
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

    async def action_sort(self) -> None:
        await self.tags_pane.choose_order()

    async def action_platform(self) -> None:
        await self.manifests_pane.choose_platform()

    def action_raw(self) -> None:
        self.config_pane.toggle_raw()

    async def action_palette(self) -> None:
        from regbrowse.tui.command_palette import open_palette

        await open_palette(self.app)

    async def action_help(self) -> None:
        from regbrowse.tui.dialogs.help import HelpDialog

        await self.app.push_screen(HelpDialog(self.selection.help_group))

    def action_quit(self) -> None:
        self.app.exit()

    # Opening what is typed

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
        else:
            self.tags_pane.start_loading(f"asking for {typed.source or typed.place}")
            self.run_worker(self._open_typed(typed), group="list", exclusive=True)

    async def _open_typed(self, typed: Typed) -> None:
        try:
            place, notices = await self.session.open_typed(typed)
        except RegbrowseError as error:
            self.post_message(self.TypedOpened(None, error=error))
        else:
            self.post_message(self.TypedOpened(place, notices))

    @on(TypedOpened)
    def _typed_opened(self, message: TypedOpened) -> None:
        if message.place is not None:
            self.go_to(message.place, fresh=True)
        elif message.error is not None:
            self.tags_pane.fail(message.error)
        for notice in self.session.new_notices(message.notices)[:1]:
            self.note("!", notice)

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
            self.post_message(Pane.Noted("×", "this terminal cannot be lent to a credential helper"))
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

    # Picking by digest

    def action_pin(self) -> None:
        """Pick what the cursor is on by its digest, which is asked for where it is not known."""
        reference = self.selection.reference(self.pane)
        form = self.pane.digest_form()
        if reference is None:
            return
        if form is not None:
            self.app.exit(reference._replace(digest=Digest.parse(form.value)))
            return
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
