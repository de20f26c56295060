"""The tags of a repository as an ordered, filterable list; cheap at 100,000 names. No painting here."""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from sortedcontainers import SortedKeyList

from regbrowse import tags
from regbrowse.reference import Digest

SLICE_SECONDS = 0.006
"""How long one slice of filtering may keep the event loop."""
ADD_SECONDS = 0.003
"""How long one slice of adding may: there are many of them, and keys are pressed meanwhile."""

Positions = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """What is looked for."""

    text: str = ""
    fuzzy: bool = False


@dataclass
class TagList:
    """Names in two orders, the rows that a filter leaves, and what is known of digests."""

    versions: bool = True
    """False for names that are not tags: ordered by the alphabet."""
    newest_first: bool = True
    """False: as served."""
    signatures: list[str] = field(default_factory=list)
    unfolded: bool = False
    """Whether the signature tags are shown as rows."""
    hidden: int = 0
    filter: Filter = field(default_factory=Filter)

    def __post_init__(self) -> None:
        self._served: list[str] = []
        self._known: set[str] = set()
        self._keys: dict[str, Any] = {}
        """What each row is ordered by; worked out once."""
        self._sorted: SortedKeyList = SortedKeyList(key=self._keys.__getitem__)
        self._waiting: deque[tuple[str, ...]] = deque()
        self._late: list[str] = []
        """Matches that came while the names before them were still being filtered."""
        self._matches: list[str] | None = None
        self._pending: Sequence[str] = ()
        self._at = 0
        self._finds = tags.finder("")
        self.digests: dict[str, Digest] = {}
        self._by_digest: dict[Digest, list[str]] = {}

    # Filling

    def add(self, names: Iterable[str]) -> None:
        """Puts names where they belong; repeated ones are left out."""
        fresh = [name for name in dict.fromkeys(names) if name not in self._known]
        self._known.update(fresh)
        plain = [name for name in fresh if not (self.versions and tags.is_signature_tag(name))]
        if len(plain) < len(fresh):
            self.signatures += [name for name in fresh if tags.is_signature_tag(name)]
        self._served += plain
        self._keys.update((name, tags.sort_key(name) if self.versions else name) for name in plain)
        self._sorted.update(plain)
        if self._matches is not None:
            self._late += filter(self._finds, plain)
            self._merge()

    def put(self, names: tuple[str, ...]) -> None:
        """Takes names that `settle` adds, so that a large page keeps nobody waiting."""
        self._waiting.append(names)

    @property
    def waiting(self) -> bool:
        """Whether names have been put that are not added yet."""
        return bool(self._waiting)

    def settle(self, seconds: float = ADD_SECONDS) -> bool:
        """Adds names that were put, for a moment; whether some are left."""
        end = perf_counter() + seconds
        while self._waiting:
            names = self._waiting.popleft()
            self.add(names[:50])
            if len(names) > 50:
                self._waiting.appendleft(names[50:])
            if perf_counter() >= end:
                break
        return self.waiting

    def fetch(self, name: str) -> None:
        """Adds one name before its turn if it was put."""
        if any(name in names for names in self._waiting):
            self.add((name,))

    def set_digest(self, tag: str, digest: Digest) -> None:
        """Remembers which digest a tag points to; another one than before replaces it."""
        before = self.digests.get(tag)
        if before == digest:
            return
        if before:
            self._by_digest[before].remove(tag)
        self.digests[tag] = digest
        self._by_digest.setdefault(digest, []).append(tag)

    def aliases(self, tag: str) -> tuple[str, ...]:
        """The other tags known to share the digest, in the order to show them."""
        digest = self.digests.get(tag)
        others = self._by_digest.get(digest, []) if digest else []
        return tags.alias_order([name for name in others if name != tag], tag) if len(others) > 1 else ()

    # Reading

    def __len__(self) -> int:
        return len(self._ordered()) + self._extra()

    @property
    def total(self) -> int:
        """All tags, filtered or not, without signature tags."""
        return len(self._served)

    @property
    def matched(self) -> int:
        return len(self._ordered())

    def name(self, index: int) -> str | None:
        """The name on a row; None for the row that holds the folded signature tags."""
        rows = self._ordered()
        if index < len(rows):
            return str(rows[index])
        beyond = index - len(rows) - 1
        return self.signatures[beyond] if self.unfolded and 0 <= beyond < len(self.signatures) else None

    def index(self, name: str) -> int | None:
        """The row of a name; None when the filter hides it or it is not there."""
        if self._matches is None and self.newest_first:
            return int(self._sorted.index(name)) if name in self._keys else self._signature_row(name)
        try:
            return self._ordered().index(name)
        except ValueError:
            return self._signature_row(name)

    def _signature_row(self, name: str) -> int | None:
        if self.unfolded and name in self.signatures:
            return len(self._ordered()) + 1 + self.signatures.index(name)
        return None

    def _extra(self) -> int:
        if not self.signatures or self.filter.text:
            return 0
        return 1 + (len(self.signatures) if self.unfolded else 0)

    def _ordered(self) -> Sequence[str]:
        if self._matches is not None:
            return self._matches
        ordered: Sequence[str] = self._sorted if self.newest_first else self._served
        return ordered

    def sort(self, newest_first: bool) -> None:
        self.newest_first = newest_first
        if self._matches is not None:
            self.refilter()

    # Filtering, a slice at a time

    def set_filter(self, wanted: Filter) -> None:
        """Starts filtering anew; what extends the text before only looks at what matched."""
        before = self.filter
        self.filter = wanted
        narrows = (
            self._matches is not None
            and not self.filtering
            and bool(before.text)
            and wanted.text.startswith(before.text)
            and wanted.fuzzy == before.fuzzy
        )
        source = self._matches if narrows and self._matches is not None else None
        self.refilter(source)

    def refilter(self, source: Sequence[str] | None = None) -> None:
        """Matches the names again, slice by slice with `advance`."""
        self._late = []
        if not self.filter.text:
            self._matches = None
            self._pending = ()
            return
        ordered: Sequence[str] = self._sorted if self.newest_first else self._served
        self._pending = list(ordered) if source is None else source
        self._matches = []
        self._finds = tags.finder(self.filter.text, self.filter.fuzzy)
        self._at = 0
        self.advance()

    @property
    def filtering(self) -> bool:
        return self._at < len(self._pending)

    def advance(self, seconds: float = SLICE_SECONDS) -> bool:
        """Filters for a moment; whether something is left to do."""
        end = perf_counter() + seconds
        while self._matches is not None and self.filtering and perf_counter() < end:
            self._matches += filter(self._finds, self._pending[self._at : self._at + 200])
            self._at += 200
        self._merge()
        return self.filtering

    def _merge(self) -> None:
        if self.filtering or self._matches is None:
            return
        if self.newest_first:
            for name in self._late:
                insort(self._matches, name, key=self._keys.__getitem__)
        else:
            self._matches += self._late
        self._late = []

    def positions(self, name: str) -> Positions:
        """Where the filter matches a name."""
        if not self.filter.text:
            return ()
        return tags.matches(self.filter.text, name, self.filter.fuzzy) or ()
