"""The tags of a repository as an ordered, filterable list; cheap at 100,000 names. No painting here."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter, sleep
from typing import NamedTuple

from regbrowse import tags
from regbrowse.reference import Digest

SLICE_SECONDS = 0.006
"""How long one slice of filtering may keep the event loop."""
CHUNK = 100
"""Names that are ordered at a time."""

Positions = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """What is looked for."""

    text: str = ""
    fuzzy: bool = False
    digest: Digest | None = None
    """Only tags that are known to refer to this are left; the text does not count then."""


class Ordered(NamedTuple):
    """Names with what they are ordered by."""

    names: list[str]
    """As served, without signature tags."""
    keys: list[str]
    """Sorted."""
    signatures: list[str]


def order(names: Iterable[str], *, versions: bool) -> Ordered:
    """Order names as tags, or with `versions=False` by the alphabet; of many in a thread, since this takes long."""
    unique = list(dict.fromkeys(names))
    if not versions:
        return Ordered(unique, sorted(unique), [])
    found = Ordered([], [], [])
    for at in range(0, len(unique), CHUNK):
        chunk = unique[at : at + CHUNK]
        found.signatures.extend(filter(tags.is_signature_tag, chunk))
        if found.signatures:
            chunk = [name for name in chunk if not tags.is_signature_tag(name)]
        found.names.extend(chunk)
        found.keys.extend(map(tags.sort_key, chunk))
        sleep(0)  # gives way to the thread that paints and answers keys, where that wants to go on
    found.keys.sort()
    return found


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
        self._sorted: list[str] = []
        """What each name is ordered by, which ends with it; made once, since it costs more than everything else."""
        self._signed: set[str] = set()
        """The signature tags, to be looked up."""
        self._late: list[str] = []
        """Matches that came while the names before them were still being filtered."""
        self._leading: list[str] = []
        """Matches that begin with the text of the filter; they stand before the others."""
        self._matches: list[str] | None = None
        self._pending: Sequence[str] = ()
        self._at = 0
        self._finds = tags.finder("")
        self.digests: dict[str, Digest] = {}
        self._by_digest: dict[Digest, list[str]] = {}

    # Filling

    def add(self, names: Iterable[str]) -> None:
        """Put names where they belong; repeated ones are left out."""
        self.merge(order(names, versions=self.versions))

    def merge(self, *parts: Ordered) -> None:
        """Put names where they belong: for a few sorted runs behind each other, sort is linear."""
        fresh: list[str] = []
        for part in parts:
            names, run = part.names, part.keys
            if not self._places.keys().isdisjoint(names):
                names = [name for name in names if name not in self._places]
                run = [key for key in run if tags.tag_of(key) not in self._places]
            signatures = [name for name in part.signatures if name not in self._signed]
            self.signatures += signatures
            self._signed.update(signatures)
            self._places.update(zip(names, count(len(self._served)), strict=False))
            self._served += names
            fresh += run
        self._sorted += fresh
        self._sorted.sort()
        if self._matches is not None:
            found = [] if self.filter.digest else [key for key in fresh if self._finds(tags.tag_of(key))]
            self._late += found if self.newest_first else map(tags.tag_of, found)
            self._merge_late()

    def set_digest(self, tag: str, digest: Digest) -> None:
        """Remember which digest a tag refers to; another one than before replaces it."""
        before = self.digests.get(tag)
        if before == digest:
            return
        if before:
            self._by_digest[before].remove(tag)
        self.digests[tag] = digest
        self._by_digest.setdefault(digest, []).append(tag)
        if self.filter.digest is not None and self.filter.digest in (digest, before):
            self._take_same()

    def aliases(self, tag: str) -> tuple[str, ...]:
        """Give the other tags known to share the digest, in the order to show them."""
        digest = self.digests.get(tag)
        others = self._by_digest.get(digest, []) if digest else []
        return tags.alias_order([name for name in others if name != tag], tag) if len(others) > 1 else ()

    # Reading

    def __len__(self) -> int:
        return self.matched + self._extra()

    @property
    def total(self) -> int:
        """All tags, filtered or not, without signature tags."""
        return len(self._served)

    @property
    def names(self) -> Sequence[str]:
        """All tags as served, without signature tags."""
        return self._served

    def newest(self) -> list[str]:
        """Give all tags, the newest first, without signature tags."""
        return [tags.tag_of(key) for key in self._sorted]

    @property
    def matched(self) -> int:
        return len(self._leading) + len(self._ordered())

    def name(self, index: int) -> str | None:
        """The name on a row; None for the row that holds the folded signature tags."""
        leading, rows = self._leading, self._ordered()
        if index < len(leading):
            return tags.tag_of(leading[index])
        if index < self.matched:
            return tags.tag_of(rows[index - len(leading)])
        beyond = index - self.matched - 1
        return self.signatures[beyond] if self.unfolded and 0 <= beyond < len(self.signatures) else None

    def index(self, name: str) -> int | None:
        """The row of a name; None when the filter hides it or it is not there."""
        if name not in self._places:
            return self._signature_row(name)
        if not self.newest_first and self._matches is None:
            return self._places[name]
        first = 0 if self._leads(name) else len(self._leading)
        rows = self._ordered() if first or not self._leading else self._leading
        if self.newest_first:
            row = bisect_left(rows, tags.sort_key(name) if self.versions else name)
        else:
            row = bisect_left(rows, self._places[name], key=self._places.__getitem__)
        return first + row if row < len(rows) and tags.tag_of(rows[row]) == name else None

    def _leads(self, name: str) -> bool:
        """Tell whether a name begins with the text of the filter."""
        return (
            self._matches is not None and not self.filter.digest and name.lower().startswith(self.filter.text.lower())
        )

    def _signature_row(self, name: str) -> int | None:
        if self.unfolded and name in self.signatures:
            return self.matched + 1 + self.signatures.index(name)
        return None

    def _extra(self) -> int:
        if not self.signatures or self.filter.text or self.filter.digest:
            return 0
        return 1 + (len(self.signatures) if self.unfolded else 0)

    def _ordered(self) -> Sequence[str]:
        """Give the rows behind the leading ones in their order: keys where the newest are first, else names."""
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
        source = None
        if narrows and self._matches is not None:
            source = sorted(self._leading + self._matches, key=self._order)
        self.refilter(source)

    @property
    def _order(self) -> Callable[[str], int] | None:
        """What rows are sorted by: nothing where they are keys, else the place where the name was served."""
        return None if self.newest_first else self._places.__getitem__

    def refilter(self, source: Sequence[str] | None = None) -> None:
        """Matches the names again, slice by slice with `advance`."""
        self._late, self._leading = [], []
        if self.filter.digest is not None:
            self._take_same()
            return
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

    def _take_same(self) -> None:
        """Leave the tags of one digest, which were counted when their digests came."""
        self._pending, self._at = (), 0
        names = self._by_digest.get(self.filter.digest, []) if self.filter.digest else []
        rows = [tags.sort_key(name) for name in names] if self.newest_first and self.versions else list(names)
        self._matches = sorted(rows, key=self._order)

    @property
    def filtering(self) -> bool:
        return self._at < len(self._pending)

    def advance(self, seconds: float = SLICE_SECONDS) -> bool:
        """Filters for a moment; whether something is left to do."""
        end, finds = perf_counter() + seconds, self._finds
        while self._matches is not None and self.filtering and perf_counter() < end:
            found = [row for row in self._pending[self._at : self._at + 200] if finds(tags.tag_of(row))]
            self._take(found)
            self._at += 200
        self._merge_late()
        return self.filtering

    def _merge_late(self) -> None:
        if self.filtering or self._matches is None or not self._late:
            return
        self._take(self._late)
        self._late = []
        self._leading.sort(key=self._order)
        self._matches.sort(key=self._order)

    def _take(self, rows: list[str]) -> None:
        """Add matches: those that begin with the text stand before the others."""
        assert self._matches is not None
        leading = [row for row in rows if self._leads(tags.tag_of(row))]
        self._leading += leading
        self._matches += [row for row in rows if not self._leads(tags.tag_of(row))] if leading else rows

    def positions(self, name: str) -> Positions:
        """Where the filter matches a name."""
        if not self.filter.text or self.filter.digest:
            return ()
        return tags.matches(self.filter.text, name, self.filter.fuzzy) or ()
