"""What is wrong with the command line and can be told without asking anybody; no registry hears of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from regbrowse.cli.arguments import DEMO, Arguments
from regbrowse.errors import BadReference
from regbrowse.reference import Reference, Registry
from regbrowse.text import visible

if TYPE_CHECKING:
    from regbrowse.cli.verbs.table import Verb


def check(verb: Verb, arguments: Arguments, place: Registry | Reference | None) -> None:
    """Raises BadReference, and ConfigError for a place where nothing can be written."""
    if place is None:
        return
    if verb.module == "download":
        from regbrowse.cli.destination import destination

        destination(arguments, place, terminal=sys.stdout is not None and sys.stdout.isatty()).try_out()
    elif verb.takes == "REGISTRY":
        registry_of(arguments, place)
    else:
        image_of(place)
    if arguments.platform or arguments.os or arguments.arch or arguments.variant:
        if arguments.all:
            raise BadReference("--all checks every platform, and one was chosen.", hint="Leave one of them out.")
        from regbrowse.cli.platform_request import platform_request

        platform_request(arguments)
    if verb.module == "identify":
        from regbrowse.oci.identify import read_digest

        read_digest(arguments.words[1])


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
