"""The files of a folder or of an archive by name, and nothing outside of it."""

from __future__ import annotations

import os
import stat
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from regbrowse.errors import ConfigError
from regbrowse.registry.local.pieces import InFile, InHandle, Piece, Readable
from regbrowse.registry.local.tarindex import FileTape, TarIndex, TarReader
from regbrowse.registry.local.unpack import decompressor, unpack


class Files(Protocol):
    """Files by relative names with `/`."""

    def find(self, name: str) -> Piece | None:
        """A regular file that can be read; None when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder; links that lead out of it are not followed."""

    root: Path
    """Absolute and without links."""

    def find(self, name: str) -> Piece | None:
        try:
            path = (self.root / name).resolve()
            about = path.stat()
        except (OSError, RuntimeError, ValueError):
            return None
        if not path.is_relative_to(self.root) or not stat.S_ISREG(about.st_mode):
            return None
        return Piece(InFile(path), 0, about.st_size)


@dataclass(frozen=True, slots=True)
class Archive:
    """A tar archive; a member whose end is missing is not there."""

    content: Readable
    size: int
    index: TarIndex
    note: str = ""
    """Why it could not be read to its end."""

    def find(self, name: str) -> Piece | None:
        member = self.index.find(name)
        if member is None or member.offset + member.size > self.size:
            return None
        return Piece(self.content, member.offset, member.size)


def open_archive(path: Path, stop: threading.Event) -> Archive:
    """A tar archive, perhaps compressed. Raises ConfigError when it is none, OSError."""
    with path.open("rb") as handle:
        make = decompressor(handle.read(8))
        handle.seek(0)
        if make is None:
            size = os.fstat(handle.fileno()).st_size
            return _archive(handle, InFile(path), size, "")
        unpacked, size, note = unpack(handle, make, stop)
    content = InHandle(unpacked)
    unpacked.seek(0)
    return _archive(unpacked, content, size, note)


def _archive(handle: BinaryIO, content: Readable, size: int, note: str) -> Archive:
    reader = TarReader(FileTape(handle, size))
    index = TarIndex(reader)
    if not reader.count and (reader.note or note):
        raise ConfigError(note or "It is not a tar archive.")
    return Archive(content, size, index, note or reader.note)
