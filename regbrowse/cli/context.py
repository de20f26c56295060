"""What the function of a verb is given: the browser, the arguments, what they name, and where to write."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.cli.verb_table import DEMO
from regbrowse.errors import BadReference
from regbrowse.reference import Reference, Registry, Repository
from regbrowse.text import visible

if TYPE_CHECKING:
    from regbrowse.browser import Browser
    from regbrowse.cli.arguments import Arguments
    from regbrowse.cli.output import Output
    from regbrowse.oci.platform_selection import PlatformRequest

_NAMED = 10
"""Names that a hint offers at most."""


class CommandContext(NamedTuple):
    """One verb at work. It raises errors of the tree, which become sentence and exit code in one place."""

    browser: Browser
    arguments: Arguments
    place: Registry | Reference
    """What the first argument names."""
    output: Output
    other: Registry | Reference | None = None
    """What the second argument names, of a verb that takes two."""

    @property
    def verb(self) -> str:
        """Its name: several verbs may share a function."""
        return self.arguments.verb.name

    @property
    def reference(self) -> Reference:
        """The image that is meant. Raises BadReference for a registry without a repository."""
        return image_of(self.place)

    @property
    def repository(self) -> Repository:
        """The repository that is meant. Raises BadReference."""
        return self.reference.repository

    @property
    def request(self) -> PlatformRequest:
        """The platform that an image is wanted for: that of the options, of the settings, or this machine's."""
        from regbrowse.oci.platform import Platform
        from regbrowse.oci.platform_selection import PlatformRequest

        return PlatformRequest(self.browser.platform or Platform.host(), self.arguments.names_platform)

    @property
    def as_table(self) -> bool:
        """Whether people read this: asked for, or a terminal and nothing else said."""
        if self.arguments.format or self.arguments.raw:
            return self.arguments.format == "table"
        return self.output.terminal

    async def with_only_image(self) -> CommandContext:
        """Name the only image of a folder or archive that was named without a tag; else change nothing.

        A registry has `latest` for that. Raises BadReference when there are several images and none is called so.
        """
        place = self.place
        if isinstance(place, Registry):
            if place.alias:
                await self._refuse_many(place)
            return self
        if place.target or not place.repository.registry.alias:
            return self
        tags: list[str] = []
        async for part in self.browser.listing(place.repository):
            tags += part.names
        if len(tags) == 1:
            return self._replace(place=await self._only_entry(Reference(place.repository, tags[0])))
        if not tags or "latest" in tags:
            return self
        name = visible(str(place.repository))
        more = ", …" if len(tags) > _NAMED else ""
        raise BadReference(
            f"{name} holds {len(tags):,} images.",
            hint=f"Write {name}:TAG with one of {', '.join(islice(tags, _NAMED))}{more}.",
        )

    async def with_only_other_image(self) -> CommandContext:
        """Do the same for the second of two places."""
        if self.other is None:
            return self
        named = await self._replace(place=self.other).with_only_image()
        return self._replace(other=named.place)

    async def _refuse_many(self, registry: Registry) -> None:
        """Name the images of a folder or archive that has several repositories. Raises BadReference."""
        names: list[str] = []
        async for part in self.browser.listing(registry):
            for path in part.names:
                repository = Repository(registry, path)
                async for tags in self.browser.listing(repository):
                    names += [tag if repository.unnamed else f"{path}:{tag}" for tag in tags.names]
                if len(names) > _NAMED:
                    break
        name = visible(registry.name)
        more = ", …" if len(names) > _NAMED else ""
        raise BadReference(
            f"{name} holds more than one image.",
            hint=f"Write {name}:NAME with one of {', '.join(islice(names, _NAMED))}{more}.",
        )

    async def _only_entry(self, reference: Reference) -> Reference:
        """Name the only entry of a list that stands for images without a name; else change nothing."""
        if not reference.is_list_of_files:
            return reference
        from regbrowse.oci.manifest import Index

        found = await self.browser.open(reference)
        if not isinstance(found, Index) or len(found.manifests) != 1 or found.manifests[0].digest is None:
            return reference
        return Reference(reference.repository, None, found.manifests[0].digest)


def image_of(place: Registry | Reference) -> Reference:
    """The image or repository that is meant. Raises BadReference for a registry without a repository."""
    if isinstance(place, Reference):
        return place
    name = visible(place.name)
    if place.alias:
        raise BadReference(f"{name} holds more than one image.", hint=f"Write {name}:NAME:TAG.")
    raise BadReference(f"{name} is a registry, and this asks about an image.", hint=f"Write {name}/NAME:TAG.")


def registry_of(arguments: Arguments, place: Registry | Reference) -> Registry:
    """The registry that is meant. Raises BadReference where none was written."""
    if isinstance(place, Registry):
        return place
    registry, written = place.repository.registry, visible(arguments.reference or "")
    if registry.alias or written.partition("/")[0] == DEMO or visible(registry.name) in written:
        return registry
    name = written.partition("/")[0].partition(":")[0]
    hint = f'Write for example "{name}.example.com" or "{name}:5000/".'
    raise BadReference(f'"{written}" is an image, and this asks about a registry.', hint=hint)
