"""What one listing has seen so far: the guard against loops and repetitions."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Trail:
    """Grows with the pages of one listing; lets a stopped listing go on without repeating itself."""

    seen: set[str] = field(default_factory=set)
    visited: set[str] = field(default_factory=set)
    hidden: int = 0
    pages: int = 0
    barren: int = 0
    """Pages in a row that brought nothing new."""
    restarted: bool = False

    def add(self, names: list[str]) -> tuple[str, ...]:
        """The names not seen before, in their order."""
        fresh = tuple(name for name in dict.fromkeys(names) if name not in self.seen)
        self.seen.update(fresh)
        self.pages += 1
        self.barren = 0 if fresh else self.barren + 1
        return fresh
