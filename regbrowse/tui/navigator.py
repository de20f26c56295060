"""Where the browser is, and where it has been."""

from __future__ import annotations

from regbrowse.reference import Reference, Registry

Place = Registry | Reference
"""A registry and its repositories, or a repository and in it perhaps a tag or digest."""


class Navigator:
    """Places in the order they were visited, and which of them is the present one."""

    def __init__(self) -> None:
        self.place: Place | None = None
        self._visited: list[Place] = []
        self._at = -1

    def visit(self, place: Place) -> None:
        """Go on to a place; what was ahead is forgotten."""
        self.place = place
        if self._at >= 0 and self._visited[self._at] == place:
            return
        del self._visited[self._at + 1 :]
        self._visited.append(place)
        self._at = len(self._visited) - 1

    def amend(self, place: Place) -> None:
        """Describe the present place better: the cursor rests on another tag of it."""
        self.place = place
        if self._at >= 0:
            self._visited[self._at] = place

    def step(self, by: int) -> Place | None:
        """Go to the place before or after; None at the ends."""
        if not self.can_step(by):
            return None
        self._at += by
        self.place = self._visited[self._at]
        return self.place

    def can_step(self, by: int) -> bool:
        """Tell whether there is a place before or after."""
        return 0 <= self._at + by < len(self._visited)
