"""Content in memory and on disk, for the account that has read it."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from regbrowse.reference import Digest, Registry, Repository
from regbrowse.registry.content.cache import ContentCache, MemoryCache
from regbrowse.registry.content.disk_cache import CachedContent, CacheScope, DiskCache

GHCR = Registry("ghcr.io")
APP = Repository(GHCR, "acme/app")
ANN, BOB = CacheScope("ghcr.io", "ann"), CacheScope("ghcr.io", "bob")
CACHED = CachedContent(b"content")
DIGEST = Digest.of(CACHED.content)


class User:
    """Names the user that requests are sent as."""

    def __init__(self) -> None:
        self.name = "ann"

    async def __call__(self, registry: Registry, path: str) -> str:
        assert (registry, path) in ((GHCR, "acme/app"), (GHCR, ""))
        return self.name


@pytest.fixture
def user() -> User:
    return User()


def test_memory_shares_bytes_and_not_permission() -> None:
    cache = MemoryCache(10)
    cache.put(DIGEST, CACHED, ANN)
    assert cache.get(DIGEST, BOB) is None
    cache.put(DIGEST, CachedContent(b"content"), BOB)
    assert cache.get(DIGEST, BOB) is cache.get(DIGEST, ANN) is CACHED
    cache.put(Digest.of(b"abc"), CachedContent(b"abc"), ANN)
    assert cache.get(DIGEST) is CACHED
    cache.put(Digest.of(b"d"), CachedContent(b"d"), ANN)
    assert cache.get(Digest.of(b"abc")) is None
    cache.put(Digest.of(bytes(11)), CachedContent(bytes(11)), ANN)
    assert cache.get(Digest.of(bytes(11))) is None
    assert cache.get(DIGEST) is CACHED


def test_memory_of_one_registry_is_forgotten() -> None:
    cache = MemoryCache(10)
    cache.put(DIGEST, CACHED, ANN)
    cache.put(DIGEST, CACHED, CacheScope("quay.io", "ann"))
    cache.forget("ghcr.io")
    assert cache.get(DIGEST, ANN) is None
    assert cache.get(DIGEST, CacheScope("quay.io", "ann")) is CACHED
    cache.forget("quay.io")
    assert cache.get(DIGEST) is None
    cache.put(Digest.of(bytes(10)), CachedContent(bytes(10)), ANN)
    assert cache.get(Digest.of(bytes(10))) is not None


def test_names_of_scopes_differ() -> None:
    scopes = [
        CacheScope("a", "b"),
        CacheScope("ab", ""),
        CacheScope("a", ""),
        CacheScope("b", "a"),
        CacheScope("", "ab"),
    ]
    assert len({scope.name for scope in scopes}) == len(scopes)
    assert ANN.name == CacheScope("ghcr.io", "ann").name


async def test_content_on_disk_is_for_the_user_that_has_read_it(user: User, tmp_path: Path) -> None:
    first = ContentCache(user, folder=tmp_path / "cache")
    await first.put(DIGEST, CACHED, APP, first.epoch(GHCR))
    await first.aclose()
    second = ContentCache(user, folder=tmp_path / "cache")
    assert second.memory.get(DIGEST) is None
    user.name = "bob"
    assert await second.get(DIGEST, APP) is None
    user.name = "ann"
    assert await second.get(DIGEST, APP) == CACHED
    assert second.memory.get(DIGEST) == CACHED


async def test_forgetting_leaves_content_on_disk(user: User, tmp_path: Path) -> None:
    cache = ContentCache(user, folder=tmp_path / "cache")
    await cache.put(DIGEST, CACHED, APP, cache.epoch(GHCR))
    cache.forget(GHCR)
    assert cache.memory.get(DIGEST) is None
    await cache.aclose()
    assert await cache.get(DIGEST, APP) == CACHED


async def test_a_response_of_an_earlier_epoch_is_not_cached(user: User, tmp_path: Path) -> None:
    cache = ContentCache(user, folder=tmp_path / "cache")
    epoch = cache.epoch(GHCR)
    user.name = "bob"
    cache.forget(GHCR)
    await cache.put(DIGEST, CACHED, APP, epoch)
    await cache.record_tag(APP, "1.0", DIGEST, epoch)
    await cache.record_list(GHCR, "acme/app", ["1.0"], epoch)
    await cache.aclose()
    assert cache.memory.get(DIGEST) is None
    assert not (tmp_path / "cache").exists()


async def test_a_registry_in_this_process_does_not_use_the_disk(user: User, tmp_path: Path) -> None:
    cache = ContentCache(user, folder=tmp_path / "cache")
    await cache.put(DIGEST, CACHED, APP, 0)
    await cache.aclose()
    assert await ContentCache(user, folder=tmp_path / "cache", local={"ghcr.io"}).get(DIGEST, APP) is None


@pytest.mark.parametrize("where", ["local", "size"])
async def test_nothing_is_written_for_a_local_registry_or_a_size_of_zero(
    user: User, tmp_path: Path, where: str
) -> None:
    local, size = ({"ghcr.io"}, 2**20) if where == "local" else (set(), 0)
    cache = ContentCache(user, folder=tmp_path / "cache", size=size, local=local)
    await cache.put(DIGEST, CACHED, APP, cache.epoch(GHCR))
    await cache.record_tag(APP, "1.0", DIGEST, cache.epoch(GHCR))
    await cache.record_list(GHCR, "acme/app", ["1.0"], cache.epoch(GHCR))
    assert await cache.get(DIGEST, APP) == CACHED
    await cache.aclose()
    assert not (tmp_path / "cache").exists()


async def test_a_slow_disk_does_not_delay_content_in_memory(
    user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, started, read = threading.Event(), threading.Event(), DiskCache.read

    def slow(self: DiskCache, scope: str, digest: Digest) -> CachedContent | None:
        started.set()
        assert gate.wait(30)
        return read(self, scope, digest)

    monkeypatch.setattr(DiskCache, "read", slow)
    monkeypatch.setattr(DiskCache, "write", lambda *_: gate.wait(30))
    cache = ContentCache(user, folder=tmp_path / "cache")
    asking = asyncio.create_task(cache.get(Digest.of(b"other"), APP))
    assert await asyncio.to_thread(started.wait, 30)
    await cache.put(DIGEST, CACHED, APP, 0)
    assert await cache.get(DIGEST, APP) == CACHED
    assert not asking.done()
    gate.set()
    assert await asking is None
    await cache.aclose()


async def test_a_problem_with_the_disk_is_one_notice(user: User, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir(0o755)
    cache = ContentCache(user, folder=tmp_path / "cache")
    await cache.put(DIGEST, CACHED, APP, 0)
    await cache.record_tag(APP, "1.0", DIGEST, 0)
    await cache.aclose()
    assert await cache.get(DIGEST, APP) == CACHED
    assert len(cache.notices) == 1
    assert "other accounts may enter" in cache.notices[0]
