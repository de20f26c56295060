"""What `downloadlayer` fetches and where to, as far as that is known before anybody is asked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from regbrowse.cli.arguments import Arguments
from regbrowse.cli.saving import Saving, check_free
from regbrowse.errors import BadReference
from regbrowse.reference import Digest, Reference, Registry
from regbrowse.text import visible

ENDINGS = (".tar.gz", ".tar.zst", ".tar", ".json", "")
"""What a file named after its digest may end in."""


class Destination(NamedTuple):
    """One blob, and a file or standard output."""

    digest: Digest
    file: str
    """As it was named; empty for a file named after the digest."""
    pipes: bool
    """Whether it goes to standard output instead."""
    force: bool
    """Whether something may be overwritten."""

    @property
    def folder(self) -> Path:
        return Path(self.file).parent if self.file else Path()

    def named(self, ending: str) -> Path:
        """Where it will be, when it ends like this unless a name was given."""
        return Path(self.file or f"{self.digest.algorithm}-{self.digest.encoded}{ending}")

    def try_out(self) -> None:
        """Raises ConfigError where it could not be written, or is not to be."""
        if self.pipes:
            return
        if self.file.endswith(os.sep):
            raise BadReference(f"{visible(self.file, 512)} is a folder.", hint="Name a file in it with -o FILE.")
        for path in dict.fromkeys(map(self.named, ENDINGS)):
            check_free(path, force=self.force)
        with Saving(self.folder):
            pass


def destination(arguments: Arguments, place: Registry | Reference, *, terminal: bool) -> Destination:
    """Raises BadReference for what names no blob, and for what could never be verified."""
    given = visible(str(arguments.reference), 512)
    if isinstance(place, Registry):
        raise BadReference(f'"{given}" is a registry.', hint="Write REPOSITORY@DIGEST.")
    digest = place.digest
    if digest is None:
        what = "a tag" if place.tag else "nothing"
        hint = f"`regbrowse layers {given}` lists the layers; write {repository_in(given)}@DIGEST."
        raise BadReference(f'"{given}" has {what} where a digest is needed.', hint=hint)
    if digest.hasher() is None:
        raise BadReference(f"{digest.algorithm} cannot be computed here, so nothing it names can be verified.")
    pipes = arguments.output == "-" or not (arguments.output or terminal)
    return Destination(digest, "" if pipes else arguments.output, pipes, arguments.force)


def repository_in(given: str) -> str:
    """What was written, without tag and digest."""
    name = given.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name
