"""Find verified content by digest in memory, then on disk, for the account that has read it.

See image-spec, descriptor.md, Digests.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Collection, Container
from pathlib import Path

from regbrowse.reference import Digest, Registry, Repository
from regbrowse.registry.content.disk_cache import CachedContent, CacheScope, DiskCache
from regbrowse.registry.content.tag_history import TagHistory
from regbrowse.registry.models import CACHE_SIZE

MEMORY_SIZE = 64 * 2**20
"""Bytes of content kept in memory."""
CLOSE_SECONDS = 5
"""How long closing waits for the disk."""
UserOf = Callable[[Registry, str], Awaitable[str]]
"""Returns the user name for requests about a repository path, empty for anonymous; sends nothing."""


class MemoryCache:
    """The most recently used contents, up to a number of bytes; one copy for all scopes that have read it."""

    def __init__(self, limit: int = MEMORY_SIZE) -> None:
        self._contents: OrderedDict[Digest, tuple[CachedContent, set[CacheScope]]] = OrderedDict()
        self._limit = limit
        self._size = 0

    def get(self, digest: Digest, scope: CacheScope | None = None) -> CachedContent | None:
        """Return content that this scope has read; without a scope, that any scope has read."""
        cached, scopes = self._contents.get(digest, (None, frozenset()))
        if cached is None or (scope is not None and scope not in scopes):
            return None
        self._contents.move_to_end(digest)
        return cached

    def put(self, digest: Digest, cached: CachedContent, scope: CacheScope) -> None:
        """Keep verified content that fits; drop the least recently used."""
        if len(cached.content) > self._limit:
            return
        _, scopes = self._contents.setdefault(digest, (cached, set()))
        if not scopes:
            self._size += len(cached.content)
        scopes.add(scope)
        self._contents.move_to_end(digest)
        while self._size > self._limit:
            self._size -= len(self._contents.popitem(last=False)[1][0].content)

    def forget(self, registry: str) -> None:
        """Drop what any account has read from the registry with this key."""
        for digest, (cached, scopes) in list(self._contents.items()):
            scopes -= {scope for scope in scopes if scope.registry == registry}
            if not scopes:
                del self._contents[digest]
                self._size -= len(cached.content)


class ContentCache:
    """The contents of one client, in memory and on disk, and its tag history.

    Content of registries in this process (`local`) stays in memory: it comes from this disk.
    """

    def __init__(
        self,
        user_of: UserOf,
        *,
        folder: Path | None = None,
        size: int = CACHE_SIZE,
        memory: int = MEMORY_SIZE,
        local: Container[str] = frozenset(),
    ) -> None:
        """`size` and `memory` are bytes; without a folder or with size 0 nothing is kept on disk."""
        self.notices: list[str] = []
        """One sentence for each problem with the disk; grows."""
        folder = folder if size > 0 else None
        self.memory = MemoryCache(memory)
        self.history = TagHistory(folder)
        self._user_of = user_of
        self._disk = DiskCache(folder, size, self.notices) if folder else None
        self._local = local
        self._epochs: dict[str, int] = {}
        self._unwritten: deque[tuple[CacheScope, Digest, CachedContent]] = deque()
        self._unwritten_size = 0
        self._unwritten_limit = memory
        self._writing: asyncio.Task[None] | None = None

    def epoch(self, registry: Registry) -> int:
        """Return a number that grows when the login for the registry changes.

        A response to a request of an earlier epoch is not cached: it may belong to another account.
        """
        return self._epochs.get(registry.key, 0)

    async def scope(self, registry: Registry, path: str = "") -> CacheScope:
        """Return the scope of the user that requests about this repository path are sent as now."""
        return CacheScope(registry.key, await self._user_of(registry, path))

    async def get(self, digest: Digest, repository: Repository) -> CachedContent | None:
        """Return content that the current user has read from this registry, in this process or another."""
        scope = await self.scope(repository.registry, repository.path)
        cached = self.memory.get(digest, scope)
        if cached is None and self._kept_on_disk(scope.registry):
            cached = await self.from_disk(digest, scope.name)
            if cached is not None:
                self.memory.put(digest, cached, scope)
        return cached

    async def from_disk(self, digest: Digest, scope: str) -> CachedContent | None:
        """Return content that the scope of this name has read in any process."""
        return await asyncio.to_thread(self._disk.read, scope, digest) if self._disk is not None else None

    async def put(self, digest: Digest, cached: CachedContent, repository: Repository, epoch: int) -> None:
        """Keep verified content for the current user, unless the login has changed since this epoch."""
        scope = await self.scope(repository.registry, repository.path)
        if epoch != self.epoch(repository.registry):
            return
        self.memory.put(digest, cached, scope)
        if self._disk is None or not self._kept_on_disk(scope.registry):
            return
        self.history.record_scope(scope)
        if self._unwritten_size + len(cached.content) <= self._unwritten_limit:
            self._unwritten.append((scope, digest, cached))
            self._unwritten_size += len(cached.content)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(self._disk))

    async def record_tag(self, repository: Repository, tag: str, digest: Digest, epoch: int) -> None:
        """Write down what a tag pointed to when it was read in this epoch."""
        scope = await self._scope_on_disk(repository.registry, repository.path, epoch)
        if scope is not None:
            self.history.record_tag(scope, repository.path, tag, digest)

    async def record_list(self, registry: Registry, path: str, names: Collection[str], epoch: int) -> None:
        """Write down a complete list of tags, or with an empty path of repositories."""
        scope = await self._scope_on_disk(registry, path, epoch)
        if scope is not None:
            self.history.record_list(scope, path, names)

    def forget(self, registry: Registry) -> None:
        """Begin a new epoch, because the login has changed. Content on disk stays for the scopes that have read it."""
        self._epochs[registry.key] = self.epoch(registry) + 1
        self.memory.forget(registry.key)

    async def aclose(self) -> None:
        """Wait until everything is on disk."""
        if self._writing is not None:
            await asyncio.wait([self._writing], timeout=CLOSE_SECONDS)
        await self.history.aclose()

    def _kept_on_disk(self, registry: str) -> bool:
        return self._disk is not None and registry not in self._local

    async def _scope_on_disk(self, registry: Registry, path: str, epoch: int) -> CacheScope | None:
        """Return the current scope; None when the epoch is over or nothing of the registry is kept on disk."""
        if not self._kept_on_disk(registry.key):
            return None
        scope = await self.scope(registry, path)
        return scope if epoch == self.epoch(registry) else None

    async def _write(self, disk: DiskCache) -> None:
        while self._unwritten:
            scope, digest, cached = self._unwritten.popleft()
            await asyncio.to_thread(disk.write, scope.name, digest, cached.content, cached.content_type)
            self._unwritten_size -= len(cached.content)
