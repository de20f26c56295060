"""Where the members of a tar archive are, by its headers alone (POSIX.1-2017 pax; GNU tar, "Basic Tar Format").

Nothing is unpacked and nothing in a header is believed: sizes of extension headers are bounded, negative
sizes and wrong checksums end the reading, and a damaged archive gives what came before the damage.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import BinaryIO, Literal, Protocol

from regbrowse.text import plural

BLOCK = 512
EXTENSION_LIMIT = 2**20
"""Bytes of a long name or of a pax header."""
ENTRY_LIMIT = 1_000_000
HOPS = 40
"""Links followed from one name."""
_SIZE_LIMIT = 2**62
_EXTENSIONS = 1000
"""Extension headers before one member."""
_SPARSE_CHAIN = 10_000
"""Continuations of the map of one GNU sparse file."""

Kind = Literal["file", "hardlink", "symlink", "folder", "device", "sparse"]
_KINDS: dict[bytes, Kind] = {
    b"1": "hardlink",
    b"2": "symlink",
    b"3": "device",
    b"4": "device",
    b"5": "folder",
    b"6": "device",
    b"S": "sparse",
}
"""Every other type is a file with content, as POSIX wants unknown types to be read."""
_WITHOUT_CONTENT = frozenset({"hardlink", "symlink", "device", "folder"})


class Tape(Protocol):
    """What an archive is read from, front to back."""

    def read(self, count: int) -> bytes:
        """Exactly `count` bytes; fewer only at the end."""
        ...

    def skip(self, count: int) -> int:
        """Goes on by `count` bytes, or to the end; says by how many."""
        ...


class FileTape:
    """An open file: what is skipped is not read."""

    def __init__(self, handle: BinaryIO, size: int) -> None:
        self._handle = handle
        self._size = size

    def read(self, count: int) -> bytes:
        return self._handle.read(count)

    def skip(self, count: int) -> int:
        at = self._handle.tell()
        step = min(count, max(0, self._size - at))
        self._handle.seek(at + step)
        return step


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of an archive."""

    name: str
    """Relative, without `.` and empty parts; `..` stays as it is and leads nowhere. Bytes that are no UTF-8 are
    surrogates."""
    kind: Kind
    offset: int
    """Of its content, in bytes from the beginning of the archive."""
    size: int
    """Stored bytes; of a sparse file less than it has."""
    link: str = ""
    """Of a hard link the name of another member, of a symbolic link its target as it stands there."""


class _Damaged(Exception):
    """The archive cannot be read on from here."""


@dataclass(slots=True)
class _Next:
    """What extension headers say of the member behind them."""

    name: str | None = None
    link: str | None = None
    size: int | None = None
    sparse: bool = False

    def take(self, records: Mapping[str, str]) -> None:
        self.name = records.get("GNU.sparse.name", records.get("path", self.name))
        self.link = records.get("linkpath", self.link)
        if "size" in records:
            self.size = _decimal(records["size"])
        self.sparse = self.sparse or any(key.startswith("GNU.sparse.") for key in records)


