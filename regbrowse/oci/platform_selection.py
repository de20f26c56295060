"""Platform selection: which image of an index is taken for a platform, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.oci.index_walk import Entry, Kind
from regbrowse.oci.platform import Platform, choose

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from regbrowse.errors import NotFound, RegbrowseError
    from regbrowse.oci.descriptor import Descriptor
    from regbrowse.oci.manifest import Index, Manifest


class PlatformRequest(NamedTuple):
    """The platform for which an image is wanted."""

    platform: Platform
    asked: bool = False
    """Whether it was asked for this time; else it is the platform of the settings or of this machine."""

    def fits(self, candidate: Platform | None) -> bool:
        """Whether an image for this platform runs there, perhaps as a lower variant."""
        return choose([candidate], self.platform) is not None

    def is_met_by(self, candidate: Platform) -> bool:
        """Whether it is the platform itself, not a lower variant of it."""
        return self.fits(candidate) and candidate.is_same(self.platform)


class Candidate(NamedTuple):
    """An image that can be taken."""

    entry: Entry
    platform: Platform | None
    """As the index or else the config says it; None when neither does."""


@dataclass(frozen=True, slots=True)
class PlatformSelection:
    """The image that is taken from an index, and everything that is worth telling about it."""

    request: PlatformRequest
    selected: Candidate | None = None
    """None when there is no image for the platform, or when the search had to stop."""
    outcome: Manifest | RegbrowseError | None = None
    """The manifest of the selected image, or why it cannot be read."""
    others: tuple[Candidate, ...] = ()
    """Further images beside the selected one that run on the platform, in the order of the index."""
    offered: tuple[Candidate, ...] = ()
    """Images for any platform, as far as was looked to select one."""
    alternative: Descriptor | None = None
    """The entry to show where something must be shown although nothing was selected."""
    absent: tuple[NotFound, ...] = ()
    """Entries that were looked for on the way and that the registry does not hold."""
    stopped: RegbrowseError | None = None
    """Why not everything could be looked at; None when it could."""

    @property
    def descriptor(self) -> Descriptor | None:
        """The entry that is taken."""
        return self.selected.entry.descriptor if self.selected else None

    @property
    def platform(self) -> Platform | None:
        """The platform of the image that is taken."""
        return self.selected.platform if self.selected else None

    @property
    def is_exact(self) -> bool:
        """Whether the selected image is for the platform itself, not for a lower variant of it."""
        return self.platform is not None and self.request.is_met_by(self.platform)

    @property
    def repeated(self) -> tuple[Platform, ...]:
        """Further entries for the platform of the selected one, version included, each in its own spelling."""
        version = self.platform.os_version if self.platform else ""
        return tuple(each for each in self._same(self._beside) if each.os_version == version)

    @property
    def further(self) -> tuple[Platform, ...]:
        """Other platforms, and other versions of the same, whose images run there too."""
        repeated = self.repeated
        return tuple(each for each in self._beside if each not in repeated)

    @property
    def versions(self) -> tuple[Platform, ...]:
        """The platform of the selected image with other versions of the system."""
        return self._same(self.further)

    @property
    def _beside(self) -> tuple[Platform, ...]:
        return tuple(each.platform for each in self.others if each.platform is not None)

    def _same(self, platforms: Iterable[Platform]) -> tuple[Platform, ...]:
        taken = self.platform
        return tuple(each for each in platforms if taken is not None and each.is_same(taken))


def listed(level: Iterable[Entry]) -> list[Candidate]:
    """The images whose platform their index says."""
    return [Candidate(entry, entry.platform) for entry in level if entry.kind is Kind.IMAGE]


def select(candidates: Sequence[Candidate], request: PlatformRequest) -> PlatformSelection:
    """Select among images of one level; nothing is selected when none of them runs on the platform."""
    fitting = [each for each in candidates if request.fits(each.platform)]
    at = choose([each.platform for each in fitting], request.platform)
    if at is None:
        return PlatformSelection(request, offered=tuple(candidates))
    others = tuple(each for each in fitting if each is not fitting[at])
    return PlatformSelection(request, fitting[at], others=others, offered=tuple(candidates))


def alternative(candidates: Sequence[Candidate], root: Index) -> Descriptor | None:
    """The entry to show where nothing fits: for this machine, for linux/amd64, the first image, the first entry."""
    images = [each.entry.descriptor for each in candidates]
    platforms = [each.platform for each in candidates]
    if not images:
        images = [each for each in root.manifests if each.digest is not None]
        platforms = [each.platform for each in images]
    return images[choose(platforms) or 0] if images else None
