"""What the screen does with facts: checks that the question is still the current one, then changes state."""

from __future__ import annotations

from time import monotonic

from textual import on

from regbrowse.errors import Integrity, RateLimited, RegbrowseError
from regbrowse.oci import layers as oci_layers
from regbrowse.oci.config import Config
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.index_walk import entries
from regbrowse.oci.manifest import Artifact, Image, Index, Manifest, Schema1, config_of
from regbrowse.oci.mediatype import OCI_EMPTY
from regbrowse.oci.platform_selection import PlatformRequest, listed, select
from regbrowse.reference import Digest, Reference, Registry, Repository
from regbrowse.text import moment, plural
from regbrowse.tui import messages as m
from regbrowse.tui.fetching import Fetching
from regbrowse.tui.manifest_tree import Node
from regbrowse.tui.panes.lines import Pane
from regbrowse.tui.state import Place
from regbrowse.tui.steps import steps_for


class Answers(Fetching):
    """Handlers of facts, and the questions that follow from them."""

    wanted_tag: str | None = None
    """The tag to put the cursor on when it comes."""
    expected_row: str = ""
    """The key of the row of the manifests that holds the cursor until an image is selected."""

    # Going somewhere

    def go_to(self, place: Place, *, remember: bool = True, fresh: bool = False) -> None:
        """Shows a registry's repositories, a repository's tags, or one manifest."""
        self.place = place
        if remember:
            self.history.visit(place)
        target: Repository | Registry = place if isinstance(place, Registry) else place.repository
        if fresh or self.listing is None or self.listing.place != target:
            self.start_list(target)
        if isinstance(place, Reference) and place.target:
            self.wanted_tag = place.tag
            if place.tag:
                self.tags_pane.select(place.tag)
            self.open_reference(place, fresh=fresh)
        else:
            self.wanted_tag = None
            self.forget_opened("a tag" if isinstance(place, Reference) else "a repository")
        self.refresh_lines()

    def start_list(self, target: Repository | Registry, *, keep: bool = False) -> None:
        """Lists tags or repositories, from the start, or from where it was stopped: rows that are there stay then."""
        after = self.reached if keep else None
        self.reached = after
        self.listing = m.ListQuestion(target, self.serial())
        self.stop("rows", "facts", "search")
        self.tag_facts.clear()
        if keep:
            self.tags_pane.streaming, self.tags_pane.stopped, self.tags_pane.late = True, False, ""
            self.tags_pane.error = None
        else:
            self.tags_pane.start(catalog=isinstance(target, Registry))
        self.tags_pane.subject = target.last if isinstance(target, Repository) else str(target)
        self.tags_pane.start_asking(f"asking for {'repositories' if isinstance(target, Registry) else 'tags'}")
        self.ask_list(self.listing, after)

    def forget_opened(self, wait_for: str) -> None:
        self.opened = self.image = None
        self.stop("manifest")
        self._empty("", wait_for)

    def _empty(self, subject: str, wait_for: str) -> None:
        """Nothing behind the tags, and no question about it."""
        self.stop("config", "children")
        self.manifests_pane.subject = subject
        self.manifests_pane.wait(wait_for)
        for pane in (self.layers_pane, self.config_pane):
            pane.subject = ""
            pane.wait("a manifest")
        self.manifests_pane.clear()
        self.layers_pane.clear()
        self.config_pane.clear()

    def open_reference(self, reference: Reference, *, fresh: bool = False) -> None:
        """Asks for the manifest behind a tag or digest."""
        question = m.OpenQuestion(reference, self.serial())
        self.opened, self.image = question, None
        name = reference.tag or (reference.digest.short if reference.digest else "")
        self._empty(name, "")
        self.manifests_pane.start_asking(f"asking for {reference.repository.last}:{name}")
        self.ask_root(question, fresh=fresh)

    # Tags

    @on(m.NamesArrived)
    def names_arrived(self, fact: m.NamesArrived) -> None:
        if fact.question != self.listing:
            return
        self.reached = fact.part
        ended = fact.done or bool(fact.note)
        self.tags_pane.stop_asking(more=not ended and self.tags_pane.streaming)
        self.tags_pane.list.hidden = fact.hidden
        self.tags_pane.add(fact.names)
        if self.wanted_tag and self.tags_pane.select(self.wanted_tag):
            self.wanted_tag = None
        if ended:
            self.tags_pane.end(late="incomplete" if fact.note and not fact.done else "")
            if fact.note:
                self.say("!" if fact.done else "×", fact.note, "")
            if self.listing is not None:
                self.ask_tag_facts(self.listing)
        self.refresh_lines()

    @on(m.ClaimArrived)
    def claim_arrived(self, fact: m.ClaimArrived) -> None:
        if fact.question == self.listing:
            self.tags_pane.claim(fact.tag, fact.digest)
            self.refresh_lines()

    # Manifests

    @on(m.RootArrived)
    def root_arrived(self, fact: m.RootArrived) -> None:
        if fact.question != self.opened:
            return
        root = fact.manifest
        if self.listing and fact.question.reference.tag:
            self.tags_pane.claim(fact.question.reference.tag, root.digest)
        self.manifests_pane.show_root(root)
        self.app_opened(fact.question.reference, root.digest)
        if isinstance(root, Index):
            self._expect_image(root, fact.request)
        else:
            self.show_node(self.manifests_pane.current)
        self.refresh_lines()

    def _expect_image(self, root: Index, request: PlatformRequest) -> None:
        """Puts the cursor on what will be selected, as far as the index itself tells, while that is found out."""
        descriptor = select(listed(entries(root)), request).descriptor
        self._choose(descriptor)
        node = self.manifests_pane.current
        self.expected_row = node.key if node else ""
        label = node.label if node and not node.is_root else ""
        for pane in (self.layers_pane, self.config_pane):
            pane.subject = label
            pane.start_asking(f"asking for {label or request.platform}")

    def _choose(self, descriptor: Descriptor | None) -> None:
        """Puts the cursor on an entry of the index; one without a usable digest cannot be looked into."""
        if descriptor is not None and descriptor.digest is not None:
            self.manifests_pane.choose(descriptor.digest)

    @on(m.PlatformSelected)
    def platform_selected(self, fact: m.PlatformSelected) -> None:
        if fact.question != self.opened:
            return
        selection, wanted = fact.selection, self.platform or (self.browser.platform if self.browser else None)
        error = selection.outcome if isinstance(selection.outcome, RegbrowseError) else None
        if selection.stopped is not None:
            self.say("×", selection.stopped.why, "")
        elif selection.selected is None and selection.offered and wanted is not None:
            offered = ", ".join(str(each.platform) for each in selection.offered)
            self.say("!", f"no image for {wanted} here", f"available: {offered}")
        elif error is not None and selection.descriptor is not None and selection.descriptor.digest is None:
            self.say("×", error.why, "")
        current = self.manifests_pane.current
        if self.image is None and current is not None and current.key == self.expected_row:
            # Else the cursor was moved by hand, and stays.
            self._choose(selection.descriptor or selection.alternative)
            current = self.manifests_pane.current
            self.show_node(current, None if current and current.is_root else error)
        self.refresh_lines()

    def show_node(self, node: Node | None, error: RegbrowseError | None = None) -> None:
        """Layers and config of the row under the cursor of the manifests, or the error why it cannot be read."""
        tree = self.manifests_pane.model
        if node is None or tree is None or self.opened is None or node.digest is None:
            return
        if self.image is not None and self.image.digest == node.digest and self.image.opened == self.opened:
            return
        self.image = m.ImageQuestion(self.opened, node.digest, self.serial())
        self.stop("config")
        known = tree.manifest(node.digest)
        self.layers_pane.subject = self.config_pane.subject = node.label
        self.layers_pane.clear()
        self.config_pane.clear()
        if error is not None:
            self.failed(m.Failed(self.image, error))
        elif node.parent is not None and node.descriptor is not None:
            self.layers_pane.show_table(_no_layers(), nothing="no layers: this is an attestation")
            self.config_pane.start_asking(f"asking for {node.label}")
            self.ask_content(self.image, node.descriptor)
        elif known is not None and config_of(known) is None:
            self.show_manifest(known)
            self.show_document(known, node.label)
        else:
            self.layers_pane.start_asking(f"asking for {node.label}")
            self.config_pane.start_asking(f"asking for {node.label}")
            self.ask_image(self.image, known, node.descriptor)

    @on(m.ChildArrived)
    def child_arrived(self, fact: m.ChildArrived) -> None:
        if fact.question != self.opened:
            return
        self.manifests_pane.add(fact.digest, fact.outcome)
        if self.image and self.image.digest == fact.digest and isinstance(fact.outcome, Manifest):
            if self.layers_pane.table is None:
                self.show_manifest(fact.outcome)
            config = config_of(fact.outcome)
            if config is None or config.digest is None or config.media_type == OCI_EMPTY:
                self.show_document(fact.outcome, self.config_pane.subject)
        self.refresh_lines()

    def show_manifest(self, manifest: Manifest, config: Config | None = None) -> None:
        """The layers, without history until the config came."""
        if isinstance(manifest, Image | Schema1):
            self.layers_pane.show_table(oci_layers.join(manifest, config), nothing="no layers: this image is empty")
        elif isinstance(manifest, Artifact):
            nothing = f"no layers: this is an artifact ({manifest.kind})"
            self.layers_pane.show_table(oci_layers.join(manifest, None), nothing=nothing, noun="blob")
        else:
            what = "an index" if isinstance(manifest, Index) else "an unknown kind of document"
            self.layers_pane.show_table(_no_layers(), nothing=f"no layers: this is {what}")

    def show_document(self, manifest: Manifest, subject: str) -> None:
        """The manifest itself where there is no config."""
        self.config_pane.subject = f"{subject}, the manifest itself"
        self.config_pane.show_document(manifest.raw)

    @on(m.StatementArrived)
    def statement_arrived(self, fact: m.StatementArrived) -> None:
        if fact.question == self.opened:
            self.manifests_pane.add_statement(fact.digest, fact.statement)
            self.refresh_lines()

    # Config

    @on(m.ContentArrived)
    def content_arrived(self, fact: m.ContentArrived) -> None:
        if fact.question != self.image or fact.descriptor.media_type == OCI_EMPTY:
            return
        self.config_pane.show_document(fact.raw, whole=fact.whole)
        self.details_wanted()
        self.refresh_lines()

    @on(m.ConfigRead)
    def config_read(self, fact: m.ConfigRead) -> None:
        tree = self.manifests_pane.model
        if fact.question != self.image or tree is None:
            return
        manifest = tree.manifest(fact.question.digest)
        if manifest is not None:
            self.show_manifest(manifest, fact.config)
        config = fact.config
        created = f"created {moment(config.created)}" if config.created else "no date"
        brief = [
            f"created {config.created[:10]}" if config.created else "no date",
            *([f"user {config.user}"] if config.user else []),
            f"{len(config.env)} env",
            plural(len(config.labels), "label"),
        ]
        self.config_pane.tell(created, brief, config.anomalies)
        self.refresh_lines()

    # Failures

    @on(m.Failed)
    def failed(self, fact: m.Failed) -> None:
        question, error = fact.question, fact.error
        if question == self.listing:
            self.tags_pane.end(late=error.mark if self.tags_pane.row_count() else "")
            self.tags_pane.fail(error, steps_for(error))
            if self.tags_pane.row_count():
                self.say("×", error.why, "r tries again")
        elif question == self.opened:
            self.manifests_pane.clear()
            self.manifests_pane.fail(error, steps_for(error))
        elif question == self.image:
            self._failed_image(error)
        self._wait_for_limit(question, error)
        self.refresh_lines()

    def _wait_for_limit(self, question: m.Question, error: RegbrowseError) -> None:
        """A limit that opens again: the pane that asked counts down and asks again."""
        if not isinstance(error, RateLimited) or not error.retry_after:
            return
        for pane in self.panes:
            if pane.error is error and question in (self.listing, self.opened, self.image):
                pane.again = monotonic() + error.retry_after

    def _failed_image(self, error: RegbrowseError) -> None:
        pane: Pane = self.config_pane if self.layers_pane.table is not None else self.layers_pane
        pane.fail(error, steps_for(error))
        if pane is self.layers_pane:
            self.config_pane.wait("a manifest")
        if isinstance(error, Integrity) and error.content:
            self.config_pane.show_document(error.content)
            self.config_pane.error = error

    # For the other parts of the screen

    def refresh_lines(self) -> None:
        """Head, strip and foot say what is true now."""

    def say(self, verb: str, what: str, how: str) -> None:
        """A message for a moment."""

    def ask_tag_facts(self, question: m.ListQuestion) -> None:
        """Asks the registry's own API for dates and sizes."""

    def details_wanted(self) -> None:
        """Asks for the details of the rows that are visible."""

    def app_opened(self, reference: Reference, digest: Digest) -> None:
        """A manifest was opened: part of one's own history."""


def _no_layers() -> oci_layers.LayerTable:
    return oci_layers.LayerTable(rows=(), note="", count=0, empty=0, total=0, largest=0)
