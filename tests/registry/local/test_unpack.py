"""Compressed archives: everything comes out, and bombs do not."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import threading
import zlib
from collections.abc import Callable

import pytest

from regbrowse.errors import ConfigError
from regbrowse.registry.local.unpack import find_compression, unpack

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def zstd_compress(data: bytes) -> bytes:
    """With a checksum at the end, as its command writes it."""
    return bytes(zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1}))


PACKERS: list[Callable[[bytes], bytes]] = [gzip.compress, bz2.compress, lzma.compress, zstd_compress]


def unpacked(data: bytes, **limits: int) -> tuple[bytes, str]:
    compression = find_compression(data[:8])
    assert compression is not None
    out, size, note = unpack(io.BytesIO(data), compression, threading.Event(), **limits)
    with out:
        out.seek(0)
        content = out.read()
    assert len(content) == size
    return content, note


@pytest.mark.parametrize("pack", PACKERS)
@pytest.mark.parametrize("size", [0, 1, 2**20 - 1, 2**20, 2**20 + 1, 3 * 2**20])
def test_everything_is_unpacked(pack: Callable[[bytes], bytes], size: int) -> None:
    content = (b"some text " * (size // 10 + 1))[:size]
    packed = pack(content)
    assert unpacked(packed) == (content, "")
    assert unpacked(packed + packed + bytes(100)) == (content * 2, "")
    assert unpacked(packed[:-1]) in [(content[:end], "The archive is cut off.") for end in (0, size)]


@pytest.mark.parametrize("pack", PACKERS)
def test_bombs_are_stopped(pack: Callable[[bytes], bytes]) -> None:
    packed = pack(bytes(40 * 2**20))
    with pytest.raises(ConfigError, match="200 times its size"):
        unpacked(packed)
    with pytest.raises(ConfigError, match=r"more than 8\.0 MiB"):
        unpacked(packed, limit=8 * 2**20)


def test_memory_that_an_archive_claims_is_not_taken() -> None:
    packed = bytearray(lzma.compress(b"x" * 5000))
    end = 12 + (packed[12] + 1) * 4
    packed[16] = 40  # a dictionary of 4 GiB (The .xz File Format, 5.3.1)
    packed[end - 4 : end] = zlib.crc32(packed[12 : end - 4]).to_bytes(4, "little")
    assert unpacked(bytes(packed)) == (b"", "The archive is damaged.")
    window = (31 - 10) << 3  # of 2 GiB (RFC 8878, 3.1.1.1.2)
    frame = b"\x28\xb5\x2f\xfd\0" + bytes([window]) + (5 << 3 | 1).to_bytes(3, "little") + b"12345"
    assert unpacked(frame) == (b"", "The archive is damaged.")
    assert unpacked(frame.replace(bytes([window]), b"\0")) == (b"12345", "")


def test_nobody_waits_any_more() -> None:
    stop = threading.Event()
    stop.set()
    compression = find_compression(b"\x1f\x8b")
    assert compression is not None
    with pytest.raises(ConfigError, match="given up"):
        unpack(io.BytesIO(gzip.compress(b"x")), compression, stop)
