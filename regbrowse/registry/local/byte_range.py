"""Find files by name in a folder, and read their bytes by offset, in threads, without keeping files open."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import threading
import weakref
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from regbrowse.text import visible

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


class UnreadableFile(OSError):
    """There is something of this name that cannot be read; its text is a whole sentence, to be shown."""


class Files(Protocol):
    """Regular files by their relative names, with `/` between the parts."""

    def find(self, name: str) -> ByteRange | None:
        """Find a regular file; None when there is none. Raises UnreadableFile."""
        ...


@dataclass(frozen=True, slots=True)
class Folder:
    """Implements Files for a folder.

    Its symbolic links are followed, wherever they lead: the trees of bazel and nix are links into a store. The user has
    named the folder, and sees nothing by its links that the user may not read anyway; nothing that is read from files
    is sent anywhere, and blobs must have the digest by which they are asked for. A name cannot lead out by itself.
    """

    root: Path
    """Absolute and without links."""

    def find(self, name: str) -> ByteRange | None:
        parts = name.split("/")
        if ".." in parts or name.startswith("/"):
            return None
        path = self.root / name
        try:
            status = path.stat()
            if stat.S_ISREG(status.st_mode) and not os.access(path, os.R_OK):
                raise PermissionError
        except (FileNotFoundError, NotADirectoryError):
            self._check_links(parts)
            return None
        except ValueError:
            return None
        except PermissionError:
            raise UnreadableFile(f"{visible(name, 200)} may not be read by this user.") from None
        except (OSError, RuntimeError) as error:
            loops = isinstance(error, RuntimeError) or error.errno == errno.ELOOP
            why = "a link in its path leads to itself" if loops else "the system refuses it"
            raise UnreadableFile(f"{visible(name, 200)} cannot be read: {why}.") from None
        if not stat.S_ISREG(status.st_mode):
            what = "a folder" if stat.S_ISDIR(status.st_mode) else "a device, pipe or socket"
            raise UnreadableFile(f"{visible(name, 200)} is {what}, not a file.")
        return ByteRange(FileSource(path), 0, status.st_size)

    def _check_links(self, parts: Sequence[str]) -> None:
        """Raise UnreadableFile when what is not found is behind a link that leads nowhere."""
        path = self.root
        for part in parts:
            path = path / part
            if path.is_symlink() and not path.exists():
                name, target = visible(str(path.relative_to(self.root)), 200), visible(str(path.readlink()), 200)
                raise UnreadableFile(f"{name} is a symbolic link to {target}, which is not there.")
