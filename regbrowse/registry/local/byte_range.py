"""Find files by name in a folder, and read their bytes by offset, in threads, without keeping files open."""

from __future__ import annotations

import asyncio
import stat
import threading
import weakref
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

CHUNK = 2**20
"""Bytes read at once."""


class ByteSource(Protocol):
    """Bytes that can be read at any offset, from several threads."""

    def read(self, offset: int, count: int) -> bytes:
        """Read at most `count` bytes; fewer at the end. Raises OSError."""
        ...


@dataclass(frozen=True, slots=True)
class MemorySource:
    """Bytes in memory."""

    content: bytes

    def read(self, offset: int, count: int) -> bytes:
        return self.content[offset : offset + count]


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file by its path, opened for every read: when it was replaced in between, the digest check fails."""

    path: Path

    def read(self, offset: int, count: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(count)


class TemporarySource:
    """An open temporary file without a name; closed when no byte range of it is left."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._lock = threading.Lock()
        weakref.finalize(self, file.close)

    def read(self, offset: int, count: int) -> bytes:
        with self._lock:
            self._file.seek(offset)
            return self._file.read(count)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """A range of a byte source: one file in a folder or archive."""

    source: ByteSource
    offset: int
    size: int

    @classmethod
    def of_bytes(cls, content: bytes) -> ByteRange:
        return cls(MemorySource(content), 0, len(content))

    def read(self, limit: int) -> bytes:
        """Read the first `limit` bytes. Raises OSError."""
        return self.source.read(self.offset, min(self.size, limit))

    async def stream(self, start: int, stop: int) -> AsyncIterator[bytes]:
        """Read from `start` to before `stop`, relative to the range, in chunks; a truncated source ends it early."""
        while start < stop:
            chunk = await asyncio.to_thread(self.source.read, self.offset + start, min(CHUNK, stop - start))
            if not chunk:
                return
            start += len(chunk)
            yield chunk


class Files(Protocol):
    """Regular files by their relative names, with `/` between the parts."""

    def find(self, name: str) -> ByteRange | None:
        """Find a regular file; None when there is none that can be read."""
        ...


@dataclass(frozen=True, slots=True)
class Folder:
    """Implements Files for a folder. Symbolic links that lead out of it are not followed."""

    root: Path
    """Absolute and without links."""

    def find(self, name: str) -> ByteRange | None:
        try:
            path = (self.root / name).resolve()
            status = path.stat()
        except (OSError, RuntimeError, ValueError):
            return None
        if not path.is_relative_to(self.root) or not stat.S_ISREG(status.st_mode):
            return None
        return ByteRange(FileSource(path), 0, status.st_size)
