"""Read archives of `docker save` from before they were image layouts: `manifest.json`, configs and unpacked layers.

They hold no manifests, so manifests are made here (moby, image/spec/v1.2.md, "Combined Image JSON").
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regbrowse.errors import ConfigError, RegbrowseError
from regbrowse.oci.config import CONFIG_LIMIT, Config, parse_config
from regbrowse.oci.document import DOCUMENT_LIMIT, Reader, parse_json
from regbrowse.oci.mediatype import (
    DOCKER_CONFIG,
    DOCKER_LAYER,
    DOCKER_LAYER_GZIP,
    DOCKER_LAYER_ZSTD,
    DOCKER_LIST,
    DOCKER_MANIFEST,
)
from regbrowse.reference import LIST_FILES, Digest
from regbrowse.registry.local.archive import normal
from regbrowse.registry.local.byte_range import CHUNK, ByteRange, Files, UnreadableFile
from regbrowse.registry.local.image_names import ImageNames
from regbrowse.text import visible

LIST_FILE = LIST_FILES[1]
_IMAGE_LIMIT = 10_000
_NOTICE = "docker save keeps no manifests: those shown were made here, and no registry knows their digests."


@dataclass(frozen=True, slots=True)
class _Image:
    """One image of the list."""

    content: ByteRange
    """The config as it is stored."""
    digest: Digest
    """Of the config: the image id."""
    config: Config
    layers: tuple[str, ...]
    """File names, oldest first."""


class DockerArchive:
    """Implements ImageStore. A manifest is made when it is first requested: compressed layers are hashed for it.

    A config is parsed and a layer is hashed once, however often the list names it.
    """

    def __init__(self, files: Files) -> None:
        """Raises ConfigError when there is no usable manifest.json, OSError."""
        self._files = files
        self._blobs: dict[Digest, ByteRange] = {}
        self._configs: dict[ByteRange, tuple[Digest, Config]] = {}
        self._hashes: dict[ByteRange, Digest] = {}
        self._digests: dict[int, Digest] = {}
        self._manifests: dict[Digest, tuple[str, ByteRange]] = {}
        self._lock = threading.RLock()
        self.names = ImageNames(LIST_FILE)
        self.names.add_notice(_NOTICE)
        self._images = self._read_list()
        self.names.add_list(len(self._images))

    def entry_digest(self, number: int) -> Digest:
        """Make the manifest of one image, once; for -1 an index of the images without a tag."""
        with self._lock:
            if number not in self._digests:
                media_type, fields = self._index() if number < 0 else self._image_manifest(self._images[number])
                raw = json.dumps({"schemaVersion": 2, "mediaType": media_type, **fields}, indent=2).encode()
                self._digests[number] = Digest.of(raw)
                self._manifests[self._digests[number]] = media_type, ByteRange.of_bytes(raw)
            return self._digests[number]

    def manifest(self, digest: Digest) -> tuple[str, ByteRange] | None:
        for number in (*range(len(self._images)), -1):
            if self.entry_digest(number) == digest:
                break
        return self._manifests.get(digest)

    def blob(self, digest: Digest) -> ByteRange | None:
        if digest not in self._blobs:
            self.manifest(digest)  # makes every manifest, and with them every layer is known
        return self._blobs.get(digest)

    def referrers(self, digest: Digest) -> Sequence[Mapping[str, object]]:  # noqa: ARG002 - nothing in it refers
        return ()

    def _read_list(self) -> list[_Image]:
        content = self._files.find(LIST_FILE)
        if content is None:
            raise ConfigError("It has no manifest.json.")
        try:
            value = parse_json(content.read(DOCUMENT_LIMIT + 1)).value
        except RegbrowseError as error:
            raise ConfigError(f"Its manifest.json cannot be used. {error.why}") from None
        if not isinstance(value, list):
            raise ConfigError("Its manifest.json is not a list of images.")
        images: list[_Image] = []
        for entry in value[:_IMAGE_LIMIT]:
            reader = Reader(entry, f"An image in {LIST_FILE}")
            image = self._read_image(reader)
            if image is not None:
                self.names.add(len(images), [tag for tag in reader.items("RepoTags") if isinstance(tag, str)])
                images.append(image)
            for sentence in reader.anomalies:
                self.names.add_notice(sentence)
        return images

    def _read_image(self, reader: Reader) -> _Image | None:
        name = reader.raw("Config")
        shown = visible(str(name), 100)
        try:
            content = self._files.find(normal(name)) if isinstance(name, str) else None
        except UnreadableFile as error:
            self.names.add_notice(f"The config of an image is left out. {error}")
            return None
        if content is None or content.size > CONFIG_LIMIT:
            state = "missing" if content is None else "too large"
            self.names.add_notice(f"The config of an image in {LIST_FILE} is {state} ({shown}); it is left out.")
            return None
        if content not in self._configs:
            raw = content.read(CONFIG_LIMIT)
            try:
                config = parse_config(raw)
            except RegbrowseError:
                config = parse_config(b"{}")
                self.names.add_notice(f"The config {shown} cannot be read.")
            self._configs[content] = Digest.of(raw), config
        digest, config = self._configs[content]
        self._blobs[digest] = content
        layers = tuple(normal(layer) for layer in reader.items("Layers") if isinstance(layer, str))
        return _Image(content, digest, config, layers)

    def _image_manifest(self, image: _Image) -> tuple[str, dict[str, object]]:
        config = {"mediaType": DOCKER_CONFIG, "size": image.content.size, "digest": str(image.digest)}
        diff_ids: Sequence[Digest | None] = image.config.diff_ids
        if len(diff_ids) != len(image.layers):
            diff_ids = (None,) * len(image.layers)
        layers = [self._layer(name, diff_id) for name, diff_id in zip(image.layers, diff_ids, strict=True)]
        return DOCKER_MANIFEST, {"config": config, "layers": layers}

    def _layer(self, name: str, diff_id: Digest | None) -> dict[str, object]:
        """Describe a layer as it is stored: the digest of an unpacked one is its diffID, a compressed one is hashed."""
        try:
            content = self._files.find(name)
        except UnreadableFile:
            content = None
        if content is None:
            return {"mediaType": DOCKER_LAYER, **({"digest": str(diff_id)} if diff_id else {})}
        media_type = _layer_media_type(content.read(4))
        digest = diff_id if diff_id and media_type == DOCKER_LAYER else self._hash(content)
        self._blobs[digest] = content
        return {"mediaType": media_type, "size": content.size, "digest": str(digest)}

    def _hash(self, content: ByteRange) -> Digest:
        if content not in self._hashes:
            hasher = hashlib.sha256()
            for start in range(0, content.size, CHUNK):
                hasher.update(content.source.read(content.offset + start, min(CHUNK, content.size - start)))
            self._hashes[content] = Digest("sha256", hasher.hexdigest())
        return self._hashes[content]

    def _index(self) -> tuple[str, dict[str, object]]:
        entries = []
        for number in self.names.untagged:
            digest, platform = self.entry_digest(number), self._images[number].config.platform
            media_type, content = self._manifests[digest]
            fields = {"architecture": platform.architecture, "os": platform.os, "variant": platform.variant}
            entries.append(
                {
                    "mediaType": media_type,
                    "size": content.size,
                    "digest": str(digest),
                    "platform": {key: value for key, value in fields.items() if value},
                }
            )
        return DOCKER_LIST, {"manifests": entries}


def _layer_media_type(start: bytes) -> str:
    if start.startswith(b"\x1f\x8b"):
        return DOCKER_LAYER_GZIP
    return DOCKER_LAYER_ZSTD if start == b"\x28\xb5\x2f\xfd" else DOCKER_LAYER
