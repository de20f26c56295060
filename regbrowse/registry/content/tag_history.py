"""Record what tags pointed to and which names lists held, to show them offline; nothing here is verified.

Small private files below the folder of the cache. For each CacheScope a folder with two files for each repository,
named by the hash of its path: `.tags`, a JSON object of the digests of tags that were read, and `.names`, the last
complete list, compressed. Beside these folders a file for each registry holds the name of the scope that used it last.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import io
import json
import time
import zlib
from collections.abc import AsyncGenerator, Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from regbrowse.errors import RegbrowseError
from regbrowse.oci.document import parse_json
from regbrowse.reference import Digest, Registry, is_tag
from regbrowse.registry.content.disk_cache import CacheScope
from regbrowse.registry.content.private_files import PrivateFolder, UnsafeFolder, remove_oldest

WRITE_DELAY = 3.0
"""Seconds between a record and its writing, so that many records are written at once."""
MAX_NAMES = 1_000_000
MAX_TAGS = 2000
"""Tags of one repository whose digest is kept; the latest."""
PAGE = 5000
"""Names handed on at once."""
MAX_DISK = 64 * 2**20
"""Bytes of all files."""
_MAX_TAGS_FILE = 4 * 2**20
_MAX_NAMES_FILE = 32 * 2**20
_MAX_LINE = 512


class TagRecord(NamedTuple):
    """What a tag pointed to when it was read."""

    digest: Digest
    at: int
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class RecordedList:
    """A list of tags or repositories as it was last served completely."""

    at: int
    """Seconds since 1970."""
    kept: int
    total: int
    """How many names the list had; more than `kept` when it was too long to keep."""
    compressed: bytes = field(repr=False)

    async def pages(self, valid: Callable[[str], bool]) -> AsyncGenerator[tuple[str, ...], None]:
        """Read the valid names, PAGE at a time; a damaged file ends early."""
        names = _decompress(self.compressed, valid)
        while page := await asyncio.to_thread(lambda: tuple(islice(names, PAGE))):
            yield page


@dataclass(slots=True)
class _Unwritten:
    """Records that are not on disk yet; the list of a registry's repositories has an empty path."""

    tags: dict[tuple[CacheScope, str], dict[str, TagRecord]] = field(default_factory=dict)
    lists: dict[tuple[CacheScope, str], tuple[Collection[str], int]] = field(default_factory=dict)
    scopes: dict[str, str] = field(default_factory=dict)