@dataclass(slots=True)
class TarReader:
    """Gives the members of an archive in order, once. Raises OSError of the tape and nothing else."""

    tape: Tape
    entries: int = ENTRY_LIMIT
    """Most members read."""
    note: str = ""
    """Why the reading ended before the archive did, one sentence; set when the members are through."""
    count: int = 0
    """Members so far."""
    _at: int = 0
    _everywhere: _Next = field(default_factory=_Next)

    def __iter__(self) -> Iterator[Member]:
        try:
            while (member := self._member()) is not None:
                if self.count >= self.entries:
                    self.note = f"The archive has more than {plural(self.entries, 'entry')}; the rest was not read."
                    return
                self.count += 1
                yield member
                if member.kind not in _WITHOUT_CONTENT:
                    self._skip(member.size)
        except _Damaged as damage:
            self.note = f"The archive {damage} after {plural(self.count, 'entry')}."

    def _member(self) -> Member | None:
        """The next one; None at the end."""
        coming = replace(self._everywhere)
        for _ in range(_EXTENSIONS):
            header = self._read(BLOCK, may_end=True)
            if not header.strip(b"\0"):
                return None
            _check(header)
            kind, size = header[156:157], _number(header[124:136])
            if kind in b"xgLK":
                self._extension(kind, size, coming)
                continue
            return self._finish(header, kind, size, coming)
        raise _Damaged("is damaged")

    def _extension(self, kind: bytes, size: int, coming: _Next) -> None:
        if size > EXTENSION_LIMIT:
            raise _Damaged("claims a name that is too long, and was not read further")
        content = self._read(size)
        self._skip(-size % BLOCK, content=False)
        if kind == b"L":
            coming.name = _text(content)
        elif kind == b"K":
            coming.link = _text(content)
        else:
            records = _records(content)
            coming.take(records)
            if kind == b"g":
                self._everywhere.take(records)

    def _finish(self, header: bytes, letter: bytes, size: int, coming: _Next) -> Member:
        name = coming.name if coming.name is not None else _name(header)
        kind = _KINDS.get(letter, "file")
        if kind == "sparse":
            self._skip_sparse_map(header)
        elif coming.sparse and kind == "file":
            kind = "sparse"
        if letter in b"0\0" and name.endswith("/"):
            kind = "folder"
        size = 0 if kind in _WITHOUT_CONTENT else coming.size if coming.size is not None else size
        if size < 0 or size > _SIZE_LIMIT:
            raise _Damaged("is damaged")
        link = ""
        if kind in ("hardlink", "symlink"):
            link = coming.link if coming.link is not None else _text(header[157:257])
            link = normal(link) if kind == "hardlink" else link
        return Member(normal(name), kind, self._at, size, link)

    def _skip_sparse_map(self, header: bytes) -> None:
        more = header[482]
        for _ in range(_SPARSE_CHAIN):
            if not more:
                return
            more = self._read(BLOCK)[504]
        raise _Damaged("is damaged")

    def _read(self, count: int, *, may_end: bool = False) -> bytes:
        data = self.tape.read(count)
        self._at += len(data)
        if len(data) < count and (data or not may_end):
            raise _Damaged("is cut off")
        return data

    def _skip(self, count: int, *, content: bool = True) -> None:
        """Goes behind some content and what fills its last block."""
        done = self.tape.skip(count + (-count % BLOCK if content else 0))
        self._at += done
        if done < count:
            raise _Damaged("is cut off")


class TarIndex:
    """The members of an archive by name; of several with one name the last counts."""

    def __init__(self, members: Iterable[Member]) -> None:
        self._members = {member.name: member for member in members}

    def names(self) -> Iterator[str]:
        return iter(self._members)

    def find(self, name: str) -> Member | None:
        """The file of that name, through links inside the archive; None when there is none."""
        for _ in range(HOPS):
            member = self._members.get(name)
            if member is None or member.kind == "file":
                return member
            if member.kind == "hardlink":
                name = member.link
            elif member.kind == "symlink":
                target = _resolved(name, member.link)
                if target is None:
                    return None
                name = target
            else:
                return None
        return None


def normal(name: str) -> str:
    """Relative and without parts that say nothing; `..` is kept, so that it cannot pass for anything else."""
    return "/".join(part for part in name.split("/") if part not in ("", "."))


def _resolved(name: str, link: str) -> str | None:
    """The name a symbolic link leads to; None when that is outside of the archive."""
    parts = [] if link.startswith("/") else name.split("/")[:-1]
    for part in link.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _check(header: bytes) -> None:
    """The sum of the bytes, its own field counted as spaces; old programs summed signed bytes."""
    told = _number(header[148:156])
    counted = header[:148] + b" " * 8 + header[156:]
    if told not in (sum(counted), sum(struct.unpack("512b", counted))):
        raise _Damaged("is damaged")


def _number(digits: bytes) -> int:
    """Octal, or base 256 when the first bit is set (GNU, star)."""
    if digits[0] & 0x80:
        value = int.from_bytes(digits, "big", signed=True)
        if digits[0] != 0xFF:
            value = int.from_bytes(bytes([digits[0] & 0x7F]) + digits[1:], "big")
    else:
        text = digits.partition(b"\0")[0].strip()
        if text.strip(b"01234567"):
            raise _Damaged("is damaged")
        value = int(text or b"0", 8)
    if value < 0:
        raise _Damaged("is damaged")
    return value


def _decimal(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise _Damaged("is damaged")
    return int(text)


def _records(content: bytes) -> dict[str, str]:
    """The fields of a pax header: `length key=value`, a line each."""
    found: dict[str, str] = {}
    at = 0
    while at < len(content) and content[at]:
        digits, space, _ = content[at : at + 24].partition(b" ")
        length = int(digits) if space and digits.isdigit() else 0
        line = content[at : at + length]
        if length <= len(digits) + 2 or len(line) < length or line[-1:] != b"\n":
            raise _Damaged("is damaged")
        key, _, value = line[len(digits) + 1 : -1].partition(b"=")
        found[_text(key)] = value.decode("utf-8", "surrogateescape")
        at += length
    return found


def _name(header: bytes) -> str:
    name, prefix = _text(header[:100]), _text(header[345:500])
    return f"{prefix}/{name}" if prefix and header[257:263] == b"ustar\0" else name


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")
