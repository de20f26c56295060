"""Descriptors: how one document points to another (image-spec, descriptor.md)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from regbrowse.digest import Verification
from regbrowse.oci.platform import Platform
from regbrowse.text import CELL_LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from regbrowse.oci.document import Reader
    from regbrowse.reference import Digest


@dataclass(frozen=True, slots=True)
class Descriptor:
    """The type, digest and size of a blob or manifest, as the document that points to it claims them."""

    media_type: str
    digest: Digest | None
    """None when the document names none, or one that breaks the grammar: it cannot be asked for."""
    size: int | None
    """In bytes; None when missing or not a size."""
    platform: Platform | None = None
    artifact_type: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    urls: tuple[str, ...] = ()
    """Where else it could be had; shown, never asked."""
    data: bytes | None = field(default=None, repr=False)
    """The content itself, when it was embedded and matches digest and size."""

    @classmethod
    def read(cls, reader: Reader) -> Descriptor:
        digest, size = reader.digest("digest"), reader.number("size")
        platform = Platform.read(reader.reader("platform")) if reader.has("platform") else None
        if platform is not None and not isinstance(reader.raw("platform"), dict):
            platform = None
        return cls(
            reader.text("mediaType", limit=CELL_LIMIT),
            digest,
            size,
            platform,
            reader.text("artifactType", limit=CELL_LIMIT),
            reader.strings("annotations"),
            reader.texts("urls"),
            _embedded(reader, digest, size),
        )


def _embedded(reader: Reader, digest: Digest | None, size: int | None) -> bytes | None:
    value = reader.raw("data")
    if value is None:
        return None
    if not isinstance(value, str):
        reader.strange(reader.path("data"), value)
        return None
    try:
        content = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        reader.strange(reader.path("data"), value)
        return None
    found = Verification.of(content, digest, size) if digest is not None else None
    if found is None or not (found.digest_matches and found.size_matches):
        reader.note(f"{reader.path('data')} does not match its digest and size; ignored.")
        return None
    return content
