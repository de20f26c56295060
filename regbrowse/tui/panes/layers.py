"""Pane 3: the layers of an image with the commands that made them."""

from __future__ import annotations

from regbrowse.oci.layers import LayerRow, LayerTable
from regbrowse.oci.mediatype import layer_kind, plain
from regbrowse.text import plural, size, visible
from regbrowse.tui.cells import Span, clip, cut, width_of
from regbrowse.tui.colours import Ink
from regbrowse.tui.panes.lines import Pane
from regbrowse.tui.panes.tags import short_digest

DIGEST_FROM = 74
SHARE_FROM = 110
KIND_FROM = 44
"""Inner cells from which a column is shown."""
SHARE = 10
"""Cells of the bar that shows a layer's share of the total."""


class LayersPane(Pane):
    """A table: number, compressed size, kind, digest, share, command."""

    number = 3
    label = "Layers"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.table: LayerTable | None = None
        self.nothing = ""
        """Why there are no layers, in words."""
        self.noun = "layer"

    def show_table(self, table: LayerTable, *, nothing: str = "", noun: str = "layer") -> None:
        """Shows a table; the cursor stays on its row when the same layers get their history."""
        before = self.current
        self.stop_asking()
        self.error = None
        self.waits_for = ""
        self.table, self.nothing, self.noun = table, nothing, noun
        number = before.number if before else None
        row = next((i for i, each in enumerate(table.rows) if number and each.number == number), 0)
        self.cursor = row
        self.rows_changed()

    def clear(self) -> None:
        self.table = None
        self.cursor = self.top = 0
        self.refresh()

    @property
    def current(self) -> LayerRow | None:
        rows = self.table.rows if self.table else ()
        return rows[self.cursor] if self.cursor < len(rows) else None

    def row_count(self) -> int:
        return len(self.table.rows) if self.table else 0

    def header(self, width: int, ink: Ink) -> list[Span] | None:
        if not self.row_count():
            return None
        text = "  # compressed"
        made_by = "made by" if self.noun == "layer" else "what"
        text += "  kind" if width >= KIND_FROM else ""
        text += " " * 2 + "digest".ljust(19) if width >= DIGEST_FROM else ""
        text += "  share".ljust(SHARE + 2) if width >= SHARE_FROM else ""
        gap = "  " if width >= DIGEST_FROM else "   " if width >= KIND_FROM else " "
        return [(cut(text + gap + made_by, width), ink.secondary)]

    def facts(self) -> list[str]:
        table = self.table
        if not table or not table.rows:
            return []
        facts = [plural(table.count, self.noun)]
        if table.empty:
            facts.append(f"{table.empty} empty")
        if table.note:
            facts.append("history does not fit")
        elif table.total:
            facts.append(size(table.total))
        return facts

    def summary(self, ink: Ink) -> list[Span]:
        table = self.table
        if not table:
            return []
        total = f"  {size(table.total)} compressed" if table.total else ""
        spans: list[Span] = [(plural(table.count, self.noun) + total, ink.text)]
        if table.largest:
            spans.append((f"  largest {size(table.largest)}", ink.secondary))
        return spans

    def empty_lines(self, width: int, ink: Ink) -> list[list[Span]]:
        return [[(cut(self.nothing, width), ink.text)]] if self.nothing else []

    def paint_row(self, index: int, width: int, ink: Ink) -> list[Span]:
        assert self.table
        row = self.table.rows[index]
        inner = width + 1
        dim = row.number is None
        layer = row.descriptor
        amount = "empty" if row.empty else "" if dim else size(layer.size) if layer and layer.size is not None else "?"
        spans: list[Span] = [
            (f"{row.number or '':>2}", ink.secondary),
            (f" {amount:>10}", ink.tertiary if dim else ink.text),
        ]
        if inner >= KIND_FROM:
            kind = layer_kind(layer.media_type, layer.annotations) if layer and not dim else ""
            spans += [(f"  {kind:<5}", ink.text)]
        if inner >= DIGEST_FROM:
            digest = layer.digest if layer and not dim else None
            spans += [(" ", ink.plain), *(short_digest(digest, ink) if digest else [(" " * 19, ink.plain)])]
        if inner >= SHARE_FROM:
            spans += [(" ", ink.plain), *self._share(row, ink)]
        spans += [("  ", ink.plain), *_command(row, ink)]
        return clip(spans, width) if width_of(spans) > width else spans

    def _share(self, row: LayerRow, ink: Ink) -> list[Span]:
        assert self.table
        part = row.descriptor.size if row.descriptor and row.number else None
        filled = round(SHARE * part / self.table.total) if part and self.table.total else 0
        return [("━" * filled, ink.accent), ("━" * (SHARE - filled) if row.number else " " * SHARE, ink.thumb)]


def _command(row: LayerRow, ink: Ink) -> list[Span]:
    command = row.command
    if not command.whole and row.descriptor is not None:
        title = row.descriptor.annotations.get("org.opencontainers.image.title", "")
        kind = plain(row.descriptor.media_type)
        return [(visible(title, 512) + "  " if title else "", ink.text), (kind, ink.secondary)]
    rest = visible(command.rest, 512)
    if row.number is None:
        return [(f"{command.instruction} {rest}".strip(), ink.tertiary)]
    if command.instruction:
        return [(command.instruction, ink.primary), (f" {rest}", ink.text)]
    return [(rest, ink.text)]
