"""The main screen: composes the panes, and lets them follow each other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.worker import Worker

from regbrowse.errors import AuthRejected, Denied
from regbrowse.oci.identify import BLOB, CONFIG, DIFF_ID, LAYER
from regbrowse.oci.platform import Platform
from regbrowse.oci.platform_selection import PlatformRequest
from regbrowse.reference import Reference, Registry, Repository, registry_in
from regbrowse.tag_watch import INTERVAL, SECONDS, planned
from regbrowse.text import plural, span
from regbrowse.tui import keys, layout, loaders
from regbrowse.tui import messages as m
from regbrowse.tui.copy_forms import short_name
from regbrowse.tui.navigator import Kept, Navigator, Place, Visit
from regbrowse.tui.panes.config import ConfigPane
from regbrowse.tui.panes.layers import LayersPane
from regbrowse.tui.panes.manifests import ManifestsPane
from regbrowse.tui.panes.pane import Pane
from regbrowse.tui.panes.tags import TagsPane
from regbrowse.tui.screens.header_footer import hints, where
from regbrowse.tui.screens.opened_manifest import OpenedManifest
from regbrowse.tui.screens.pane_layout import PaneLayout
from regbrowse.tui.screens.pane_screen import WAITING_SECONDS, PaneScreen
from regbrowse.tui.screens.visible_rows import VisibleRowRequests
from regbrowse.tui.widgets.lines import Note, TooSmall
from regbrowse.tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from regbrowse.oci.manifest import Manifest
    from regbrowse.reference import Digest
    from regbrowse.reference_input import Typed
    from regbrowse.registry.models import RateCost
    from regbrowse.tui.dialogs.identify import Identified
    from regbrowse.tui.selection import Selection
    from regbrowse.tui.session import RegistrySession


class BrowseScreen(PaneScreen):
    """Tags, manifests, layers and config of one registry."""

    AUTO_FOCUS = "#tags"
    CSS_PATH = "browse.tcss"
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings(keys.SCREEN)

    def __init__(self, session: RegistrySession, place: Place | None, selection: Selection, classes: str = "") -> None:
        super().__init__("browse", classes)
        self.session, self.selection, self.navigator = session, selection, Navigator()
        self.tags_pane, self.opened = TagsPane(), OpenedManifest(self, session)
        self.pane_layout = PaneLayout(self.tags_pane, *self.opened.panes)
        self._start = place
        self._purpose: Place | None = None
        """The place that was typed or entered last, until its answer came: it becomes a recent one then."""
        self._list = loaders.ListLoader(self, session, self.tags_pane)
        self._all_heads = loaders.AllTagHeadsLoader(self, session, self.tags_pane)
        self._search = loaders.SearchLoader(self, session, self.tags_pane)
        self._digest = loaders.DigestLoader(self, session, self)
        self._near = loaders.NearLoader(self, session, self)
        self._watch = loaders.WatchLoader(self, session, self)
        self._details = VisibleRowRequests(self, session, self.tags_pane, self.opened)

    @property
    def pane(self) -> Pane:
        return self.pane_layout.pane

    @property
    def help_group(self) -> str:
        return self.selection.help_group

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.pane_layout
        yield self.status_line
        yield self.footer
        yield TooSmall()

    def on_mount(self) -> None:
        awaited = ("a repository", "a tag", "a manifest", "a manifest")
        for pane, what in zip(self.pane_layout.panes, awaited, strict=True):
            pane.wait_for(what)
        self.set_interval(WAITING_SECONDS, self._show_waiting_and_notices)
        self.call_after_refresh(self._begin)

    async def _begin(self) -> None:
        self.session.on_cost = self._ask_cost
        self.run_worker(self.session.connected(), group="connect")
        if self._start is not None:
            self.go_to(self._start)
        else:
            await self.action_open()

    # Going somewhere: each pane waits for what the one before it names

    def go_to(self, place: Place, *, remember: bool = True, fresh: bool = False) -> None:
        """Show a registry's repositories, a repository's tags, or one manifest."""
        if remember:
            self._keep()
            self.navigator.visit(place)
            self._purpose = place
        target: Repository | Registry = place if isinstance(place, Registry) else place.repository
        if fresh or self.tags_pane.request is None or self.tags_pane.request.place != target:
            self._list_names(target)
        if isinstance(place, Reference) and place.target:
            self.tags_pane.want(place.tag)
            self.opened.open(place, fresh=fresh)
        else:
            self.tags_pane.want(None)
            self.opened.forget("a tag" if isinstance(place, Reference) else "a repository")

    def _keep(self) -> None:
        """Keep what is shown at the present place, which is about to be left."""
        tags, manifests = self.tags_pane.keep(), self.opened.manifests_pane
        row = manifests.current.key if manifests.current else ""
        config, pane = self.opened.config_pane, self.pane_layout.focused_pane
        kept = Kept(tags, manifests.platform, row, pane, config.view, config.rows.cursor) if tags else None
        self.navigator.keep(kept)

    def _return_to(self, visit: Visit) -> None:
        """Show a place as it was left; names that were still to come are asked for again."""
        place, kept = visit.place, visit.kept
        if kept is None:
            self.go_to(place, remember=False)
            return
        for loader in (self._list, self._search, self._details, self._all_heads):
            loader.cancel()
        self.tags_pane.stop_asking_digests()
        self.tags_pane.restore(kept.tags)
        self.opened.manifests_pane.platform = kept.platform
        if isinstance(place, Reference) and place.target:
            self.opened.config_pane.wanted_view = kept.view
            self.opened.open(place, row=kept.row, line=kept.line)
        else:
            self.opened.forget("a tag" if isinstance(place, Reference) else "a repository")
        self.action_focus_pane(kept.pane)
        if kept.tags.streaming:
            self._list_names(kept.tags.request.place, keep=True)
        self._details.load_soon()

    def _list_names(self, target: Repository | Registry, *, keep: bool = False) -> None:
        """List from the start, or go on behind the rows that are there."""
        for loader in (self._search, self._details, self._all_heads):
            loader.cancel()
        self.tags_pane.stop_asking_digests()
        request = m.ListRequest(target)
        last = self.tags_pane.last if keep else None
        self.tags_pane.start(request, keep=keep)
        self._list.load(request, last.part if last else None)

    # What was loaded, or was found out by a pane

    @on(TagsPane.Listed)
    def _listed(self, event: TagsPane.Listed) -> None:
        self._details.load_all(event.request)
        place = event.request.place
        self._remember(Reference(place) if isinstance(place, Repository) else place, None)
        self._look_for_near_tags()
        opened, model = self.opened.request, self.opened.manifests_pane.model
        if opened is not None and model is not None:
            self.tags_pane.show_opened(opened.reference, model.root)

    # What does not exist

    @on(Pane.NotFound)
    def _not_found(self, event: Pane.NotFound) -> None:
        """Look for names that may be meant: of repositories at once, of tags when they are listed."""
        from regbrowse.state import recents

        if event.pane is self.opened.manifests_pane:
            self._look_for_near_tags()
        elif event.pane is self.tags_pane and self.tags_pane.repository is not None:
            here = self.tags_pane.repository
            opened = (each.repository for each in recents.references())
            known = [each.path for each in opened if each.registry == here.registry]
            self._near.load(m.NearRequest(Reference(here)), known)

    def _look_for_near_tags(self) -> None:
        reference, tags = self.opened.manifests_pane.missing_tag, self.tags_pane
        if (
            reference is not None
            and reference.repository == tags.repository
            and not tags.streaming
            and tags.row_count()
        ):
            self._near.load(m.NearRequest(reference), list(tags.list.names))

    @on(m.NearFound)
    def _near_found(self, message: m.NearFound) -> None:
        wanted, tags, manifests = message.request.reference, self.tags_pane, self.opened.manifests_pane
        if wanted.tag is None and tags.repository == wanted.repository and not tags.row_count():
            tags.offer(message.names)
        elif wanted.tag is not None and manifests.missing_tag == wanted:
            manifests.offer(message.names)

    @on(Pane.NearSelected)
    def _near_selected(self, event: Pane.NearSelected) -> None:
        repository, name = self.tags_pane.repository, event.pane.near[0]
        if repository is not None and event.pane is self.tags_pane:
            self.go_to(Reference(Repository(repository.registry, name)))
        elif repository is not None:
            self.go_to(Reference(repository, name))

    @on(TagsPane.FirstRow)
    def _first_row(self, event: TagsPane.FirstRow) -> None:
        """Open the first tag where none was asked for, unless that costs one of the few pulls that are left."""
        registry, browser = self.tags_pane.registry, self.session.browser
        if event.request is not self.tags_pane.request or self.opened.request or registry is None or browser is None:
            return
        rate = browser.client.limits.rate(registry)
        if rate is not None and browser.client.limits.is_low(registry):
            self.opened.forget(f"enter, which costs 1 of the {plural(rate.remaining, 'pull')} left")
        else:
            self._follow(self.tags_pane)

    @on(TagsPane.DigestsRequested)
    def _digests_requested(self, event: TagsPane.DigestsRequested) -> None:
        self._details.stop_heads()
        self._all_heads.load(event.request, event.tags)

    @on(TagsPane.SearchRequested)
    def _search_requested(self, event: TagsPane.SearchRequested) -> None:
        self._search.load(event.request, event.text)

    @on(ManifestsPane.Opened)
    def _opened(self, event: ManifestsPane.Opened) -> None:
        if event.request is self.opened.request:
            self._remember(event.request.reference, event.root.digest)
            if self.session.browser is not None:
                base = self.session.browser.client.connection(event.request.reference.repository.registry).base
                for pane in self.pane_layout.panes:
                    pane.base_url = base
            self.tags_pane.show_opened(event.request.reference, event.root)
            self._remember_visit(event.request.reference, event.root)
            self.opened.show_first(event)

    def _remember(self, place: Place, digest: Digest | None) -> None:
        """Put a place among the recent ones if it was gone to on purpose; what the cursor only rested on is not."""
        from regbrowse.state import recents
        from regbrowse.tags import is_signature_tag

        if place == self._purpose:
            self._purpose = None
            if not (isinstance(place, Reference) and is_signature_tag(place.tag or "")):
                recents.remember(place, digest)

    def _remember_visit(self, reference: Reference, root: Manifest) -> None:
        """Write down what a tag pointed to when it was looked at, without keeping anybody waiting."""
        from regbrowse.state.tag_memory import TagVisit, remember

        browser, registry = self.session.browser, reference.repository.registry
        is_asked = browser is not None and not browser.client.is_offline(registry)
        if reference.tag and root.reported is None and is_asked:
            visit = TagVisit(root.digest, self.tags_pane.memory.now())
            self.run_worker(asyncio.to_thread(remember, reference.repository, reference.tag, visit), group="memory")

    @on(TagsPane.WatchRequested)
    def _watch_requested(self, event: TagsPane.WatchRequested) -> None:
        """Watch a tag instead of another one, or not any more."""
        pane, reference = self.tags_pane, event.reference
        if pane.watched == reference:
            self._watch.cancel()
            pane.watched = None
            self.note("stopped", f"watching {short_name(reference)}")
        else:
            pane.watched = reference
            self._watch.load(reference, event.before)
            self.note("watching", short_name(reference), planned(INTERVAL, SECONDS) + ", by HEAD alone; w stops")

    @on(m.WatchEnded)
    def _watch_ended(self, message: m.WatchEnded) -> None:
        """Say what became of the tag that was watched; that it moved stays on the screen until a key."""
        pane, reference, moved = self.tags_pane, message.reference, message.moved
        if pane.watched == reference:
            pane.watched = None
        if message.error is not None:
            self.note("×", message.error.why)
        elif moved is None:
            self.note("stopped", f"watching {short_name(reference)}", f"it has not moved within {span(SECONDS)}")
        else:
            pane.show_moved(moved)
            self.app.bell()
            now = f"points to {moved.after.short} now" if moved.after else "is gone"
            self.status_line.say(
                Note("≠", f"{short_name(reference)} {now}", f"before {moved.before.short}"), stays=True
            )

    @on(ManifestsPane.SizesAllowed)
    def _sizes_allowed(self) -> None:
        self.opened.load_children(frugal=True, at_any_cost=True)

    @on(ManifestsPane.ImageSelected)
    def _image_selected(self, event: ManifestsPane.ImageSelected) -> None:
        self.opened.show_selected(event)
        self.tags_pane.image = self.opened.tag_image

    # Where the cursors are

    @on(Pane.Highlighted)
    def _highlighted(self, event: Pane.Highlighted) -> None:
        self._follow(event.pane)

    def _follow(self, pane: Pane) -> None:
        """Let the other panes follow the cursor of one."""
        if pane is self.opened.manifests_pane:
            self.opened.show_image()
            self.tags_pane.image = self.opened.tag_image
        elif pane is self.tags_pane and self.tags_pane.repository is not None:
            reference, opened = self.tags_pane.reference, self.opened.request
            if reference is not None and (opened is None or opened.reference != reference):
                self.navigator.amend(reference)
                self.opened.open(reference)

    @on(Pane.Selected)
    def _selected(self, event: Pane.Selected) -> None:
        if self.selection.take(self, event.pane):
            return
        if event.pane is self.tags_pane:
            self._enter_tag()
        elif event.pane is self.opened.manifests_pane and self.opened.manifests_pane.enter_word() == "platforms":
            self.opened.manifests_pane.action_branch(1)
        elif event.pane is self.opened.manifests_pane:
            self.opened.show_image()
            self.action_focus_pane("config" if self.opened.is_attestation else "layers")
        elif event.pane is self.opened.config_pane:
            self.opened.load_whole_document()

    @on(LayersPane.ContentSelected)
    def _content_selected(self, event: LayersPane.ContentSelected) -> None:
        self._keep()
        self._leave_a_way_back()
        self.opened.show_blob(event.blob, event.title)
        self.action_focus_pane("config")

    @on(ConfigPane.DigestSelected)
    def _digest_selected(self, event: ConfigPane.DigestSelected) -> None:
        """Go to where a digest belongs."""
        self._keep()
        pane = self.opened.show_digest(event.digest)
        if pane:
            self._leave_a_way_back()
            self.action_focus_pane(pane)
        elif self.opened.request is not None:
            self.note("asking", f"what {event.digest.short} is")
            self._digest.load(m.DigestRequest(self.opened.request.reference, event.digest))

    def _leave_a_way_back(self) -> None:
        """Let `back` return to what was kept, though the place stays the same."""
        if self.navigator.place is not None:
            self.navigator.visit(self.navigator.place, again=True)

    @on(m.DigestFound)
    def _digest_found(self, message: m.DigestFound) -> None:
        """Open a digest that is not in what is shown, or say what it is."""
        request = message.request
        if self.opened.request is None or request.reference != self.opened.request.reference:
            return
        if message.is_manifest:
            self.status_line.say_no_more()
            self.go_to(Reference(request.reference.repository, digest=request.digest))
            self.action_focus_pane("manifests")
        else:
            self.note("!", message.said)

    @on(m.LoadFailed)
    def _load_failed(self, message: m.LoadFailed) -> None:
        """Say why a digest could not be looked up."""
        self.note("×", message.error.why)

    def _enter_tag(self) -> None:
        reference = self.tags_pane.reference
        if reference is None:
            return
        if self.tags_pane.take_unreported_move():
            self._follow(self.tags_pane)
        opened = self.opened.request
        is_open = opened is not None and opened.reference == reference and self.tags_pane.repository is not None
        if not is_open or self.opened.manifests_pane.error:
            self.go_to(reference)
        elif self.tags_pane.opened_manifest is not None:
            self._keep()
            self.navigator.visit(reference)
            self._purpose = reference
            self._remember(reference, self.tags_pane.opened_manifest.digest)
        if reference.target:
            self.action_focus_pane("manifests")

    @on(Pane.Requested)
    def _requested(self, event: Pane.Requested) -> None:
        """Ask again for what a limit of the registry refused."""
        self.session.retry_now(self.tags_pane.registry)
        if event.pane is self.tags_pane and self.tags_pane.request is not None:
            self._list_names(self.tags_pane.request.place, keep=self.tags_pane.row_count() > 0)
        else:
            self.opened.ask_again(event.pane)

    @on(Worker.StateChanged)
    def _worker_ended(self, event: Worker.StateChanged) -> None:
        """Ask for details that stood back behind what was asked for by hand."""
        if event.worker.is_finished and self.opened.is_answered_by(event.worker.group):
            self._details.load_soon()

    @on(RowList.Scrolled)
    def _scrolled(self) -> None:
        self._details.load_soon()

    # Focus

    def action_focus_pane(self, name: str) -> None:
        if self.pane_layout.pane.take_unreported_move():
            # What the other panes show follows at once, since the next key may be for one of them.
            self._follow(self.pane_layout.pane)
        self.pane_layout.focus_pane(name)

    def action_next_pane(self, by: int) -> None:
        at = self.pane_layout.panes.index(self.pane_layout.pane)
        self.action_focus_pane(str(self.pane_layout.panes[(at + by) % len(self.pane_layout.panes)].id))

    def action_zoom(self) -> None:
        self.pane_layout.zoomed = not self.pane_layout.zoomed

    # The lines around the panes

    @on(Pane.Changed)
    @on(PaneLayout.Changed)
    @on(Worker.StateChanged)
    @on(events.ScreenResume)
    @on(events.ScreenSuspend)
    def _describe(self) -> None:
        """Let the lines say what the parts say of themselves; under a dialog no key of the screen works."""
        if not self.is_mounted:
            return
        pane = self.pane
        self.header.where = where(self)
        self.status_line.detail = pane.error_detail() if pane.error and not pane.row_count() else pane.detail()
        self.show_hints(lambda: hints(self))

    def _show_waiting_and_notices(self) -> None:
        """Say what the connection makes us wait for, and what was wrong with files of this machine."""
        registry = self.tags_pane.registry
        if new := self.session.new_notices():
            self.note("!", new[0], f"{len(new) - 1} more: L shows all" if len(new) > 1 else "L shows it again")
        for pane in self.pane_layout.panes:
            if pane.is_loading:
                pane.wait_reason = self.session.wait_reason(registry)
            elif pane is self.tags_pane and self.tags_pane.streaming:
                pane.wait_reason = self.session.wait_reason(registry, short=True)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        error = self.pane_layout.pane.error
        match action:
            case "history":
                return self.navigator.can_step(int(str(parameters[0])))
            case "repositories":
                return self.tags_pane.repository is not None
            case "web_page":
                return self.opened.request is not None
            case "identify":
                return self.opened.request is not None or self.tags_pane.reference is not None
            case "sort" if self.pane_layout.pane is self.opened.layers_pane:
                return self.opened.layers_pane.table is not None
            case "sort":
                return self.tags_pane.repository is not None and self.tags_pane.row_count() > 0
            case "platform":
                return bool(self.opened.manifests_pane.platforms)
            case "mark" | "compare":
                return self._comparable is not None
            case "view":
                return bool(self.opened.config_pane.raw)
            case "reload":
                return self.tags_pane.request is not None
            case "requests":
                return self.session.browser is not None
            case "connection":
                return self.tags_pane.registry is not None and self.session.browser is not None
            case "anonymous":
                return isinstance(error, AuthRejected | Denied)
            case "plain_http":
                return error is not None and error.slug == "no-tls"
            case "pin":
                return self.selection.can_pin(self.pane_layout.pane)
            case _:
                return True

    @property
    def is_busy(self) -> bool:
        """Whether an answer is awaited that was asked for by hand."""
        running = (
            self._list.is_running or self.opened.is_awaited or self._digest.is_running or self._all_heads.is_running
        )
        return running or any(pane.retry_at is not None for pane in self.pane_layout.panes)

    def action_back(self) -> None:
        """Cancel what runs, else go back one pane or one place."""
        if self.pane_layout.zoomed:
            self.pane_layout.zoomed = False
        elif self.is_busy:
            self._cancel()
        elif self.pane_layout.pane is not self.tags_pane:
            self.action_next_pane(-1)
        elif self.navigator.can_step(-1):
            self.action_history(-1)
        else:
            self.selection.leave(self)

    def _cancel(self) -> None:
        """End every request; what came so far stays."""
        self._list.cancel()
        self._digest.cancel()
        self._all_heads.cancel()
        self._details.cancel()
        self.tags_pane.stop_asking_digests()
        self.tags_pane.stop()
        self.opened.stop()
        self.note("stopped", "what came so far stays", "r asks again")

    def action_history(self, by: int) -> None:
        self._keep()
        visit = self.navigator.step(by)
        if visit is not None:
            self._return_to(visit)

    def action_reload(self) -> None:
        """Ask again for what the focused pane shows, and at once, whatever was being waited for."""
        if self.tags_pane.request is None:
            return
        self.session.retry_now(self.tags_pane.registry)
        opened, place = self.opened.request, self.navigator.place
        if self.pane_layout.pane is self.tags_pane:
            self.tags_pane.wanted = self.tags_pane.current
            self._list_names(self.tags_pane.request.place, keep=self.tags_pane.can_go_on)
            if self.opened.manifests_pane.error is None:
                return
        if opened is not None:
            self.opened.open(opened.reference, fresh=True)
        elif isinstance(place, Reference) and place.target and self.pane_layout.pane is not self.tags_pane:
            self.opened.open(place, fresh=True)

    def action_repositories(self) -> None:
        """List what else the registry at hand has."""
        repository = self.tags_pane.repository
        if repository is not None:
            self.go_to(repository.registry)
            self.tags_pane.want(repository.path)
            self.action_focus_pane("tags")

    async def action_sort(self) -> None:
        layers = self.opened.layers_pane
        await (layers if self.pane_layout.pane is layers else self.tags_pane).choose_order()

    async def action_platform(self) -> None:
        await self.opened.manifests_pane.choose_platform()

    @property
    def marked(self) -> Reference | None:
        """What is to be compared with another row."""
        return self.tags_pane.marked

    @property
    def _comparable(self) -> Reference | None:
        """What the row under the cursor names, where it can be compared."""
        pane = self.pane_layout.pane
        return pane.comparable if isinstance(pane, TagsPane | ManifestsPane) else None

    @property
    def _platform_request(self) -> PlatformRequest:
        """The platform that is looked at, else the one that would be shown first."""
        pane, browser = self.opened.manifests_pane, self.session.browser
        node = pane.current
        looked_at = node.descriptor.platform if node is not None and node.is_platform and node.descriptor else None
        usual = pane.platform or (browser.platform if browser else None) or Platform.host()
        return PlatformRequest(looked_at or usual)

    def action_mark(self) -> None:
        """Mark the row under the cursor for a comparison; take the mark away where it is marked."""
        here = self._comparable
        is_marked = here == self.marked
        self.tags_pane.marked = self.opened.manifests_pane.marked = None if is_marked else here
        name = self.pane_layout.pane.copy_title()
        self.note(*(("unmarked", name) if is_marked else ("marked", name, "= compares it with another row")))

    async def action_compare(self) -> None:
        from regbrowse.tui.screens.compare import CompareScreen

        here = self._comparable
        marked = self.marked or (self.tags_pane.visited if self.pane_layout.pane is self.tags_pane else None)
        if marked is None:
            self.note("!", "nothing is marked", "m marks the row under the cursor, = compares it with another")
        elif here == marked:
            self.note("!", "this row is marked itself", "= compares it with another")
        elif here is not None:
            request = m.CompareRequest(marked, here, self._platform_request)
            where_to = layout.classes_for(*self.app.size)
            await self.app.push_screen(CompareScreen(self.session, request, lambda: where(self), where_to))

    def action_view(self) -> None:
        self.opened.config_pane.show_next_view()

    # Dialogs of the screen

    async def action_open(self) -> None:
        from regbrowse.state import recents
        from regbrowse.tui.dialogs.open import OpenDialog

        here = self.opened.request.reference if self.opened.request else self.navigator.place
        reference = here if isinstance(here, Reference) else None
        await self.app.push_screen(OpenDialog(self.session, recents.load(), reference), self._typed)

    def _typed(self, typed: Typed | None) -> None:
        if typed is None:
            return
        if typed.only_https:
            self.session.require_https(registry_in(typed.place))
        self.go_to(typed.place, fresh=typed.only_https or typed.source is not None)
        self.action_focus_pane("tags")
        self._show_waiting_and_notices()

    async def action_web_page(self) -> None:
        """Let a page of the image be chosen, and open it in the browser; in a remote session its address is copied."""
        from regbrowse.oci.web_pages import web_pages
        from regbrowse.tui.clipboard import copy, is_remote
        from regbrowse.tui.dialogs.choose import Choice, ChooseDialog

        request = self.opened.request
        pages = web_pages(request.reference, self.opened.claims) if request is not None else []
        if not pages:
            self.note("!", "no page of this image is known", "it has no source label, and its registry shows none")
            return

        async def take(at: int | None) -> None:
            if at is None:
                return
            url = pages[at].url
            if is_remote():
                copied = await copy(self.app, url)
                self.note(copied.verb, url, f"{copied.how}; this is a remote session")
            else:
                self.app.open_url(url)
                self.note("opened", url, "in the browser")

        choices = [Choice(page.label, page.url) for page in pages]
        await self.app.push_screen(ChooseDialog("Browser", "says the image or its registry", choices), take)

    async def action_identify(self) -> None:
        """Say what a digest is; enter goes to where it belongs."""
        from regbrowse.tui.dialogs.identify import IdentifyDialog

        here = self.opened.request.reference if self.opened.request else self.tags_pane.reference
        if here is not None:
            names = [name for name in self.tags_pane.list.newest() if name != here.tag]
            await self.app.push_screen(IdentifyDialog(self.session, here, names), self._identified)

    def _identified(self, found: Identified | None) -> None:
        if found is None:
            return
        self._keep()
        pane = self.opened.show_digest(found.digest)
        if pane:
            self._leave_a_way_back()
            self.action_focus_pane(pane)
        elif found.reference is not None:
            self.go_to(found.reference)
            self.opened.layers_pane.wanted = found.digest
            is_layer = found.what in (LAYER, DIFF_ID, BLOB)
            self.action_focus_pane("layers" if is_layer else "config" if found.what == CONFIG else "manifests")

    async def action_connection(self) -> None:
        from regbrowse.tui.dialogs.connection import ConnectionDialog

        registry, browser = self.tags_pane.registry, self.session.browser
        if registry is not None and browser is not None:
            path = self.tags_pane.repository.path if self.tags_pane.repository else ""
            dialog = ConnectionDialog(browser, registry, path, self.pane_layout.pane.error)
            await self.app.push_screen(dialog, self._ask_anew)

    async def _ask_cost(self, cost: RateCost) -> bool:
        from regbrowse.tui.dialogs.cost import ask_cost

        return await ask_cost(self.app, cost)

    async def action_requests(self) -> None:
        from regbrowse.tui.screens.requests import RequestsScreen

        await self.app.push_screen(
            RequestsScreen(self.session, lambda: where(self), layout.classes_for(*self.app.size))
        )

    def action_anonymous(self) -> None:
        registry, browser = self.tags_pane.registry, self.session.browser
        if registry is not None and browser is not None:
            browser.client.auth.use_anonymous(registry)
            self._ask_anew(f"browsing {registry} anonymously")

    def action_plain_http(self) -> None:
        registry, browser = self.tags_pane.registry, self.session.browser
        if registry is not None and browser is not None:
            browser.client.allow_http(registry)
            self._ask_anew(f"{registry} may be asked unencrypted, until regbrowse ends")

    def _ask_anew(self, said: str | None) -> None:
        """Ask for what is shown, since somebody else asks now, or in another way."""
        if said and self.navigator.place is not None:
            self.note("now", said)
            self.go_to(self.navigator.place, fresh=True)

    def action_pin(self) -> None:
        self.selection.pin(self)
