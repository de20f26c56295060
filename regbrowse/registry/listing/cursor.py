"""What one listing has seen so far: the guard against loops and repetitions."""

from __future__ import annotations

from dataclasses import dataclass, field

from regbrowse.registry.listing.marks import Marks

MOST_NAMES = 1_000_000
"""Names kept of one list."""
MOST_MARKED = 20_000_000
"""Names followed of a list that only passes by."""
REMEMBERED = 100_000
"""Names kept of such a list; when there are more, none."""


@dataclass(slots=True, eq=False, repr=False)
class Cursor:
    """Grows with the pages of one listing; lets a stopped listing go on without repeating itself.

    It may hold a million names, so that no page should print or compare them.
    """

    seen: set[str] | Marks = field(default_factory=set)
    visited: set[str] = field(default_factory=set)
    hidden: int = 0
    pages: int = 0
    barren: int = 0
    """Pages in a row that brought nothing new."""
    restarted: bool = False
    dropped: bool = False
    """Whether there were names that are not kept."""
    passing: bool = False
    """Whether nobody needs the names afterwards, so that a long list costs little memory."""

    @property
    def room(self) -> int:
        """How many names more are followed."""
        return (MOST_MARKED if self.passing else MOST_NAMES) - len(self.seen)

    @property
    def full(self) -> bool:
        return self.room <= 0

    @property
    def names(self) -> set[str] | None:
        """All names; None when they are not kept."""
        return self.seen if isinstance(self.seen, set) else None

    def add(self, names: list[str]) -> tuple[str, ...]:
        """The names not seen before, in their order, as long as there is room."""
        fresh = self._all_of(names)
        if fresh is None:
            # One set and one list: a second set of a million names would be 40 MiB for a moment.
            fresh = []
            room = self.room
            for name in names:
                if name in self.seen:
                    continue
                if len(fresh) >= room:
                    self.dropped = True
                    break
                self.seen.add(name)
                fresh.append(name)
        if self.passing and len(self.seen) > REMEMBERED and self.names is not None:
            self.seen = Marks(self.names)
        self.pages += 1
        self.barren = 0 if fresh else self.barren + 1
        return tuple(fresh)

    def _all_of(self, names: list[str]) -> list[str] | None:
        """The names, when a page of usual size has nothing but new ones; else None, and nothing is added."""
        seen = self.seen
        if not isinstance(seen, set) or len(names) > min(self.room, REMEMBERED):
            return None
        before = len(seen)
        if not seen.isdisjoint(names):
            return None
        seen.update(names)
        if len(seen) - before == len(names):
            return names
        seen.difference_update(names)
        return None

    def restart(self) -> None:
        """From the first page again: so many pages may bring nothing new as there were before."""
        self.restarted, self.hidden = True, 0
        self.visited.clear()
        self.barren = -self.pages
