"""One repository of the demo: an OCI layout of which some blobs are committed and the others are made when read."""

from __future__ import annotations

import hashlib
import json
import tarfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from regbrowse.demo.releases import Releases
from regbrowse.registry.local.byte_range import ByteRange
from regbrowse.registry.local.image_store import LocalRegistry
from regbrowse.registry.local.layout import Layout

_BLOBS = "blobs/sha256/"
_BLOCK = 65_024
"""Bytes that repeat in a filled file: whole blocks of a tar archive."""


class DemoRepository:
    """The layout in a folder, with the releases that are derived from its newest one."""

    def __init__(self, name: str, folder: Path) -> None:
        self.releases = Releases(folder) if (folder / "releases.json").exists() else None
        layout = Layout(_Files(folder, self.releases))
        self.layout = LocalRegistry(layout)
        derived = self.releases.tags if self.releases else ()
        self.tags = sorted([*layout.names.tags.get(name, ()), *derived])


class _Files:
    """Implements Files: those in the folder, the layers described there, and the documents of derived releases."""

    def __init__(self, folder: Path, releases: Releases | None) -> None:
        self._folder = folder
        self._releases = releases

    def find(self, name: str) -> ByteRange | None:
        committed = self._read(name)
        if committed is not None:
            return ByteRange.of_bytes(committed)
        if not name.startswith(_BLOBS):
            return None
        encoded = name.removeprefix(_BLOBS)
        description = self._read(f"layers/{encoded}.json")
        if description is not None:
            layer = GeneratedLayer(json.loads(description))
            return ByteRange(layer, 0, layer.size)
        document = self._releases.find(encoded) if self._releases else None
        return None if document is None else ByteRange.of_bytes(document)

    def _read(self, name: str) -> bytes | None:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None


class GeneratedLayer:
    """An uncompressed layer whose bytes are made when they are read; a large file repeats one block of bytes.

    The description is `{"mtime": SECONDS, "files": [{"name", "mode", "owner", "link", "text" or "size"}, …]}`: a name
    that ends with `/` is a directory, `mode` is octal, a file with `size` instead of `text` is filled.
    """

    def __init__(self, description: dict[str, Any]) -> None:
        self.size = 0
        self._parts: list[tuple[int, int, bytes]] = []
        """Offset and size of each part, and the bytes that repeat in it."""
        for file in description["files"]:
            text = file.get("text", "").encode()
            size = file.get("size", len(text))
            self._append(_header(file, size, description["mtime"]), tarfile.BLOCKSIZE)
            self._append(filling(file["name"]) if "size" in file else text, size)
            self._append(tarfile.NUL, -size % tarfile.BLOCKSIZE)
        self._append(tarfile.NUL, 2 * tarfile.BLOCKSIZE)

    def read(self, offset: int, count: int) -> bytes:
        """Read at most `count` bytes from an offset; fewer at the end."""
        found = []
        for start, size, repeated in self._parts:
            low, high = max(offset, start), min(offset + count, start + size)
            if low < high:
                skipped = (low - start) % len(repeated)
                length = high - low
                found.append((repeated * -(-(skipped + length) // len(repeated)))[skipped : skipped + length])
        return b"".join(found)

    def _append(self, repeated: bytes, size: int) -> None:
        if size:
            self._parts.append((self.size, size, repeated))
            self.size += size


def _header(file: dict[str, Any], size: int, mtime: int) -> bytes:
    info = tarfile.TarInfo(file["name"])
    info.size, info.mtime = size, mtime
    info.mode = int(file.get("mode", "644"), 8)
    info.uid = info.gid = file.get("owner", 0)
    if file["name"].endswith("/"):
        info.type = tarfile.DIRTYPE
    if "link" in file:
        info.type, info.linkname = tarfile.SYMTYPE, file["link"]
    return info.tobuf(tarfile.USTAR_FORMAT, "utf-8")


@lru_cache(maxsize=32)
def filling(name: str) -> bytes:
    """Bytes that look like a program, and are the same for a name everywhere."""
    return hashlib.shake_256(f"regbrowse demo {name}".encode()).digest(_BLOCK)
