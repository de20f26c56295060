"""Archives of `docker save` before they were image layouts: `manifest.json`, configs and unpacked layers.

There are no manifests in them, so they are made here (moby, image/spec/v1.2.md, "Combined Image JSON").
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regbrowse.errors import ConfigError, RegbrowseError
from regbrowse.oci.config import Config, parse_config
from regbrowse.oci.document import DOCUMENT_LIMIT, Reader, parse_json
from regbrowse.oci.mediatype import (
    DOCKER_CONFIG,
    DOCKER_LAYER,
    DOCKER_LAYER_GZIP,
    DOCKER_LAYER_ZSTD,
    DOCKER_LIST,
    DOCKER_MANIFEST,
)
from regbrowse.reference import Digest
from regbrowse.registry.local.files import Files
from regbrowse.registry.local.names import Names
from regbrowse.registry.local.pieces import CHUNK, Piece
from regbrowse.registry.local.tarindex import normal
from regbrowse.text import visible

LIST = "manifest.json"
IMAGE_LIMIT = 10_000
CONFIG_LIMIT = 32 * 2**20
_MADE = "docker save keeps no manifests: those shown were made here, and no registry knows their digests."


@dataclass(frozen=True, slots=True)
class _Image:
    """One image of the list."""

    config: Piece
    digest: Digest
    """Of the config: the image id."""
    about: Config
    layers: tuple[str, ...]
    """Names of files, oldest first."""


@dataclass(frozen=True, slots=True)
class _Manifest:
    raw: bytes
    digest: Digest
    media_type: str


class Saved:
    """Implements Holdings. A manifest is made when it is first asked for: packed layers have to be hashed for it."""

    def __init__(self, files: Files) -> None:
        """Raises ConfigError when there is no usable manifest.json, OSError."""
        self._files = files
        self._blobs: dict[Digest, Piece] = {}
        self._made: dict[int, _Manifest] = {}
        self._lock = threading.RLock()
        self.names = Names(LIST)
        self.names.note(_MADE)
        self._images = self._read_list()
        self.names.finish(len(self._images))

    def tagged(self, path: str, tag: str) -> Digest | None:
        number = self.names.tags.get(path, {}).get(tag)
        return None if number is None else self._manifest(number).digest

    def manifest(self, digest: Digest) -> tuple[str, Piece] | None:
        for number in (*range(len(self._images)), -1):
            made = self._manifest(number)
            if made.digest == digest:
                return made.media_type, Piece.made(made.raw)
        return None

    def blob(self, digest: Digest) -> Piece | None:
        if digest not in self._blobs:
            self.manifest(digest)  # so that every manifest has been made, and every layer is known
        return self._blobs.get(digest)

    def referrers(self, digest: Digest) -> Sequence[Mapping[str, object]]:  # noqa: ARG002 - nothing in it refers
        return ()

    def _read_list(self) -> list[_Image]:
        piece = self._files.find(LIST)
        if piece is None:
            raise ConfigError("It has no manifest.json.")
        try:
            value = parse_json(piece.read(DOCUMENT_LIMIT + 1)).value
        except RegbrowseError as error:
            raise ConfigError(f"Its manifest.json cannot be used. {error.why}") from None
        if not isinstance(value, list):
            raise ConfigError("Its manifest.json is not a list of images.")
        images: list[_Image] = []
        for entry in value[:IMAGE_LIMIT]:
            reader = Reader(entry, f"An image in {LIST}")
            image = self._read_image(reader)
            if image is not None:
                tags = [tag for tag in reader.items("RepoTags") if isinstance(tag, str)]
                self.names.add(len(images), tags)
                images.append(image)
            for sentence in reader.anomalies:
                self.names.note(sentence)
        return images

    def _read_image(self, reader: Reader) -> _Image | None:
        name = reader.raw("Config")
        piece = self._files.find(normal(name)) if isinstance(name, str) else None
        if piece is None or piece.size > CONFIG_LIMIT:
            state = "missing" if piece is None else "too large"
            self.names.note(f"The config of an image in {LIST} is {state} ({visible(str(name), 100)}); it is left out.")
            return None
        raw = piece.read(CONFIG_LIMIT)
        try:
            about = parse_config(raw, limit=CONFIG_LIMIT)
        except RegbrowseError:
            about = parse_config(b"{}")
            self.names.note(f"The config {visible(str(name), 100)} cannot be read.")
        digest = Digest.of(raw)
        self._blobs[digest] = piece
        layers = tuple(normal(layer) for layer in reader.items("Layers") if isinstance(layer, str))
        return _Image(piece, digest, about, layers)

    def _manifest(self, number: int) -> _Manifest:
        """The manifest of one image; for -1 an index of those that have no name."""
        with self._lock:
            made = self._made.get(number)
            if made is None:
                made = self._made[number] = self._make_index() if number < 0 else self._make(self._images[number])
            return made

    def _make(self, image: _Image) -> _Manifest:
        config = {"mediaType": DOCKER_CONFIG, "size": image.config.size, "digest": str(image.digest)}
        known = image.about.diff_ids if len(image.about.diff_ids) == len(image.layers) else (None,) * len(image.layers)
        layers = [self._layer(name, diff_id) for name, diff_id in zip(image.layers, known, strict=True)]
        return _manifest(DOCKER_MANIFEST, {"config": config, "layers": layers})

    def _layer(self, name: str, diff_id: Digest | None) -> dict[str, object]:
        """A layer as it is stored: unpacked its digest is the one in the config, packed it has to be counted."""
        piece = self._files.find(name)
        if piece is None:
            return {"mediaType": DOCKER_LAYER, **({"digest": str(diff_id)} if diff_id else {})}
        media_type = _type_of(piece.read(4))
        digest = diff_id if diff_id and media_type == DOCKER_LAYER else _hash(piece)
        self._blobs[digest] = piece
        return {"mediaType": media_type, "size": piece.size, "digest": str(digest)}

    def _make_index(self) -> _Manifest:
        entries = []
        for number in self.names.hidden:
            made, platform = self._manifest(number), self._images[number].about.platform
            said = {"architecture": platform.architecture, "os": platform.os, "variant": platform.variant}
            entries.append(
                {
                    "mediaType": made.media_type,
                    "size": len(made.raw),
                    "digest": str(made.digest),
                    "platform": {key: value for key, value in said.items() if value},
                }
            )
        return _manifest(DOCKER_LIST, {"manifests": entries})


def _manifest(media_type: str, fields: Mapping[str, object]) -> _Manifest:
    raw = json.dumps({"schemaVersion": 2, "mediaType": media_type, **fields}, indent=2).encode()
    return _Manifest(raw, Digest.of(raw), media_type)


def _type_of(start: bytes) -> str:
    if start.startswith(b"\x1f\x8b"):
        return DOCKER_LAYER_GZIP
    return DOCKER_LAYER_ZSTD if start == b"\x28\xb5\x2f\xfd" else DOCKER_LAYER


def _hash(piece: Piece) -> Digest:
    hasher = hashlib.sha256()
    at = 0
    while at < piece.size and (chunk := piece.of.read(piece.offset + at, min(CHUNK, piece.size - at))):
        hasher.update(chunk)
        at += len(chunk)
    return Digest("sha256", hasher.hexdigest())
