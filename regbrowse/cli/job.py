"""What a verb is given to do its work."""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

from regbrowse.browse import Browser
from regbrowse.cli.arguments import Arguments
from regbrowse.cli.early import image_of
from regbrowse.cli.output import Output
from regbrowse.errors import BadReference
from regbrowse.oci.manifest import Index
from regbrowse.reference import UNNAMED, Reference, Registry, Repository
from regbrowse.text import visible

_NAMED = 10
"""Names that a hint offers at most."""


class Job(NamedTuple):
    """One verb at work. Errors of the tree are raised and become sentence and exit code in one place."""

    browser: Browser
    arguments: Arguments
    place: Registry | Reference
    """What the first argument names."""
    output: Output

    @property
    def verb(self) -> str:
        """Its name: several verbs may share a module."""
        return self.arguments.verb.name if self.arguments.verb else ""

    @property
    def reference(self) -> Reference:
        """The image that is meant. Raises BadReference for a registry without a repository."""
        return image_of(self.place)

    @property
    def repository(self) -> Repository:
        """The repository that is meant. Raises BadReference."""
        return self.reference.repository

    @property
    def as_table(self) -> bool:
        """Whether people read this: asked for, or a terminal and nothing else said."""
        if self.arguments.format or self.arguments.raw:
            return self.arguments.format == "table"
        return self.output.terminal

    async def _within(self, reference: Reference) -> Reference:
        """The only entry of a list that stands for what nobody has named; else the same."""
        if reference.repository.path != UNNAMED:
            return reference
        found = await self.browser.open(reference)
        if not isinstance(found, Index) or len(found.manifests) != 1 or found.manifests[0].digest is None:
            return reference
        return Reference(reference.repository, None, found.manifests[0].digest)

    async def settled(self) -> Job:
        """The same about the only image of a folder or archive, when it was named without a tag; else unchanged.

        A registry has `latest` for that. Raises BadReference when there are several images and none is called so.
        """
        place = self.place
        if isinstance(place, Registry) or place.target or not place.repository.registry.alias:
            return self
        tags: list[str] = []
        async for part in self.browser.listing(place.repository):
            tags += part.names
        if len(tags) == 1:
            return self._replace(place=await self._within(Reference(place.repository, tags[0])))
        if not tags or "latest" in tags:
            return self
        name = visible(str(place.repository))
        more = ", …" if len(tags) > _NAMED else ""
        raise BadReference(
            f"{name} holds {len(tags):,} images.",
            hint=f"Write {name}:TAG with one of {', '.join(islice(tags, _NAMED))}{more}.",
        )
