"""Complete a reference from the lists of its registry: the completion of the shell and of the open dialog."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.reference import Reference, Registry, Repository

if TYPE_CHECKING:
    from regbrowse.browser import Browser

_HOST = re.compile(r"localhost|[^/]*[.:][^/]*")


class Listing(NamedTuple):
    """A list whose names complete a reference."""

    target: str
    """Whose: a repository for its tags, a registry for its repositories."""
    stem: str
    """What stands before each name."""
    prefix: str
    """How the names begin."""

    @property
    def is_of_tags(self) -> bool:
        """Whether the names are tags."""
        return not self.stem.endswith("/")


def listing_for(typed: str, names: Collection[str] = (), files: tuple[str, ...] = ()) -> Listing | None:
    """Find the list to ask for; None when what is typed could still be anything.

    `names` are words that mean a registry though they are no hosts; `files` what files on this machine begin with.
    """
    if "@" in typed:
        return None
    head, colon, tag = typed.rpartition(":")
    if typed.startswith(files):
        return Listing(head, f"{head}:", tag) if head.count(":") else None
    first, slash, path = typed.partition("/")
    if colon and "/" not in tag and (slash or not _HOST.fullmatch(head)):
        return Listing(head, f"{head}:", tag)
    if slash and (first in names or _HOST.fullmatch(first)):
        return Listing(f"{first}/", f"{first}/", path)
    return None


async def completions(
    browser: Browser, listing: Listing, place: Registry | Reference
) -> AsyncGenerator[tuple[list[str], bool], None]:
    """List the references that complete what was typed, as pages come, and whether the list has ended.

    `place` is what the target of the list means. Raises RegbrowseError.
    """
    if isinstance(place, Registry):
        inside: Registry | Repository = place
    else:
        inside = place.repository if listing.is_of_tags else place.repository.registry
    end = ":" if listing.is_of_tags and isinstance(inside, Registry) else ""
    async with aclosing(browser.listing(inside)) as parts:
        async for part in parts:
            found = [f"{listing.stem}{name}{end}" for name in part.names if name.startswith(listing.prefix)]
            yield found, part.done
