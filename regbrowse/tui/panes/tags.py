"""Pane 1: the tags of a repository, or the repositories of a registry."""

from __future__ import annotations

from time import perf_counter

from rich.style import Style

from regbrowse.reference import Digest
from regbrowse.text import plural
from regbrowse.tui.cells import Span, clip, spread, width_of, wrap
from regbrowse.tui.colours import Ink
from regbrowse.tui.panes.filtered import Filtered
from regbrowse.tui.panes.taglist import TagList

DIGEST_FROM = 44
"""Inner cells from which the digest column is shown."""
DIGEST = 19
SEARCH_KEYS = (("/", "search"), ("o", "open one by name"))
_UNDERLINE = Style(underline=True)
NEWEST, SERVED = "newest first", "as served"
GIVE_WAY = 0.03
"""Seconds after a key in which little is added, so that its row is painted first."""
REPAINT = 0.1
"""Seconds between two paints of a list that only grows."""


class TagsPane(Filtered):
    """Names with their aliases and, where there is room, their digests."""

    number = 1
    label = "Tags"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.streaming = False
        self.stopped = False
        self.about: dict[str, str] = {}
        """What a search said of the names it found."""
        self.late: str = ""
        """Why the listing is not complete, in two or three words."""
        self._adding = False
        self._held = False
        """Whether the cursor belongs to its name; before, it is just on the first row."""
        self._moved = 0.0
        self._grown = self._repainted = 0.0

    # What is shown

    def start(self, *, catalog: bool) -> None:
        """An empty list for another place."""
        self.label = "Repositories" if catalog else "Tags"
        newest = self.list.newest_first
        self.list = TagList(versions=not catalog, newest_first=newest)
        self.streaming, self.stopped, self.late = True, False, ""
        self.searches, self.searched = False, ""
        self.about = {}
        self.cursor = self.top = 0
        self._held = False
        self._moved = 0.0
        self.close_filter()
        self.error = None
        self.refresh()

    def add(self, names: tuple[str, ...]) -> None:
        """More names; the cursor stays on its name once it was moved."""
        self.list.put(names)
        if self._adding:
            return
        if self.list.total:
            self._adding = True
            self.set_timer(0.002, self._add_slice)
        else:
            self._add_slice()

    def _add_slice(self) -> None:
        self._adding = False
        now = perf_counter()
        if now >= min(self._moved + GIVE_WAY, self._grown + REPAINT):
            self._grown = now
            self._grow()
            if not (self.list.waiting or self.streaming) or now >= self._repainted + REPAINT:
                self._repainted = now
                self.rows_changed()
        if self.list.waiting:
            self._adding = True
            self.set_timer(0.002, self._add_slice)

    def _grow(self) -> None:
        here = self.current if self._held else None
        self.list.settle()
        if here is not None and (row := self.list.index(here)) is not None:
            shift = row - self.cursor
            self.set_reactive(TagsPane.cursor, row)
            self.set_reactive(TagsPane.top, max(0, self.top + shift) if self._moved else 0)

    def jump(self, index: int) -> None:
        self._moved = perf_counter()
        self._held = True
        super().jump(index)

    def end(self, *, stopped: bool = False, late: str = "") -> None:
        self.streaming, self.stopped, self.late = False, stopped, late
        self.stop_asking()
        self.refresh()

    def claim(self, tag: str, digest: Digest) -> None:
        self.list.claim(tag, digest)
        self.refresh()

    def offer_search(self, registry: str) -> None:
        """No list, but a search: the input asks the registry."""
        self.end()
        self.searches = True
        self.subject = registry
        self.rows_changed()

    def show_found(self, text: str, found: dict[str, str]) -> None:
        """The names a search found, the best first, with what is said of them."""
        self.searched, self.about = text, found
        self.list = TagList(versions=False, newest_first=False)
        self.list.put(tuple(found))
        self.list.settle()
        self.cursor = self.top = 0
        self.stop_asking()
        self.rows_changed()

    def select(self, name: str) -> bool:
        """Puts the cursor on a name, if it is there."""
        self.list.fetch(name)
        row = self.list.index(name)
        if row is None:
            return False
        self._held = True
        self.cursor = row
        self.show_row(row)
        return True

    def unfold(self) -> None:
        """Opens or closes the signature tags."""
        self.list.unfolded = not self.list.unfolded
        self.rows_changed()

    def sort(self, newest_first: bool) -> None:
        here = self.current
        self.list.sort(newest_first)
        if here:
            self.select(here)
        self.rows_changed()

    @property
    def is_placed(self) -> bool:
        """Whether the cursor stands on a name on purpose, not just on the first of those that came so far."""
        return self._held

    @property
    def names_in_view(self) -> list[str]:
        """The names on the visible rows."""
        return [name for index in self.window if (name := self.list.name(index))]

    # Painting

    def facts(self) -> list[str]:
        tags = self.list
        if self.searches:
            return [plural(tags.total, "repository") + " found", "search"] if self.searched else []
        if self.streaming and tags.total and self.held:
            return [f"{self.spinner} {tags.total:,} so far", self.held]
        if self.streaming or tags.waiting:
            return [f"{self.spinner} {tags.total:,} so far", "esc stops"] if tags.total else []
        if tags.filter.text:
            return [f"{tags.matched:,} of {tags.total:,}", "fuzzy" if tags.filter.fuzzy else "substring"]
        if self.stopped:
            return [f"{tags.total:,} so far", "stopped", "r goes on"]
        if self.late:
            return [f"{tags.total:,} so far", self.late, "r tries again"]
        if not tags.total:
            return []
        order = (NEWEST if tags.newest_first else SERVED) if tags.versions else "by name"
        facts = [f"{min(self.cursor + 1, tags.total):,} of {tags.total:,}", order]
        if tags.hidden:
            facts.append(f"{tags.hidden:,} invalid")
        return facts

    def summary(self, ink: Ink) -> list[Span]:
        noun = "tag" if self.list.versions else "repository"
        return [(self.current or "", ink.text), (f"  {plural(self.list.total, noun)}", ink.secondary)]

    def empty_lines(self, width: int, ink: Ink) -> list[list[Span]]:
        if self.list.filter.text and self.list.total:
            other = "substring" if self.list.filter.fuzzy else "fuzzy"
            noun = "tag" if self.list.versions else "repository"
            return [
                [(f'no {noun} matches "{self.list.filter.text}"', ink.text)],
                [],
                [("esc", ink.key), ("     clear", ink.text)],
                [("ctrl+t", ink.key), (f"  {other}", ink.text)],
            ]
        if self.streaming or self.list.waiting:
            return []
        if self.searches and self.searched:
            nothing = f'nothing is found for "{self.searched}"'
            return [[(nothing, ink.text)], [], [("o", ink.key), ("  open one by name", ink.text)]]
        if self.searches:
            text = f"{self.subject} does not list its repositories, but can be searched."
            keys: list[list[Span]] = [[(key, ink.key), (f"  {does}", ink.text)] for key, does in SEARCH_KEYS]
            return [*([(line, ink.text)] for line in wrap(text, width)), [], *keys]
        if not self.list.versions:
            return [[("no repositories: this registry is empty", ink.text)]]
        return [
            [("no tags: this repository", ink.text)],
            [("exists and is empty", ink.text)],
            [],
            [("It may hold untagged images;", ink.secondary)],
            [("open one by digest.", ink.secondary)],
        ]

    def paint_row(self, index: int, width: int, ink: Ink) -> list[Span]:
        name = self.list.name(index)
        if name is None:
            glyph = "▾" if self.list.unfolded else "▸"
            return [(f"{glyph} {plural(len(self.list.signatures), 'signature tag')}", ink.tertiary)]
        left: list[Span] = [("  ", ink.plain), *self._spelled(name, ink, bold=index == self.cursor)]
        right: list[Span] = []
        if self.list.versions and width + 1 >= DIGEST_FROM:
            digest = self.list.digests.get(name)
            right = short_digest(digest, ink) if digest else [(" " * (DIGEST - 1) + "·", ink.tertiary)]
            right = [(" ", ink.plain), *right]
        room = width - width_of(right)
        left += self._aliases(name, room - width_of(left), ink)
        if name in self.about:
            left.append((f"  {self.about[name]}", ink.secondary))
        return spread(left, right, width, ink.plain) if right else clip(left, width)

    def _spelled(self, name: str, ink: Ink, *, bold: bool) -> list[Span]:
        style = ink.bold if bold else ink.text
        hit = self.list.positions(name)
        if not hit:
            return [(name, style)]
        marked, out = set(hit), []
        for i, char in enumerate(name):
            out.append((char, ink.key + _UNDERLINE if i in marked else style))
        return out

    def _aliases(self, name: str, room: int, ink: Ink) -> list[Span]:
        aliases = self.list.aliases(name)
        if not aliases:
            return []
        for count in range(len(aliases), 0, -1):
            rest = len(aliases) - count
            text = " = " + " ".join(aliases[:count]) + (f" +{rest}" if rest else "")
            if len(text) <= room and (not rest or count == 1):
                return [(text, ink.accent)]
        return []


def short_digest(digest: Digest, ink: Ink) -> list[Span]:
    """`sha256:` and 12 digits in 19 cells; another algorithm gets as many digits as fit."""
    prefix = digest.algorithm[:10] + ":"
    return [(prefix, ink.tertiary), (digest.encoded[: DIGEST - len(prefix)].ljust(DIGEST - len(prefix)), ink.secondary)]
