"""Docker's schema 1 manifests: newest layer first, configs as JSON inside of texts."""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

from regbrowse.errors import BadReference, BadResponse, TooLarge
from regbrowse.oci.config import Config, HistoryEntry, read_config
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.document import Reader, parse_json
from regbrowse.oci.mediatype import DOCKER_LAYER_GZIP
from regbrowse.reference import Digest
from regbrowse.text import CELL_LIMIT


class Parts(NamedTuple):
    """What a schema 1 manifest says, oldest layer first (distribution, manifest-v2-1.md)."""

    name: str
    tag: str
    architecture: str
    layers: tuple[Descriptor, ...]
    history: tuple[HistoryEntry, ...]
    config: Config | None


def read_parts(reader: Reader) -> Parts:
    layers = [
        Descriptor(DOCKER_LAYER_GZIP, layer.digest("blobSum"), None) for layer in reversed(reader.readers("fsLayers"))
    ]
    steps = [_compatibility(entry) for entry in reader.readers("history")]
    return Parts(
        name=reader.text("name"),
        tag=reader.text("tag", limit=CELL_LIMIT),
        architecture=reader.text("architecture", limit=CELL_LIMIT),
        layers=tuple(layers),
        history=tuple(_step(step) for step in reversed(steps)),
        config=read_config(steps[0]) if steps and steps[0].has("config") else None,
    )


def _compatibility(entry: Reader) -> Reader:
    """The JSON inside of the text, bounded on its own; a broken one reads as an empty object."""
    where = entry.path("v1Compatibility")
    value = entry.raw("v1Compatibility")
    if isinstance(value, str):
        try:
            document = parse_json(value.encode("utf-8", "surrogatepass"))
        except (BadResponse, TooLarge):
            entry.strange(where, value)
            return Reader(None, where, entry.anomalies)
        for sentence in document.anomalies:
            entry.note(sentence)
        return Reader(document.value, where, entry.anomalies)
    if value is not None:
        entry.strange(where, value)
    return Reader(None, where, entry.anomalies)


def _step(reader: Reader) -> HistoryEntry:
    return HistoryEntry(
        reader.text("created", limit=CELL_LIMIT),
        " ".join(reader.reader("container_config").texts("Cmd")),
        reader.text("comment"),
        reader.text("author"),
        reader.truth("throwaway"),
    )


def signed_payload(raw: bytes) -> bytes | None:
    """What the digest of a signed schema 1 manifest is over: the body without its signatures.

    Each signature protects how long the body was and how it ended (manifest-v2-1.md, Signed Manifests).
    None when the document is not signed or the signatures do not tell.
    """
    try:
        signatures = Reader(parse_json(raw).value).readers("signatures")
        protected = signatures[0].raw("protected") if signatures else None
        if not isinstance(protected, str):
            return None
        header = Reader(parse_json(_base64url(protected)).value)
        length, tail = header.number("formatLength"), header.raw("formatTail")
        if length is None or length > len(raw) or not isinstance(tail, str):
            return None
        return raw[:length] + _base64url(tail)
    except (BadReference, BadResponse, TooLarge, binascii.Error, ValueError):
        return None


def _base64url(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def digest_of(raw: bytes) -> Digest:
    """The digest a registry knows this manifest by."""
    return Digest.of(signed_payload(raw) or raw)
