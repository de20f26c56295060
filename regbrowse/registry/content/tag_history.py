"""What tags pointed to and what lists held, for when nothing may be asked: kept between runs, claimed by nobody.

Small private files below the cache's folder: in one folder for each holder, by the hash of a repository's path,
the digests of tags that were read and the last complete list; beside them, who asked a registry last.
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
from regbrowse.registry.content.cache import CacheScope
from regbrowse.registry.content.private_files import Folder, Unsafe, shrink

PAUSE = 3.0
"""Seconds between what is learnt and its writing, so that many things are written at once."""
MOST_NAMES = 1_000_000
MOST_TAGS = 2000
"""Tags of one repository whose digest is kept; the latest."""
PAGE = 5000
"""Names handed on at once."""
_ALL = 64 * 2**20
"""Bytes kept in all."""
_TAGS_SIZE = 4 * 2**20
_NAMES_SIZE = 32 * 2**20
_NAME_SIZE = 512


class Pointed(NamedTuple):
    """What a tag pointed to."""

    digest: Digest
    at: int
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list as it was last served completely."""

    at: int
    """Seconds since 1970."""
    kept: int
    total: int
    """How many names it had; more than `kept` when it was too long to keep."""
    packed: bytes = field(repr=False)

    async def pages(self, valid: Callable[[str], bool]) -> AsyncGenerator[tuple[str, ...], None]:
        """Its names, some at a time; a damaged file ends early."""
        names = _names(self.packed, valid)
        while page := await asyncio.to_thread(lambda: tuple(islice(names, PAGE))):
            yield page


@dataclass(slots=True)
class _Learnt:
    """What is not written yet; the path of a registry's own list of repositories is empty."""

    tags: dict[tuple[CacheScope, str], dict[str, Pointed]] = field(default_factory=dict)
    lists: dict[tuple[CacheScope, str], tuple[Collection[str], int]] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)


class Known:
    """Remembers while questions are asked, and answers when they may not be. Without a folder: neither."""

    def __init__(self, root: Path | None, now: Callable[[], float] = time.time) -> None:
        self._folder = Folder(root, ("known",)) if root else None
        self._now = now
        self._learnt = _Learnt()
        self._last: dict[str, str] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self._pruned = False

    def used(self, holder: CacheScope) -> None:
        """Somebody has read something."""
        if self._last.get(holder.registry) != holder.name:
            self._last[holder.registry] = self._learnt.holders[holder.registry] = holder.name
            self._soon()

    def pointed(self, holder: CacheScope, path: str, tag: str, digest: Digest) -> None:
        """A tag was read."""
        self.used(holder)
        self._learnt.tags.setdefault((holder, path), {})[tag] = Pointed(digest, int(self._now()))
        self._soon()

    def listed(self, holder: CacheScope, path: str, names: Collection[str]) -> None:
        """A list was served to its end; the names must not change any more. Empty path: the repositories."""
        self.used(holder)
        self._learnt.lists[holder, path] = names, int(self._now())
        self._soon()

    async def last_holder(self, registry: Registry) -> str:
        """The name of the holder who read something of this registry last; empty when nobody did."""
        raw = await asyncio.to_thread(self._read, (), _hash(registry.key), 64)
        name = raw.decode("ascii", "replace")
        return name if len(name) == 64 and set(name) <= set("0123456789abcdef") else ""

    async def tags(self, holder: str, path: str) -> dict[str, Pointed]:
        """The tags that were read, and what they pointed to."""
        return await asyncio.to_thread(self._tags, holder, path)

    async def listing(self, holder: str, path: str) -> Listing | None:
        """The list of tags, or with an empty path of repositories."""
        return await asyncio.to_thread(self._listing, holder, path)

    async def aclose(self) -> None:
        """Writes what is not written yet."""
        if self._timer is not None:
            self._timer.cancel()
        if self._writing is not None:
            await asyncio.wait([self._writing])
        await self._flush()

    def _soon(self) -> None:
        if self._folder is not None and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PAUSE, self._start)

    def _start(self) -> None:
        self._writing = asyncio.ensure_future(self._flush())

    async def _flush(self) -> None:
        learnt, self._learnt, self._timer = self._learnt, _Learnt(), None
        if self._folder is not None and (learnt.tags or learnt.lists or learnt.holders):
            await asyncio.to_thread(self._write, self._folder, learnt)

    def _write(self, folder: Folder, learnt: _Learnt) -> None:
        # Whoever writes content to the same disk says what is wrong with it.
        with suppress(OSError, Unsafe):
            for (holder, path), tags in learnt.tags.items():
                merged = sorted({**self._tags(holder.name, path), **tags}.items(), key=lambda each: each[1].at)
                value = {tag: [str(seen.digest), seen.at] for tag, seen in merged[-MOST_TAGS:]}
                folder.inside(holder.name).write(f"{_hash(path)}.tags", [json.dumps(value).encode()])
            for (holder, path), (names, at) in learnt.lists.items():
                folder.inside(holder.name).write(f"{_hash(path)}.names", _packed(names, at))
            for key, name in learnt.holders.items():
                folder.write(_hash(key), [name.encode()])
            if not self._pruned:
                self._pruned = True
                shrink(folder, _ALL)

    def _read(self, below: tuple[str, ...], name: str, limit: int) -> bytes:
        if self._folder is not None:
            with suppress(OSError, Unsafe):
                return self._folder.inside(*below).read(name, limit) or b""
        return b""

    def _tags(self, holder: str, path: str) -> dict[str, Pointed]:
        raw = self._read((holder,), f"{_hash(path)}.tags", _TAGS_SIZE)
        try:
            value = parse_json(raw, limit=_TAGS_SIZE).value if raw else {}
        except RegbrowseError:
            return {}
        found = {}
        for tag, seen in value.items() if isinstance(value, dict) else ():
            with suppress(RegbrowseError, ValueError):
                if is_tag(tag) and isinstance(seen, list) and len(seen) == 2:
                    found[tag] = Pointed(Digest.parse(str(seen[0])), _time(seen[1]))
        return found

    def _listing(self, holder: str, path: str) -> Listing | None:
        packed = self._read((holder,), f"{_hash(path)}.names", _NAMES_SIZE)
        with suppress(OSError, EOFError, zlib.error, ValueError, TypeError, KeyError, RecursionError):
            head = json.loads(gzip.GzipFile(fileobj=io.BytesIO(packed)).readline(_NAME_SIZE))
            return Listing(_time(head["at"]), int(head["kept"]), int(head["total"]), packed)
        return None


def _packed(names: Collection[str], at: int) -> Iterator[bytes]:
    """A gzip file: a line of JSON, then a name a line."""
    packer = zlib.compressobj(wbits=31)
    kept = min(len(names), MOST_NAMES)
    yield packer.compress(json.dumps({"at": at, "kept": kept, "total": len(names)}).encode() + b"\n")
    rest = islice(names, kept)
    while part := list(islice(rest, PAGE)):
        yield packer.compress("\n".join([*part, ""]).encode())
    yield packer.flush()


def _names(packed: bytes, valid: Callable[[str], bool]) -> Iterator[str]:
    with suppress(OSError, EOFError, zlib.error), gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
        file.readline(_NAME_SIZE)
        for _ in range(MOST_NAMES):
            line = file.readline(_NAME_SIZE)
            if not line:
                return
            name = line.decode("utf-8", "replace").removesuffix("\n")
            if valid(name):
                yield name


def _time(value: object) -> int:
    """Raises ValueError for what is no moment that can be shown."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**37:
        raise ValueError
    datetime.fromtimestamp(value, UTC)
    return value


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
