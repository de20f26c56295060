"""Spans of styled text and how they are cut, padded and joined to lines of an exact width."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import style as textual_style
from textual.content import Content
from textual.strip import Strip

if TYPE_CHECKING:
    from regbrowse.digest import Digest
    from regbrowse.tui.theme_styles import TextStyles

DIGEST = 19
"""Cells of a short digest."""
TAIL = 9
"""Cells that stay of the end of a text that is cut in its middle."""
UNDERLINED = Style(underline=True, bold=True)
"""What a match is painted with."""
Span = tuple[str, Style]
"""A piece of a line: display text (already visible) and its style."""


def width_of(spans: Iterable[Span]) -> int:
    """Cells that the spans take."""
    return sum(cell_len(text) for text, _ in spans)


def cut(text: str, width: int) -> str:
    """The text in at most `width` cells, ending with `…` when something is missing."""
    if width <= 0:
        return ""
    if cell_len(text[: width + 1]) <= width and len(text) <= width:
        return text
    if cell_len(text) <= width:
        return text
    head = set_cell_size(text[:width], width - 1).rstrip()
    return head + "…"


def cut_left(text: str, width: int) -> str:
    """The end of the text in at most `width` cells, beginning with `…` when something is missing."""
    if cell_len(text) <= width:
        return text
    return "…" + text[len(text) - max(0, width - 1) :] if width > 0 else ""


def cut_middle(text: str, width: int) -> str:
    """The beginning and the end of a text of one cell per character, with `…` between where something is missing."""
    if len(text) <= width:
        return text
    end = max(0, min(TAIL, width - 2))
    return f"{text[: max(0, width - end - 1)]}…{text[len(text) - end :]}"


def clip(spans: Iterable[Span], width: int) -> list[Span]:
    """The spans in at most `width` cells; the last one ends with `…` when something is missing."""
    out: list[Span] = []
    left = width
    for text, style in spans:
        if not text:
            continue
        need = cell_len(text)
        if need <= left:
            out.append((text, style))
            left -= need
            continue
        if left > 0:
            out.append((cut(text, left), style))
        else:
            while out and not cell_len(out[-1][0]):
                out.pop()  # a mark that stands on what is before it has no cell for the `…`
            if out:
                last, kept = out[-1]
                out[-1] = (cut(last + "…", cell_len(last)), kept)
        break
    return out


def spread(left: list[Span], right: list[Span], width: int, fill: Style) -> list[Span]:
    """Left and right groups at the two ends of a line of exactly `width` cells; the left one is cut first."""
    room = width - width_of(right)
    left = clip(left, max(0, room - (1 if right else 0)))
    return [*left, (" " * max(0, room - width_of(left)), fill), *right]


def underlined(spans: list[Span], wanted: str) -> list[Span]:
    """Underline every occurrence of a text, also across the borders of spans."""
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
        begin = 0
        for end in range(1, len(text) + 1):
            here = at + begin < len(marked) and marked[at + begin]
            if end == len(text) or (at + end < len(marked) and marked[at + end]) != here:
                out.append((text[begin:end], style + UNDERLINED if here else style))
                begin = end
        at += len(text)
    return out


def shifted(spans: list[Span], cells: int) -> list[Span]:
    """The spans without their first cells; half a wide character becomes a space."""
    out: list[Span] = []
    for text, style in spans:
        if cells <= 0:
            out.append((text, style))
            continue
        at = 0
        while at < len(text) and cells > 0:
            cells -= cell_len(text[at])
            at += 1
        out.append((" " * max(0, -cells) + text[at:], style))
        cells = max(0, cells)
    return [(text, style) for text, style in out if text]


def strip(spans: Iterable[Span], width: int, fill: Style) -> Strip:
    """The spans as a strip of exactly `width` cells."""
    segments = [Segment(text, style) for text, style in spans if text]
    return Strip(segments).adjust_cell_length(width, fill)


def content(spans: Iterable[Span]) -> Content:
    """Make the spans content for a border or a line of Textual's own; never read as markup."""
    return Content.assemble(*((text, textual_style.Style.from_rich_style(style)) for text, style in spans if text))


def short_digest(digest: Digest, styles: TextStyles) -> list[Span]:
    """Paint `sha256:` and 12 digits in 19 cells; another algorithm gets as many digits as fit."""
    prefix = digest.algorithm[:10] + ":"
    digits = digest.encoded[: DIGEST - len(prefix)].ljust(DIGEST - len(prefix))
    return [(prefix, styles.tertiary), (digits, styles.secondary)]


def joined(facts: list[str], room: int) -> str:
    """Join at most three facts by dots; the last ones are dropped when they do not fit."""
    facts = facts[:3]
    while len(facts) > 1 and len(" · ".join(facts)) > room:
        facts = facts[:-1]
    return " · ".join(facts)


def wrap(text: str, width: int) -> list[str]:
    """The text broken at spaces, and within words that are longer than a line; what is indented stays so."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        words = paragraph.lstrip(" ")
        indent = min(len(paragraph) - len(words), max(0, width // 2))
        lines += [" " * indent + line for line in _wrapped(words, width - indent)]
    return lines


def _wrapped(paragraph: str, width: int) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in paragraph.split(" "):
        if line and cell_len(line) + 1 + cell_len(word) <= width:
            line += " " + word
            continue
        if line:
            lines.append(line)
        pieces = _chopped(word, max(1, width))
        lines.extend(pieces[:-1])
        line = pieces[-1]
    return [*lines, line]


def _chopped(word: str, width: int) -> list[str]:
    """The word in pieces of at most `width` cells, or of one wider character; marks stay with what they stand on."""
    if cell_len(word) <= width:
        return [word]
    pieces, used = [""], 0
    for char in word:
        cells = cell_len(char)
        if pieces[-1] and used + cells > width:
            pieces.append("")
            used = 0
        pieces[-1] += char
        used += cells
    return pieces
