"""What a verb is given to do its work."""

from __future__ import annotations

from dataclasses import dataclass

from regbrowse.browse import Browser
from regbrowse.cli.arguments import Arguments
from regbrowse.cli.output import Output
from regbrowse.errors import BadReference
from regbrowse.reference import Reference, Registry, Repository


@dataclass(frozen=True, slots=True)
class Job:
    """One verb at work. Errors of the tree are raised and become sentence and exit code in one place."""

    browser: Browser
    arguments: Arguments
    place: Registry | Reference
    """What the first argument names."""
    output: Output

    @property
    def reference(self) -> Reference:
        """The image that is meant. Raises BadReference for a registry without a repository."""
        if isinstance(self.place, Registry):
            raise BadReference(
                f"{self.place} is a registry, and this asks about an image.", hint=f"Write {self.place}/NAME:TAG."
            )
        return self.place

    @property
    def repository(self) -> Repository:
        """The repository that is meant. Raises BadReference."""
        return self.reference.repository
