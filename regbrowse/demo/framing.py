"""Tar, gzip and zstd written by hand, so that the bytes depend on no library's version.

Content is stored, not compressed (RFC 1951, 3.2.4; RFC 8878, 3.1.1.2): every frame can then be cut at
any offset without building it. Only tiny layers are coded, with the fixed Huffman table (RFC 1951, 3.2.6).
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

UNIT = 65_024
"""Bytes of one ballast unit: 127 tar blocks, and small enough for one stored block of either format."""
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_ZSTD_HEADER = b"\x28\xb5\x2f\xfd\x80\x68"
_GZIP_END = b"\x01\x00\x00\xff\xff"
_ZSTD_END = b"\x01\x00\x00"


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of bytes that stands several times in a row."""

    piece: bytes
    times: int = 1

    @property
    def size(self) -> int:
        return len(self.piece) * self.times


def tar_header(
    name: str, size: int, *, kind: bytes = b"0", mode: int = 0o644, owner: int = 0, link: str = "", mtime: int = 0
) -> bytes:
    """One ustar header (POSIX.1-1988)."""
    raw = name.encode()
    prefix = b""
    if len(raw) > 100:
        cut = raw.rindex(b"/", 0, 156)
        prefix, raw = raw[:cut], raw[cut + 1 :]
    head = struct.pack(
        "100s8s8s8s12s12s8ss100s6s2s80x155s12x",
        raw, b"%07o" % mode, b"%07o" % owner, b"%07o" % owner, b"%011o" % size, b"%011o" % mtime, b" " * 8,
        kind, link.encode(), b"ustar", b"00", prefix,
    )  # fmt: skip
    return head[:148] + b"%06o\0 " % sum(head) + head[156:]


def padding(size: int) -> bytes:
    """What fills a file's content up to the next tar block."""
    return bytes(-size % 512)


def gzip_stored(runs: list[Run], crc: int) -> list[Run]:
    """A gzip member of stored blocks; the checksum is given, because the content may be large."""
    size = sum(run.size for run in runs)
    framed = [Run(_GZIP_HEADER)]
    for run in _blocks(runs):
        length = len(run.piece)
        framed.append(Run(struct.pack("<BHH", 0, length, length ^ 0xFFFF) + run.piece, run.times))
    return [*framed, Run(_GZIP_END + struct.pack("<II", crc, size & 0xFFFFFFFF))]


def zstd_stored(runs: list[Run]) -> list[Run]:
    """A zstd frame of raw blocks, with the content size and without a checksum."""
    size = sum(run.size for run in runs)
    framed = [Run(_ZSTD_HEADER + struct.pack("<I", size))]
    framed += [Run((len(run.piece) << 3).to_bytes(3, "little") + run.piece, run.times) for run in _blocks(runs)]
    return [*framed, Run(_ZSTD_END)]


def _blocks(runs: list[Run]) -> list[Run]:
    out: list[Run] = []
    for run in runs:
        if len(run.piece) <= UNIT:
            out.append(run)
        else:
            out += [Run(run.piece[at : at + UNIT]) for at in range(0, len(run.piece), UNIT)] * run.times
    return [run for run in out if run.size]


def gzip_small(data: bytes, *, extra: bytes = b"") -> bytes:
    """A gzip member coded with the fixed Huffman table; only repeats of one byte are matched."""
    header = _GZIP_HEADER
    if extra:
        header = header[:3] + b"\x04" + header[4:] + struct.pack("<H", len(extra)) + extra
    return header + _fixed(data) + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


class _Bits:
    def __init__(self) -> None:
        self.value = self.count = 0

    def put(self, value: int, count: int) -> None:
        self.value |= value << self.count
        self.count += count

    def code(self, value: int, count: int) -> None:
        """Huffman codes go in with the most significant bit first."""
        self.put(int(f"{value:0{count}b}"[::-1], 2), count)

    def symbol(self, symbol: int) -> None:
        if symbol < 144:
            self.code(0x30 + symbol, 8)
        elif symbol < 256:
            self.code(0x190 + symbol - 144, 9)
        elif symbol < 280:
            self.code(symbol - 256, 7)
        else:
            self.code(0xC0 + symbol - 280, 8)


def _fixed(data: bytes) -> bytes:
    bits = _Bits()
    bits.put(0b011, 3)
    at = 0
    while at < len(data):
        run = 0
        while at and run < 258 and at + run < len(data) and data[at + run] == data[at - 1]:
            run += 1
        if run == 258 or 3 <= run <= 10:
            bits.symbol(285 if run == 258 else 254 + run)
        elif run > 10:
            # Length codes 265 to 284: four codes for each number of extra bits.
            more = (run - 3).bit_length() - 3
            bits.symbol(261 + 4 * more + ((run - 3) >> more & 3))
            bits.put((run - 3) & ((1 << more) - 1), more)
        if run >= 3:
            bits.code(0, 5)
            at += run
        else:
            bits.symbol(data[at])
            at += 1
    bits.symbol(256)
    return bits.value.to_bytes((bits.count + 7) // 8, "little")
