"""Pane 4: a card of what people look for in a config, and its JSON, its bytes and the manifest, line by line."""

from __future__ import annotations

import re
from bisect import bisect_left
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar

from rich.style import Style
from textual import on
from textual.binding import BindingType
from textual.message import Message

from regbrowse.errors import BadReference, BadResponse, Integrity, RegbrowseError
from regbrowse.oci.attached import documents_of
from regbrowse.oci.decode.values import NOT_VERIFIED
from regbrowse.oci.image_card import image_card
from regbrowse.oci.manifest import Image, config_of
from regbrowse.oci.mediatype import OCI_EMPTY
from regbrowse.reference import Digest
from regbrowse.text import age, plural, size, visible
from regbrowse.tui import keys
from regbrowse.tui.cells import Span, clip, cut_left, shifted, underlined
from regbrowse.tui.copy_forms import Form
from regbrowse.tui.decoded_rows import DecodedRows
from regbrowse.tui.messages import LARGE, ConfigLoaded, ContentLoaded, DocumentDecoded, ImageLoaded, LoadFailed
from regbrowse.tui.panes.pane import LINE_LIMIT, MARK_WORDS, Pane
from regbrowse.tui.theme_styles import TextStyles
from regbrowse.tui.widgets.lines import Detail
from regbrowse.tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pygments.lexer import Lexer

    from regbrowse.oci.config import Config
    from regbrowse.oci.descriptor import Descriptor
    from regbrowse.oci.image_card import CardRow
    from regbrowse.oci.jsonlines import JsonLines
    from regbrowse.oci.manifest import Manifest
    from regbrowse.tui.dockerfile_rows import DockerfileRows
    from regbrowse.tui.messages import ImageRequest

NUMBERS_FROM = 60
"""Inner cells from which line numbers are shown."""
AT_ONCE = 200
"""Lines laid out before the first paint."""
SLICE_LINES = 500
"""Lines laid out between two looks at the clock."""
SLICE_SECONDS = 0.008
"""How long one slice may keep the event loop."""
REPAINT = 0.1
"""Seconds between two paints while the rest is laid out."""
CARD, DECODED, PRETTY, RAW, DOCKERFILE, MANIFEST = "card", "decoded", "pretty", "raw", "dockerfile", "manifest"
READABLE = CARD, DECODED
"""The views that say what a document means; one that has none of them is shown pretty."""
NAMES = 12
"""Cells of the names on the card."""
VALUES = 20
"""Cells that the values of labels have at least."""
_PART = re.compile(r' {2,4}"')
RAW_LINE = 2_048
"""Bytes of a raw document on one row when it has no line ends."""


class Matches:
    """The lines that hold a text, found a slice at a time."""

    def __init__(self, text: str, view: str, document: JsonLines | None) -> None:
        self.sought = text, view, document
        self.rows: list[int] = []
        """Sorted."""
        self.looked = 0
        """How many lines were looked at."""

    def look(self, lines: list[str]) -> bool:
        """Look at more lines for a moment; tell whether all of them were looked at."""
        end, text = perf_counter() + SLICE_SECONDS, self.sought[0].lower()
        while self.looked < len(lines) and perf_counter() < end:
            upto = min(len(lines), self.looked + SLICE_LINES)
            self.rows += [row for row in range(self.looked, upto) if text in lines[row].lower()]
            self.looked = upto
        return self.looked >= len(lines)

    def said(self, row: int) -> str:
        """Say how many there are, and which of them the cursor is on."""
        place = bisect_left(self.rows, row)
        on = f"{place + 1:,} of " if place < len(self.rows) and self.rows[place] == row else ""
        return f"{on}{plural(len(self.rows), 'match')}"


