"""Manifests of every kind, and how to tell which kind a document is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

from regbrowse.errors import BadResponse
from regbrowse.oci import mediatype, schema1
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.document import DOCUMENT_LIMIT, Reader, looks_like_html, parse_object
from regbrowse.reference import Digest
from regbrowse.text import CELL_LIMIT, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from regbrowse.oci.config import Config, HistoryEntry

DESCRIPTOR_LIMIT = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What every kind of manifest has."""

    media_type: str
    """The type it was read as, whatever header and body claim."""
    raw: bytes = field(repr=False)
    """The bytes as they came: only these have the digest."""
    digest: Digest
    """The one it was asked for by, else the SHA-256 of the bytes."""
    verified: bool = True
    """Whether the bytes have this digest; False when that cannot be found out."""
    reported: Digest | None = None
    """What a registry that was asked for a tag says the digest is, where the bytes have another one."""
    anomalies: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    subject: Descriptor | None = None
    """What this document is about, when it refers to another."""
    artifact_type: str = ""

    @property
    def size(self) -> int:
        """Bytes of the manifest itself."""
        return len(self.raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class Index(Manifest):
    """One name for several images: OCI image index or Docker manifest list (image-spec, image-index.md)."""

    manifests: tuple[Descriptor, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Image(Manifest):
    """An image that can be run (image-spec, manifest.md)."""

    config: Descriptor
    layers: tuple[Descriptor, ...] = ()

    @property
    def total(self) -> int:
        """Bytes of all layers as stored, each digest once."""
        return total_size(self.layers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact(Manifest):
    """Anything else that is kept in a registry: its config is never read as an image's."""

    config: Descriptor | None = None
    blobs: tuple[Descriptor, ...] = ()
    kind: str = "artifact"
    """In plain words, such as "Helm chart"."""

    @property
    def total(self) -> int:
        """Bytes of all blobs, each digest once."""
        return total_size(self.blobs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema1(Manifest):
    """The image format before 2016; sizes are unknown (distribution, manifest-v2-1.md)."""

    name: str = ""
    tag: str = ""
    architecture: str = ""
    layers: tuple[Descriptor, ...] = ()
    """Oldest first, the other way round than in the document."""
    history: tuple[HistoryEntry, ...] = ()
    config: Config | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown(Manifest):
    """A JSON object of a kind not known here, with whatever in it looks like a descriptor."""

    descriptors: tuple[Descriptor, ...] = ()


def config_of(manifest: Manifest) -> Descriptor | None:
    """The blob that a manifest names as its config; None for a kind that has none."""
    return manifest.config if isinstance(manifest, Image | Artifact) else None


def blobs_of(manifest: Manifest | None) -> tuple[Descriptor, ...]:
    """The layers of an image or the blobs of an artifact; none for other kinds."""
    if isinstance(manifest, Image):
        return manifest.layers
    return manifest.blobs if isinstance(manifest, Artifact) else ()


def total_size(descriptors: Iterable[Descriptor]) -> int:
    """The sum of the known sizes, each digest counted once."""
    sizes: dict[object, int] = {}
    for position, descriptor in enumerate(descriptors):
        sizes.setdefault(descriptor.digest or position, descriptor.size or 0)
    return sum(sizes.values())


def parse_manifest(
    raw: bytes, *, content_type: str = "", expected: str = "", digest: Digest | None = None, limit: int = DOCUMENT_LIMIT
) -> Manifest:
    """A manifest by what its bytes say; the header and the type that was expected are only hints.

    Raises BadResponse for what is no JSON object or can be read in two ways, TooLarge above the limit.
    """
    if looks_like_html(raw):
        raise BadResponse(
            "The registry sent a web page instead of a manifest.", hint="A login page or proxy is probably in between."
        )
    reader = parse_object(raw, "The registry sent a manifest that is not a JSON object.", limit=limit)
    _refuse_ambiguous(reader)
    _refuse_config(reader)
    media_type = _decide(reader, mediatype.essence(content_type), mediatype.essence(expected))
    return _build(reader, media_type, raw, digest)


def _refuse_ambiguous(reader: Reader) -> None:
    """CVE-2021-41190. Keys are compared without case, as Go's decoder does."""
    keys = {key.lower() for key in reader if reader.has(key)}
    others = {"layers", "config", "fslayers", "history"}
    if ("manifests" in keys and keys & others) or {"blobs", "layers"} <= keys:
        raise BadResponse(
            "This document can be read both as an image and as an index; regbrowse refuses it (CVE-2021-41190)."
        )


def _refuse_config(reader: Reader) -> None:
    """Some registries serve any blob as a manifest, and an image id is easily taken for a digest."""
    manifestly = any(reader.has(key) for key in ("schemaVersion", "mediaType", "layers", "manifests", "blobs"))
    if not manifestly and isinstance(reader.raw("rootfs"), dict) and reader.has("architecture"):
        raise BadResponse(
            "This is no manifest but the config of an image, whose digest is the image id.",
            hint="Name the image by a tag or by the digest of its manifest.",
        )


def _decide(reader: Reader, header: str, expected: str) -> str:
    """The type to read the document as; the empty text when there is none. Contradictions become anomalies."""
    claim = mediatype.essence(reader.text("mediaType", limit=CELL_LIMIT))
    known = [kind if kind in mediatype.MANIFESTS else "" for kind in (claim, expected, header)]
    families = _families(reader)
    structure = _by_structure(reader, families)
    chosen = known[0] or known[1] or known[2] or structure
    if known[0] and known[2] and known[0] != known[2] and {known[0], known[2]} != mediatype.SCHEMA1:
        reader.note(
            f"Type mismatch: the header says {mediatype.plain(known[2])}, the content {mediatype.plain(known[0])}."
        )
    if claim and not known[0]:
        reader.note(f"The type {visible(claim)} is not one of a manifest.")
    if chosen and families and _family(chosen) not in families:
        reader.note(f"Type mismatch: {mediatype.plain(chosen)} is claimed, but the content has another structure.")
        return structure
    return chosen


def _family(media_type: str) -> str:
    if media_type in mediatype.INDEXES:
        return "index"
    if media_type in mediatype.SCHEMA1:
        return "schema1"
    return "artifact" if media_type == mediatype.OCI_ARTIFACT else "image"


def _families(reader: Reader) -> set[str]:
    """The kinds of manifest whose tell-tale fields are there."""
    signs = {
        "index": isinstance(reader.raw("manifests"), list),
        "image": isinstance(reader.raw("config"), dict) or isinstance(reader.raw("layers"), list),
        "artifact": isinstance(reader.raw("blobs"), list),
        "schema1": isinstance(reader.raw("fsLayers"), list),
    }
    return {family for family, sign in signs.items() if sign}


def _by_structure(reader: Reader, families: set[str]) -> str:
    if "schema1" in families:
        return mediatype.DOCKER_SCHEMA1_SIGNED if reader.has("signatures") else mediatype.DOCKER_SCHEMA1
    if "index" in families:
        return mediatype.OCI_INDEX
    if "image" in families:
        config = reader.raw("config")
        docker = isinstance(config, dict) and config.get("mediaType") == mediatype.DOCKER_CONFIG
        return mediatype.DOCKER_MANIFEST if docker else mediatype.OCI_MANIFEST
    return mediatype.OCI_ARTIFACT if "artifact" in families and reader.has("artifactType") else ""


class _Common(TypedDict):
    media_type: str
    raw: bytes
    digest: Digest
    anomalies: tuple[str, ...]
    annotations: Mapping[str, str]
    subject: Descriptor | None
    artifact_type: str


def _common(reader: Reader, media_type: str, raw: bytes, digest: Digest) -> _Common:
    """The base's fields; read last, so that the anomalies are complete."""
    annotations = reader.strings("annotations")
    subject = Descriptor.read(reader.reader("subject")) if reader.has("subject") else None
    artifact_type = reader.text("artifactType", limit=CELL_LIMIT)
    return _Common(
        media_type=media_type,
        raw=raw,
        digest=digest,
        anomalies=tuple(reader.anomalies),
        annotations=annotations,
        subject=subject if isinstance(reader.raw("subject"), dict) else None,
        artifact_type=artifact_type,
    )


def _build(reader: Reader, media_type: str, raw: bytes, asked: Digest | None) -> Manifest:
    family = _family(media_type) if media_type else ""
    digest = asked or (schema1.digest_of(raw) if family == "schema1" else Digest.of(raw))
    if family == "index":
        manifests = _descriptors(reader, "manifests")
        return Index(manifests=manifests, **_common(reader, media_type, raw, digest))
    if family == "image":
        return _image(reader, media_type, raw, digest)
    if family == "artifact":
        blobs = _descriptors(reader, "blobs")
        common = _common(reader, media_type, raw, digest)
        return Artifact(blobs=blobs, kind=_kind(common["artifact_type"]), **common)
    if family == "schema1":
        parts = schema1.read_parts(reader)
        return Schema1(
            name=parts.name,
            tag=parts.tag,
            architecture=parts.architecture,
            layers=parts.layers,
            history=parts.history,
            config=parts.config,
            **_common(reader, media_type, raw, digest),
        )
    found = tuple(_discover(reader))
    claim = reader.text("mediaType", limit=CELL_LIMIT)
    return Unknown(descriptors=found, **_common(reader, claim, raw, digest))


def _image(reader: Reader, media_type: str, raw: bytes, digest: Digest) -> Image | Artifact:
    """The type of the config decides, and the layers where it says nothing.

    A document that names no type of a config is an image unless it says otherwise.
    """
    config = Descriptor.read(reader.reader("config"))
    layers = _descriptors(reader, "layers")
    config_type = mediatype.essence(config.media_type)
    is_mislabelled = (
        config_type in mediatype.MISLABELLED_CONFIGS
        and not reader.has("artifactType")
        and bool(layers)
        and all(mediatype.is_layer(layer.media_type) for layer in layers)
    )
    if is_mislabelled:
        reader.note(f"The config is typed {config_type}; the layers are those of an image, so it is read as one.")
    common = _common(reader, media_type, raw, digest)
    told = {layer.media_type for layer in layers}
    if told and told <= _NOT_FILES and not common["artifact_type"]:
        # Signatures and attestations come with an image's config type, but hold no file system.
        return Artifact(config=config, blobs=layers, kind=_kind(min(told)), **common)
    if is_mislabelled or config_type in mediatype.IMAGE_CONFIGS or not (config_type or common["artifact_type"]):
        return Image(config=config, layers=layers, **common)
    named = config if reader.has("config") else None
    kind = common["artifact_type"] or ("" if config_type == mediatype.OCI_EMPTY else config.media_type)
    return Artifact(config=named, blobs=layers, kind=_kind(kind), **common)


_NOT_FILES = frozenset({mediatype.COSIGN_SIMPLE_SIGNING, mediatype.DSSE, mediatype.IN_TOTO, mediatype.SIGSTORE_BUNDLE})


def _kind(media_type: str) -> str:
    return mediatype.plain(media_type) if media_type else "artifact"


def _descriptors(reader: Reader, key: str) -> tuple[Descriptor, ...]:
    members = reader.readers(key)
    if len(members) > DESCRIPTOR_LIMIT:
        reader.note(f"{key} has {len(members):,} entries; the first {DESCRIPTOR_LIMIT:,} are shown.")
    return tuple(Descriptor.read(member) for member in members[:DESCRIPTOR_LIMIT])


def _discover(reader: Reader) -> Iterator[Descriptor]:
    """Every object with a digest and a whole size, wherever it stands, in the order of the document."""
    found = 0
    stack: list[tuple[str, object]] = [(key, reader.raw(key)) for key in reversed(list(reader))]
    while stack and found < DESCRIPTOR_LIMIT:
        where, value = stack.pop()
        if isinstance(value, dict):
            size = value.get("size")
            if isinstance(value.get("digest"), str) and isinstance(size, int) and not isinstance(size, bool):
                found += 1
                yield Descriptor.read(Reader(value, where, reader.anomalies))
            stack.extend((f"{where}.{visible(key, 48)}"[:256], item) for key, item in reversed(value.items()))
        elif isinstance(value, list):
            stack.extend((f"{where}[{index}]"[:256], item) for index, item in reversed(list(enumerate(value))))
