"""Pane 3: the layers of an image with the commands that made them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message

from regbrowse.errors import NotFound, RegbrowseError
from regbrowse.oci.manifest import Artifact, Image, Index, Schema1
from regbrowse.oci.mediatype import TITLE, is_decodable, is_text, layer_kind, plain
from regbrowse.text import exact, plural, size, visible
from regbrowse.tui.cells import Span, clip, cut, shifted, short_digest, underlined, width_of, wrap
from regbrowse.tui.copy_forms import Form, blob_commands, digest_forms
from regbrowse.tui.messages import ConfigLoaded, ImageLoaded
from regbrowse.tui.panes.pane import LINE_LIMIT, MARK_WORDS, Pane
from regbrowse.tui.theme_styles import TextStyles, theme_styles
from regbrowse.tui.widgets.lines import Detail, Line
from regbrowse.tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from regbrowse.oci.config import Config
    from regbrowse.oci.descriptor import Descriptor
    from regbrowse.oci.layers import LayerRow, LayerTable
    from regbrowse.oci.manifest import Manifest
    from regbrowse.reference import Digest
    from regbrowse.tui.messages import ImageRequest

DIGEST_FROM = 74
SHARE_FROM = 110
KIND_FROM = 44
"""Inner cells from which a column is shown."""
IN_ORDER, LAYERS_ONLY, LARGEST = "in order", "layers only", "largest first"
ORDERS = IN_ORDER, LAYERS_ONLY, LARGEST
SHARE = 10
"""Cells of the bar that shows a layer's share of the total."""


