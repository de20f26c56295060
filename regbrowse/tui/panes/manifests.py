"""Pane 2: the manifest list as a tree."""

from __future__ import annotations

from rich.style import Style

from regbrowse.oci.attestation import Statement
from regbrowse.oci.manifest import Index, Manifest
from regbrowse.reference import Digest
from regbrowse.text import plural, size
from regbrowse.tui.cells import Span, clip, cut, spread, width_of
from regbrowse.tui.colours import Ink
from regbrowse.tui.manifest_tree import MISMATCH, MISSING, VERIFIED, Node, Outcome, Tree
from regbrowse.tui.messages import Scrolled
from regbrowse.tui.panes.lines import Pane
from regbrowse.tui.panes.tags import short_digest

DIGEST_FROM = 62
"""Inner cells from which the digest column is shown."""
NOTE_FROM = 6
"""Cells below which a note is dropped instead of cut."""
SIZE = 9
ROOMY = 30
"""Rows of the terminal from which the chosen platform starts unfolded."""


class ManifestsPane(Pane):
    """Index, platforms, nested indexes and attestations, with what is known of each."""

    number = 2
    label = "Manifests"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.model: Tree | None = None
        self._rows: list[Node] = []

    def show_root(self, manifest: Manifest) -> None:
        self.stop_asking()
        self.error = None
        self.waits_for = ""
        self.model = Tree(manifest)
        self.cursor = self.top = 0
        self._rebuild()

    def clear(self) -> None:
        self.model = None
        self._rows = []
        self.refresh()

    def add(self, digest: Digest, outcome: Outcome) -> None:
        """What is now known of a child."""
        if self.model is not None:
            self.model.children[digest] = outcome
            self._rebuild()

    def add_statement(self, digest: Digest, statement: Statement) -> None:
        if self.model is not None:
            self.model.statements[digest] = statement
            self._rebuild()

    def choose(self, digest: Digest | None) -> None:
        """Puts the cursor on a child; its attestations are unfolded where there is room."""
        for index, node in enumerate(self._rows):
            if node.digest == digest and not node.is_root:
                if self.screen.size.height >= ROOMY and node.folds and self.model:
                    self.model.opened.add(node.key)
                    self._rebuild()
                self.cursor = index
                self.show_row(index)
                return

    def toggle(self) -> None:
        node = self.current
        if node and self.model:
            self.model.toggle(node)
            self._rebuild()

    def _rebuild(self) -> None:
        key = self._rows[self.cursor].key if self._rows and self.cursor < len(self._rows) else None
        self._rows = self.model.rows() if self.model else []
        if key is not None:
            row = next((i for i, node in enumerate(self._rows) if node.key == key), None)
            if row is not None:
                self.cursor = row
        self.rows_changed()

    @property
    def current(self) -> Node | None:
        """The row under the cursor."""
        return self._rows[self.cursor] if self.cursor < len(self._rows) else None

    @property
    def nodes_in_view(self) -> list[Node]:
        return self._rows[self.window.start : self.window.stop]

    def watch_error(self) -> None:
        self.post_message(Scrolled(self.id or ""))

    # Painting

    def row_count(self) -> int:
        return len(self._rows)

    def facts(self) -> list[str]:
        if not self.model:
            return []
        root = self.model.root
        if isinstance(root, Index):
            count, missing = self.model.counts()
            facts = [plural(count, "platform")]
            if missing:
                facts.append(f"{missing} missing")
        else:
            facts = [self._rows[0].label]
        strange = len(root.anomalies)
        return facts + ([f"{strange} odd"] if strange else [])

    def summary(self, ink: Ink) -> list[Span]:
        node = self.current
        if not self.model or not node:
            return []
        if not isinstance(self.model.root, Index):
            return [(node.label, ink.text), (f"  {node.note}", ink.secondary)]
        count, missing = self.model.counts()
        rest = f"  1 of {plural(count, 'platform')}" if node.is_platform else f"  {plural(count, 'platform')}"
        return [(node.label, ink.text), (rest + (f", {missing} missing" if missing else ""), ink.secondary)]

    def paint_row(self, index: int, width: int, ink: Ink) -> list[Span]:
        node = self._rows[index]
        dim = ink.tertiary if node.missing else None
        right: list[Span] = [(size(node.size).rjust(SIZE), dim or (ink.text if node.is_platform else ink.secondary))]
        right += [(" ", ink.plain), (node.mark or " ", _mark_style(node, ink))]
        if width + 1 >= DIGEST_FROM and node.digest:
            right += [(" ", ink.plain), *short_digest(node.digest, ink)]
        room = width - width_of(right) - 1
        glyph = ("▾ " if node.is_open else "▸ ") if node.folds else "  "
        left: list[Span] = [("  " * node.level, ink.plain), (glyph, ink.secondary)]
        style = dim or (ink.bold if node.is_root else ink.text if node.is_platform else ink.secondary)
        left.append((cut(node.label, max(1, room - width_of(left))), style))
        space = room - width_of(left) - 2
        if node.note and space >= min(NOTE_FROM, len(node.note)):
            left.append(("  " + cut(node.note, space), dim or ink.secondary))
        return spread(clip(left, room), right, width, ink.plain)


def _mark_style(node: Node, ink: Ink) -> Style:
    return {VERIFIED: ink.success, MISSING: ink.warning, MISMATCH: ink.error}.get(node.mark, ink.tertiary)
