"""Pane 2: the manifest list as a tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from textual import on
from textual.binding import BindingType
from textual.message import Message
from textual.reactive import reactive

from regbrowse.errors import NotFound, RegbrowseError
from regbrowse.oci import mediatype
from regbrowse.oci.decode.values import NOT_VERIFIED
from regbrowse.oci.index_walk import entries
from regbrowse.oci.lint import DIGEST, NOTE
from regbrowse.oci.lint import MISSING as MISSING_CHILD
from regbrowse.oci.manifest import Image, Index
from regbrowse.oci.platform_selection import listed, select
from regbrowse.reference import Reference
from regbrowse.text import moment, plural, size, visible
from regbrowse.tui import keys
from regbrowse.tui.cells import Span, clip, cut, short_digest, spread, underlined, width_of
from regbrowse.tui.copy_forms import Form, manifest_forms, short_name
from regbrowse.tui.manifest_tree import MISMATCH, MISSING, REFERRERS, VERIFIED, Node, Tree
from regbrowse.tui.messages import (
    AttachmentsLoaded,
    ChildLoaded,
    ChildrenHeldBack,
    ConfigLoaded,
    DocumentDecoded,
    ImageLoaded,
    LoadFailed,
    ManifestLoaded,
    PlatformSelected,
)
from regbrowse.tui.panes.pane import LINE_LIMIT, MARK_WORDS, Pane
from regbrowse.tui.theme_styles import TextStyles
from regbrowse.tui.widgets.lines import Detail
from regbrowse.tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from regbrowse.oci.descriptor import Descriptor
    from regbrowse.oci.manifest import Manifest
    from regbrowse.oci.platform import Platform
    from regbrowse.reference import Digest
    from regbrowse.tui.manifest_tree import Outcome
    from regbrowse.tui.messages import ManifestRequest

DIGEST_FROM = 62
"""Inner cells from which the digest column is shown."""
NOTE_FROM = 6
"""Cells below which a note is dropped instead of cut."""
SIZE = 9
ROOMY = 30
"""Rows of the terminal from which the chosen platform starts unfolded."""


class ManifestsPane(Pane):
    """Index, platforms, nested indexes and attestations, with what is known of each."""

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings(keys.MANIFESTS)

    number = 2
    short_label = "image"
    foot = (
        "sizes", "enter", "copy", "digest", "compare", "platform", "fold", "find", "reload", "mark", "open",
        "history(-1)", "zoom", "details",
    )  # fmt: skip

    marked: reactive[Reference | None] = reactive(None)
    """What is to be compared with another row."""

    @dataclass
    class Opened(Message):
        """A manifest was opened."""

        request: ManifestRequest
        root: Manifest
        wanted: Platform | None
        """The platform for which an image is looked for in an index; None for anything else."""

    @dataclass
    class ImageSelected(Message):
        """It was found out which image of an index is shown first; or why that cannot be read."""

        request: ManifestRequest
        error: RegbrowseError | None

    class SizesAllowed(Message):
        """What was held back is to be read, though it takes much of a pull limit."""

    def __init__(self) -> None:
        super().__init__("manifests", "Manifests")
        self.held_back: ChildrenHeldBack | None = None
        """What was not read of the rows in view, since that takes much of a pull limit."""
        self.platform: Platform | None = None
        """The platform that was chosen by hand; None: that of the settings, or this machine's."""
        self.request: ManifestRequest | None = None
        """What was opened; None while nothing is."""
        self.model: Tree | None = None
        self._tree_rows: list[Node] = []
        self._match_count = self._row_total = 0
        """How many rows hold the text of the filter, and how many there are without it."""
        self.platforms: list[Node] = []
        """The rows that are images for a platform, in their order, filtered or not."""
        self._wanted_row = ""
        self._late_row = ""
        """The key of the row to put the cursor on once it is there, unless it was moved by hand before."""
        self._expected = ""
        """The key of the row that holds the cursor until an image is selected."""

    def start(self, request: ManifestRequest, row: str = "") -> None:
        """Forget what was opened, and wait for what was asked for; `row` is the key of the row to put the cursor on."""
        reference = request.reference
        name = reference.tag or (reference.digest.short if reference.digest else "")
        self._forget(request, name)
        self._wanted_row = row
        self.start_loading(f"asking for {reference.repository.last}:{name}")

    def forget(self, wait_for: str) -> None:
        """Forget what was opened."""
        self._forget(None, "")
        self.wait_for(wait_for)

    def _forget(self, request: ManifestRequest | None, subject: str) -> None:
        self.take_unreported_move()
        self.request, self.model, self._tree_rows, self.subject = request, None, [], subject
        self.held_back = None
        self.platforms = []
        self.reset_rows()
        self.rows_changed()

    def stop(self) -> None:
        """Wait no longer for a manifest that did not come."""
        self.stop_waiting()
        if self.model is None and self.request is not None:
            self.forget("a tag")

    # What was loaded

    @on(ChildrenHeldBack)
    def _children_held_back(self, message: ChildrenHeldBack) -> None:
        if message.request is self.request:
            self.held_back = message
            self.changed()

    @on(ManifestLoaded)
    def _manifest_loaded(self, message: ManifestLoaded) -> None:
        """Show the manifest; the cursor goes to what will be selected, as far as an index tells that by itself."""
        if message.request is not self.request:
            return
        self.stop_loading()
        root = message.manifest
        self.model = Tree(root)
        self._rebuild()
        wanted = None
        self._late_row = self._wanted_row if REFERRERS in self._wanted_row else ""
        if self._wanted_row and self._place_on(self._wanted_row):
            self._expected = ""
        elif isinstance(root, Index):
            wanted = message.platform.platform
            self.choose(select(listed(entries(root)), message.platform).descriptor)
            self._expected = self.current.key if self.current else ""
        self.post_message(self.Opened(message.request, root, wanted))

    @on(PlatformSelected)
    def _platform_selected(self, message: PlatformSelected) -> None:
        """Put the cursor on the image that was selected, unless it was moved by hand since."""
        if message.request is not self.request:
            return
        selection = message.selection
        error = selection.outcome if isinstance(selection.outcome, RegbrowseError) else None
        if selection.stopped is not None:
            self.post_message(self.Noted("×", selection.stopped.why))
        elif selection.selected is None and selection.offered and message.wanted is not None:
            offered = ", ".join(str(each.platform) for each in selection.offered)
            self.post_message(self.Noted("!", f"no image for {message.wanted} here", f"available: {offered}"))
        elif error is not None and selection.descriptor is not None and selection.descriptor.digest is None:
            self.post_message(self.Noted("×", error.why))
        if self.current is not None and self.current.key == self._expected:
            self.choose(selection.descriptor or selection.alternative)
            self.post_message(self.ImageSelected(message.request, None if self.current.is_root else error))

    @on(ChildLoaded)
    def _child_loaded(self, message: ChildLoaded) -> None:
        if message.request is self.request:
            self.add_child(message.digest, message.outcome)

    @on(AttachmentsLoaded)
    def _attachments_loaded(self, message: AttachmentsLoaded) -> None:
        if message.request is self.request and self.model is not None:
            self.model.attached[message.subject] = message.found
            self._rebuild()
            if self._late_row and self._place_on(self._late_row):
                self._late_row = ""
                self.post_message(self.Highlighted(self))

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        if event.by_hand:
            self._late_row = ""

    @on(ImageLoaded)
    def _image_loaded(self, message: ImageLoaded) -> None:
        if message.request.manifest_request is self.request:
            self.add_child(message.request.digest, message.outcome)

    @on(ConfigLoaded)
    def _config_loaded(self, message: ConfigLoaded) -> None:
        """Take when an image was made."""
        created = message.config.created
        if message.request.manifest_request is self.request and self.model is not None:
            self.model.configs[message.request.digest] = message.config
            self.model.created[message.request.digest] = f"created {moment(created)}" if created else "no date"
            self._rebuild()

    @on(DocumentDecoded)
    def _document_decoded(self, message: DocumentDecoded) -> None:
        """Take what an attestation says."""
        is_ours = message.request.manifest_request is self.request
        if is_ours and self.model is not None and message.decoded is not None:
            self.model.statements[message.digest] = message.decoded.statement
            self._rebuild()

    @on(LoadFailed)
    def _load_failed(self, message: LoadFailed) -> None:
        if message.request is self.request:
            self.fail(message.error)

    @property
    def missing_tag(self) -> Reference | None:
        """What was asked for, if it is a tag that does not exist."""
        is_tag = self.request is not None and self.request.reference.digest is None
        return self.request.reference if self.request and is_tag and isinstance(self.error, NotFound) else None

    def add_child(self, digest: Digest, outcome: Outcome) -> None:
        """Take what is now known of a manifest of the index."""
        if self.model is not None:
            self.model.children[digest] = outcome
            self._rebuild()

    def choose(self, descriptor: Descriptor | None) -> None:
        """Put the cursor on an entry of the index; its attestations are unfolded where there is room.

        An entry without a usable digest cannot be looked into, and is not chosen.
        """
        if descriptor is None or descriptor.digest is None:
            return
        for index, node in enumerate(self._tree_rows):
            if node.digest == descriptor.digest and not node.is_root:
                if self.app.size.height >= ROOMY and node.folds and self.model:
                    self.model.unfolded.add(node.key)
                    self._rebuild()
                self.rows.put_cursor(index)
                return

    def go_to_digest(self, digest: Digest) -> bool:
        """Put the cursor on the row of a digest, unfolding what it is in; tell whether there is one."""
        if self.model is None:
            return False
        node = next((node for node in self.model.rows(unfold=True) if node.digest == digest), None)
        if node is None:
            return False
        if self.sought:
            self.action_clear_filter()
        self.model.unfold(node)
        self._rebuild()
        return self._place_on(node.key)

    def _rebuild(self) -> None:
        """Make the rows anew; the cursor stays on its own, or goes to the first of those that stand in its place."""
        key = self.current.key if self.current else ""
        if self.model is None:
            self._tree_rows = []
        elif self.sought:
            self._tree_rows, self._match_count, self._row_total = self.model.matching(self.sought)
        else:
            self._tree_rows = self.model.rows()
        every = self.model.rows() if self.model and self.sought else self._tree_rows
        self.platforms = [node for node in every if node.is_platform and node.descriptor]
        self.rows_changed()
        if not self._place_on(key):
            inner = next((node.key for node in self._tree_rows if key and node.key.startswith(f"{key}/")), "")
            if self._place_on(inner):
                self.post_message(self.Highlighted(self))

    def _place_on(self, key: str) -> bool:
        """Put the cursor on the row of a key; tell whether there is one."""
        row = next((i for i, node in enumerate(self._tree_rows) if node.key == key), None)
        if row is not None:
            self.rows.put_cursor(row)
        return row is not None

    # The cursor

    @property
    def current(self) -> Node | None:
        """The row under the cursor."""
        return self._tree_rows[self.rows.cursor] if self.rows.cursor < len(self._tree_rows) else None

    @property
    def reference(self) -> Reference | None:
        """What names the row in a `pull`: what was opened, or the digest of one of its platforms."""
        return self._reference_of(self.current) if self.current is not None else None

    def _reference_of(self, node: Node) -> Reference | None:
        if self.request is None or node.digest is None or node.missing:
            return None
        if node.parent is not None or node.attachment is not None:
            return None
        return self.request.reference if node.is_root else self.request.reference._replace(digest=node.digest)

    @property
    def comparable(self) -> Reference | None:
        """The row under the cursor, which can be compared with another."""
        return self.reference

    def watch_marked(self) -> None:
        self.rows.refresh()
        self.changed()

    def unread(self, *, frugal: bool) -> list[Descriptor]:
        """Give the manifests whose details the rows in view want; with `frugal` only of what is unfolded."""
        in_view = [self._tree_rows[index] for index in self.rows.in_view]
        return self.model.wanted(in_view, frugal=frugal) if self.model else []

    @property
    def subjects(self) -> list[Digest]:
        """Give the manifests of which it is to be found out what is attached to them."""
        in_view = [self._tree_rows[index] for index in self.rows.in_view]
        return self.model.subjects(in_view, self.current) if self.model else []

    async def choose_platform(self) -> None:
        """Let another platform be chosen, which holds for everything that is opened from now on."""
        from regbrowse.tui.dialogs.choose import Choice, ChooseDialog

        nodes, here = self.platforms, self.current
        present = next((each for each in nodes if here and f"{here.key}/".startswith(f"{each.key}/")), None)
        choices = [Choice(node.label, "", node is present, node.size, node.mark) for node in nodes]

        def done(at: int | None) -> None:
            if at is not None and (descriptor := nodes[at].descriptor):
                self.platform = descriptor.platform
                self.choose(descriptor)
                self.post_message(self.Highlighted(self))

        await self.app.push_screen(ChooseDialog("Platform", self.subject, choices), done)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "fold":
            return self.current is not None and self.current.folds and not self.sought
        if action == "branch":
            return self.model is not None
        if action == "sizes":
            return self.held_back is not None
        return super().check_action(action, parameters)

    def enter_word(self) -> str:
        if self.current is None:
            return ""
        if self.current.is_branch:
            return "fold" if self.current.is_open else "unfold"
        if self.current.missing:
            return ""
        if self.current.kind == "index" and self.current.folds:
            return "platforms"
        return "layers" if self.current.parent is None and self.current.attachment is None else "content"

    def word(self, action: str) -> str:
        if action == "fold" and self.current:
            return "fold" if self.current.is_open else "unfold"
        if action == "sizes" and self.held_back:
            return f"sizes for {self.held_back.cost.short}"
        if action == "mark" and self.marked is not None and self.marked == self.comparable:
            return "unmark"
        return super().word(action)

    async def action_sizes(self) -> None:
        """Ask whether what was held back is to be read."""
        from regbrowse.tui.dialogs.cost import CostDialog

        if self.held_back is not None:
            await self.app.push_screen(CostDialog(self.held_back.cost.sentence), self._allow)

    def _allow(self, yes: bool | None) -> None:
        if yes:
            self.held_back = None
            self.changed()
            self.post_message(self.SizesAllowed())

    async def action_enter(self) -> None:
        """Go in; of what is attached in all, fold or open the rows."""
        if self.current is not None and self.current.is_branch:
            self.action_fold()
        else:
            await super().action_enter()

    def action_fold(self) -> None:
        if self.current and self.model:
            self.model.toggle(self.current)
            self._rebuild()

    def action_branch(self, direction: int) -> None:
        """Go in: open the row, then go to its first child. Go out: fold the row, or go to its parent."""
        node, row = self.current, self.rows.cursor
        if node is None:
            return
        if node.folds and node.is_open is (direction < 0) and not self.sought:
            self.action_fold()
        elif direction > 0 and node.is_open:
            self.rows.jump(row + 1)
        elif direction < 0:
            above = (index for index in range(row - 1, -1, -1) if self._tree_rows[index].level < node.level)
            self.rows.jump(next(above, row))

    # Filter

    def search(self, text: str) -> None:
        """Show the rows that hold a text; the cursor keeps its row if it is still there, else takes the first match."""
        if text == self.sought or self.model is None:
            return
        here = self.current.key if self.current else ""
        self.sought = text
        self._rebuild()
        if not self._place_on(here):
            matches = (row for row, node in enumerate(self._tree_rows) if not node.is_open)
            self.rows.put_cursor(next(matches, 0))

    def empty_lines(self, width: int, styles: TextStyles) -> list[list[Span]]:  # noqa: ARG002
        return self.no_match_lines("manifest", styles) if self.sought else []

    # Painting

    def row_count(self) -> int:
        return len(self._tree_rows)

    def facts(self) -> list[str]:
        if not self.model:
            return []
        if self.sought:
            return [f"{self._match_count:,} of {self._row_total:,}", "substring"]
        root = self.model.root
        if isinstance(root, Index):
            count, missing = self.model.counts()
            facts = [plural(count, "platform")]
            if missing:
                facts.append(f"{missing} missing")
        else:
            facts = [self._tree_rows[0].label]
        odd = sum(finding.rule != MISSING_CHILD for node in self._tree_rows for finding in node.findings)
        return facts + ([f"{odd} odd"] if odd else [])

    def detail(self) -> Detail:
        tree, node = self.model, self.current
        if tree is None or node is None:
            return Detail()
        manifest: Manifest | None = tree.manifest(node.digest) if node.digest else None
        if node.is_branch:
            return Detail(
                node.kind,
                name=f"{node.label}  {node.note}",
                more=visible("; ".join(self._attached_facts(node)), LINE_LIMIT),
            )
        descriptor = node.descriptor
        media_type = manifest.media_type if manifest else descriptor.media_type if descriptor else ""
        length = len(manifest.raw) if manifest else descriptor.size if descriptor else None
        facts: list[str] = []
        if node.attachment is not None:
            facts += [NOT_VERIFIED, f"found by {', '.join(node.attachment.found_by)}"]
        if manifest is not None and manifest.reported is not None:
            facts.append(f"the registry reports {manifest.reported}")
        if media_type:
            facts.append(mediatype.plain(media_type) + (f", {length:,} B" if length is not None else ""))
        if node.digest in tree.created:
            facts.append(tree.created[node.digest])
        if isinstance(manifest, Image) and manifest.config.digest:
            facts.append(f"config {manifest.config.digest.short}")
        told = {MISSING_CHILD, *([DIGEST] if node.mark == MISMATCH else [])}
        wrong = [f"! {finding.what.rstrip('.')}" for finding in node.findings if finding.rule not in told]
        facts[:0] = wrong[:2]
        facts += self._attached_facts(node)
        more = visible("; ".join(facts), LINE_LIMIT)
        if node.note and not node.is_root and (not facts or node.mark == MISMATCH):
            more = node.note
        digest = str(node.digest) if node.digest else ""
        weighs = node.size if node.size is not None else length
        return Detail(node.kind, digest, weighs, MARK_WORDS.get(node.mark, ""), node.label, more)

    def whole_row(self) -> tuple[str, str]:
        tree, node = self.model, self.current
        if tree is None or node is None:
            return super().whole_row()
        title, facts = super().whole_row()
        manifest = tree.manifest(node.digest) if node.digest else None
        annotations = dict(node.descriptor.annotations) if node.descriptor else {}
        annotations |= manifest.annotations if manifest else {}
        wrong = [f"! {finding.what} {finding.why}" for finding in node.findings]
        lines = [node.label, node.note, *wrong]
        lines += [line for line in facts.split("\n") if line not in lines and not line.startswith("! ")]
        lines += [f"{key} = {value}" for key, value in annotations.items()]
        return title, "\n".join(line for line in lines if line)

    def _attached_facts(self, node: Node) -> list[str]:
        """Say where it was looked for what is attached to a row, and what could not be asked."""
        if self.model is None:
            return []
        subject = self.model.subject_of(node)
        found = self.model.attached.get(subject) if subject else None
        if found is None or node.attachment is not None:
            return []
        places = f"{plural(found.places, 'place')} looked at"
        said = [places] if node.is_branch else []
        if not found.entries and found.places:
            said = ["nothing attached was found" if found.notes else "nothing attached"]
        return [*said, *found.notes]

    def copy_forms(self) -> list[Form]:
        if self.model is None or self.current is None or self.request is None:
            return []
        return manifest_forms(self.request.reference, self.model, self.current, self.base_url)

    def copy_title(self) -> str:
        name = short_name(self.request.reference) if self.request else ""
        return f"{self.current.label} of {name}" if self.current else name

    def summary(self, styles: TextStyles) -> list[Span]:
        node = self.current
        if not self.model or not node:
            return []
        if not isinstance(self.model.root, Index):
            return [(node.label, styles.text), (f"  {node.note}", styles.secondary)]
        count, missing = self.model.counts()
        rest = f"  1 of {plural(count, 'platform')}" if node.is_platform else f"  {plural(count, 'platform')}"
        return [(node.label, styles.text), (rest + (f", {missing} missing" if missing else ""), styles.secondary)]

    def paint_row(self, index: int, width: int, styles: TextStyles) -> list[Span]:
        node = self._tree_rows[index]
        dim = styles.tertiary if node.missing else None
        weight = dim or (styles.text if node.is_platform else styles.secondary)
        right: list[Span] = [(size(node.size).rjust(SIZE), weight)]
        right += [(" ", styles.plain), (_mark_of(node) or " ", _mark_style(node, styles))]
        if width + 1 >= DIGEST_FROM and node.digest:
            right += [(" ", styles.plain), *short_digest(node.digest, styles)]
        room = width - width_of(right) - 1
        glyph = ("▾ " if node.is_open else "▸ ") if node.folds else "  "
        left: list[Span] = [("  " * node.level, styles.plain), (glyph, styles.secondary)]
        style = dim or (styles.bold if node.is_root or node.is_branch else weight)
        left.append((cut(node.label, max(1, room - width_of(left))), style))
        if self.marked is not None and self.marked == self._reference_of(node):
            left.append((" ●", styles.accent))
        space = room - width_of(left) - 2
        if node.note and space >= min(NOTE_FROM, len(node.note)):
            left.append(("  " + cut(node.note, space), dim or styles.secondary))
        if self.sought:
            left = underlined(left, self.sought)
        return spread(clip(left, room), right, width, styles.plain)


def _mark_of(node: Node) -> str:
    """Give the mark of a row; that something is wrong with it goes before that its bytes are right."""
    is_wrong = any(finding.severity != NOTE for finding in node.findings)
    return MISSING if is_wrong and node.mark != MISMATCH else node.mark


def _mark_style(node: Node, styles: TextStyles) -> Style:
    known = {VERIFIED: styles.success, MISSING: styles.warning, MISMATCH: styles.error}
    return known.get(_mark_of(node), styles.tertiary)