class ConfigPane(Pane):
    """A document by line. Nothing here depends on its size but the rows that are visible."""

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings(keys.CONFIG)

    number = 4
    short_label = "config"
    foot = ("find", "match(1)", "copy", "view", "enter", "history(-1)", "history(1)", "open", "zoom", "details")

    @dataclass
    class DigestSelected(Message):
        """Enter was pressed on a digest."""

        digest: Digest

    def __init__(self) -> None:
        super().__init__("config", "Config")
        self.request: ImageRequest | None = None
        """Whose config is shown or awaited."""
        self.manifest: Manifest | None = None
        """The manifest that names the config; None until it was read."""
        self.document: JsonLines | None = None
        self.raw = b""
        self.labels: Mapping[str, str] = {}
        """The labels of the image, once the config was read as values."""
        self.card: tuple[CardRow, ...] = ()
        """The rows of the card; empty until the config was read as values, and for what is no config of an image."""
        self.wanted_view = CARD
        """The view that was chosen last, for all documents that have it."""
        self.decoded: DecodedRows | None = None
        """The rows of a statement or another document that was decoded; None for anything else."""
        self.blob: Descriptor | None = None
        """What the document is, where it is not the config of the manifest."""
        self._is_attachment = False
        """Whether a document of the manifest is awaited instead of its config."""
        self._awaits = ""
        """The view that will come in a moment, so that nothing else is shown before it; empty when none will."""
        self._stays_pretty = False
        """Whether the lines of a large config are shown already, which the card does not replace by itself."""
        self._manifest_document: JsonLines | None = None
        self.whole = True
        """False when only the first part of a large document was read."""
        self._matches = Matches("", "", None)
        self._brief: tuple[str, ...] = ()
        """The document in a few words, for where there is room for one row, the most important first."""
        self._anomalies: tuple[str, ...] = ()
        """What is odd about it, one sentence each."""
        self._dockerfile: DockerfileRows | None = None
        """The history as a Dockerfile; None until it was looked at."""
        self._config: Config | None = None
        """The config as values; None until it was read."""
        self._raw_lines: list[str] | None = None
        self._painted = 0.0
        self.wanted_line: int | None = None
        """The row to put the cursor on when it is there."""
        self._value: tuple[JsonLines, int, str] | None = None
        """The value that was asked for last: a whole object can be large, and it is asked for with every key."""

    # What is shown

    def start(self, request: ImageRequest | None, subject: str, *, is_attachment: bool = False) -> None:
        """Forget the document, and wait for that of another image, or of something attached to one."""
        self._is_attachment = is_attachment
        self.request, self.manifest, self.blob, self.subject = request, None, None, subject
        self._show(b"", whole=True)
        self.start_loading(f"asking for {subject}")

    def forget(self, wait_for: str = "a manifest") -> None:
        """Forget the document."""
        self.wanted_line = None
        self.start(None, "")
        self.wait_for(wait_for)

    @on(ImageLoaded)
    def _image_loaded(self, message: ImageLoaded) -> None:
        if message.request is not self.request:
            return
        if isinstance(message.outcome, RegbrowseError):
            self.show_mismatch(message.outcome)
        elif self.manifest is None:
            self.take_manifest(message.outcome)

    def take_manifest(self, manifest: Manifest) -> None:
        """Wait for the config that a manifest names; show the manifest itself where it names none."""
        self.manifest = manifest
        if self._is_attachment and documents_of(manifest):
            return  # the first of them comes
        config = config_of(manifest)
        if config is None or config.digest is None or config.media_type == OCI_EMPTY:
            self.stop_loading()
            self.subject = f"{self.subject}, the manifest itself"
            self._show(manifest.raw, whole=True)

    @on(ContentLoaded)
    def _content_loaded(self, message: ContentLoaded) -> None:
        """Show the bytes of a config or another blob: the first lines now, the rest while the keyboard is idle."""
        if message.request is self.request and message.descriptor.media_type != OCI_EMPTY:
            is_config = self.manifest is not None and message.descriptor == config_of(self.manifest)
            self.blob = None if is_config else message.descriptor
            awaits = DECODED if message.decodes else ""
            if is_config and isinstance(self.manifest, Image) and message.whole and len(message.raw) <= LARGE:
                awaits = CARD
            if awaits != DECODED:
                self.stop_loading()
            self._show(message.raw, whole=message.whole, awaits=awaits)

    @on(ConfigLoaded)
    def _config_loaded(self, message: ConfigLoaded) -> None:
        if message.request is self.request:
            self.describe(message.config)

    @on(DocumentDecoded)
    def _document_decoded(self, message: DocumentDecoded) -> None:
        """Show what a document says; one of no known form as it is."""
        if message.request is not self.request:
            return
        self.stop_loading()
        self._awaits = ""
        if message.decoded is not None:
            self.decoded = DecodedRows(message.decoded)
            self._brief = (message.decoded.summary, NOT_VERIFIED)
            self._anomalies = message.decoded.anomalies
        self.rows_changed()
        self._go_to_wanted_line()

    @on(LoadFailed)
    def _load_failed(self, message: LoadFailed) -> None:
        if message.request is not self.request:
            return
        if isinstance(message.error, BadResponse) and self.document is not None and self.whole:
            self._tell_odd(message.error)
        else:
            self.fail(message.error)

    def describe(self, config: Config) -> None:
        """Take what the document says, once it was read as a config."""
        self._brief = (
            f"created {config.created[:10]}" if config.created else "no date",
            *([f"user {config.user}"] if config.user else []),
            f"{len(config.env)} env",
            plural(len(config.labels), "label"),
        )
        self._anomalies = config.anomalies
        self.labels = config.labels
        self._config, self._dockerfile = config, None
        self.card = image_card(config, self.manifest.annotations if self.manifest else {})
        self._awaits = ""
        self.rows_changed()
        self._go_to_wanted_line()

    def fail(self, error: RegbrowseError) -> None:
        """Say what failed; content that does not match its digest can be looked at."""
        self._awaits = ""
        if isinstance(error, Integrity) and error.content:
            self._show(error.content, whole=True)
        super().fail(error)
        self.rows_changed()

    def _tell_odd(self, error: BadResponse) -> None:
        """Say why what is shown could not be read as a config: asking again would give the same."""
        self.stop_loading()
        self._anomalies = (error.why,)
        self._awaits = ""
        self.rows_changed()

    def show_mismatch(self, error: RegbrowseError) -> None:
        """Show content that does not match its digest; else wait, since the error is said elsewhere."""
        if isinstance(error, Integrity) and error.content:
            self.fail(error)
        else:
            self.wait_for("a manifest")

    def _show(self, raw: bytes, *, whole: bool, awaits: str = "") -> None:
        self.raw, self.whole = raw, whole
        self.labels = {}
        self.card, self.decoded, self._awaits = (), None, awaits
        self._config = self._dockerfile = None
        self._stays_pretty = bool(raw) and not awaits
        self._manifest_document = None
        self.document = None
        if raw:
            from regbrowse.oci.jsonlines import JsonLines  # late: not needed for the first paint

            self.document = JsonLines(raw)
        self._raw_lines = self._value = None
        self._brief = self._anomalies = ()
        if self.document is not None:
            self.document.advance(AT_ONCE)
            self._lay_out_soon(self.document)
        self.rows.reset()
        self.rows_changed()
        self._go_to_wanted_line()

    def _lay_out_soon(self, document: JsonLines) -> None:
        if not document.done:
            self.set_timer(0.001, lambda: self._lay_out_some(document))

    def _lay_out_some(self, document: JsonLines) -> None:
        """Lay out lines for a moment, so that keys are answered between."""
        if document not in (self.document, self._manifest_document):
            return
        now = perf_counter()
        while document.advance(SLICE_LINES) and perf_counter() < now + SLICE_SECONDS:
            pass
        if document.done or now >= self._painted + REPAINT:
            self._painted = now
            self.rows_changed()
            self._go_to_wanted_line()
        self._lay_out_soon(document)

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        if event.by_hand:
            self.wanted_line = None

    def _go_to_wanted_line(self) -> None:
        line = self.wanted_line
        if line is not None and line < self.row_count() and not self._awaits:
            self.wanted_line = None
            self.rows.put_cursor(line)

    def show_view(self, view: str) -> None:
        """Show one of the views, as far as there is such a view of what is shown."""
        self.wanted_view, self._stays_pretty = view, False
        self.rows_changed()
        self.rows.reset()

    def rows_changed(self) -> None:
        if self.view == MANIFEST and self._manifest_document is None and self.manifest is not None:
            from regbrowse.oci.jsonlines import JsonLines

            self._manifest_document = JsonLines(self.manifest.raw)
            self._manifest_document.advance(AT_ONCE)
            self._lay_out_soon(self._manifest_document)
        super().rows_changed()

    @property
    def views(self) -> list[str]:
        """The views that there are of what is shown, in the order of the key."""
        first = self._awaits or (CARD if self.card else DECODED if self.decoded else "")
        views = [*([first] if first else []), PRETTY, RAW]
        if self._config is not None and isinstance(self.manifest, Image):
            views.append(DOCKERFILE)
        if self.manifest is not None and self.manifest.raw != self.raw:
            views.append(MANIFEST)
        return views

    @property
    def view(self) -> str:
        """The view that is shown."""
        views = self.views
        if self.wanted_view in READABLE:
            return views[0] if views[0] in READABLE and not self._stays_pretty else PRETTY
        return self.wanted_view if self.wanted_view in views else PRETTY

    def show_next_view(self) -> None:
        """Show what the document means, the document laid out, the bytes as they came, or the manifest."""
        views = self.views
        self.show_view(views[(views.index(self.view) + 1) % len(views)])

    @property
    def lines(self) -> list[str]:
        """The lines of the present view."""
        match self.view:
            case "card":
                return [f"{row.name:<{NAMES}}{row.key}  {row.value}" for row in self.card]
            case "decoded":
                return self.decoded.lines if self.decoded else []
            case "dockerfile":
                return self._built.lines if self._built else []
            case "raw":
                if self._raw_lines is None:
                    self._raw_lines = _raw_lines(self.raw) if self.raw else []
                return self._raw_lines
            case view:
                document = self._manifest_document if view == MANIFEST else self.document
                return document.lines if document else []

    @property
    def _laid_out(self) -> JsonLines | None:
        """The document where it is shown as JSON; None in other views and for what is no JSON."""
        document = {PRETTY: self.document, MANIFEST: self._manifest_document}.get(self.view)
        return document if document and document.valid else None

    @property
    def _card_row(self) -> CardRow | None:
        """The row under the cursor of the card."""
        row = self.rows.cursor
        return self.card[row] if self.view == CARD and row < len(self.card) else None

    @property
    def _told(self) -> DecodedRows | None:
        """The rows of the decoded document, where they are shown."""
        return self.decoded if self.view == DECODED and self.row_count() else None

    @property
    def _built(self) -> DockerfileRows | None:
        """The lines of the Dockerfile, where they are shown."""
        image, config = self.manifest, self._config
        if self.view != DOCKERFILE or config is None or not isinstance(image, Image):
            return None
        if self._dockerfile is None:
            from regbrowse.oci.dockerfile import dockerfile
            from regbrowse.oci.layers import join
            from regbrowse.tui.dockerfile_rows import DockerfileRows

            self._dockerfile = DockerfileRows(dockerfile(join(image, config), config, image.annotations))
        return self._dockerfile

    @property
    def path(self) -> str:
        """Where the cursor is, such as `.config.Env[3]`; empty in the raw view."""
        if self._card_row is not None:
            return self._card_row.path
        if self._told is not None:
            return self._told.label(self.rows.cursor)
        return self._laid_out.path(self.rows.cursor) if self._laid_out and self.row_count() else ""

    @property
    def value(self) -> str:
        """The value under the cursor: a scalar without quotes, or the JSON of a whole object."""
        document, row = self._laid_out, self.rows.cursor
        if not self.row_count():
            return ""
        if self._card_row is not None:
            return self._card_row.value
        if self._told is not None:
            return self._told.value(row)
        if self._built is not None:
            return self._built.value(row)
        if document is None:
            return self.lines[row]
        if self._value is None or self._value[:2] != (document, row):
            self._value = document, row, document.value(row)
        return self._value[2]

    @property
    def linked_digest(self) -> Digest | None:
        """The digest under the cursor; None where the value is something else."""
        value = ""
        if self._card_row is not None:
            value = self._card_row.value
        elif self._told is not None:
            value = self._told.value(self.rows.cursor)
        elif self._laid_out is not None and self.row_count():
            value = self._laid_out.preview(self.rows.cursor, LINE_LIMIT)
        with suppress(BadReference):
            return Digest.parse(value)
        return None

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "match":
                return bool(self.sought)
            case "part":
                return self.row_count() > 0
            case "copy" | "details" if not self.filter.input.has_focus:
                return self._told is None or self.value != "" if self.row_count() else False
            case _:
                return super().check_action(action, parameters)

    def enter_word(self) -> str:
        if not self.row_count():
            return ""
        if self.linked_digest is not None:
            return "go to digest"
        if self._told is not None and not self.value:
            return ""
        return "whole value" if self.whole else "load all"

    def word(self, action: str) -> str:
        match action:
            case "find":
                return "search"
            case "copy":
                return "copy" if self._built is not None else "copy value"
            case "view":
                views = self.views
                return views[(views.index(self.view) + 1) % len(views)]
            case _:
                return super().word(action)

    def whole_row(self) -> tuple[str, str]:
        return self.path or "line", self._told.whole(self.rows.cursor) if self._told else self.value

    async def action_enter(self) -> None:
        digest = self.linked_digest
        if digest is not None:
            self.post_message(self.DigestSelected(digest))
        elif self.whole:
            await self.action_details()
        else:
            self.post_message(self.Selected(self))

    def copy_forms(self) -> list[Form]:
        """Give the value under the cursor; it can be large, so it is made only when it is copied."""
        if not self.row_count() or (self._told is not None and not self.value):
            return []
        if self._built is not None:
            whole = Form("f", "Dockerfile, all of it", self._built.text(), f"Dockerfile of {self.subject}")
            return [Form("v", "instruction", self.value, f"instruction of {self.subject}"), whole]
        return [Form("v", "value", self.value, f"{self.path or 'line'} of {self.subject}")]

    def copy_title(self) -> str:
        return f"Dockerfile of {self.subject}"

    def digest_form(self) -> Form | None:
        """Give the digest that the status line shows."""
        if self.request is None or not self.row_count():
            return None
        of = f"of {self.subject} of {self.request.manifest_request.reference}"
        if self.blob is not None and self.blob.digest is not None:
            return Form("d", "digest", str(self.blob.digest), f"digest {of}")
        if isinstance(self.manifest, Image) and self.manifest.config.digest:
            return Form("d", "digest", str(self.manifest.config.digest), f"config digest {of}")
        return Form("d", "digest", str(self.request.digest), f"digest {of}")

    # Search

    def action_keep_filter(self) -> None:
        """Give the keyboard back to the rows; the matches stay marked."""
        super().action_keep_filter()
        self.filter.close()

    def search(self, text: str) -> None:
        """Look for a text from the cursor on."""
        if text == self.sought:
            return
        self.sought = text
        row = self.rows.cursor
        if text and not (row < len(self.lines) and text.lower() in self.lines[row].lower()):
            self._find(1)
        self.rows.refresh()
        self.changed()

    def action_part(self, direction: int) -> None:
        """Move to the next or previous part: what has a name on the card, a member of the document or of its config."""
        rows = range(self.rows.cursor + direction, self.row_count() if direction > 0 else -1, direction)
        lines, card, told = self.lines, self.view == CARD, self._told or self._built

        def begins(row: int) -> bool:
            if told is not None:
                return told.is_part(row)
            return bool(self.card[row].name if card else _PART.match(lines[row]))

        part = next((row for row in rows if begins(row)), None)
        if part is not None:
            self.rows.jump(part)

    def _search_facts(self) -> list[str]:
        """Say what is looked for, and how often it was found so far."""
        if not self.sought:
            return []
        sought = self.sought, self.view, self.document
        if self._matches.sought != sought:
            self._matches = Matches(*sought)
        ended = self._matches.look(self.lines)
        if not ended:
            self.set_timer(REPAINT, self.changed)
        return [f"/{visible(self.sought, 64)} {self._matches.said(self.rows.cursor)}{'' if ended else ' so far'}"]

    def action_match(self, direction: int) -> None:
        if not self._find(direction):
            self.post_message(self.Noted("×", f'nothing matches "{self.sought}"'))

    def _find(self, direction: int) -> bool:
        """Move to the next row that holds the text, round the end; tell whether there is one."""
        lines, wanted = self.lines, self.sought.lower()
        for step in range(1, len(lines) + 1):
            at = (self.rows.cursor + direction * step) % len(lines)
            if wanted in lines[at].lower():
                self.rows.jump(at)
                return True
        return False

    # Painting

    def row_count(self) -> int:
        return len(self.lines)

    def facts(self) -> list[str]:
        count = self.row_count()
        if not count:
            return []
        if self.view == CARD:
            facts = [CARD, *(self._search_facts() or [plural(count, "value")])]
            return [*facts, *([f"{len(self._anomalies)} odd"] if self._anomalies else [])]
        if self._told is not None:
            facts = [DECODED, *(self._search_facts() or [self._told.decoded.counted or plural(count, "value")])]
            return [*facts, *([f"{len(self._anomalies)} odd"] if self._anomalies else [])]
        document = self._laid_out
        facts = [f"line {self.rows.cursor + 1:,} of {count:,}{'' if document is None or document.done else '…'}"]
        facts += self._search_facts()
        if self._built is not None:
            return [*facts, DOCKERFILE]
        not_json = "text" if self.manifest is None else "no JSON"
        facts.append(self.view if document is not None or self.view == RAW else not_json)
        if self._anomalies:
            facts.append(f"{len(self._anomalies)} odd")
        return facts if self.whole else ["first part", "enter for all", *facts[:1]]

    def detail(self) -> Detail:
        if not self.row_count():
            return Detail()
        row, manifest = self.rows.cursor, self.manifest
        if self._built is not None and (made := self._built.layer(row)) is not None and made.descriptor is not None:
            layer, said = made.descriptor, visible(self._built.lines[row], LINE_LIMIT)
            return Detail("layer", str(layer.digest) if layer.digest else "", layer.size, MARK_WORDS["·"], said)
        document = self._laid_out
        value = " ".join(document.preview(row, LINE_LIMIT).split()) if document else self.lines[row][:LINE_LIMIT]
        if self._card_row is not None:
            value = self._card_row.value[:LINE_LIMIT] + self._age(self._card_row)
        if self.blob is None and isinstance(manifest, Image) and manifest.config.digest:
            checked = self.whole and manifest.config.digest.hasher() is not None
            if self._anomalies and row == 0:
                value = "; ".join(self._anomalies)
            mark, digest = MARK_WORDS["✓" if checked else "·"], str(manifest.config.digest)
            return Detail("config", digest, manifest.config.size, mark, self.path, visible(value, LINE_LIMIT))
        blob = self.blob
        digest = str(blob.digest) if blob and blob.digest else str(self.request.digest) if self.request else ""
        if self._told is not None:
            odd = "; ".join(self._anomalies) if row == 0 else ""
            more = visible(odd or self._told.lines[row], LINE_LIMIT)
            return Detail("attest", digest, blob.size if blob else None, NOT_VERIFIED, "", more)
        return Detail("json", digest, None, "", self.path, visible(value, LINE_LIMIT))

    def _age(self, row: CardRow) -> str:
        """Say how long ago an image was made."""
        if row.name != "created":
            return ""
        with suppress(ValueError):
            return f", {age(datetime.strptime(row.value, '%Y-%m-%d %H:%M UTC').replace(tzinfo=UTC), datetime.now(UTC))}"
        return ""

    def summary(self, styles: TextStyles) -> list[Span]:
        if not self._brief:
            return [(size(len(self.raw)), styles.text)]
        return [(self._brief[0], styles.text), *((f"  {each}", styles.secondary) for each in self._brief[1:])]

    def paint_row(self, index: int, width: int, styles: TextStyles) -> list[Span]:
        if self.view == CARD:
            return self._paint_card_row(self.card[index], width, styles)
        if self._told is not None:
            return self._told.paint(index, width, self.rows.shift, self.sought, styles)
        if self._built is not None:
            return self._built.paint(index, width, self.rows.shift, self.sought, styles)
        spans: list[Span] = []
        if width + 1 >= NUMBERS_FROM:
            digits = max(3, len(str(self.row_count())))
            spans.append((f"{index + 1:>{digits}}  ", styles.tertiary))
            width -= digits + 2
        shift = self.rows.shift
        line = self.lines[index][: shift + 4 * width + 64]
        shown = visible(line, max(8, shift + 4 * width))
        body = self._lexed(shown, styles) if self._laid_out else [(shown, styles.text)]
        if self.sought:
            body = underlined(body, self.sought)
        if len(self.lines[index]) > len(line):
            body.append(("…" * (width + 1), styles.text))
        return spans + clip(shifted(body, shift), width)

    def _paint_card_row(self, row: CardRow, width: int, styles: TextStyles) -> list[Span]:
        value = visible(row.value, max(8, self.rows.shift + 4 * width))
        spans: list[Span] = [(f" {row.name:<{NAMES}}", styles.secondary)]
        if row.key:
            # The ends of keys differ; what they begin with is the same for most of them.
            column = min(max(len(each.key) for each in self.card), max(NAMES, width - NAMES - VALUES))
            spans.append((cut_left(visible(row.key, 512), column).ljust(column + 2), styles.primary))
        body: list[Span] = [(value, styles.text)]
        if self.sought:
            spans, body = underlined(spans, self.sought), underlined(body, self.sought)
        return clip([*spans, *shifted(body, self.rows.shift)], width)

    @cached_property
    def _lexer(self) -> Lexer:
        from pygments.lexers.data import JsonLexer  # late: 50 ms that the first paint of the app need not wait for

        lexer: Lexer = JsonLexer()
        return lexer

    def _lexed(self, line: str, styles: TextStyles) -> list[Span]:
        from pygments.token import Token

        of_tokens: tuple[tuple[Any, Style], ...] = (
            (Token.Name.Tag, styles.primary),
            (Token.Literal.Number, styles.accent),
            (Token.Keyword, styles.accent),
            (Token.Punctuation, styles.secondary),
        )
        out: list[Span] = []
        for _, kind, text in self._lexer.get_tokens_unprocessed(line):
            out.append((text, next((style for token, style in of_tokens if kind in token), styles.text)))
        return out


def _raw_lines(raw: bytes) -> list[str]:
    lines: list[str] = []
    for line in raw.decode("utf-8", "backslashreplace").split("\n"):
        lines += [line[at : at + RAW_LINE] for at in range(0, max(1, len(line)), RAW_LINE)]
    return lines