class LayersPane(Pane):
    """A table: number, compressed size, kind, digest, share, command."""

    @dataclass
    class ContentSelected(Message):
        """Enter was pressed on a blob that can be read as text."""

        blob: Descriptor
        title: str

    number = 3
    short_label = "layers"
    foot = ("enter", "copy", "digest", "sort", "find", "history(-1)", "history(1)", "zoom", "open", "details")

    def __init__(self) -> None:
        super().__init__("layers", "Layers")
        self.header: ColumnHeader = ColumnHeader()
        self.request: ImageRequest | None = None
        """Whose layers are shown or awaited."""
        self.manifest: Manifest | None = None
        """The manifest that names the layers; None until it was read."""
        self.table: LayerTable | None = None
        self._nothing = ""
        """Why there are no layers, in words."""
        self._noun = "layer"
        self.wanted: Digest | None = None
        """The digest of the layer, or of its content, to put the cursor on when it comes."""
        self.order = IN_ORDER
        """Which rows are shown, and in which order; holds for every image."""
        self.shown_rows: list[LayerRow] = []
        """In the order of the rows."""

    def start(self, request: ImageRequest | None, subject: str) -> None:
        """Forget the layers, and wait for those of another image."""
        self.request, self.manifest, self.table, self.subject, self._nothing = request, None, None, subject, ""
        self.reset_rows()
        self.start_loading(f"asking for {subject}")
        self._show()

    def forget(self, wait_for: str = "a manifest") -> None:
        """Forget the layers."""
        self.wanted = None
        self.start(None, "")
        self.wait_for(wait_for)

    def show_nothing(self, why: str) -> None:
        """Say why there are no layers."""
        self.stop_loading()
        self.table, self._nothing = None, why
        self._show()

    @on(ImageLoaded)
    def _image_loaded(self, message: ImageLoaded) -> None:
        if message.request is not self.request:
            return
        if isinstance(message.outcome, RegbrowseError):
            self.fail(message.outcome)
        elif self.manifest is None:
            self.show_manifest(message.outcome)

    @on(ConfigLoaded)
    def _config_loaded(self, message: ConfigLoaded) -> None:
        if message.request is self.request and self.manifest is not None:
            self.show_manifest(self.manifest, message.config)

    def fail(self, error: RegbrowseError) -> None:
        """Say what failed. That one manifest of an index is missing is no failure of what is shown."""
        if isinstance(error, NotFound):
            self.show_nothing(f"! {self.subject} is missing here: an index names it, and the registry does not have it")
        else:
            super().fail(error)

    def show_manifest(self, manifest: Manifest, config: Config | None = None) -> None:
        """Show the layers, without commands until the config came; the cursor stays on its layer."""
        from regbrowse.oci.layers import join

        self.manifest = manifest
        if not isinstance(manifest, Image | Schema1 | Artifact):
            what = "an index" if isinstance(manifest, Index) else "an unknown kind of document"
            self.show_nothing(f"no layers: this is {what}")
            return
        self.stop_loading()
        self.table = join(manifest, config)
        self._noun, self._nothing = "layer", "no layers: this image is empty"
        if isinstance(manifest, Artifact):
            self._noun, self._nothing = "blob", f"no layers: this is an artifact ({manifest.kind})"
        self._show()

    def _show(self) -> None:
        """Make the rows anew; the cursor stays on its layer."""
        before = self.current
        rows = self.table.rows if self.table else ()
        if self.order != IN_ORDER:
            rows = tuple(row for row in rows if row.number)
        if self.order == LARGEST:
            rows = tuple(sorted(rows, key=_weight, reverse=True))
        if self.sought:
            rows = tuple(row for row in rows if self.sought.lower() in _said(row).lower())
        self.shown_rows = list(rows)
        self.header.display = self.row_count() > 0
        self.header.of_images = self._noun == "layer"
        self.header.refresh()
        self.rows_changed()
        number = next((row.number for row in rows if self.wanted and self.wanted in _digests(row)), None)
        if number is not None:
            self.wanted = None
            self.go_to_layer(number)
        elif before is not None:
            self.rows.put_cursor(next((i for i, row in enumerate(rows) if _is_same(row, before)), 0))

    @property
    def current(self) -> LayerRow | None:
        """The row under the cursor."""
        return self.shown_rows[self.rows.cursor] if self.rows.cursor < len(self.shown_rows) else None

    def go_to_layer(self, number: int) -> None:
        """Put the cursor on a layer, which may be hidden by the filter."""
        if self.sought:
            self.action_clear_filter()
        row = next((i for i, row in enumerate(self.shown_rows) if row.number == number), None)
        if row is not None:
            self.rows.put_cursor(row)

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        if event.by_hand:
            self.wanted = None

    async def choose_order(self) -> None:
        """Let be chosen which rows are shown, and in which order."""
        from regbrowse.tui.dialogs.choose import Choice, ChooseDialog

        notes = {IN_ORDER: "with the steps that made no layer"}
        choices = [Choice(order, notes.get(order, ""), order == self.order) for order in ORDERS]

        def done(choice: int | None) -> None:
            if choice is not None:
                self.order = ORDERS[choice]
                self._show()

        await self.app.push_screen(ChooseDialog("Sort", f"{self._noun}s", choices), done)

    def search(self, text: str) -> None:
        """Show the rows that hold a text; the cursor keeps its row if it is still there."""
        if text != self.sought:
            self.sought = text
            self._show()

    @property
    def _text_blob(self) -> Descriptor | None:
        """The blob under the cursor, if it is a text of an artifact, or can be told in words."""
        blob = self.current.descriptor if self.current else None
        if blob is None or blob.digest is None or not isinstance(self.manifest, Artifact):
            return None
        is_shown = is_text(blob.media_type, blob.annotations.get(TITLE, "")) or is_decodable(blob.media_type)
        return blob if blob.size is not None and is_shown else None

    def enter_word(self) -> str:
        if self._text_blob is not None:
            return "content"
        return "whole row" if self.current else ""

    def whole_row(self) -> tuple[str, str]:
        return self.copy_title(), _whole(self.current) if self.current else ""

    async def action_enter(self) -> None:
        blob = self._text_blob
        if blob is not None:
            self.post_message(
                self.ContentSelected(blob, visible(blob.annotations.get(TITLE) or self.copy_title(), 256))
            )
        elif self.current:
            await self.action_details()

    # Painting

    def row_count(self) -> int:
        return len(self.shown_rows)

    def facts(self) -> list[str]:
        table = self.table
        if not table or not table.rows:
            return []
        if self.sought:
            return [f"{len(self.shown_rows):,} of {len(table.rows):,}", "substring"]
        facts = [plural(table.count, self._noun)]
        if self.order == LARGEST:
            facts.append(LARGEST)
        elif table.empty and self.order == IN_ORDER:
            facts.append(f"{table.empty} empty")
        if table.short_note:
            facts.append(table.short_note)
        elif table.total:
            facts.append(size(table.total))
        return facts

    def detail(self) -> Detail:
        row = self.current
        if row is None:
            return Detail()
        command = visible(row.command.whole, LINE_LIMIT)
        if row.number is None or row.descriptor is None:
            return Detail(row.kind, name=command, more=row.told)
        layer = row.descriptor
        if layer.urls:
            count = f"{len(layer.urls)} external addresses" if len(layer.urls) > 1 else "an external address"
            command = f"This layer is not stored in the registry; it names {count}.  {command}"
        return Detail("layer", str(layer.digest) if layer.digest else "", layer.size, MARK_WORDS["·"], command)

    def copy_forms(self) -> list[Form]:
        row = self.current
        digest = row.descriptor.digest if row and row.descriptor and row.number else None
        if digest is None or self.request is None:
            return []
        repository = self.request.manifest_request.reference.repository
        forms = digest_forms(repository, digest, "layer digest", f"of {self.copy_title()}")
        row = self.current
        if row and row.diff_id:
            forms.append(Form("i", "diffID", str(row.diff_id), f"diffID of {self.copy_title()}"))
        if row and row.command.whole:
            forms.append(Form("c", "command", row.command.whole, f"command that made {self.copy_title()}"))
        return [*forms, *blob_commands(repository, digest, self.base_url)]

    def copy_title(self) -> str:
        row = self.current
        if row is None:
            return ""
        return f"{self._noun} {row.number} of {self.subject}" if row.number else f"a step of {self.subject}"

    def summary(self, styles: TextStyles) -> list[Span]:
        table = self.table
        if not table:
            return []
        total = f"  {size(table.total)} compressed" if table.total else ""
        spans: list[Span] = [(plural(table.count, self._noun) + total, styles.text)]
        if table.largest:
            spans.append((f"  largest {size(table.largest)}", styles.secondary))
        return spans

    def empty_lines(self, width: int, styles: TextStyles) -> list[list[Span]]:
        if self.sought and self.table and self.table.rows:
            return self.no_match_lines("row", styles)
        return [[(line, styles.text)] for line in wrap(self._nothing, width)] if self._nothing else []

    def paint_row(self, index: int, width: int, styles: TextStyles) -> list[Span]:
        row = self.shown_rows[index]
        inner = width + 1
        dim = row.number is None
        layer = row.descriptor
        amount = "empty" if row.empty else "" if dim else size(layer.size) if layer and layer.size is not None else "?"
        spans: list[Span] = [
            (f"{row.number or '':>2}", styles.secondary),
            (f" {amount:>10}", styles.tertiary if dim else styles.text),
        ]
        if inner >= KIND_FROM:
            kind = layer_kind(layer.media_type, layer.annotations) if layer and not dim else ""
            spans += [(f"  {kind:<5}", styles.text)]
        if inner >= DIGEST_FROM:
            digest = layer.digest if layer and not dim else None
            spans += [(" ", styles.plain), *(short_digest(digest, styles) if digest else [(" " * 19, styles.plain)])]
        if inner >= SHARE_FROM:
            spans += [(" ", styles.plain), *self._share(row, styles)]
        command = _command(row, styles)
        if self.sought:
            command = underlined(command, self.sought)
        spans += [("  ", styles.plain), *shifted(command, self.rows.shift)]
        return clip(spans, width) if width_of(spans) > width else spans

    def _share(self, row: LayerRow, styles: TextStyles) -> list[Span]:
        assert self.table
        part = row.descriptor.size if row.descriptor and row.number else None
        filled = round(SHARE * part / self.table.total) if part and self.table.total else 0
        # Another glyph for the rest: on the cursor's row everything has one colour.
        rest = "─" * (SHARE - filled) if row.number else " " * SHARE
        return [("━" * filled, styles.accent), (rest, styles.thumb)]


