"""Compressed archives, unpacked once into a file without a name, so that they can be read at any place.

`docker load` and podman take gzip, bzip2, xz and zstd alike (docker docs, `docker image load`).
"""

from __future__ import annotations

import bz2
import lzma
import tempfile
import threading
import zlib
from collections.abc import Callable
from importlib import import_module
from typing import BinaryIO, Protocol, cast

from regbrowse.errors import ConfigError
from regbrowse.text import size

UNPACKED_LIMIT = 16 * 2**30
RATIO_LIMIT = 200
"""How many times larger than it was something may become."""
RATIO_FREE = 16 * 2**20
"""Bytes that come out before the ratio counts."""
_STEP = 2**20
_MEMORY = 256 * 2**20
"""Most memory that a dictionary of xz may take."""


class _Decompressor(Protocol):
    """What bz2, lzma and compression.zstd have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Gzip:
    """zlib with the manners of the others."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max(0, max_length))


def decompressor(start: bytes) -> Callable[[], _Decompressor] | None:
    """What makes decompressors for data that begins so; None when it is not compressed.

    Raises ConfigError for a compression that this Python does not know.
    """
    if start.startswith(b"\x1f\x8b"):
        return _Gzip
    if start.startswith(b"BZh"):
        return bz2.BZ2Decompressor
    if start.startswith(b"\xfd7zXZ\0"):
        return lambda: lzma.LZMADecompressor(memlimit=_MEMORY)
    if start.startswith(b"\x28\xb5\x2f\xfd"):
        try:
            module = import_module("compression.zstd")
        except ImportError:
            why = "It is compressed with zstd, which Python reads from version 3.14 on."
            raise ConfigError(why, hint='Unpack it first, for example with "zstd -d".') from None
        return cast("Callable[[], _Decompressor]", module.ZstdDecompressor)
    return None


def unpack(
    packed: BinaryIO,
    make: Callable[[], _Decompressor],
    stop: threading.Event,
    *,
    limit: int = UNPACKED_LIMIT,
    ratio: int = RATIO_LIMIT,
) -> tuple[BinaryIO, int, str]:
    """The content in a file that is gone when it is closed, its size, and a sentence when it ended early.

    Members that follow each other are one content (RFC 1952, 2.2). Raises ConfigError above a limit, OSError.
    """
    out = tempfile.TemporaryFile()  # noqa: SIM115 - it is what we give
    try:
        count, note = _copy(packed, cast("BinaryIO", out), make, stop, limit, ratio)
    except BaseException:
        out.close()
        raise
    return cast("BinaryIO", out), count, note


def _copy(
    packed: BinaryIO, out: BinaryIO, make: Callable[[], _Decompressor], stop: threading.Event, limit: int, ratio: int
) -> tuple[int, str]:
    unpacker, read, written, ended = make(), 0, 0, False
    while not stop.is_set():
        if unpacker.eof:
            data = unpacker.unused_data or packed.read(_STEP)
            if not data.strip(b"\0"):
                return written, ""
            unpacker = make()
        elif unpacker.needs_input:
            data = packed.read(_STEP)
            read += len(data)
            ended = not data
        else:
            data = b""
        try:
            part = unpacker.decompress(data, _STEP)
        except (zlib.error, OSError, EOFError, ValueError, lzma.LZMAError):
            return written, "The archive is damaged."
        except Exception as error:
            if type(error).__name__ != "ZstdError":
                raise
            return written, "The archive is damaged."
        if ended and not part and not unpacker.eof:
            return written, "The archive is cut off."
        written += len(part)
        if written > limit or (written > RATIO_FREE and written > ratio * read):
            most = size(limit) if written > limit else f"{ratio} times its size"
            raise ConfigError(f"It unpacks to more than {most}, so it was not read.")
        out.write(part)
    raise ConfigError("Opening it was given up.")
