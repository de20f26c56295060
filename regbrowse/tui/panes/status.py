"""The three lines around the panes: where we are, what the cursor is on, which keys work now."""

from __future__ import annotations

from dataclasses import dataclass

from rich.style import Style
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from regbrowse.text import exact
from regbrowse.tui.cells import Span, clip, cut_left, spread, strip, width_of
from regbrowse.tui.colours import Ink
from regbrowse.tui.inked import Inked

_BOLD = Style(bold=True)
METER = 10
"""Cells of the bar that shows what is left of the rate limit."""


@dataclass(frozen=True, slots=True)
class Where:
    """What the head line says."""

    registry: str = ""
    repository: str = ""
    tag: str = ""
    digest: str = ""
    """Short."""
    files: bool = False
    """Whether it is a folder or an archive, so that nobody asks as somebody."""
    user: str = ""
    source: str = ""
    """Where the login came from."""
    left: int | None = None
    limit: int | None = None
    warning: str = ""
    """What is not safe about the connection: `not encrypted`, `certificate not checked`."""
    cost: int = 0
    """What the next action costs of the rate limit."""


@dataclass(frozen=True, slots=True)
class Detail:
    """What the strip says of the focused row."""

    kind: str = ""
    digest: str = ""
    size: int | None = None
    mark: str = ""
    """`✓ verified`, `· claimed` or `× mismatch`."""
    name: str = ""
    more: str = ""


class Line(Inked):
    """A line on a ground of its own."""


class Head(Line):
    """`ghcr.io / acme/shop/webapp : 2.14.1 @ sha256:33b0ce7a3913` and who asks."""

    where: reactive[Where] = reactive(Where())

    def render_line(self, y: int) -> Strip:  # noqa: ARG002
        width, ink = self.size.width, self.inks.panel
        right = self._right(width, ink)
        room = width - width_of(right) - 3
        left = self._left(width, room, ink)
        line = spread([(" ", ink.plain), *left], [*right, (" ", ink.plain)], width, ink.plain)
        return strip(line, width, ink.plain)

    def _left(self, width: int, room: int, ink: Ink) -> list[Span]:
        where = self.where
        if not where.registry:
            return [("regbrowse", ink.bold)]
        tail: list[Span] = []
        if where.tag:
            tail = [(" : ", ink.tertiary), (where.tag, ink.key)]
        digest: list[Span] = [(" @ ", ink.tertiary), (where.digest, ink.secondary)] if where.digest else []
        if digest and (width >= 100 or not where.tag):
            tail += digest
        head: list[Span] = [(where.registry, ink.secondary)]
        if where.repository:
            head.append((" / ", ink.tertiary))
        space = room - width_of(head) - width_of(tail)
        if where.repository and space < len(where.repository):
            if space < 12:
                head, space = [], room - width_of(tail)
            return [*head, (cut_left(where.repository, max(1, space)), ink.bold), *tail]
        return [*head, (where.repository, ink.bold), *tail]

    def _right(self, width: int, ink: Ink) -> list[Span]:
        where = self.where
        if not where.registry:
            return []
        spans: list[Span] = []
        if where.warning:
            spans.append((f"! {where.warning}   ", ink.warning))
        if width >= 60:
            nobody = "on this machine" if where.files else "anonymous"
            spans += [(where.user, ink.text)] if where.user else [(nobody, ink.secondary)]
        if where.source and width >= 100:
            spans.append((f" {where.source}", ink.secondary))
        if where.left is None or not where.limit:
            return spans
        spans.append(("   ", ink.plain))
        if width >= 100:
            filled = max(0, min(METER, round(METER * where.left / where.limit)))
            spans += [("━" * filled, ink.accent), ("━" * (METER - filled), ink.tertiary), (" ", ink.plain)]
        low = where.left * 10 < where.limit
        spans += [(f"{where.left}/{where.limit}", ink.warning if low else ink.text)]
        spans.append((" low" if low else " left", ink.warning if low else ink.secondary))
        if width >= 140 and where.cost:
            spans.append((f", next costs {where.cost}", ink.secondary))
        return spans


