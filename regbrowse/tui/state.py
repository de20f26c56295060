"""What the screen knows: where it is, which questions are open, where it has been. No network, no painting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from textual.screen import Screen

from regbrowse.oci.platform import Platform
from regbrowse.reference import Reference, Registry, Repository
from regbrowse.tui.grid import CONFIG, LAYERS, MANIFESTS, TAGS, Focus
from regbrowse.tui.messages import ImageQuestion, ListQuestion, OpenQuestion
from regbrowse.tui.panes.config import ConfigPane
from regbrowse.tui.panes.layers import LayersPane
from regbrowse.tui.panes.lines import Pane
from regbrowse.tui.panes.manifests import ManifestsPane
from regbrowse.tui.panes.status import DetailStrip, Foot, Head, Refuse
from regbrowse.tui.panes.tags import TagsPane

if TYPE_CHECKING:
    from regbrowse.browser import Browser, Names
    from regbrowse.registry.models import TagFact

Place = Registry | Reference
Connect = Callable[[], Awaitable["Browser"]]
"""Makes the browser, off the event loop; called once, after the first paint."""


@dataclass
class History:
    """Places in the order they were visited, and where in it we stand."""

    places: list[Place] = field(default_factory=list)
    at: int = -1

    def visit(self, place: Place) -> None:
        """Goes on from here; what was ahead is forgotten."""
        if self.at >= 0 and self.places[self.at] == place:
            return
        del self.places[self.at + 1 :]
        self.places.append(place)
        self.at = len(self.places) - 1

    def amend(self, place: Place) -> None:
        """The present place is better described like this."""
        if self.at >= 0:
            self.places[self.at] = place

    def step(self, by: int) -> Place | None:
        """The place before or after, which becomes the present one; None at the ends."""
        if not 0 <= self.at + by < len(self.places):
            return None
        self.at += by
        return self.places[self.at]

    def can_step(self, by: int) -> bool:
        return 0 <= self.at + by < len(self.places)


class State(Screen[None]):
    """The parts of the screen and what is being asked."""

    def __init__(self, connect: Connect) -> None:
        super().__init__(id="browse")
        self.connect = connect
        self.connecting = asyncio.Lock()
        """Held while the browser is made."""
        self.browser: Browser | None = None
        self.tags_pane = TagsPane(id=TAGS)
        self.manifests_pane = ManifestsPane(id=MANIFESTS)
        self.layers_pane = LayersPane(id=LAYERS)
        self.config_pane = ConfigPane(id=CONFIG)
        self.head = Head(id="head")
        self.strip = DetailStrip(id="strip")
        self.foot = Foot(id="foot")
        self.refuse = Refuse(id="refuse")
        self.panes: tuple[Pane, ...] = (self.tags_pane, self.manifests_pane, self.layers_pane, self.config_pane)
        self.focus_state = Focus()
        self.history = History()
        self.place: Place | None = None
        self.listing: ListQuestion | None = None
        self.opened: OpenQuestion | None = None
        self.image: ImageQuestion | None = None
        self.platform: Platform | None = None
        """Chosen by hand; None: this machine's."""
        self.reached: Names | None = None
        """The last names of this listing, from where it can go on."""
        self.tag_facts: dict[str, TagFact] = {}
        """What the registry's own API says of tags of this listing."""
        self._serials = count(1)

    def serial(self) -> int:
        """A number that no question has yet."""
        return next(self._serials)

    @property
    def pane(self) -> Pane:
        """The pane that has the focus, or had it last."""
        return next(pane for pane in self.panes if pane.id == self.focus_state.pane)

    @property
    def repository(self) -> Repository | None:
        """The repository whose tags are listed."""
        place = self.listing.place if self.listing else None
        return place if isinstance(place, Repository) else None

    @property
    def registry(self) -> Registry | None:
        place = self.listing.place if self.listing else None
        return place.registry if isinstance(place, Repository) else place