class ColumnHeader(Line):
    """The names of the columns, above the rows."""

    of_images = True
    """Whether the rows are layers of an image, and not blobs of an artifact."""

    def spans(self, width: int) -> list[Span]:
        text = "  # compressed"
        text += "  kind" if width >= KIND_FROM else ""
        text += " " * 2 + "digest".ljust(19) if width >= DIGEST_FROM else ""
        text += " share".ljust(SHARE + 1) if width >= SHARE_FROM else ""
        gap = "  " if width >= DIGEST_FROM else "   " if width >= KIND_FROM else " "
        made_by = "made by" if self.of_images else "what"
        return [(cut(text + gap + made_by, width), theme_styles(self.app).pane.secondary)]


def _whole(row: LayerRow) -> str:
    """Write all that is known of a row: the command, and what the descriptor says."""
    parts, layer = [row.command.whole] if row.command.whole else [], row.descriptor
    if layer is not None:
        lines = [f"digest      {layer.digest or 'none that can be used'}", f"media type  {layer.media_type or 'none'}"]
        lines.append(f"size        {exact(layer.size) if layer.size is not None else 'not told'}")
        lines += [f"diffID      {row.diff_id}"] if row.diff_id else []
        lines += [f"address     {url}" for url in layer.urls]
        lines += [f"{key} = {value}" for key, value in layer.annotations.items()]
        parts.append("\n".join(lines))
    if row.told:
        parts.append(f"{row.told[0].upper()}{row.told[1:]}.")
    return "\n\n".join(parts)


def _digests(row: LayerRow) -> tuple[Digest | None, Digest | None]:
    return row.descriptor.digest if row.descriptor else None, row.diff_id


def _weight(row: LayerRow) -> int:
    return row.descriptor.size or 0 if row.descriptor else 0


def _said(row: LayerRow) -> str:
    """Give the text in which a filter looks: what is painted, and the digests in full."""
    layer = row.descriptor
    named = f" {layer.digest or ''} {layer.media_type} {' '.join(layer.annotations.values())}" if layer else ""
    return f"{row.command.whole} {row.command.instruction} {row.command.rest}{named} {row.diff_id or ''}"


def _is_same(row: LayerRow, other: LayerRow) -> bool:
    """Tell whether two rows are one layer or one step; commands come later than the layers."""
    return row.number == other.number if row.number else row.entry is not None and row.entry is other.entry


def _command(row: LayerRow, styles: TextStyles) -> list[Span]:
    command = row.command
    if not command.whole and row.descriptor is not None:
        title = row.descriptor.annotations.get(TITLE, "")
        kind = plain(row.descriptor.media_type)
        return [(visible(title, 512) + "  " if title else "", styles.text), (kind, styles.secondary)]
    rest = visible(command.rest, 512)
    if row.number is None:
        return [(f"{command.instruction} {rest}".strip(), styles.tertiary)]
    if command.instruction:
        return [(command.instruction, styles.primary), (f" {rest}", styles.text)]
    return [(rest, styles.text)]