class DetailStrip(Line):
    """The focused row in full; for a moment, what was just done."""

    detail: reactive[Detail] = reactive(Detail())
    message: reactive[tuple[str, str, str]] = reactive(("", "", ""))
    """Verb, what, and how: `copied`, `linux/amd64 digest of …`, `by OSC 52`; empty most of the time."""

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        ink = self.inks.surface
        if any(self.message) and y == height - 1:
            verb, what, how = self.message
            style = ink.error if verb in ("×", "failed") else ink.success
            spans: list[Span] = [(" ", ink.plain), (verb, style + _BOLD), (f" {what}", ink.text)]
            if how:
                spans.append((f"  {how}", ink.secondary))
            return strip(clip(spans, width - 1), width, ink.plain)
        spans = self._first(width, ink) if y == 0 else self._second(ink)
        return strip(clip(spans, width - 1), width, ink.plain)

    def _first(self, width: int, ink: Ink) -> list[Span]:
        detail = self.detail
        if not detail.digest:
            return [(f" {detail.kind:<6} ", ink.secondary), (detail.name, ink.text)] if detail.kind else []
        spans: list[Span] = [(f" {detail.kind:<7}", ink.secondary), (detail.digest, ink.text)]
        if detail.size is not None:
            spans += [(f"  {exact(detail.size)}", ink.text)]
        mark = detail.mark
        if mark:
            style = {"✓": ink.success, "×": ink.error, "!": ink.warning}.get(mark[0], ink.tertiary)
            spans += [("  ", ink.plain), (mark, style)]
        while len(spans) > 2 and width_of(spans) > width - 1:
            spans.pop()
        return spans

    def _second(self, ink: Ink) -> list[Span]:
        detail = self.detail
        if detail.kind and not detail.digest:
            return [(" " * 8, ink.plain), (detail.more, ink.secondary)]
        spans: list[Span] = [(" " * 8, ink.plain), (detail.name, ink.text)]
        if detail.more:
            spans.append((f"  {detail.more}", ink.secondary))
        return spans


class Foot(Line):
    """The keys that work now; pairs that do not fit are left out whole."""

    pairs: reactive[tuple[tuple[str, str, str], ...]] = reactive(())
    """Key, word, action; the last two stand at the right edge."""
    fixed: reactive[tuple[tuple[str, str, str], ...]] = reactive(())

    class Pressed(Message):
        """A key was clicked."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def _layout(self) -> tuple[list[tuple[int, int, str]], list[Span]]:
        """Where each pair stands (from, to, action), and the spans of the line."""
        width, ink = self.size.width, self.inks.panel
        right = _pairs(self.fixed, ink, "  ")
        room = width - width_of(right) - 2
        spots: list[tuple[int, int, str]] = []
        spans: list[Span] = [(" ", ink.plain)]
        x = 1
        for key, word, action in self.pairs:
            gap = 3 if x > 1 else 0
            need = gap + len(key) + 1 + len(word)
            if x + need + 2 > room:
                break
            spans += [(" " * gap, ink.plain), (key, ink.key), (f" {word}", ink.text)]
            spots.append((x + gap, x + need, action))
            x += need
        at = width - 1 - width_of(right)
        spans += [(" " * max(0, at - x), ink.plain), *right]
        for key, word, action in self.fixed:
            spots.append((at, at + len(key) + 1 + len(word), action))
            at += len(key) + len(word) + 3
        return spots, spans

    def render_line(self, y: int) -> Strip:  # noqa: ARG002
        return strip(self._layout()[1], self.size.width, self.inks.panel.plain)

    def on_click(self, event: object) -> None:
        x = getattr(event, "x", -1)
        for start, end, action in self._layout()[0]:
            if start <= x < end:
                self.post_message(self.Pressed(action))


def _pairs(pairs: tuple[tuple[str, str, str], ...], ink: Ink, gap: str) -> list[Span]:
    spans: list[Span] = []
    for key, word, _ in pairs:
        if spans:
            spans.append((gap, ink.plain))
        spans += [(key, ink.key), (f" {word}", ink.text)]
    return spans


class Refuse(Line):
    """Said instead of everything when the terminal is too small."""

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        text = f"regbrowse needs 40x10, this is {width}x{height}" if y == height // 2 else ""
        return strip([(text.center(width)[:width], self.inks.pane.text)], width, self.inks.pane.plain)
