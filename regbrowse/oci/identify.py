"""What a digest is, and where in an image it belongs; looks only into documents that were read already."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from regbrowse.oci import attestation, mediatype
from regbrowse.oci.config import Config
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.index_walk import Kind, classify
from regbrowse.oci.manifest import Artifact, Image, Index, Manifest, Schema1, Unknown
from regbrowse.reference import Digest
from regbrowse.text import visible

INDEX, IMAGE, ARTIFACT, MANIFEST = "index", "image", "artifact", "manifest"
CONFIG, LAYER, DIFF_ID, BLOB, OWN_CONFIG = "config", "layer", "diffID", "blob", "artifact config"
ATTESTATION, STATEMENT, REFERRER, SUBJECT = "attestation", "statement", "referrer", "subject"
OTHER = "other manifest"
MANIFESTS = frozenset({INDEX, IMAGE, ARTIFACT, MANIFEST, ATTESTATION, REFERRER, SUBJECT, OTHER})
"""Those that can be opened as a manifest."""
_BARE = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Spot:
    """One place where a digest stands."""

    what: str
    """One of the words above; `other manifest` belongs to the repository, but not to the image."""
    digest: Digest
    kind: str = ""
    """The media type or the statement in plain words."""
    platform: str = ""
    """Of the image that it belongs to; empty when it belongs to none or to all."""
    number: int | None = None
    """Of a layer, a diffID or a blob: from 1, the oldest first."""
    of: Digest | None = None
    """The document that names it; of a diffID its layer, of an attestation or a referrer what it is about."""

    @property
    def sentence(self) -> str:
        """`layer 3 of linux/amd64`, to be read after "is"."""
        return _SENTENCES[self.what].format(
            number=self.number,
            kind=self.kind or "document",
            whose=self.platform or "the image",
            about=self.platform or (self.of.short if self.of else "the image"),
            platform=f" for {self.platform}" if self.platform else "",
            of=self.of.short if self.of else "",
            layer=f", the content of {self.of.short} when unpacked" if self.of else "",
        )


_SENTENCES = {
    INDEX: "an index ({kind})",
    IMAGE: "an image{platform} ({kind})",
    ARTIFACT: "an artifact ({kind})",
    MANIFEST: "a manifest ({kind})",
    CONFIG: "the config (image id) of {whose}",
    LAYER: "layer {number} of {whose}",
    DIFF_ID: "the diffID of layer {number} of {whose}{layer}",
    BLOB: "blob {number} ({kind})",
    ATTESTATION: "an attestation of {about}",
    STATEMENT: "a statement ({kind}) about {about}",
    REFERRER: "a referrer ({kind}) of {about}",
    SUBJECT: "what {of} is attached to",
    OWN_CONFIG: "the config ({kind}) of the artifact {of}",
    OTHER: "another manifest of the repository ({kind})",
}


def told(spot: Spot, name: str) -> str:
    """Say what a digest is, and where; `name` is the reference that was searched."""
    if spot.what == OTHER:
        return f"{spot.digest} is {spot.sentence}, not part of {name}."
    if spot.of is None and spot.what != DIFF_ID:
        return f"{spot.digest} is {name} itself: {spot.sentence}."
    return f"{spot.digest} is {spot.sentence}, in {name}."


def read_digest(text: str) -> Digest:
    """A digest as people paste it: 64 hex digits alone are a SHA-256. Raises BadReference."""
    return Digest("sha256", text) if _BARE.fullmatch(text) else Digest.parse(text)


def itself(manifest: Manifest) -> Spot:
    """A document by its own digest."""
    if isinstance(manifest, Artifact):
        return Spot(ARTIFACT, manifest.digest, manifest.kind)
    what = INDEX if isinstance(manifest, Index) else IMAGE if isinstance(manifest, Image | Schema1) else MANIFEST
    return Spot(what, manifest.digest, mediatype.plain(manifest.media_type))


def in_manifest(manifest: Manifest, wanted: Digest, platform: str = "", about: Digest | None = None) -> list[Spot]:
    """Where a document names the digest; `platform` is what it is for, `about` what an index says it attests."""
    found = list(_members(manifest, wanted, platform, about))
    subject = manifest.subject
    if subject is not None and subject.digest == wanted:
        found.append(Spot(SUBJECT, wanted, mediatype.plain(subject.media_type), platform, None, manifest.digest))
    return found


def _members(manifest: Manifest, wanted: Digest, platform: str, about: Digest | None) -> Iterator[Spot]:
    match manifest:
        case Index(manifests=children):
            yield from (_child(manifest, child) for child in children if child.digest == wanted)
        case Image(config=config, layers=layers):
            if config.digest == wanted:
                yield Spot(CONFIG, wanted, mediatype.plain(config.media_type), platform, None, manifest.digest)
            yield from _numbered(LAYER, layers, wanted, platform, manifest.digest)
        case Schema1(layers=layers):
            yield from _numbered(LAYER, layers, wanted, platform, manifest.digest)
        case Artifact(config=own, blobs=blobs):
            if own is not None and own.digest == wanted:
                yield Spot(OWN_CONFIG, wanted, mediatype.plain(own.media_type), platform, None, manifest.digest)
            yield from _blobs(blobs, wanted, platform, about, manifest.digest)
        case Unknown(descriptors=descriptors):
            yield from _numbered(BLOB, descriptors, wanted, platform, manifest.digest)


def _child(index: Index, child: Descriptor) -> Spot:
    assert child.digest is not None
    kind = mediatype.plain(child.artifact_type or child.media_type)
    about = attestation.attested(child)
    match classify(child):
        case Kind.ATTESTATION:
            return Spot(ATTESTATION, child.digest, kind, platform_names(index, about), None, about or index.digest)
        case Kind.INDEX:
            return Spot(INDEX, child.digest, kind, "", None, index.digest)
        case Kind.IMAGE:
            return Spot(IMAGE, child.digest, kind, str(child.platform), None, index.digest)
    return Spot(MANIFEST, child.digest, kind, "", None, index.digest)


def platform_names(index: Index, digest: Digest | None) -> str:
    """The platforms that an index names for a child, one after the other; empty when none is known."""
    named = (one.platform for one in index.manifests if one.digest == digest)
    return ", ".join(dict.fromkeys(str(each) for each in named if each and each.known)) if digest else ""


def _numbered(
    what: str, descriptors: Sequence[Descriptor], wanted: Digest, platform: str, of: Digest
) -> Iterator[Spot]:
    for number, each in enumerate(descriptors, 1):
        if each.digest == wanted:
            yield Spot(what, wanted, mediatype.plain(each.media_type), platform, number, of)


def _blobs(
    blobs: Sequence[Descriptor], wanted: Digest, platform: str, about: Digest | None, of: Digest
) -> Iterator[Spot]:
    for number, blob in enumerate(blobs, 1):
        if blob.digest != wanted:
            continue
        predicate = attestation.predicate_of(blob)
        if predicate:
            said = attestation.by_predicate(predicate)
            kind = visible(f"{said.kind} {said.note}".strip())
            yield Spot(STATEMENT, wanted, kind, platform, number, about or of)
        else:
            yield Spot(BLOB, wanted, mediatype.plain(blob.media_type), platform, number, of)


def in_config(image: Image, config: Config, wanted: Digest, platform: str = "") -> list[Spot]:
    """The layers whose uncompressed content has this digest (image-spec, config.md, rootfs)."""
    whose = platform or (str(config.platform) if config.platform.known else "")
    layers: Sequence[Digest | None] = [layer.digest for layer in image.layers]
    if len(layers) != len(config.diff_ids):
        layers = [None] * len(config.diff_ids)
    return [
        Spot(DIFF_ID, wanted, "uncompressed layer", whose, number, layer)
        for number, (diff_id, layer) in enumerate(zip(config.diff_ids, layers, strict=True), 1)
        if diff_id == wanted
    ]
