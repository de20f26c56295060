"""Pane 1: the tags of a repository, or the repositories of a registry."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.style import Style
from textual import on
from textual.binding import BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.timer import Timer

from regbrowse.errors import RegbrowseError
from regbrowse.reference import Reference, Repository
from regbrowse.state.tag_memory import Move, TagMemory
from regbrowse.tags import is_signature_tag
from regbrowse.text import moment, plural, size
from regbrowse.tui import keys
from regbrowse.tui.cells import DIGEST, Span, clip, cut_middle, shifted, short_digest, spread, width_of, wrap
from regbrowse.tui.copy_forms import Form, TagImage, tag_forms
from regbrowse.tui.manifest_tree import mark_of, row_kind
from regbrowse.tui.messages import (
    LoadFailed,
    NamesLoaded,
    SearchLoaded,
    SearchOffered,
    TagDetailsLoaded,
    TagHeadsEnded,
    TagHeadsLoaded,
)
from regbrowse.tui.panes.pane import MARK_WORDS, Pane
from regbrowse.tui.tag_list import Filter, Ordered, TagList
from regbrowse.tui.theme_styles import TextStyles
from regbrowse.tui.widgets.lines import Detail
from regbrowse.tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from collections.abc import Mapping

    from regbrowse.oci.manifest import Manifest
    from regbrowse.reference import Digest, Registry
    from regbrowse.tag_watch import Moved
    from regbrowse.tui.messages import ListRequest

DIGEST_FROM = 44
"""Inner cells from which the digest column is shown."""
FEW = 50
"""Digests that are asked for without a question."""
SEARCH_KEYS = (("/", "search"), ("o", "open one by name"))
NEWEST, SERVED = "newest first", "as served"
GROWTH = 0.15
"""Seconds between two additions to a list."""
SETTLING = 1.0
"""Seconds after which the first of the tags that came is opened, though more are to come."""
TYPING = 0.3
"""Seconds a text rests before a registry is searched for it."""
_UNDERLINE = Style(underline=True)


class KeptTags(NamedTuple):
    """A list as it was left."""

    request: ListRequest
    list: TagList
    last: NamesLoaded | None
    filter: Filter
    has_filter: bool
    """Whether the input was open."""
    name: str | None
    """The name under the cursor; None for the row of the signature tags."""
    row: int
    top: int
    streaming: bool
    stopped: bool
    incomplete: str
    searches: bool
    searched: str
    about: dict[str, str]
    details: dict[str, str]


class TagsPane(Pane):
    """Names with their aliases and, where there is room, their digests."""

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings(keys.TAGS)

    number = 1
    short_label = "tags"
    foot = (
        "enter", "find", "copy", "digest", "compare", "aliases", "sort", "mark", "open", "history(-1)", "history(1)",
        "reload", "watch", "repositories", "zoom", "details",
    )  # fmt: skip

    marked: reactive[Reference | None] = reactive(None)
    """What is to be compared with another row."""

    @dataclass
    class Listed(Message):
        """All names came that will come."""

        request: ListRequest

    @dataclass
    class FirstRow(Message):
        """There is a first tag under the cursor, which nobody put there."""

        request: ListRequest

    @dataclass
    class DigestsRequested(Message):
        """The digests of these tags are to be asked for, and of no others any more."""

        request: ListRequest
        tags: list[str]

    @dataclass
    class SearchRequested(Message):
        """The registry is to be searched for a text."""

        request: ListRequest
        text: str

    @dataclass
    class WatchRequested(Message):
        """A tag is to be watched, or not any more."""

        reference: Reference
        before: Digest | None
        """What it is known to point to."""

    watched: reactive[Reference | None] = reactive(None)
    """The tag that is watched."""

    def __init__(self, memory: TagMemory | None = None) -> None:
        super().__init__("tags", "Tags")
        self.memory = memory or TagMemory()
        """What tags pointed to when they were visited."""
        self.list = TagList()
        self.request: ListRequest | None = None
        """What is listed."""
        self.last: NamesLoaded | None = None
        """The last names that came, behind which the list can go on."""
        self.wanted: str | None = None
        """The tag to put the cursor on when it comes."""
        self.streaming = False
        """Whether more names are to come."""
        self.stopped = False
        self.incomplete = ""
        """Why the list is not complete, in two or three words."""
        self.searches = False
        """Whether the input asks the registry instead of filtering what is there."""
        self.searched = ""
        """The text that the rows were found by."""
        self.about: dict[str, str] = {}
        """What a search said of the names it found."""
        self.details: dict[str, str] = {}
        """What the registry's own API says of tags: when they were pushed, and what they weigh."""
        self.opened_manifest: Manifest | None = None
        """What the opened tag refers to."""
        self.image: TagImage | None = None
        """The image that is looked at behind the opened tag."""
        self.asking_digests = False
        """Whether the digests of all tags are being asked for."""
        self._same_as = ""
        """The tag whose digest is awaited, to show those that share it."""
        self._placed = False
        """Whether the cursor belongs to its name; before, it is just on the first row."""
        self._added = 0.0
        self._began = 0.0
        """When the first names came."""
        self._has_moved = False
        """Whether the cursor was moved by hand."""
        self._came: list[Ordered] = []
        """Names that are not in the list yet."""
        self._adding: Timer | None = None
        self._filtering: Timer | None = None
        self._typing: Timer | None = None

    # Where the list is from

    @property
    def repository(self) -> Repository | None:
        """The repository whose tags are listed."""
        place = self.request.place if self.request else None
        return place if isinstance(place, Repository) else None

    @property
    def registry(self) -> Registry | None:
        """The registry that is asked."""
        place = self.request.place if self.request else None
        return place.registry if isinstance(place, Repository) else place

    @property
    def can_go_on(self) -> bool:
        """Whether the list ended before it was complete, and can go on behind what came."""
        return self.stopped or bool(self.incomplete)

    def start(self, request: ListRequest, *, keep: bool = False) -> None:
        """Begin another list; with `keep` it goes on behind the rows that are there."""
        is_catalog = not isinstance(request.place, Repository)
        self.take_unreported_move()
        self.request = request
        self.streaming, self.stopped, self.incomplete = True, False, ""
        self.details = {}
        if not keep:
            self.last = None
            self.list = TagList(versions=not is_catalog, newest_first=self.list.newest_first)
            self.about, self.searches, self.searched = {}, False, ""
            self._placed, self._has_moved, self._began, self._added = False, False, 0.0, 0.0
            self.asking_digests, self._same_as = False, ""
            self._came.clear()
            self.drop_filter()
            self.rows.reset()
        self._name_list()
        self.start_loading(f"asking for {'repositories' if is_catalog else 'tags'}")
        self.rows_changed()

    def keep(self) -> KeptTags | None:
        """Give the list as it is, to be shown again; None where there is none, or it could not be read."""
        if self.request is None or self.error is not None:
            return None
        self._add()
        return KeptTags(
            self.request, self.list, self.last, self.list.filter, self.filter.is_open, self.current, self.rows.cursor,
            self.rows.top, self.streaming, self.stopped, self.incomplete, self.searches, self.searched, self.about,
            self.details,
        )  # fmt: skip

    def restore(self, kept: KeptTags) -> None:
        """Show a list as it was; more names do not come by themselves."""
        self.take_unreported_move()
        self._settle(None)
        self._came.clear()
        self.request, self.list, self.last = kept.request, kept.list, kept.last
        self.streaming, self.stopped, self.incomplete = False, kept.stopped or kept.streaming, kept.incomplete
        self.searches, self.searched, self.about, self.details = kept.searches, kept.searched, kept.about, kept.details
        self._placed, self._has_moved, self.wanted = True, False, None
        self.opened_manifest = self.image = None
        self._name_list()
        if kept.has_filter:
            self.filter.show(kept.filter.text or kept.searched)
        else:
            self.drop_filter()
        if self.list.filter != kept.filter:
            self.list.set_filter(kept.filter)
            self._filter_soon()
        self.rows_changed()
        row = self.list.index(kept.name) if kept.name is not None else None
        self.rows.put_cursor(kept.row if row is None else row)
        self.rows.scroll_to_row(kept.top)

    def _name_list(self) -> None:
        place = self.request.place if self.request else None
        is_catalog = not isinstance(place, Repository)
        self.label = "Repositories" if is_catalog else "Tags"
        self.subject = place.last if isinstance(place, Repository) else str(place)

    # Names come

    @on(NamesLoaded)
    def add(self, message: NamesLoaded) -> None:
        """Take names; the cursor stays on its name once it was moved."""
        if message.request is not self.request:
            return
        part = message.part
        ended = part.done or bool(part.note)
        self.last = message
        self.stop_loading()
        self.turn_spinner(not ended and self.streaming)
        self.list.hidden = part.hidden
        self._came.append(message.ordered)
        self._add_soon()
        if part.note:
            self.post_message(self.Noted("!" if part.done else "×", part.note))
        if ended:
            self.end(incomplete="incomplete" if part.note and not part.done else "")
            self.post_message(self.Listed(message.request))

    def want(self, tag: str | None) -> None:
        """Put the cursor on a tag, now or when it comes."""
        self.wanted = tag
        if tag:
            self.select(tag)

    def stop(self) -> None:
        """Take no more names but those that are on their way to the pane already: going on begins behind them."""
        self.stop_waiting()
        if self.streaming:
            self.end(stopped=True)

    def show_opened(self, reference: Reference, root: Manifest) -> None:
        """Take what the opened tag refers to."""
        self.opened_manifest, self.image = root, None
        if reference.tag and self.repository == reference.repository:
            self.set_digest(reference.tag, root.digest)
            if root.reported is None:  # else the registry tells another digest whenever it is asked by HEAD
                self.memory.of(reference.repository).visit(reference.tag, root.digest, self.memory.now())

    def end(self, *, stopped: bool = False, incomplete: str = "") -> None:
        """No more names are to come."""
        self.streaming, self.stopped, self.incomplete = False, stopped, incomplete
        self.turn_spinner(False)
        self.stop_loading()
        self._add()

    @on(LoadFailed)
    def _load_failed(self, message: LoadFailed) -> None:
        if message.request is self.request:
            self.fail(message.error)

    def fail(self, error: RegbrowseError) -> None:
        self.end()
        self.incomplete = error.mark if self.row_count() else ""
        super().fail(error)
        if self.row_count():
            self.post_message(self.Noted("×", error.why, "r tries again"))

    def _add_soon(self) -> None:
        """Add what came, a few times in a second at most: each time costs a merge and a paint."""
        if perf_counter() >= self._added + GROWTH:
            self._add()
        elif self._adding is None:
            self._adding = self.set_timer(GROWTH, self._add)

    def _add(self) -> None:
        """Put the names that came among the others; the cursor stays on its own."""
        self._added = perf_counter()
        if self._adding is not None:
            self._adding.stop()
            self._adding = None
        row = self.current if self._placed else None
        self.list.merge(*self._came)
        self._came.clear()
        if row is not None:
            self._follow(row)
        self.rows_changed()
        if self.wanted and self.select(self.wanted):
            self.wanted = None
        if not self._began and self.list.total:
            self._began = self._added
        self._settle_on_first()

    def _settle_on_first(self) -> None:
        """Let the first tag be opened where none was asked for, when no newer one is likely to come above it."""
        if self.request is None or self.repository is None or self.wanted or self._placed or self.current is None:
            return
        if not self.streaming or perf_counter() > self._began + SETTLING:
            self._placed = True
            self.post_message(self.FirstRow(self.request))

    def _follow(self, name: str) -> None:
        """Keep the cursor on its name and, once it was moved, the name on its line of the screen."""
        row = self.list.index(name)
        if row is None or row == self.rows.cursor:
            return
        top = self.rows.top + row - self.rows.cursor if self._has_moved else 0
        self.rows.rows_changed()
        self.rows.cursor = row
        self.rows.scroll_to_row(top)

    def action_aliases(self) -> None:
        """Show the tags that are known to have the digest of this one; once more: ask what the other tags refer to.

        Few are asked for at once; of many the number is said first.
        """
        if self.list.filter.digest is None and self.current is not None:
            name, unknown = self.current, self.tags_not_asked
            if len(unknown) > FEW:
                unknown = [] if name in self.list.digests else [name]
            # This one first: what the others are compared with.
            self._show_same(name, sorted(unknown, key=lambda each: each != name))
        elif self.tags_not_asked and not self.asking_digests:
            self._ask_digests(self.tags_not_asked)
        else:
            self.action_clear_filter()

    @property
    def tags_not_asked(self) -> list[str]:
        """The tags of which it is not known what they refer to."""
        return [name for name in self.list.names if name not in self.list.digests]

    def action_clear_filter(self) -> None:
        """Stop asking for digests; else take the filter away."""
        if self.asking_digests and self.request is not None:
            self.post_message(self.DigestsRequested(self.request, []))
        else:
            super().action_clear_filter()

    def _show_same(self, name: str, unknown: list[str]) -> None:
        if self.request is None:
            return
        self._same_as = name
        self._narrow_to_same()
        if unknown:
            self._ask_digests(unknown)

    def _ask_digests(self, tags: list[str]) -> None:
        if self.request is not None:
            self.asking_digests = True
            self.turn_spinner(True)
            self.post_message(self.DigestsRequested(self.request, tags))

    def _narrow_to_same(self) -> None:
        """Filter by the digest of the tag that was chosen, as soon as it is known."""
        digest = self.list.digests.get(self._same_as)
        if self._same_as and digest is not None:
            name, self._same_as = self._same_as, ""
            self._narrow(Filter(fuzzy=self.list.filter.fuzzy, digest=digest))
            self.select(name)
            more = len(self.tags_not_asked)
            if more > FEW:
                self.post_message(
                    self.Noted("!", f"{plural(more, 'tag')} not asked", f"a asks them all, {more:,} HEAD requests")
                )

    @on(TagHeadsEnded)
    def _digests_ended(self, message: TagHeadsEnded) -> None:
        if message.request is self.request:
            self.stop_asking_digests()
            if message.error is not None:
                self.post_message(self.Noted("×", message.error.why, "a goes on"))

    def stop_asking_digests(self) -> None:
        """Wait for no more digests."""
        if self.asking_digests:
            self.asking_digests, self._same_as = False, ""
            self.turn_spinner(self.streaming)
            self.changed()

    @on(TagHeadsLoaded)
    def _tag_heads_loaded(self, message: TagHeadsLoaded) -> None:
        if message.request is self.request:
            self.set_digests(message.digests)

    def set_digest(self, tag: str, digest: Digest) -> None:
        """Take what a tag refers to."""
        self.set_digests({tag: digest})

    def set_digests(self, digests: Mapping[str, Digest]) -> None:
        """Take what tags refer to."""
        here = self.current
        for tag, digest in digests.items():
            self._learn(tag, digest)
        if self.list.filter.digest is not None:
            self.rows_changed()
            if here is not None and (row := self.list.index(here)) is not None:
                self.rows.put_cursor(row)
        if self._same_as in digests:
            self._narrow_to_same()
        self.rows.refresh()
        self.changed()

    @on(TagDetailsLoaded)
    def add_details(self, message: TagDetailsLoaded) -> None:
        """Take what the registry's own API says of tags."""
        if message.request is not self.request:
            return
        if message.note:
            self.post_message(self.Noted("!", message.note))
        for each in message.details:
            pushed = f"pushed {each.pushed:%Y-%m-%d %H:%M} UTC" if each.pushed else ""
            weighs = f"{size(each.size)} {each.size_of}".strip() if each.size is not None else ""
            self.details[each.tag] = "  ".join(part for part in (pushed, weighs) if part)
            if each.digest is not None:
                self._learn(each.tag, each.digest)
        self.rows.refresh()
        self.changed()

    def _learn(self, tag: str, digest: Digest) -> None:
        self.list.set_digest(tag, digest)
        if self.repository is not None:
            self.memory.of(self.repository).see(tag, digest)

    def _move(self, tag: str) -> Move | None:
        """Tell whether a tag points to something else than when it was visited last."""
        return self.memory.of(self.repository).moves.get(tag) if self.repository is not None else None

    def show_moved(self, moved: Moved) -> None:
        """Take what a watch has found."""
        reference = moved.reference
        if moved.after is None or reference.tag is None:
            return
        memory = self.memory.of(reference.repository)
        if reference.tag not in memory.visits:
            memory.moves[reference.tag] = Move(moved.before, moved.after, moved.at)
        if self.repository == reference.repository:
            self.set_digest(reference.tag, moved.after)
        else:
            memory.see(reference.tag, moved.after)

    def is_watched(self, tag: str) -> bool:
        """Tell whether this tag is the one that is watched."""
        return self.watched is not None and (self.watched.repository, self.watched.tag) == (self.repository, tag)

    def watch_watched(self) -> None:
        self.rows.refresh()
        self.changed()

    # The cursor

    @property
    def current(self) -> str | None:
        """The name under the cursor."""
        return self.list.name(self.rows.cursor) if self.row_count() else None

    @property
    def is_placed(self) -> bool:
        """Whether the cursor stands on a name on purpose, not just on the first of those that came so far."""
        return self._placed

    @property
    def reference(self) -> Reference | None:
        """The tag under the cursor, or the repository in a list of them."""
        return self._reference_of(self.current) if self.current is not None else None

    def _reference_of(self, name: str) -> Reference | None:
        if self.repository is not None:
            return Reference(self.repository, name)
        return Reference(Repository(self.registry, name)) if self.registry else None

    @property
    def comparable(self) -> Reference | None:
        """The tag under the cursor, which can be compared with another."""
        return self.reference if self.repository is not None else None

    @property
    def visited(self) -> Reference | None:
        """What the tag under the cursor pointed to when it was visited last, if it has moved since."""
        move = self._move(self.current) if self.current else None
        return Reference(self.repository, digest=move.before) if move and self.repository else None

    def watch_marked(self) -> None:
        self.rows.refresh()
        self.changed()

    @property
    def names_in_view(self) -> list[str]:
        """The names on the rows that can be seen."""
        return [name for index in self.rows.in_view if (name := self.list.name(index))]

    def select(self, name: str) -> bool:
        """Put the cursor on a name, if it is there."""
        row = self.list.index(name)
        if row is None:
            return False
        self._placed = True
        self.rows_changed()
        self.rows.put_cursor(row)
        return True

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        if event.by_hand:
            self._has_moved = self._placed = True

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "find" if self.searches:
                return True
            case "aliases":
                return self.repository is not None and self.row_count() > 0 and not self.filter.input.has_focus
            case "fuzzy":
                return bool(self.list.filter.text)
            case "watch":
                return self.repository is not None and self.current is not None and not self.filter.input.has_focus
            case _:
                return super().check_action(action, parameters)

    def enter_word(self) -> str:
        if not self.row_count():
            return ""
        if self.current is None:
            return "fold" if self.list.unfolded else "unfold"
        return "manifests" if self.repository else "tags"

    def word(self, action: str) -> str:
        if action == "find" and self.searches:
            return "search"
        if action == "clear_filter" and self.asking_digests:
            return "stop"
        if action == "aliases" and self.list.filter.digest is not None:
            more = len(self.tags_not_asked)
            return f"ask {more:,} more" if more and not self.asking_digests else "all tags"
        if action == "reload" and self.stopped:
            return "go on"
        if action == "compare" and self.marked is None and self.visited is not None:
            return "compare with last visit"
        if action == "mark" and self.marked is not None and self.marked == self.comparable:
            return "unmark"
        if action == "watch" and self.current is not None and self.is_watched(self.current):
            return "watch no more"
        return super().word(action)

    async def action_enter(self) -> None:
        if self.current is not None or self.near:
            await super().action_enter()
        else:
            self.list.unfolded = not self.list.unfolded
            self.rows_changed()

    def action_watch(self) -> None:
        """Let the tag under the cursor be watched, or not any more."""
        reference = self.reference
        if reference is not None and reference.tag:
            digest = self.list.digests.get(reference.tag)
            root = self._root(digest)
            known = digest if root is None or root.reported is None else root.reported
            self.post_message(self.WatchRequested(reference, known))

    def whole_row(self) -> tuple[str, str]:
        tag = self.current
        if tag is None or self.repository is None:
            return super().whole_row()
        digest, move = self.list.digests.get(tag), self._move(tag)
        lines = [f"name      {self.repository}:{tag}", f"digest    {digest or 'not asked for so far'}"]
        if move is not None:
            lines += [f"before    {move.before}", f"visited   {moment(move.visited.isoformat())}"]
        elif visit := self.memory.of(self.repository).visits.get(tag):
            lines.append(f"visited   {moment(visit.at.isoformat())}, with this digest")
        lines += [f"same as   {' '.join(self.list.aliases(tag))}"] if self.list.aliases(tag) else []
        lines += [f"registry  {self.details[tag]}"] if tag in self.details else []
        return self.copy_title(), "\n".join(lines)

    async def choose_order(self) -> None:
        """Let the order of the tags be chosen."""
        from regbrowse.tui.dialogs.choose import Choice, ChooseDialog

        newest = self.list.newest_first
        choices = [Choice(NEWEST, "versions understood", newest), Choice(SERVED, "", not newest)]
        await self.app.push_screen(ChooseDialog("Sort", "tags", choices), self._sort)

    def _sort(self, choice: int | None) -> None:
        """Put the names in the other order; the cursor stays on its name."""
        if choice is None:
            return
        here, newest_first = self.current, choice == 0
        self.list.sort(newest_first)
        self.rows_changed()
        if here:
            self.select(here)

    # Filter and search

    @property
    def filter_text(self) -> str:
        return self.searched or self.list.filter.text

    @property
    def is_filtered(self) -> bool:
        return super().is_filtered or self.list.filter.digest is not None

    def action_fuzzy(self) -> None:
        self._narrow(Filter(self.list.filter.text, not self.list.filter.fuzzy))

    def search(self, text: str) -> None:
        if not self.searches:
            self._narrow(Filter(text, self.list.filter.fuzzy))
            return
        if self._typing:
            self._typing.stop()
        text = text.strip()
        if not text:
            self.list, self.searched = TagList(versions=False, newest_first=False), ""
            self.rows_changed()
        elif len(text) > 1 and text != self.searched:
            self._typing = self.set_timer(TYPING, lambda: self._ask_registry(text))

    def _ask_registry(self, text: str) -> None:
        if self.request is not None and self.searches:
            self.start_loading(f"searching for {text}")
            self.post_message(self.SearchRequested(self.request, text))

    def _narrow(self, wanted: Filter) -> None:
        """Filter by a text; the cursor keeps its row if it still matches, else takes the first."""
        if wanted == self.list.filter:
            return
        here = self.current
        self._placed |= here is not None
        self.list.set_filter(wanted)
        self.rows_changed()
        self.rows.put_cursor((self.list.index(here) if here else None) or 0)
        self._filter_soon()

    def _filter_soon(self) -> None:
        if self.list.filtering and self._filtering is None:
            self._filtering = self.set_timer(0.001, self._filter_some)

    def _filter_some(self) -> None:
        self._filtering = None
        self.list.advance()
        self.rows_changed()
        self._filter_soon()

    @on(SearchOffered)
    def _search_offered(self, message: SearchOffered) -> None:
        """Let the input ask the registry, which has no list of its repositories."""
        if message.request is self.request:
            self.end()
            self.searches = True
            self.rows_changed()
            self.post_message(self.Listed(message.request))

    @on(SearchLoaded)
    def _search_loaded(self, message: SearchLoaded) -> None:
        """Show the names that a search found, the best first, with what is said of them."""
        if message.request is not self.request:
            return
        self.stop_loading()
        if message.error is not None:
            self.post_message(self.Noted("×", message.error.why))
            return
        self.searched, self.about = message.text, {each.path: each.about for each in message.found}
        self.list = TagList(versions=False, newest_first=False)
        self.list.add(self.about)
        self.rows_changed()
        self.rows.put_cursor(0)

    # Painting

    def row_count(self) -> int:
        return len(self.list)

    def facts(self) -> list[str]:
        tags = self.list
        if self.searches:
            return [plural(tags.total, "repository") + " found", "search"] if self.searched else []
        if self.streaming and tags.total and self.wait_reason:
            return [f"{self.spinner} {tags.total:,} so far", self.wait_reason]
        if self.streaming:
            return [f"{self.spinner} {tags.total:,} so far", "esc stops"] if tags.total else []
        if tags.filter.digest or self.asking_digests:
            same = plural(tags.matched, "tag") if tags.filter.digest else "looking"
            asked = f"{len(tags.digests):,} of {tags.total:,} asked"
            if self.asking_digests:
                return [f"{self.spinner} {same}", asked, "esc stops"]
            return [same, "same digest" if len(tags.digests) >= tags.total else asked]
        if tags.filter.text:
            return [f"{tags.matched:,} of {tags.total:,}", "fuzzy" if tags.filter.fuzzy else "substring"]
        if self.stopped:
            return [f"{tags.total:,} so far", "stopped", "r goes on"]
        if self.incomplete:
            return [f"{tags.total:,} so far", self.incomplete, "r tries again"]
        if not tags.total:
            return []
        order = (NEWEST if tags.newest_first else SERVED) if tags.versions else "by name"
        facts = [f"{min(self.rows.cursor + 1, tags.total):,} of {tags.total:,}", order]
        if tags.hidden:
            facts.append(f"{tags.hidden:,} invalid")
        return facts

    def detail(self) -> Detail:
        name = self.current
        if not self.row_count():
            return Detail()
        if name is None:
            count = len(self.list.signatures)
            return Detail("tags", name=plural(count, "signature tag"), more="enter unfolds") if count else Detail()
        if self.repository is None:
            whole = str(Repository(self.registry, name)) if self.registry else name
            return Detail("repo", name=whole, more=self.about.get(name) or "enter lists its tags")
        digest, said = self.list.digests.get(name), self.details.get(name, "")
        if digest is None:
            return Detail("tag", name=f"{self.repository}:{name}", more=said)
        names = " = ".join([name, *self.list.aliases(name)])
        asked, total = len(self.list.digests), self.list.total
        if asked < total:
            said = f"so far: {asked:,} of {plural(total, 'tag')} asked" + (f"  {said}" if said else "")
        if (move := self._move(name)) is not None and move.after == digest:
            said = f"≠ {move.before.short} when visited {moment(move.visited.isoformat())}" + (
                f"  {said}" if said else ""
            )
        root = self._root(digest)
        if root is None:
            return Detail("tag", str(digest), None, MARK_WORDS["·"], names, said)
        if root.reported is not None:
            names, said = name, f"the registry reports {root.reported}"
        return Detail(row_kind(root), str(digest), len(root.raw), MARK_WORDS[mark_of(root)], names, said)

    def _root(self, digest: Digest | None) -> Manifest | None:
        """Give the manifest of this digest if it is the one that is open."""
        opened = self.opened_manifest
        return opened if opened is not None and opened.digest == digest else None

    def copy_forms(self) -> list[Form]:
        name = self.current
        if name is None:
            return []
        if self.repository is not None:
            digest = self.list.digests.get(name)
            root = self._root(digest)
            image = self.image if self.image is not None and self.image.tag == name else None
            return tag_forms(self.repository, name, digest, root, image, self.base_url)
        whole = str(Repository(self.registry, name)) if self.registry else name
        return [Form("g", "name", whole, "name of the repository")]

    def copy_title(self) -> str:
        if self.repository is None:
            return str(self.current or self.registry or "")
        return f"{self.repository.last}:{self.current}" if self.current else self.repository.last

    def summary(self, styles: TextStyles) -> list[Span]:
        noun = "tag" if self.list.versions else "repository"
        return [(self.current or "", styles.text), (f"  {plural(self.list.total, noun)}", styles.secondary)]

    def empty_lines(self, width: int, styles: TextStyles) -> list[list[Span]]:
        noun = "tag" if self.list.versions else "repository"
        if self.list.filter.text and self.list.total:
            other = "substring" if self.list.filter.fuzzy else "fuzzy"
            return [
                [(f'no {noun} matches "{self.list.filter.text}"', styles.text)],
                [],
                [("esc", styles.key), ("     clear", styles.text)],
                [("ctrl+t", styles.key), (f"  {other}", styles.text)],
            ]
        if self.request is None or self.streaming:
            return []
        if self.searches and self.searched:
            nothing = f'nothing is found for "{self.searched}"'
            return [[(nothing, styles.text)], [], [("o", styles.key), ("  open one by name", styles.text)]]
        if self.searches:
            text = f"{self.subject} does not list its repositories, but can be searched."
            hints: list[list[Span]] = [[(key, styles.key), (f"  {does}", styles.text)] for key, does in SEARCH_KEYS]
            return [*([(line, styles.text)] for line in wrap(text, width)), [], *hints]
        if not self.list.versions:
            return [[("no repositories: this registry is empty", styles.text)]]
        return [
            [("no tags: this repository", styles.text)],
            [("exists and is empty", styles.text)],
            [],
            [("It may hold untagged images;", styles.secondary)],
            [("open one by digest.", styles.secondary)],
        ]

    def paint_row(self, index: int, width: int, styles: TextStyles) -> list[Span]:
        name = self.list.name(index)
        if name is None:
            glyph = "▾" if self.list.unfolded else "▸"
            return [(f"{glyph} {plural(len(self.list.signatures), 'signature tag')}", styles.tertiary)]
        left: list[Span] = [*self._mark(name, styles), *self._spelled(name, styles, bold=index == self.rows.cursor)]
        right: list[Span] = []
        if self.list.versions and width + 1 >= DIGEST_FROM:
            digest = self.list.digests.get(name)
            right = short_digest(digest, styles) if digest else [(" " * (DIGEST - 1) + "·", styles.tertiary)]
            right = [(" ", styles.plain), *right]
        room = width - width_of(right)
        left += self._aliases(name, room - width_of(left), styles)
        left = [left[0], *shifted(left[1:], self.rows.shift)]
        if name in self.about:
            left.append((f"  {self.about[name]}", styles.secondary))
        return spread(left, right, width, styles.plain) if right else clip(left, width)

    def _mark(self, name: str, styles: TextStyles) -> list[Span]:
        """Paint what is special about a tag: that it is marked or watched, or moved since it was visited."""
        if self.marked is not None and self.marked == self._reference_of(name):
            return [("● ", styles.accent)]
        if self.is_watched(name):
            return [("◎ ", styles.accent)]
        return [("≠ ", styles.warning)] if self._move(name) is not None else [("  ", styles.accent)]

    def _spelled(self, name: str, styles: TextStyles, *, bold: bool) -> list[Span]:
        style = styles.bold if bold else styles.text
        if self.list.versions and is_signature_tag(name):
            return [(name if self.rows.shift else cut_middle(name, self.rows.size.width - 4), style)]
        marked = set(self.list.positions(name))
        if not marked:
            return [(name, style)]
        return [(char, styles.key + _UNDERLINE if i in marked else style) for i, char in enumerate(name)]

    def _aliases(self, name: str, room: int, styles: TextStyles) -> list[Span]:
        aliases = self.list.aliases(name)
        for count in range(len(aliases), 0, -1):
            rest = len(aliases) - count
            text = " = " + " ".join(aliases[:count]) + (f" +{rest}" if rest else "")
            if len(text) <= room and (not rest or count == 1):
                return [(text, styles.accent)]
        return []
