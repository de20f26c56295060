"""Pane 4: the config as highlighted JSON, painted line by line; raw bytes beside it."""

from __future__ import annotations

from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any

from rich.style import Style

from regbrowse.oci.jsonlines import JsonLines
from regbrowse.text import size, visible
from regbrowse.tui.cells import Span, clip
from regbrowse.tui.colours import Ink
from regbrowse.tui.messages import FilterChanged, FilterKept
from regbrowse.tui.panes.filter import FilterInput
from regbrowse.tui.panes.lines import Pane

if TYPE_CHECKING:
    from pygments.lexer import Lexer

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
RAW_LINE = 2_048
"""Bytes of a raw document on one row when it has no line ends."""


class ConfigPane(Pane):
    """A document by line. Nothing here depends on its size but the rows that are visible."""

    number = 4
    label = "Config"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.document: JsonLines | None = None
        self.raw = b""
        self.is_raw = False
        self.whole = True
        self.brief: list[str] = []
        self.odd: tuple[str, ...] = ()
        """The document in a few words for the pane of three rows, the most important first."""
        self.created = ""
        """When the image was made, to the minute."""
        self.query_text = ""
        self.search_open = False
        self._raw_lines: list[str] | None = None
        self._slicing = False
        self._repainted = 0.0
        self._value: tuple[JsonLines, int, str] | None = None
        """The value that was asked for last: a whole object can be large, and it is asked for with every key."""

    def show_document(self, raw: bytes, *, whole: bool = True) -> None:
        """Shows a document: the first lines now, the rest while the keyboard is idle."""
        self.stop_asking()
        self.error = None
        self.waits_for = ""
        self.raw, self.whole = raw, whole
        self.document = JsonLines(raw)
        self.document.advance(AT_ONCE)
        self._raw_lines = None
        self.brief = []
        self.cursor = self.top = 0
        self.rows_changed()
        self._go_on()

    def tell(self, created: str, brief: list[str], odd: tuple[str, ...] = ()) -> None:
        """What the document says, once it was read as a config; what is odd about it, one sentence each."""
        self.created, self.brief, self.odd = created, brief, odd
        self.refresh()

    def clear(self) -> None:
        self.document = self._value = None
        self.raw, self._raw_lines, self.brief, self.created, self.odd = b"", None, [], "", ()
        self.cursor = self.top = 0
        self.refresh()

    def _go_on(self) -> None:
        if self.document is not None and not self.document.done and not self._slicing:
            self._slicing = True
            self.set_timer(0.001, self._slice)

    def _slice(self) -> None:
        self._slicing = False
        if self.document is None:
            return
        now = perf_counter()
        while self.document.advance(SLICE_LINES) and perf_counter() < now + SLICE_SECONDS:
            pass
        if self.document.done or now >= self._repainted + REPAINT:
            self._repainted = now
            self.refresh()
        self._go_on()

    def toggle_raw(self) -> None:
        """The bytes as they came, or laid out."""
        self.is_raw = not self.is_raw
        self.cursor = self.top = 0
        self.rows_changed()

    @property
    def lines(self) -> list[str]:
        if self.is_raw:
            if self._raw_lines is None:
                self._raw_lines = _raw_lines(self.raw)
            return self._raw_lines
        return self.document.lines if self.document else []

    @property
    def path(self) -> str:
        """Where the cursor is, such as `.config.Env[3]`; empty in the raw view."""
        if self.is_raw or not self.document or not self.document.valid or not self.row_count():
            return ""
        return self.document.path(self.cursor)

    @property
    def value(self) -> str:
        """The value under the cursor: a scalar without quotes, or the JSON of a whole object."""
        if not self.row_count():
            return ""
        if self.is_raw or not self.document or not self.document.valid:
            return self.lines[self.cursor]
        if self._value is None or self._value[0] is not self.document or self._value[1] != self.cursor:
            self._value = self.document, self.cursor, self.document.value(self.cursor)
        return self._value[2]

    def preview(self, limit: int) -> str:
        """The beginning of that value, for the detail strip."""
        if not self.row_count():
            return ""
        if self.is_raw or not self.document or not self.document.valid:
            return self.lines[self.cursor][:limit]
        return self.document.preview(self.cursor, limit)

    # Search

    def open_search(self) -> None:
        if self.search_open:
            self.query_one(FilterInput).focus()
            return
        self.search_open = True
        field = FilterInput(self.id or "", self.query_text)
        self.place_input(field)
        self.mount(field)
        field.focus()
        self.rows_changed()

    def close_search(self, *, kept: bool) -> None:
        self.search_open = False
        self.query(FilterInput).remove()
        if not kept:
            self.query_text = ""
        self.rows_changed()

    def on_filter_changed(self, event: FilterChanged) -> None:
        event.stop()
        self.search(event.text)

    def on_filter_kept(self, event: FilterKept) -> None:
        event.stop()
        self.close_search(kept=event.kept)
        self.focus()

    def search(self, text: str) -> None:
        """Looks for a text from the cursor on."""
        self.query_text = text
        if text and not self._matches(self.cursor):
            self.next_match(1)
        self.refresh()

    def next_match(self, direction: int) -> bool:
        """Moves to the next row that holds the text, round the end; whether there is one."""
        lines, wanted = self.lines, self.query_text.lower()
        if not wanted or not lines:
            return False
        count = len(lines)
        for step in range(1, count + 1):
            at = (self.cursor + direction * step) % count
            if wanted in lines[at].lower():
                self.jump(at)
                return True
        return False

    def _matches(self, index: int) -> bool:
        return index < len(self.lines) and self.query_text.lower() in self.lines[index].lower()

    # Painting

    def top_rows(self) -> int:
        return 1 if self.search_open and not self.small else 0

    def row_count(self) -> int:
        return len(self.lines)

    def facts(self) -> list[str]:
        count = self.row_count()
        if not count:
            return []
        done = self.is_raw or self.document is None or self.document.done
        facts = [f"line {self.cursor + 1:,} of {count:,}{'' if done else '…'}"]
        if self.query_text:
            facts.append(f"/{self.query_text}")
        facts.append("raw" if self.is_raw else "pretty" if self.document and self.document.valid else "no JSON")
        if self.odd:
            facts.append(f"{len(self.odd)} odd")
        return facts if self.whole else ["first part", "enter for all", *facts[:1]]

    def summary(self, ink: Ink) -> list[Span]:
        if not self.brief:
            return [(size(len(self.raw)), ink.text)]
        return [(self.brief[0], ink.text), *((f"  {each}", ink.secondary) for each in self.brief[1:])]

    def paint_row(self, index: int, width: int, ink: Ink) -> list[Span]:
        spans: list[Span] = []
        if width + 1 >= NUMBERS_FROM:
            digits = max(3, len(str(self.row_count())))
            spans.append((f"{index + 1:>{digits}}  ", ink.tertiary))
            width -= digits + 2
        line = self.lines[index][: 4 * width + 64]
        shown = visible(line, max(8, 4 * width))
        body = [(shown, ink.text)] if self.is_raw or not self.document or not self.document.valid else (
            self._lexed(shown, ink)
        )  # fmt: skip
        if self.query_text:
            body = _underlined(body, self.query_text)
        if len(self.lines[index]) > len(line):
            body.append(("…" * (width + 1), ink.text))
        return spans + clip(body, width)

    @cached_property
    def _lexer(self) -> Lexer:
        from pygments.lexers.data import JsonLexer  # late: 50 ms that the first paint of the app need not wait for

        lexer: Lexer = JsonLexer()
        return lexer

    def _lexed(self, line: str, ink: Ink) -> list[Span]:
        from pygments.token import Token

        styles: tuple[tuple[Any, Style], ...] = (
            (Token.Name.Tag, ink.primary),
            (Token.Literal.Number, ink.accent),
            (Token.Keyword, ink.accent),
            (Token.Punctuation, ink.secondary),
        )
        out: list[Span] = []
        for _, kind, text in self._lexer.get_tokens_unprocessed(line):
            style = next((each for token, each in styles if kind in token), ink.text)
            out.append((text, style))
        return out


def _raw_lines(raw: bytes) -> list[str]:
    text = raw.decode("utf-8", "backslashreplace")
    lines: list[str] = []
    for line in text.split("\n"):
        lines += [line[at : at + RAW_LINE] for at in range(0, max(1, len(line)), RAW_LINE)]
    return lines


_UNDERLINE = Style(underline=True, bold=True)


def _underlined(spans: list[Span], wanted: str) -> list[Span]:
    """The spans with every occurrence of a text underlined, also across their borders."""
    whole, wanted = "".join(text for text, _ in spans).lower(), wanted.lower()
    marked = [False] * len(whole)
    at = whole.find(wanted)
    while at >= 0:
        marked[at : at + len(wanted)] = [True] * len(wanted)
        at = whole.find(wanted, at + len(wanted))
    if True not in marked:
        return spans
    out: list[Span] = []
    at = 0
    for text, style in spans:
        for char in text:
            here = at < len(marked) and marked[at]
            out.append((char, style + _UNDERLINE if here else style))
            at += 1
    return out
