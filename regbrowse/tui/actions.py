"""What the keys do. Every action asks `possible` first, so that the foot line, help and palette cannot lie."""

from __future__ import annotations

from regbrowse.errors import AuthRejected, Denied
from regbrowse.oci.manifest import config_of
from regbrowse.reference import Reference, Registry, Repository
from regbrowse.tui.answers import Answers
from regbrowse.tui.grid import CONFIG, LAYERS, MANIFESTS, PANES, TAGS
from regbrowse.tui.panes.lines import Pane


class Actions(Answers):
    """The actions of the key table."""

    def possible(self, action: str) -> bool:
        """Whether an action does something now."""
        name = action.partition("(")[0]
        pane = self.pane
        match name:
            case "enter":
                return self.enter_word() != ""
            case "escape":
                return True
            case "history":
                return self.history.can_step(-1 if "-1" in action else 1)
            case "find":
                searches = pane is self.tags_pane and self.tags_pane.searches
                return searches or (pane.row_count() > 0 and pane.id in (TAGS, CONFIG))
            case "match":
                return bool(self.config_pane.query_text) and pane is self.config_pane
            case "fuzzy":
                return bool(self.tags_pane.list.filter.text)
            case "sort":
                return self.repository is not None and self.tags_pane.row_count() > 0
            case "platform":
                tree = self.manifests_pane.model
                return tree is not None and tree.counts()[0] > 0
            case "copy" | "digest":
                return self.copyable(name)
            case "raw":
                return bool(self.config_pane.raw)
            case "reload":
                return self.listing is not None
            case "connection":
                return self.registry is not None and self.browser is not None
            case "anonymous":
                return isinstance(pane.error, AuthRejected | Denied)
            case "plain_http":
                return pane.error is not None and pane.error.slug == "no-tls"
            case "fold":
                node = self.manifests_pane.current
                return pane is self.manifests_pane and node is not None and node.folds
            case _:
                return True

    def copyable(self, name: str) -> bool:  # noqa: ARG002
        """Whether the row under the cursor has something to copy."""
        return False

    def enter_word(self) -> str:
        """What enter does in this pane on this row; empty when nothing."""
        pane = self.pane
        if pane is self.tags_pane:
            if not self.tags_pane.row_count():
                return ""
            if self.tags_pane.current is None:
                return "fold" if self.tags_pane.list.unfolded else "unfold"
            return "manifests" if self.repository else "tags"
        if pane is self.manifests_pane:
            return "layers" if self.manifests_pane.current else ""
        if pane is self.layers_pane:
            return "whole row" if self.layers_pane.current else ""
        if not self.config_pane.row_count():
            return ""
        return "whole value" if self.config_pane.whole else "load all"

    # Moving

    def action_move(self, by: int) -> None:
        self.pane.move(by)

    def action_page(self, direction: int) -> None:
        self.pane.page(direction)

    def action_first(self) -> None:
        self.pane.jump(0)

    def action_last(self) -> None:
        self.pane.jump(self.pane.row_count() - 1)

    def action_go(self, pane: str) -> None:
        self.query_one(f"#{pane}", Pane).focus()

    def action_pane(self, by: int) -> None:
        at = PANES.index(self.focus_state.pane)
        self.action_go(PANES[(at + by) % len(PANES)])

    def action_enter(self) -> None:
        pane = self.pane
        if pane is self.tags_pane:
            self._enter_tags()
        elif pane is self.manifests_pane:
            if self.manifests_pane.current:
                self.show_node(self.manifests_pane.current)
                self.action_go(LAYERS)
        elif pane is self.config_pane and not self.config_pane.whole and self.image:
            self._load_all()
        elif pane.row_count():
            self.show_whole()

    def _enter_tags(self) -> None:
        name = self.tags_pane.current
        if name is None:
            if self.tags_pane.row_count():
                self.tags_pane.unfold()
            return
        if isinstance(self.registry, Registry) and self.repository is None:
            self.go_to(Reference(Repository(self.registry, name)))
            return
        if self.repository is not None:
            reference = Reference(self.repository, name)
            if self.opened is None or self.opened.reference != reference or self.manifests_pane.error:
                self.go_to(reference)
            else:
                self.history.visit(reference)
        self.action_go(MANIFESTS)

    def _load_all(self) -> None:
        tree, image = self.manifests_pane.model, self.image
        if tree is None or image is None:
            return
        manifest = tree.manifest(image.digest)
        descriptor = config_of(manifest) if manifest is not None else None
        if descriptor is not None:
            self.config_pane.start_asking("asking for all of it")
            self.ask_content(image, descriptor, everything=True)

    def action_fold(self) -> None:
        if self.possible("fold"):
            self.manifests_pane.toggle()

    def action_escape(self) -> None:
        """Cancels what runs, else clears what filters, else goes back one pane or one place."""
        if self.focus_state.zoomed:
            self.action_zoom()
        elif self.clearable:
            if self.pane is self.tags_pane:
                self.tags_pane.close_filter()
            else:
                self.config_pane.close_search(kept=False)
        elif self.busy:
            self.cancel()
        elif self.pane is not self.tags_pane:
            self.action_pane(-1)
        else:
            self.action_history(-1)
        self.refresh_lines()

    @property
    def clearable(self) -> bool:
        """Whether esc would clear a filter or a search of the focused pane."""
        if self.pane is self.tags_pane:
            return self.tags_pane.filter_open or bool(self.tags_pane.list.filter.text or self.tags_pane.searched)
        return self.pane is self.config_pane and bool(self.config_pane.query_text)

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self.running("tags", "manifest", "config") or any(pane.again is not None for pane in self.panes)

    def cancel(self) -> None:
        """Ends every question; what came so far stays."""
        self.stop("tags", "manifest", "config", "children", "rows", "facts")
        for each in self.panes:
            each.again, each.held = None, ""
        if self.tags_pane.streaming:
            # Names that are already on their way to us are still taken: going on begins behind them.
            self.tags_pane.end(stopped=True)
        if self.manifests_pane.model is None and self.opened:
            self.opened = None
            self.manifests_pane.wait("a tag")
        for pane in (self.layers_pane, self.config_pane):
            pane.stop_asking()
            if not pane.row_count():
                pane.wait("a manifest")
        if self.image and not (self.layers_pane.row_count() and self.config_pane.row_count()):
            self.image = None
        self.say("stopped", "what came so far stays", "r asks again")

    def action_history(self, by: int) -> None:
        place = self.history.step(by)
        if place is not None:
            self.go_to(place, remember=False)

    def action_zoom(self) -> None:
        self.set_focus_state(zoomed=not self.focus_state.zoomed)

    # Finding

    def action_find(self) -> None:
        if self.pane is self.tags_pane and self.possible("find"):
            self.tags_pane.open_filter()
        elif self.pane is self.config_pane and self.possible("find"):
            self.config_pane.open_search()

    def action_match(self, direction: int) -> None:
        if self.possible("match(1)") and not self.config_pane.next_match(direction):
            self.say("×", f'nothing matches "{self.config_pane.query_text}"', "")

    def action_fuzzy(self) -> None:
        wanted = self.tags_pane.list.filter
        self.tags_pane.narrow(wanted.text, not wanted.fuzzy)
        self.refresh_lines()

    def action_reload(self) -> None:
        """Asks again for what the focused pane shows, and at once, whatever was being waited for."""
        if self.listing is None:
            return
        if self.browser is not None and self.registry is not None:
            self.browser.client.limits.retry_now(self.registry)
        if self.pane is self.tags_pane:
            keep = self.tags_pane.stopped or bool(self.tags_pane.late)
            self.wanted_tag = self.tags_pane.current
            self.start_list(self.listing.place, keep=keep)
            if self.manifests_pane.error is not None and self.opened is not None:
                self.open_reference(self.opened.reference, fresh=True)
        elif self.opened is not None:
            self.open_reference(self.opened.reference, fresh=True)
        elif isinstance(self.place, Reference) and self.place.target:
            self.open_reference(self.place, fresh=True)
        self.refresh_lines()

    def action_raw(self) -> None:
        if self.possible("raw"):
            self.config_pane.toggle_raw()
            self.refresh_lines()

    # For the other parts of the screen

    def set_focus_state(self, *, pane: str | None = None, zoomed: bool | None = None) -> None:
        """Where the focus is; the layout follows."""

    def show_whole(self) -> None:
        """A window with the whole of the row under the cursor."""
