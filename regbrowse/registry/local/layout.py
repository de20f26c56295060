"""OCI image layouts: `oci-layout`, `index.json` and `blobs/` (image-spec, image-layout.md)."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence

from regbrowse.errors import ConfigError, RegbrowseError
from regbrowse.oci.document import DOCUMENT_LIMIT, Reader, parse_json
from regbrowse.oci.manifest import Index, parse_manifest
from regbrowse.oci.mediatype import OCI_INDEX
from regbrowse.reference import Digest
from regbrowse.registry.local.files import Files
from regbrowse.registry.local.names import Names
from regbrowse.registry.local.pieces import Piece
from regbrowse.registry.local.subjects import Found, find_subjects
from regbrowse.text import visible

INDEX = "index.json"
MARK = "oci-layout"
_REF_NAME = "org.opencontainers.image.ref.name"
_CONTAINERD_NAME = "io.containerd.image.name"
"""The whole name, where containerd, BuildKit and `docker save` leave only the tag in the other annotation."""
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}")
_MARK_LIMIT = 64 * 1024


class Layout:
    """Implements Holdings. The index is read once, blobs whenever they are asked for."""

    def __init__(self, files: Files) -> None:
        """Raises ConfigError when there is no usable index.json, OSError."""
        self._files = files
        self._raw = _index_bytes(files)
        self._digest = Digest.of(self._raw)
        self._entries = _index(self._raw).manifests
        self._types = {entry.digest: entry.media_type for entry in self._entries if entry.digest}
        self._types[self._digest] = OCI_INDEX
        self.names = Names(INDEX)
        for number, entry in enumerate(self._entries):
            whole = entry.annotations.get(_CONTAINERD_NAME)
            name = whole or entry.annotations.get(_REF_NAME)
            self.names.add(number, [name] if name else [], bare=not whole)
        self.names.finish(len(self._entries))
        _check_mark(files, self.names)
        self._subjects: Found | None = None
        self._lock = threading.Lock()

    def tagged(self, path: str, tag: str) -> Digest | None:
        number = self.names.tags.get(path, {}).get(tag)
        if number is None:
            return None
        return self._digest if number < 0 else self._entries[number].digest

    def manifest(self, digest: Digest) -> tuple[str, Piece] | None:
        if digest == self._digest:
            return OCI_INDEX, Piece.made(self._raw)
        piece = self.blob(digest)
        if piece is None:
            return None
        media_type = self._types.get(digest) or _claimed_type(piece)
        return media_type if _MEDIA_TYPE.fullmatch(media_type) else "application/json", piece

    def blob(self, digest: Digest) -> Piece | None:
        return self._files.find(f"blobs/{digest.algorithm}/{digest.encoded}")

    def referrers(self, digest: Digest) -> Sequence[Mapping[str, object]]:
        with self._lock:
            if self._subjects is None:
                self._subjects = find_subjects(self._entries, self._content)
        return self._subjects.get(digest, ())

    def _content(self, digest: Digest) -> bytes:
        try:
            piece = self.blob(digest)
            return piece.read(DOCUMENT_LIMIT + 1) if piece else b""
        except OSError:
            return b""


def _index_bytes(files: Files) -> bytes:
    piece = files.find(INDEX)
    if piece is None:
        raise ConfigError("It has no index.json.")
    return piece.read(DOCUMENT_LIMIT + 1)


def _index(raw: bytes) -> Index:
    try:
        index = parse_manifest(raw, content_type=OCI_INDEX)
    except RegbrowseError as error:
        raise ConfigError(f"Its index.json cannot be used. {_about_a_file(error.why)}") from None
    if not isinstance(index, Index):
        raise ConfigError("Its index.json is not an image index.")
    return index


def _about_a_file(why: str) -> str:
    """What is said of documents from registries, said of a file."""
    return why.replace("The registry sent a web page instead of a manifest", "It is a web page").replace(
        "The registry sent a manifest that is not a JSON object", "It is not a JSON object"
    )


def _check_mark(files: Files, names: Names) -> None:
    """The file `oci-layout` must be there and of version 1; everybody reads layouts without."""
    piece = files.find(MARK)
    if piece is None:
        names.note(f"It has no file {MARK}; it was read as version 1.0.0 of the image layout.")
        return
    try:
        version = Reader(parse_json(piece.read(_MARK_LIMIT), limit=_MARK_LIMIT).value).raw("imageLayoutVersion")
    except (RegbrowseError, OSError):
        version = None
    if not isinstance(version, str):
        names.note(f"Its file {MARK} does not say a version; it was read as version 1.0.0 of the image layout.")
    elif not version.startswith("1."):
        names.note(f"It is an image layout of version {visible(version, 20)}; it was read as version 1.0.0.")


def _claimed_type(piece: Piece) -> str:
    """The type that a document says it is of; only documents that are small enough to be manifests are read."""
    if piece.size > DOCUMENT_LIMIT:
        return ""
    try:
        return Reader(parse_json(piece.read(DOCUMENT_LIMIT)).value).text("mediaType", limit=256)
    except RegbrowseError:
        return ""
