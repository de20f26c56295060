"""The tags of a repository as an ordered, filterable list; cheap at 100,000 names. No painting here."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter
from typing import Any

from regbrowse import tags
from regbrowse.reference import Digest

SLICE_SECONDS = 0.006
"""How long one slice of filtering may keep the event loop."""
ADD_SECONDS = 0.003
"""How long one slice of adding may: there are many of them, and keys are pressed meanwhile."""
CHUNK = 50
"""Names whose keys are made between two looks at the clock."""
MERGE_SECONDS = 0.5
"""Seconds after which names are merged though they are few."""
FIRST_RUN = 500
"""Names that are worth a merge while the list is short."""

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
        self._places: dict[str, int] = {}
        """Where each name stands in the order it was served."""
        self._keys: dict[str, Any] = {}
        """What each name is ordered by; made once, since it costs more than everything else."""
        self._sorted: list[str] = []
        self._signed: set[str] = set()
        """The signature tags, to be looked up."""
        self._run: list[str] = []
        """Names with keys that are not among the sorted ones yet."""
        self._waiting: deque[tuple[str, ...]] = deque()
        self._taken = 0
        """How many of the first names that wait were taken."""
        self._merged = 0.0
        """When names were merged last."""
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
        """Put names where they belong; repeated ones are left out."""
        self._take(names)
        self._merge_run()

    def put(self, names: tuple[str, ...]) -> None:
        """Take names that `settle` adds, so that a large page keeps no key waiting."""
        self._waiting.append(names)

    @property
    def waiting(self) -> bool:
        """Whether names have been put that are not in the list yet."""
        return bool(self._waiting or self._run)

    @property
    def has_unkeyed(self) -> bool:
        """Whether names have been put whose keys are not made yet."""
        return bool(self._waiting)

    def settle(self, seconds: float = ADD_SECONDS, *, more: bool = False) -> bool:
        """Add names that were put, for a moment; tell whether some are left.

        A merge costs as much as the list is long. So it waits until it is worth it, or for half a second while `more`
        names are to come, and is a step of its own.
        """
        now = perf_counter()
        end = now + seconds
        all_came = not self._waiting and not more
        is_worth_it = len(self._run) >= max(FIRST_RUN, len(self._sorted) // 4) or now > self._merged + MERGE_SECONDS
        if self._run and (all_came or is_worth_it):
            self._merge_run()
            return self.waiting
        while self._waiting:
            names = self._waiting[0]
            self._take(names[self._taken : self._taken + CHUNK])
            self._taken += CHUNK
            if self._taken >= len(names):
                self._waiting.popleft()
                self._taken = 0
            if perf_counter() >= end:
                break
        if self._run and not self._sorted:
            self._merge_run()
        return self.waiting

    def _take(self, names: Iterable[str]) -> None:
        """Make the keys of names that are not known yet."""
        fresh = [name for name in dict.fromkeys(names) if name not in self._places]
        if self.versions:
            signed = [name for name in fresh if tags.is_signature_tag(name) and name not in self._signed]
            if signed:
                self.signatures += signed
                self._signed.update(signed)
            fresh = [name for name in fresh if name not in self._signed]
            self._keys.update((name, tags.sort_key(name)) for name in fresh)
        else:
            self._keys.update((name, name) for name in fresh)
        self._places.update(zip(fresh, count(len(self._served)), strict=False))
        self._served += fresh
        self._run += fresh

    def _merge_run(self) -> None:
        """Put the names with keys among the sorted ones: for two sorted runs behind each other, sort is linear."""
        run, self._run = self._run, []
        self._merged = perf_counter()
        run.sort(key=self._keys.__getitem__)
        self._sorted += run
        self._sorted.sort(key=self._keys.__getitem__)
        if self._matches is not None:
            self._late += filter(self._finds, run)
            self._merge_late()

    def fetch(self, name: str) -> None:
        """Add one name before its turn if it was put."""
        if name in self._run or any(name in names for names in self._waiting):
            self.add((name,))

    def set_digest(self, tag: str, digest: Digest) -> None:
        """Remember which digest a tag refers to; another one than before replaces it."""
        before = self.digests.get(tag)
        if before == digest:
            return
        if before:
            self._by_digest[before].remove(tag)
        self.digests[tag] = digest
        self._by_digest.setdefault(digest, []).append(tag)

    def aliases(self, tag: str) -> tuple[str, ...]:
        """Give the other tags known to share the digest, in the order to show them."""
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
        if name not in self._places:
            return self._signature_row(name)
        if not self.newest_first and self._matches is None:
            return self._places[name]
        rows = self._ordered()
        if self.newest_first:
            row = bisect_left(rows, self._keys[name], key=self._keys.__getitem__)
        else:
            row = bisect_left(rows, self._places[name], key=self._places.__getitem__)
        return row if row < len(rows) and rows[row] == name else None

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
        return self._sorted if self.newest_first else self._served

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
        self._merge_late()
        return self.filtering

    def _merge_late(self) -> None:
        if self.filtering or self._matches is None or not self._late:
            return
        self._matches += self._late
        self._matches.sort(key=(self._keys if self.newest_first else self._places).__getitem__)
        self._late = []

    def positions(self, name: str) -> Positions:
        """Where the filter matches a name."""
        if not self.filter.text:
            return ()
        return tags.matches(self.filter.text, name, self.filter.fuzzy) or ()
