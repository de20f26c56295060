"""What a folder or archive has to tell, so that a registry can be made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from regbrowse.reference import Digest
from regbrowse.registry.local.names import Names
from regbrowse.registry.local.pieces import Piece


class Holdings(Protocol):
    """Images that were opened. Every question may read files; threads may ask at once. Raises OSError."""

    @property
    def names(self) -> Names: ...

    def tagged(self, path: str, tag: str) -> Digest | None:
        """The digest of the manifest that a tag leads to."""
        ...

    def manifest(self, digest: Digest) -> tuple[str, Piece] | None:
        """The media type and the bytes of a manifest."""
        ...

    def blob(self, digest: Digest) -> Piece | None: ...

    def referrers(self, digest: Digest) -> Sequence[Mapping[str, object]]:
        """The descriptors of what refers to a manifest."""
        ...
