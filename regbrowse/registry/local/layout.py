"""Read OCI image layouts: `oci-layout`, `index.json` and `blobs/` (image-spec, image-layout.md)."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence

from regbrowse.errors import ConfigError, RegbrowseError
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.document import DOCUMENT_LIMIT, Reader, parse_json
from regbrowse.oci.manifest import Artifact, Image, Index, Manifest, parse_manifest
from regbrowse.oci.mediatype import MANIFESTS, OCI_INDEX, essence
from regbrowse.reference import LIST_FILES, Digest
from regbrowse.registry.local.byte_range import ByteRange, Files
from regbrowse.registry.local.image_names import ImageNames
from regbrowse.text import visible

INDEX_FILE = LIST_FILES[0]
LAYOUT_FILE = "oci-layout"
_REF_NAME = "org.opencontainers.image.ref.name"
_CONTAINERD_NAME = "io.containerd.image.name"
"""The whole name, where containerd, BuildKit and `docker save` leave only the tag in the other annotation."""
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}")
_LAYOUT_FILE_LIMIT = 64 * 1024
_MANIFEST_COUNT = 20_000
"""Most manifests that are read to find referrers."""
_MANIFEST_BYTES = 256 * 2**20
"""Bytes of them after which no more is read."""
_NESTING = 5
"""Levels of indexes below index.json."""

Referrers = dict[Digest, list[Mapping[str, object]]]
"""By subject, the descriptors that the referrers API answers with."""


class Layout:
    """Implements ImageStore. The index is read once, blobs whenever they are requested."""

    def __init__(self, files: Files) -> None:
        """Raises ConfigError when there is no usable index.json, OSError."""
        self._files = files
        self._raw = _read_index(files)
        self._entries = _parse_index(self._raw).manifests
        used = (entry.digest.algorithm for entry in self._entries if entry.digest and entry.digest.hasher())
        self._digest = Digest.of(self._raw, next(used, "sha256"))
        self._media_types = {entry.digest: entry.media_type for entry in self._entries if entry.digest}
        self._media_types[self._digest] = OCI_INDEX
        self.names = ImageNames(INDEX_FILE)
        for number, entry in enumerate(self._entries):
            full_name = entry.annotations.get(_CONTAINERD_NAME)
            name = full_name or entry.annotations.get(_REF_NAME)
            self.names.add(number, [name] if name else [], bare=not full_name)
        self.names.add_list(len(self._entries))
        _check_layout_file(files, self.names)
        self._referrers: Referrers | None = None
        self._lock = threading.Lock()

    def entry_digest(self, number: int) -> Digest | None:
        return self._digest if number < 0 else self._entries[number].digest

    def manifest(self, digest: Digest) -> tuple[str, ByteRange] | None:
        if digest == self._digest:
            return OCI_INDEX, ByteRange.of_bytes(self._raw)
        content = self.blob(digest)
        if content is None:
            return None
        return own_media_type(content, self._media_types.get(digest, "")), content

    def blob(self, digest: Digest) -> ByteRange | None:
        return self._files.find(f"blobs/{digest.algorithm}/{digest.encoded}")

    def referrers(self, digest: Digest) -> Sequence[Mapping[str, object]]:
        with self._lock:
            if self._referrers is None:
                self._referrers = find_referrers(self._entries, self._read_manifest)
        return self._referrers.get(digest, ())

    def _read_manifest(self, digest: Digest) -> bytes:
        try:
            content = self.blob(digest)
            return content.read(DOCUMENT_LIMIT + 1) if content else b""
        except OSError:
            return b""


def find_referrers(entries: Iterable[Descriptor], read: Callable[[Digest], bytes]) -> Referrers:
    """Read the manifests of a layout for their `subject` (image-spec, manifest.md).

    `read` returns no bytes for what does not exist. What cannot be read or is not a manifest refers to nothing.
    """
    found: Referrers = {}
    seen: set[Digest] = set()
    total = 0
    level = list(entries)
    for _ in range(_NESTING):
        next_level: list[Descriptor] = []
        for descriptor in level:
            digest = descriptor.digest
            expected = essence(descriptor.media_type)
            if digest is None or digest in seen or (expected and expected not in MANIFESTS):
                continue
            seen.add(digest)
            if len(seen) > _MANIFEST_COUNT or total > _MANIFEST_BYTES:
                return found
            raw = read(digest)
            total += len(raw)
            manifest = _parse_manifest(raw, digest, expected)
            if manifest is None:
                continue
            if manifest.subject is not None and manifest.subject.digest is not None:
                found.setdefault(manifest.subject.digest, []).append(_descriptor(manifest))
            if isinstance(manifest, Index):
                next_level += manifest.manifests
        level = next_level
    return found


def _parse_manifest(raw: bytes, digest: Digest, expected: str) -> Manifest | None:
    if not raw or len(raw) > DOCUMENT_LIMIT:
        return None
    try:
        return parse_manifest(raw, expected=expected, digest=digest)
    except RegbrowseError:
        return None


def _descriptor(manifest: Manifest) -> Mapping[str, object]:
    artifact_type = manifest.artifact_type
    if not artifact_type and isinstance(manifest, Image | Artifact) and manifest.config is not None:
        artifact_type = manifest.config.media_type
    return {
        "mediaType": manifest.media_type,
        "digest": str(manifest.digest),
        "size": manifest.size,
        **({"artifactType": artifact_type} if artifact_type else {}),
        **({"annotations": dict(manifest.annotations)} if manifest.annotations else {}),
    }


def _read_index(files: Files) -> bytes:
    content = files.find(INDEX_FILE)
    if content is None:
        raise ConfigError("It has no index.json.")
    return content.read(DOCUMENT_LIMIT + 1)


def _parse_index(raw: bytes) -> Index:
    try:
        index = parse_manifest(raw, content_type=OCI_INDEX)
    except RegbrowseError as error:
        raise ConfigError(f"Its index.json cannot be used. {without_registry(error.why)}") from None
    if not isinstance(index, Index):
        raise ConfigError("Its index.json is not an image index.")
    return index


def without_registry(why: str) -> str:
    """Write a sentence of the parser, which is about registries, as one about a file."""
    return why.replace("The registry sent a web page instead of a manifest", "It is a web page").replace(
        "The registry sent a manifest that is not a JSON object", "It is not a JSON object"
    )


def _check_layout_file(files: Files, names: ImageNames) -> None:
    """Add a notice when `oci-layout` is missing or not of version 1: such layouts are read all the same."""
    content = files.find(LAYOUT_FILE)
    if content is None:
        names.add_notice(f"It has no file {LAYOUT_FILE}; it was read as version 1.0.0 of the image layout.")
        return
    try:
        value = parse_json(content.read(_LAYOUT_FILE_LIMIT), limit=_LAYOUT_FILE_LIMIT).value
        version = Reader(value).raw("imageLayoutVersion")
    except (RegbrowseError, OSError):
        version = None
    if not isinstance(version, str):
        names.add_notice(
            f"Its file {LAYOUT_FILE} does not say a version; it was read as version 1.0.0 of the image layout."
        )
    elif not version.startswith("1."):
        names.add_notice(f"It is an image layout of version {visible(version, 20)}; it was read as version 1.0.0.")


def own_media_type(content: ByteRange, listed: str) -> str:
    """Choose the Content-Type of a manifest: as it is listed, else as it says itself, if a header can hold that."""
    found = listed
    if not found and content.size <= DOCUMENT_LIMIT:
        try:
            found = Reader(parse_json(content.read(DOCUMENT_LIMIT)).value).text("mediaType", limit=256)
        except RegbrowseError:
            found = ""
    return found if _MEDIA_TYPE.fullmatch(found) else "application/json"
