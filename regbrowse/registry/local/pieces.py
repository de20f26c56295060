"""Bytes at a place: read in parts, in threads, without keeping files open."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

CHUNK = 2**20
"""Bytes read at once."""


class Readable(Protocol):
    """Something with bytes at offsets."""

    def read(self, offset: int, count: int) -> bytes:
        """At most `count` bytes; fewer at the end. Raises OSError."""
        ...


@dataclass(frozen=True, slots=True)
class InMemory:
    """Bytes that were made here, or read once and kept."""

    content: bytes

    def read(self, offset: int, count: int) -> bytes:
        return self.content[offset : offset + count]


@dataclass(frozen=True, slots=True)
class InFile:
    """A file, opened anew for every part: it may be replaced in between, and then the digest tells."""

    path: Path

    def read(self, offset: int, count: int) -> bytes:
        with self.path.open("rb") as handle:
            handle.seek(offset)
            return handle.read(count)


class InHandle:
    """An open file without a name; closed when nobody needs it any more."""

    def __init__(self, handle: BinaryIO) -> None:
        self._handle = handle
        self._lock = threading.Lock()
        weakref.finalize(self, handle.close)

    def read(self, offset: int, count: int) -> bytes:
        with self._lock:
            self._handle.seek(offset)
            return self._handle.read(count)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of something readable."""

    of: Readable
    offset: int
    size: int

    @classmethod
    def made(cls, content: bytes) -> Piece:
        return cls(InMemory(content), 0, len(content))

    def read(self, limit: int) -> bytes:
        """The first `limit` bytes. Raises OSError."""
        return self.of.read(self.offset, min(self.size, limit))

    async def stream(self, start: int, stop: int) -> AsyncIterator[bytes]:
        """The bytes from `start` to before `stop`, counted within the piece; ends early when there are fewer."""
        while start < stop:
            chunk = await asyncio.to_thread(self.of.read, self.offset + start, min(CHUNK, stop - start))
            if not chunk:
                return
            start += len(chunk)
            yield chunk
