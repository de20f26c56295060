"""Content by digest, nearest first: in memory, on disk; and who may see it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Container
from pathlib import Path

from regbrowse.reference import Digest, Registry, Repository
from regbrowse.registry.content.cache import LIMIT, Cache, CacheScope, Kept
from regbrowse.registry.content.disk_cache import SIZE, Disk
from regbrowse.registry.content.tag_history import Known

Who = Callable[[Registry, str], Awaitable[str]]
"""The user name that questions about a repository path are asked as, empty for anonymous; sends nothing."""
PATIENCE = 5
"""Seconds that closing waits for a slow disk."""


class Store:
    """Everything verified that was read, by the digest and by who has read it (image-spec, descriptor.md, Digests).

    Registries in this process stay in memory: what they hold is on this disk already.
    """

    def __init__(
        self,
        who: Who,
        *,
        folder: Path | None = None,
        size: int = SIZE,
        memory: int = LIMIT,
        local: Container[str] = frozenset(),
    ) -> None:
        self.notices: list[str] = []
        """One sentence for each trouble with the disk; grows."""
        folder = folder if size > 0 else None
        self.known = Known(folder)
        self._who = who
        self._cache = Cache(memory)
        self._disk = Disk(folder, size, self.notices) if folder else None
        self._local = local
        self._epochs: dict[str, int] = {}
        self._limit = memory
        self._waiting: deque[tuple[CacheScope, Digest, Kept]] = deque()
        self._waiting_size = 0
        self._writer: asyncio.Task[None] | None = None

    def epoch(self, registry: Registry) -> int:
        """Changes with the identity that a registry is asked with: what was asked before belongs to nobody after."""
        return self._epochs.get(registry.key, 0)

    async def holder(self, registry: Registry, path: str = "") -> CacheScope:
        """Who is asking now."""
        return CacheScope(registry.key, await self._who(registry, path))

    def at_hand(self, digest: Digest) -> Kept | None:
        """What is in memory, whoever has read it in this session."""
        return self._cache.get(digest)

    async def get(self, digest: Digest, holder: CacheScope) -> Kept | None:
        """What this holder has read, in this process or another."""
        kept = self._cache.get(digest, holder)
        if kept is None and self._disk is not None and holder.registry not in self._local:
            kept = await asyncio.to_thread(self._disk.read, holder.name, digest)
            if kept is not None:
                self._cache.put(digest, kept, holder)
        return kept

    async def on_disk(self, digest: Digest, name: str) -> Kept | None:
        """What the holder with this name has read in any process."""
        return await asyncio.to_thread(self._disk.read, name, digest) if self._disk is not None else None

    async def put(self, digest: Digest, kept: Kept, repository: Repository, epoch: int) -> None:
        """Keeps verified content for whoever asked for it in this epoch; when that is over, for nobody."""
        registry = repository.registry
        holder = await self.holder(registry, repository.path)
        if epoch != self.epoch(registry):
            return
        self._cache.put(digest, kept, holder)
        if self._disk is not None and registry.key not in self._local:
            self.known.used(holder)
            if self._waiting_size + len(kept.content) <= self._limit:
                self._waiting.append((holder, digest, kept))
                self._waiting_size += len(kept.content)
            if self._writer is None or self._writer.done():
                self._writer = asyncio.create_task(self._write(self._disk))

    async def pointed(self, repository: Repository, tag: str, digest: Digest, epoch: int) -> None:
        """Remembers what a tag was when it was asked for in this epoch."""
        holder = await self._reader(repository.registry, repository.path, epoch)
        if holder is not None:
            self.known.pointed(holder, repository.path, tag, digest)

    async def listed(self, registry: Registry, path: str, names: Collection[str], epoch: int) -> None:
        """Remembers a complete list of tags, or with an empty path of repositories."""
        holder = await self._reader(registry, path, epoch)
        if holder is not None:
            self.known.listed(holder, path, names)

    async def _reader(self, registry: Registry, path: str, epoch: int) -> CacheScope | None:
        """Who asked in this epoch; None when it is over, or when nothing of this registry is kept between runs."""
        if self._disk is None or registry.key in self._local:
            return None
        holder = await self.holder(registry, path)
        return holder if epoch == self.epoch(registry) else None

    def forget(self, registry: Registry) -> None:
        """For when somebody else asks from now on. What is on disk stays, for those who have read it."""
        self._epochs[registry.key] = self.epoch(registry) + 1
        self._cache.forget(registry.key)

    async def aclose(self) -> None:
        """Waits until everything is on disk."""
        if self._writer is not None:
            await asyncio.wait([self._writer], timeout=PATIENCE)
        await self.known.aclose()

    async def _write(self, disk: Disk) -> None:
        while self._waiting:
            holder, digest, kept = self._waiting.popleft()
            await asyncio.to_thread(disk.write, holder.name, digest, kept.content, kept.content_type)
            self._waiting_size -= len(kept.content)
