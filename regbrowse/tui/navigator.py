"""Where the browser is, and where it has been."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.reference import Reference, Registry

if TYPE_CHECKING:
    from regbrowse.oci.platform import Platform
    from regbrowse.tui.panes.tags import KeptTags

Place = Registry | Reference
"""A registry and its repositories, or a repository and in it perhaps a tag or digest."""
KEPT = 20
"""Places of which it is kept what was shown there; a list of tags can be long."""


class Kept(NamedTuple):
    """What was shown at a place when it was left."""

    tags: KeptTags
    platform: Platform | None
    """The one that was chosen by hand."""
    row: str
    """The key of the row in the manifests; empty when there was none."""
    pane: str
    """The pane that had the keyboard."""
    view: str
    """The view of the config."""
    line: int
    """The row of the cursor in it."""


@dataclass
class Visit:
    """A place, and what was shown there when it was left."""

    place: Place
    kept: Kept | None = None


class Navigator:
    """Places in the order they were visited, and which of them is the present one."""

    def __init__(self) -> None:
        self._visits: list[Visit] = []
        self._at = -1

    @property
    def place(self) -> Place | None:
        """The present place; None before the first."""
        return self._visits[self._at].place if self._visits else None

    def visit(self, place: Place, *, again: bool = False) -> None:
        """Go on to a place; what was ahead is forgotten. With `again` also to the present one, to come back to it."""
        if self.place == place and not again:
            return
        del self._visits[self._at + 1 :]
        self._visits.append(Visit(place))
        self._at = len(self._visits) - 1

    def amend(self, place: Place) -> None:
        """Describe the present place better: the cursor rests on another tag of it."""
        if self._visits:
            self._visits[self._at].place = place

    def keep(self, kept: Kept | None) -> None:
        """Keep what is shown at the present place, which is about to be left."""
        if self._visits:
            self._visits[self._at].kept = kept
        for visit in [each for each in self._visits if each.kept is not None][:-KEPT]:
            visit.kept = None

    def step(self, by: int) -> Visit | None:
        """Go to the place before or after; None at the ends."""
        if not self.can_step(by):
            return None
        self._at += by
        return self._visits[self._at]

    def can_step(self, by: int) -> bool:
        """Tell whether there is a place before or after."""
        return 0 <= self._at + by < len(self._visits)
