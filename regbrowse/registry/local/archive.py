"""Find files in a tar archive by its headers (POSIX.1-2017, pax; GNU tar manual, "Basic Tar Format").

Nothing is extracted: a file is a byte range of the archive. `tarfile.TarInfo.frombuf` parses every header block. The
walk from header to header is ours, because archives come from anywhere and `tarfile.TarFile` cannot be bounded:

- It reads a pax header or a GNU long name with the size that the header claims, 8 GiB in a file of 1 KiB.
- Before Python 3.11.10 and 3.12.6 its time and memory grow with the square of a pax header's size (CVE-2024-6232):
  a header of 64 KiB takes 1 GiB or 20 seconds, one of 1 MiB 256 times as much.
- It calls itself for each header before a member: some hundred of them end in RecursionError.
- It applies and copies all global pax records for every member, which takes the product of their numbers.
- It keeps every TarInfo, and names without a limit: 16 GiB of long names compress to 80 MiB.
- A negative size makes it read the same header again, forever, before 3.11.14, 3.12.12 and 3.13.6 (CVE-2025-8194).
- It takes a damaged header for the end of the archive, and nothing is reported.

Here every read is bounded, offsets only grow, and what stands before the damage can be read, with a note that says so.
"""

from __future__ import annotations

import os
import posixpath
import tarfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from regbrowse.errors import ConfigError
from regbrowse.registry.local.byte_range import ByteRange, ByteSource, FileSource, TemporarySource, UnreadableFile
from regbrowse.registry.local.unpack import find_compression, unpack
from regbrowse.text import plural, visible
from regbrowse.text import size as size_text

BLOCK = 512
EXTENSION_LIMIT = 2**20
"""Bytes of a GNU long name or of a pax header."""
MEMBER_LIMIT = 1_000_000
NAMES_LIMIT = 256 * 2**20
"""Characters of all names and link targets together."""
LINK_LIMIT = 40
"""Links followed from one name."""
_SIZE_LIMIT = 2**62
_EXTENSION_COUNT = 1000
"""Extension headers before one member."""
_SPARSE_COUNT = 10_000
"""Continuation blocks of the map of one GNU sparse file."""
_EXTENSIONS = frozenset({tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK})
_WITHOUT_CONTENT = frozenset(
    {tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE}
)


class _Damaged(Exception):
    """The archive cannot be read on from here."""