class TagHistory:
    """The records of one client. Without a folder nothing is recorded and every answer is empty."""

    def __init__(self, root: Path | None, now: Callable[[], float] = time.time) -> None:
        self._folder = PrivateFolder(root, ("known",)) if root else None
        self._now = now
        self._unwritten = _Unwritten()
        self._last_scopes: dict[str, str] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self._bounded = False
        """Whether the oldest files were removed in this session."""

    def record_scope(self, scope: CacheScope) -> None:
        """Record that this scope has read something of its registry."""
        if self._last_scopes.get(scope.registry) != scope.name:
            self._last_scopes[scope.registry] = self._unwritten.scopes[scope.registry] = scope.name
            self._schedule()

    def record_tag(self, scope: CacheScope, path: str, tag: str, digest: Digest) -> None:
        """Record that a tag was read."""
        self.record_scope(scope)
        self._unwritten.tags.setdefault((scope, path), {})[tag] = TagRecord(digest, int(self._now()))
        self._schedule()

    def record_list(self, scope: CacheScope, path: str, names: Collection[str]) -> None:
        """Record a complete list of tags, or with an empty path of repositories; `names` must not change any more."""
        self.record_scope(scope)
        self._unwritten.lists[scope, path] = names, int(self._now())
        self._schedule()

    async def last_scope(self, registry: Registry) -> str:
        """Return the name of the scope that has used this registry last; empty when there is none."""
        raw = await asyncio.to_thread(self._read, (), _hash(registry.key), 64)
        name = raw.decode("ascii", "replace")
        return name if len(name) == 64 and set(name) <= set("0123456789abcdef") else ""

    async def tags(self, scope: str, path: str) -> dict[str, TagRecord]:
        """Return the tags that the scope of this name has read."""
        return await asyncio.to_thread(self._read_tags, scope, path)

    async def recorded_list(self, scope: str, path: str) -> RecordedList | None:
        """Return the last complete list of tags, or with an empty path of repositories."""
        return await asyncio.to_thread(self._read_list, scope, path)

    async def aclose(self) -> None:
        """Write what is not on disk yet."""
        if self._timer is not None:
            self._timer.cancel()
        if self._writing is not None:
            await asyncio.wait([self._writing])
        await self._flush()

    def _schedule(self) -> None:
        if self._folder is not None and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(WRITE_DELAY, self._start_writing)

    def _start_writing(self) -> None:
        self._writing = asyncio.ensure_future(self._flush())

    async def _flush(self) -> None:
        unwritten, self._unwritten, self._timer = self._unwritten, _Unwritten(), None
        if self._folder is not None and (unwritten.tags or unwritten.lists or unwritten.scopes):
            await asyncio.to_thread(self._write, self._folder, unwritten)

    def _write(self, folder: PrivateFolder, unwritten: _Unwritten) -> None:
        # The disk cache, which uses the same disk, reports its problems.
        with suppress(OSError, UnsafeFolder):
            for (scope, path), tags in unwritten.tags.items():
                merged = sorted({**self._read_tags(scope.name, path), **tags}.items(), key=lambda each: each[1].at)
                value = {tag: [str(record.digest), record.at] for tag, record in merged[-MAX_TAGS:]}
                folder.subfolder(scope.name).write(f"{_hash(path)}.tags", [json.dumps(value).encode()])
            for (scope, path), (names, at) in unwritten.lists.items():
                folder.subfolder(scope.name).write(f"{_hash(path)}.names", _compress(names, at))
            for registry, scope_name in unwritten.scopes.items():
                folder.write(_hash(registry), [scope_name.encode()])
            if not self._bounded:
                self._bounded = True
                remove_oldest(folder, MAX_DISK)

    def _read(self, below: tuple[str, ...], name: str, limit: int) -> bytes:
        if self._folder is not None:
            with suppress(OSError, UnsafeFolder):
                return self._folder.subfolder(*below).read(name, limit) or b""
        return b""

    def _read_tags(self, scope: str, path: str) -> dict[str, TagRecord]:
        raw = self._read((scope,), f"{_hash(path)}.tags", _MAX_TAGS_FILE)
        try:
            value = parse_json(raw, limit=_MAX_TAGS_FILE).value if raw else {}
        except RegbrowseError:
            return {}
        found = {}
        for tag, record in value.items() if isinstance(value, dict) else ():
            with suppress(RegbrowseError, ValueError):
                if is_tag(tag) and isinstance(record, list) and len(record) == 2:
                    found[tag] = TagRecord(Digest.parse(str(record[0])), _time(record[1]))
        return found

    def _read_list(self, scope: str, path: str) -> RecordedList | None:
        compressed = self._read((scope,), f"{_hash(path)}.names", _MAX_NAMES_FILE)
        with suppress(OSError, EOFError, zlib.error, ValueError, TypeError, KeyError, RecursionError):
            header = json.loads(gzip.GzipFile(fileobj=io.BytesIO(compressed)).readline(_MAX_LINE))
            return RecordedList(_time(header["at"]), int(header["kept"]), int(header["total"]), compressed)
        return None


def _compress(names: Collection[str], at: int) -> Iterator[bytes]:
    """Make a gzip file: a line of JSON, then one name in each line."""
    compressor = zlib.compressobj(wbits=31)
    kept = min(len(names), MAX_NAMES)
    yield compressor.compress(json.dumps({"at": at, "kept": kept, "total": len(names)}).encode() + b"\n")
    rest = islice(names, kept)
    while page := list(islice(rest, PAGE)):
        yield compressor.compress("\n".join([*page, ""]).encode())
    yield compressor.flush()


def _decompress(compressed: bytes, valid: Callable[[str], bool]) -> Iterator[str]:
    with suppress(OSError, EOFError, zlib.error), gzip.GzipFile(fileobj=io.BytesIO(compressed)) as file:
        file.readline(_MAX_LINE)
        for _ in range(MAX_NAMES):
            line = file.readline(_MAX_LINE)
            if not line:
                return
            name = line.decode("utf-8", "replace").removesuffix("\n")
            if valid(name):
                yield name


def _time(value: object) -> int:
    """Return seconds since 1970. Raises ValueError for what cannot be shown as a date."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**37:
        raise ValueError
    datetime.fromtimestamp(value, UTC)
    return value


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
