"""The lines around the panes: where we are, what the cursor is on, which keys work now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from rich.style import Style
from textual import events, message
from textual.content import Content
from textual.reactive import reactive
from textual.timer import Timer
from textual.widget import Widget

from regbrowse.text import exact
from regbrowse.tui.cells import Span, clip, content, cut, cut_left, spread, width_of
from regbrowse.tui.theme_styles import TextStyles, theme_styles

_BOLD = Style(bold=True)
NOTE_SECONDS = 4.0
"""Seconds for which the status line says what was done."""
METER = 10
"""Cells of the bar that shows what is left of the rate limit."""


class Where(NamedTuple):
    """What the header says."""

    registry: str = ""
    repository: str = ""
    tag: str = ""
    digest: str = ""
    """Short."""
    files: bool = False
    """Whether it is a folder or an archive, for which there is no login."""
    offline: bool = False
    """Whether nothing is asked, and what was kept is shown."""
    user: str = ""
    source: str = ""
    """Where the login came from."""
    left: int | None = None
    limit: int | None = None
    warning: str = ""
    """What is not safe about the connection: `not encrypted`, `certificate not checked`."""
    cost: int = 0
    """What the next action costs of the rate limit."""
    watching: str = ""
    """The tag that is watched, as `webapp:2.14.1`."""


class Detail(NamedTuple):
    """What the status line says of the row under the cursor."""

    kind: str = ""
    digest: str = ""
    size: int | None = None
    mark: str = ""
    """`✓ verified`, `· claimed` or `× mismatch`."""
    name: str = ""
    more: str = ""


class Note(NamedTuple):
    """What was just done, such as `copied`, `linux/amd64 digest of …`, `by OSC 52`."""

    verb: str = ""
    what: str = ""
    how: str = ""


class Hint(NamedTuple):
    """A key in the footer."""

    key: str
    word: str
    action: str = ""
    """What a click on it does; empty: nothing."""


class Line(Widget):
    """A line of spans."""

    def spans(self, width: int) -> list[Span]:
        """Give the line in at most `width` cells."""
        raise NotImplementedError

    def render(self) -> Content:
        return content(self.spans(self.size.width))


class Header(Line):
    """`ghcr.io / acme/shop/webapp : 2.14.1 @ sha256:33b0ce7a3913` and who asks."""

    where: reactive[Where] = reactive(Where())

    def spans(self, width: int) -> list[Span]:
        styles = theme_styles(self.app).panel
        right = self._right(width, styles)
        room = width - width_of(right) - 3
        left = self._left(width, room, styles)
        return spread([(" ", styles.plain), *left], [*right, (" ", styles.plain)], width, styles.plain)

    def _left(self, width: int, room: int, styles: TextStyles) -> list[Span]:
        where = self.where
        if not where.registry:
            return [("regbrowse", styles.bold)]
        tail: list[Span] = []
        if where.tag:
            tail = [(" : ", styles.tertiary), (where.tag, styles.key)]
        digest: list[Span] = [(" @ ", styles.tertiary), (where.digest, styles.secondary)] if where.digest else []
        if digest and (width >= 100 or not where.tag):
            tail += digest
        head: list[Span] = [(where.registry, styles.secondary)]
        if where.repository:
            head.append((" / ", styles.tertiary))
        space = room - width_of(head) - width_of(tail)
        if where.repository and space < len(where.repository):
            if space < 12:
                head, space = [], room - width_of(tail)
            return [*head, (cut_left(where.repository, max(1, space)), styles.bold), *tail]
        return [*head, (where.repository, styles.bold), *tail]

    def _right(self, width: int, styles: TextStyles) -> list[Span]:
        where = self.where
        if not where.registry:
            return []
        if where.offline:
            return [("offline", styles.warning)]
        spans: list[Span] = []
        if where.watching and width >= 60:
            spans.append((f"◎ {cut(where.watching, 24)}   ", styles.accent))
        if where.warning:
            spans.append((f"! {where.warning}   ", styles.warning))
        if width >= 60:
            nobody = "on this machine" if where.files else "anonymous"
            spans += [(where.user, styles.text)] if where.user else [(nobody, styles.secondary)]
        if where.source and width >= 100:
            spans.append((f" {where.source}", styles.secondary))
        if where.left is None or not where.limit:
            return spans
        spans.append(("   ", styles.plain))
        if width >= 100:
            filled = max(0, min(METER, round(METER * where.left / where.limit)))
            spans += [("━" * filled, styles.accent), ("━" * (METER - filled), styles.tertiary), (" ", styles.plain)]
        low = where.left * 10 < where.limit
        spans += [(f"{where.left}/{where.limit}", styles.warning if low else styles.text)]
        spans.append((" low" if low else " left", styles.warning if low else styles.secondary))
        if width >= 140 and where.cost:
            spans.append((f", next costs {where.cost}", styles.secondary))
        return spans


class StatusLine(Line):
    """The row under the cursor in full; for a moment, what was just done."""

    detail: reactive[Detail] = reactive(Detail())
    note: reactive[Note] = reactive(Note())
    """Empty most of the time."""

    _until: Timer | None = None
    _stays: bool = False

    def say(self, note: Note, *, stays: bool = False) -> None:
        """Say for a moment, or until the next key, what was done; with `stays` until the next key in any case."""
        if self._stays and not stays:
            return
        self.note, self._stays = note, stays
        if self._until:
            self._until.stop()
        self._until = None if stays else self.set_timer(NOTE_SECONDS, self.say_no_more)

    def say_no_more(self) -> None:
        self.note, self._stays = Note(), False

    def render(self) -> Content:
        width, height = self.size
        styles = theme_styles(self.app).surface
        lines = [self._first(width, styles), self._second(width, styles)][:height]
        if self.note.what:
            lines[-1] = self._noted(styles)
        return Content("\n").join(content(clip(line, width - 1)) for line in lines)

    def _noted(self, styles: TextStyles) -> list[Span]:
        verb, what, how = self.note
        style = styles.error if verb in ("×", "failed") else styles.warning if verb == "≠" else styles.success
        spans: list[Span] = [(" ", styles.plain), (verb, style + _BOLD), (f" {what}", styles.text)]
        return [*spans, (f"  {how}", styles.secondary)] if how else spans

    def _first(self, width: int, styles: TextStyles) -> list[Span]:
        detail = self.detail
        if not detail.digest:
            return [(f" {detail.kind:<6} ", styles.secondary), (detail.name, styles.text)] if detail.kind else []
        spans: list[Span] = [(f" {detail.kind:<7}", styles.secondary), (detail.digest, styles.text)]
        if detail.size is not None:
            spans += [(f"  {exact(detail.size)}", styles.text)]
        mark = detail.mark
        if mark:
            style = {"✓": styles.success, "×": styles.error, "!": styles.warning}.get(mark[0], styles.tertiary)
            spans += [("  ", styles.plain), (mark, style)]
        while len(spans) > 2 and width_of(spans) > width - 1:
            spans.pop()
        return spans

    def _second(self, width: int, styles: TextStyles) -> list[Span]:
        """Give the name and what follows it, which is not pushed out by a long name."""
        detail = self.detail
        if detail.kind and not detail.digest:
            return [(" " * 8, styles.plain), (detail.more, styles.secondary)]
        room = width - 11
        name = cut(detail.name, room - min(width_of([(detail.more, styles.text)]), room // 2))
        spans: list[Span] = [(" " * 8, styles.plain), (name, styles.text)]
        if detail.more:
            spans.append((f"  {detail.more}", styles.secondary))
        return spans


class Footer(Line):
    """The keys that work now; those that do not fit are left out whole."""

    hints: reactive[tuple[Hint, ...]] = reactive(())
    fixed: reactive[tuple[Hint, ...]] = reactive(())
    """These stand at the right edge."""

    @dataclass
    class Pressed(message.Message):
        """A key was clicked."""

        action: str

    def spans(self, width: int) -> list[Span]:
        styles = theme_styles(self.app).panel
        out: list[Span] = []
        at = 0
        for x, hint in self._places(width):
            out += [(" " * (x - at), styles.plain), (hint.key, styles.key), (f" {hint.word}", styles.text)]
            at = x + _length(hint)
        return out

    def _places(self, width: int) -> list[tuple[int, Hint]]:
        """Give the cell at which each key stands that fits."""
        end = width - 1 - sum(map(_length, self.fixed)) - 2 * max(0, len(self.fixed) - 1)
        places: list[tuple[int, Hint]] = []
        x = 1
        for hint in self.hints:
            if x + _length(hint) + 3 > end:
                break
            places.append((x, hint))
            x += _length(hint) + 3
        for hint in self.fixed:
            places.append((end, hint))
            end += _length(hint) + 2
        return places

    def on_click(self, event: events.Click) -> None:
        for x, hint in self._places(self.size.width):
            if x <= event.x < x + _length(hint) and hint.action:
                self.post_message(self.Pressed(hint.action))


def _length(hint: Hint) -> int:
    return len(hint.key) + 1 + len(hint.word)


class TooSmall(Line):
    """Said instead of everything when the terminal is too small."""

    def spans(self, width: int) -> list[Span]:
        text = f"regbrowse needs 40x10, this is {width}x{self.size.height}"
        return [(text[:width], theme_styles(self.app).pane.text)]
