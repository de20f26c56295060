"""What is attached to an image, in plain words. Nothing here verifies a signature."""

from __future__ import annotations

import re
from collections.abc import Iterable

from regbrowse.oci.attestation import by_predicate, predicate_of
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Artifact, Image, Index, Manifest, blobs_of
from regbrowse.oci.mediatype import TITLE, is_decodable, is_layer, is_text, layer_kind, plain
from regbrowse.text import visible

_SIGNED = re.compile(r"\b(signature|sigstore bundle|signed)\b")
_UNKNOWN = "attachment"
_LABELS = ("SBOM", "provenance", "signature", "attestation", "VEX", "verification")
_TAGS = {".sig": "cosign signature", ".att": "cosign attestation", ".sbom": "cosign SBOM"}


def kind_of(descriptor: Descriptor, manifest: Manifest | None = None) -> str:
    """`SBOM SPDX, provenance SLSA v1` or `cosign signature`: as descriptor and manifest claim."""
    told = _statements((descriptor,)) or _statements(blobs_of(manifest))
    if told:
        return told
    named = descriptor.artifact_type or (manifest.artifact_type if manifest else "")
    if named:
        return plain(named)
    if isinstance(manifest, Artifact):
        return manifest.kind
    if isinstance(manifest, Index):
        return "index"
    # Tools that attach an SBOM give it an image's config, so that only the blob says what it is.
    other = next((blob for blob in blobs_of(manifest) if layer_kind(blob.media_type) == "other"), None)
    return plain(other.media_type) if other else "image" if isinstance(manifest, Image) else _UNKNOWN


def label_and_note(kind: str) -> tuple[str, str]:
    """Take a kind apart for a row: `signature` and `cosign`, `SBOM` and `SPDX`."""
    one, _, rest = kind.partition(", ")
    first, _, second = one.partition(" ")
    more = f", {rest}" if rest else ""
    if first in _LABELS:
        return first, second + more
    last = next((label for label in _LABELS if one.endswith(f" {label}")), "")
    if last:
        return last, one.removesuffix(f" {last}") + more
    return kind, ""


def documents_of(manifest: Manifest) -> tuple[Descriptor, ...]:
    """Give the blobs of an attachment that are documents; not layers, and not what is only bytes."""
    return tuple(blob for blob in blobs_of(manifest) if blob.digest is not None and _is_document(blob, manifest))


def _is_document(blob: Descriptor, manifest: Manifest) -> bool:
    if is_layer(blob.media_type):
        return False
    is_told = is_text(blob.media_type, blob.annotations.get(TITLE, "")) or is_decodable(blob.media_type)
    # Tools that attach an SBOM to an image in the form of an image have types of their own for it.
    return is_told or isinstance(manifest, Image)


def by_tag(tag: str) -> str:
    """Say what a tag of cosign stands for, by its end; empty for any other tag."""
    return next((words for end, words in _TAGS.items() if tag.endswith(end)), "")


def says_enough(descriptor: Descriptor) -> bool:
    """Whether the kind can be told without reading the manifest."""
    return bool(descriptor.artifact_type or predicate_of(descriptor))


def is_signed(kind: str) -> bool:
    """Whether something of this kind holds a signature."""
    return _SIGNED.search(kind.lower()) is not None


def _statements(descriptors: Iterable[Descriptor]) -> str:
    predicates = filter(None, map(predicate_of, descriptors))
    said = (by_predicate(predicate) for predicate in predicates)
    return visible(", ".join(dict.fromkeys(f"{each.kind} {each.note}".strip() for each in said)))
