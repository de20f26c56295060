"""Unpack compressed archives into a temporary file without a name, so that they can be read at any offset.

`docker load` and podman take gzip, bzip2, xz and zstd alike (docker docs, `docker image load`).
"""

from __future__ import annotations

import bz2
import lzma
import sys
import tempfile
import threading
import zlib
from collections.abc import Callable
from typing import BinaryIO, NamedTuple, Protocol, cast

from regbrowse.errors import ConfigError
from regbrowse.text import size

UNPACKED_LIMIT = 16 * 2**30
RATIO_LIMIT = 200
"""How many times larger than the archive its content may be."""
RATIO_FREE = 16 * 2**20
"""Unpacked bytes for which the ratio is not checked."""
_STEP = 2**20
_XZ_MEMORY = 256 * 2**20
"""Most memory for a dictionary of xz, which may claim 4 GiB; zstd refuses windows above 128 MiB by itself."""


class _Decompressor(Protocol):
    """What the decompressors of bz2, lzma and compression.zstd have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Gzip:
    """zlib's decompressor with the interface of the others."""

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


class Compression(NamedTuple):
    """How to unpack one format."""

    decompressor: Callable[[], _Decompressor]
    error: type[Exception]
    """What its decompressor raises for damaged data."""


def find_compression(start: bytes) -> Compression | None:
    """Find the compression of data by its first bytes; None when it is not compressed."""
    if start.startswith(b"\x1f\x8b"):
        return Compression(_Gzip, zlib.error)
    if start.startswith(b"BZh"):
        return Compression(bz2.BZ2Decompressor, OSError)
    if start.startswith(b"\xfd7zXZ\0"):
        return Compression(lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY), lzma.LZMAError)
    if start.startswith(b"\x28\xb5\x2f\xfd"):
        return _zstd()
    return None


def _zstd() -> Compression:
    """Imported late, because most archives do without."""
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return Compression(zstd.ZstdDecompressor, zstd.ZstdError)


def unpack(
    packed: BinaryIO,
    compression: Compression,
    stop: threading.Event,
    *,
    limit: int = UNPACKED_LIMIT,
    ratio: int = RATIO_LIMIT,
) -> tuple[BinaryIO, int, str]:
    """Unpack into a file that is gone when it is closed; return it, its size, and a sentence when it ended early.

    Members or frames that follow each other are one content (RFC 1952, 2.2; RFC 8878, 3.1). `stop` ends the work.
    Raises ConfigError above a limit, OSError.
    """
    out = tempfile.TemporaryFile()  # noqa: SIM115 - it is what we give
    try:
        count, note = _copy(packed, cast("BinaryIO", out), compression, stop, limit, ratio)
    except BaseException:  # interrupted, too - the file takes room until it is closed
        out.close()
        raise
    return cast("BinaryIO", out), count, note


def _copy(
    packed: BinaryIO, out: BinaryIO, compression: Compression, stop: threading.Event, limit: int, ratio: int
) -> tuple[int, str]:
    decompressor, read, written, ended = compression.decompressor(), 0, 0, False
    while not stop.is_set():
        if decompressor.eof:
            data = decompressor.unused_data or packed.read(_STEP)
            if not data.strip(b"\0"):
                return written, ""
            decompressor = compression.decompressor()
        elif decompressor.needs_input:
            data = packed.read(_STEP)
            read += len(data)
            ended = not data
        else:
            data = b""
        try:
            part = decompressor.decompress(data, _STEP)
        except (compression.error, EOFError, ValueError):
            return written, "The archive is damaged."
        if ended and not part and not decompressor.eof:
            return written, "The archive is cut off."
        written += len(part)
        if written > limit or (written > RATIO_FREE and written > ratio * read):
            most = size(limit) if written > limit else f"{ratio} times its size"
            raise ConfigError(f"It unpacks to more than {most}, so it was not read.")
        out.write(part)
    raise ConfigError("Opening it was given up.")
