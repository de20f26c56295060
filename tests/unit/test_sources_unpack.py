"""Compressed archives: everything comes out, and bombs do not."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import threading
from collections.abc import Callable

import pytest

from regbrowse.errors import ConfigError
from regbrowse.registry.local.unpack import decompressor, unpack

PACKERS: list[Callable[[bytes], bytes]] = [gzip.compress, bz2.compress, lzma.compress]


def unpacked(data: bytes, **limits: int) -> tuple[bytes, str]:
    make = decompressor(data[:8])
    assert make is not None
    out, size, note = unpack(io.BytesIO(data), make, threading.Event(), **limits)
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


def test_nobody_waits_any_more() -> None:
    stop = threading.Event()
    stop.set()
    make = decompressor(b"\x1f\x8b")
    assert make is not None
    with pytest.raises(ConfigError, match="given up"):
        unpack(io.BytesIO(gzip.compress(b"x")), make, stop)