@dataclass(slots=True)
class TarReader:
    """Reads the members of an archive in order, once. Iterating raises OSError of the file and nothing else.

    Of a member only `name`, `type`, `size`, `offset_data` and `linkname` are complete. Names are relative, without `.`
    and empty parts; `..` stays as it is; bytes that are not UTF-8 are surrogates. The type is REGTYPE for every file
    with content, GNUTYPE_SPARSE for a sparse file in any of its formats. The size is what is stored.
    """

    file: BinaryIO
    """At the start of the archive."""
    size: int
    """Of the archive, in bytes."""
    max_members: int = MEMBER_LIMIT
    note: str = ""
    """Why the reading ended before the archive did, one sentence; complete when the iteration is."""
    count: int = 0
    """Members so far."""
    _names_length: int = 0
    _global_records: dict[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[tarfile.TarInfo]:
        try:
            while (member := self._read_member()) is not None:
                if self.count >= self.max_members:
                    self.note = f"The archive has more than {plural(self.max_members, 'entry')}; the rest was not read."
                    return
                self.count += 1
                yield member
                self._skip(member.size + -member.size % BLOCK)
        except _Damaged as damage:
            self.note = f"The archive {damage} after {plural(self.count, 'entry')}."

    def _read_member(self) -> tarfile.TarInfo | None:
        """Read the headers of the next member; None at the end of the archive."""
        records = dict(self._global_records)
        for _ in range(_EXTENSION_COUNT):
            block = self.file.read(BLOCK)
            if 0 < len(block) < BLOCK:
                raise _Damaged("is cut off")
            if not block.strip(b"\0"):
                return None
            try:
                header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
            except tarfile.HeaderError:
                raise _Damaged("is damaged") from None
            if header.size < 0:
                raise _Damaged("is damaged")
            if header.type not in _EXTENSIONS:
                if header.type == tarfile.GNUTYPE_SPARSE:
                    self._skip_sparse_map(block)
                self._complete(header, records)
                return header
            self._read_extension(header, records)
        raise _Damaged("is damaged")

    def _read_extension(self, header: tarfile.TarInfo, records: dict[str, str]) -> None:
        """Add to `records` what a pax header or a GNU long name says about the next member."""
        if header.size > EXTENSION_LIMIT:
            raise _Damaged("claims a name that is too long, and was not read further")
        content = self._read(header.size)
        self._skip(-header.size % BLOCK)
        if header.type == tarfile.GNUTYPE_LONGNAME:
            records["path"] = _until_nul(content)
        elif header.type == tarfile.GNUTYPE_LONGLINK:
            records["linkpath"] = _until_nul(content)
        else:
            found = _pax_records(content)
            records.update(found)
            if header.type == tarfile.XGLTYPE:
                self._global_records.update(found)

    def _skip_sparse_map(self, block: bytes) -> None:
        """Go behind the continuation blocks of the map; a byte of each block tells whether one follows."""
        continued = block[482]
        for _ in range(_SPARSE_COUNT):
            if not continued:
                return
            continued = self._read(BLOCK)[504]
        raise _Damaged("is damaged")

    def _complete(self, member: tarfile.TarInfo, records: Mapping[str, str]) -> None:
        """Complete a member with the records of extension headers, at the start of its content."""
        name = records.get("GNU.sparse.name", records.get("path", member.name))
        if member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and name.endswith("/"):
            member.type = tarfile.DIRTYPE
        elif member.type not in _WITHOUT_CONTENT and member.type != tarfile.GNUTYPE_SPARSE:
            # POSIX wants unknown types to be read as files.
            member.type = tarfile.GNUTYPE_SPARSE if "GNU.sparse" in records else tarfile.REGTYPE
        if member.type in _WITHOUT_CONTENT:
            member.size = 0
        elif "size" in records:
            member.size = _decimal(records["size"])
        member.linkname = records.get("linkpath", member.linkname)
        member.offset_data = self.file.tell()
        self._names_length += len(name) + len(member.linkname)
        if member.size > _SIZE_LIMIT:
            raise _Damaged("is damaged")
        if self._names_length > NAMES_LIMIT:
            raise _Damaged(f"has more than {size_text(NAMES_LIMIT)} of names, and was not read further")
        member.name = normal(name)

    def _read(self, count: int) -> bytes:
        data = self.file.read(count)
        if len(data) < count:
            raise _Damaged("is cut off")
        return data

    def _skip(self, count: int) -> None:
        end = self.file.tell() + count
        if end > self.size:
            raise _Damaged("is cut off")
        self.file.seek(end)


@dataclass(frozen=True, slots=True)
class Archive:
    """Implements Files for a tar archive."""

    entries: Mapping[str, ByteRange | str | None]
    """By name a file, the name that a link leads to, or None for what is neither; the last one of a name counts."""
    note: str = ""
    """Why it could not be read to its end, one sentence."""

    def find(self, name: str) -> ByteRange | None:
        """Find a file, through links inside the archive; None when its end is missing. Raises UnreadableFile.

        Links out of it are not followed: an archive comes from anywhere.
        """
        at = name
        for _ in range(LINK_LIMIT):
            entry = self.entries.get(at)
            if not isinstance(entry, str):
                if at != name and at not in self.entries:
                    shown, target = visible(name, 200), visible(at, 200)
                    raise UnreadableFile(f"{shown} is a link to {target}, which is not in the archive.")
                return entry
            at = entry
        raise UnreadableFile(f"{visible(name, 200)} is a link that leads to itself.")


def open_archive(path: Path, stop: threading.Event) -> Archive:
    """Open a tar archive, perhaps compressed. Raises ConfigError when it is not one, OSError."""
    with path.open("rb") as file:
        compression = find_compression(file.read(8))
        file.seek(0)
        if compression is None:
            return read_archive(file, os.fstat(file.fileno()).st_size, FileSource(path))
        unpacked, size, note = unpack(file, compression, stop)
    source = TemporarySource(unpacked)
    unpacked.seek(0)
    return read_archive(unpacked, size, source, note)


def read_archive(file: BinaryIO, size: int, source: ByteSource, note: str = "") -> Archive:
    """Read the headers of an archive of `size` bytes from `file`; its content is read from `source` later.

    `note` is what went wrong when it was unpacked. Raises ConfigError when it is not an archive, OSError.
    """
    reader = TarReader(file, size)
    entries = {member.name: _entry(member, source, size) for member in reader}
    if not entries and (note or reader.note):
        raise ConfigError(note or "It is not a tar archive.")
    return Archive(entries, note or reader.note)


def _entry(member: tarfile.TarInfo, source: ByteSource, size: int) -> ByteRange | str | None:
    if member.type == tarfile.REGTYPE and member.offset_data + member.size <= size:
        return ByteRange(source, member.offset_data, member.size)
    if member.islnk():
        return normal(member.linkname)
    if member.issym():
        folder = "" if member.linkname.startswith("/") else posixpath.dirname(member.name)
        return posixpath.normpath(posixpath.join(folder, member.linkname.lstrip("/")))
    return None


def normal(name: str) -> str:
    """Make a name relative and drop `.` and empty parts; `..` is kept, so that it cannot pass for another name."""
    return "/".join(part for part in name.split("/") if part not in ("", "."))


def _decimal(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise _Damaged("is damaged")
    return int(text)


def _pax_records(content: bytes) -> dict[str, str]:
    """Parse the records of a pax header, a line `length key=value` each; keep those that say where a file is.

    The key `GNU.sparse` stands for every record about a sparse file.
    """
    found: dict[str, str] = {}
    start = 0
    while start < len(content) and content[start]:
        digits, space, _ = content[start : start + 24].partition(b" ")
        length = int(digits) if space and digits.isdigit() else 0
        record = content[start : start + length]
        if length <= len(digits) + 2 or len(record) < length or record[-1:] != b"\n":
            raise _Damaged("is damaged")
        key, _, value = record[len(digits) + 1 : -1].partition(b"=")
        if key in (b"path", b"linkpath", b"size", b"GNU.sparse.name"):
            found[key.decode()] = value.decode("utf-8", "surrogateescape")
        if key.startswith(b"GNU.sparse."):
            found["GNU.sparse"] = ""
        start += length
    return found


def _until_nul(content: bytes) -> str:
    return content.partition(b"\0")[0].decode("utf-8", "surrogateescape")
