"""Content in memory and on disk, and who may see it."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from regbrowse.reference import Digest, Registry, Repository
from regbrowse.registry.content.cache import Cache, CacheScope, Kept
from regbrowse.registry.content.disk_cache import Disk
from regbrowse.registry.content.store import Store

GHCR, QUAY = Registry("ghcr.io"), Registry("quay.io")
APP = Repository(GHCR, "acme/app")
ANN, BOB = CacheScope("ghcr.io", "ann"), CacheScope("ghcr.io", "bob")
KEPT = Kept(b"content")
DIGEST = Digest.of(KEPT.content)


class Who:
    """Says who asks."""

    def __init__(self) -> None:
        self.user = "ann"

    async def __call__(self, registry: Registry, path: str) -> str:
        assert (registry, path) in ((GHCR, "acme/app"), (GHCR, ""))
        return self.user


@pytest.fixture
def who() -> Who:
    return Who()


def test_memory_shares_bytes_and_not_permission() -> None:
    cache = Cache(10)
    cache.put(DIGEST, KEPT, ANN)
    assert cache.get(DIGEST, BOB) is None
    cache.put(DIGEST, Kept(b"content"), BOB)
    assert cache.get(DIGEST, BOB) is cache.get(DIGEST, ANN) is KEPT
    cache.put(Digest.of(b"abc"), Kept(b"abc"), ANN)
    assert cache.get(DIGEST) is KEPT
    cache.put(Digest.of(b"d"), Kept(b"d"), ANN)
    assert cache.get(Digest.of(b"abc")) is None
    cache.put(Digest.of(bytes(11)), Kept(bytes(11)), ANN)
    assert cache.get(Digest.of(bytes(11))) is None
    assert cache.get(DIGEST) is KEPT


def test_memory_of_one_registry_is_forgotten() -> None:
    cache = Cache(10)
    cache.put(DIGEST, KEPT, ANN)
    cache.put(DIGEST, KEPT, CacheScope("quay.io", "ann"))
    cache.forget("ghcr.io")
    assert cache.get(DIGEST, ANN) is None
    assert cache.get(DIGEST, CacheScope("quay.io", "ann")) is KEPT
    cache.forget("quay.io")
    assert cache.get(DIGEST) is None
    cache.put(Digest.of(bytes(10)), Kept(bytes(10)), ANN)
    assert cache.get(Digest.of(bytes(10))) is not None


def test_names_of_holders_differ() -> None:
    holders = [
        CacheScope("a", "b"),
        CacheScope("ab", ""),
        CacheScope("a", ""),
        CacheScope("b", "a"),
        CacheScope("", "ab"),
    ]
    assert len({holder.name for holder in holders}) == len(holders)
    assert ANN.name == CacheScope("ghcr.io", "ann").name


async def test_content_on_disk_is_for_who_has_read_it(who: Who, tmp_path: Path) -> None:
    first = Store(who, folder=tmp_path / "cache")
    await first.put(DIGEST, KEPT, APP, first.epoch(GHCR))
    await first.aclose()
    second = Store(who, folder=tmp_path / "cache")
    assert second.at_hand(DIGEST) is None
    assert await second.get(DIGEST, BOB) is None
    assert await second.get(DIGEST, ANN) == KEPT
    assert second.at_hand(DIGEST) == KEPT


async def test_forgetting_leaves_the_disk_to_those_who_have_read_it(who: Who, tmp_path: Path) -> None:
    store = Store(who, folder=tmp_path / "cache")
    await store.put(DIGEST, KEPT, APP, store.epoch(GHCR))
    store.forget(GHCR)
    assert store.at_hand(DIGEST) is None
    await store.aclose()
    assert await store.get(DIGEST, await store.holder(GHCR)) == KEPT


async def test_what_was_asked_for_by_somebody_else_is_kept_for_nobody(who: Who, tmp_path: Path) -> None:
    store = Store(who, folder=tmp_path / "cache")
    epoch = store.epoch(GHCR)
    who.user = "bob"
    store.forget(GHCR)
    await store.put(DIGEST, KEPT, APP, epoch)
    await store.pointed(APP, "1.0", DIGEST, epoch)
    await store.listed(GHCR, "acme/app", ["1.0"], epoch)
    await store.aclose()
    assert store.at_hand(DIGEST) is None
    assert not (tmp_path / "cache").exists()


async def test_a_registry_in_this_process_is_none_of_that_name_elsewhere(who: Who, tmp_path: Path) -> None:
    store = Store(who, folder=tmp_path / "cache")
    await store.put(DIGEST, KEPT, APP, 0)
    await store.aclose()
    assert await Store(who, folder=tmp_path / "cache", local={"ghcr.io"}).get(DIGEST, ANN) is None


@pytest.mark.parametrize("where", ["local", "size"])
async def test_nothing_is_written_for_what_is_on_this_machine_or_not_wanted(
    who: Who, tmp_path: Path, where: str
) -> None:
    local, size = ({"ghcr.io"}, 2**20) if where == "local" else (set(), 0)
    store = Store(who, folder=tmp_path / "cache", size=size, local=local)
    await store.put(DIGEST, KEPT, APP, store.epoch(GHCR))
    await store.pointed(APP, "1.0", DIGEST, store.epoch(GHCR))
    await store.listed(GHCR, "acme/app", ["1.0"], store.epoch(GHCR))
    assert await store.get(DIGEST, ANN) == KEPT
    await store.aclose()
    assert not (tmp_path / "cache").exists()


async def test_a_slow_disk_holds_up_nobody_but_who_asks_it(
    who: Who, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, started, read = threading.Event(), threading.Event(), Disk.read

    def slow(self: Disk, holder: str, digest: Digest) -> Kept | None:
        started.set()
        assert gate.wait(30)
        return read(self, holder, digest)

    monkeypatch.setattr(Disk, "read", slow)
    monkeypatch.setattr(Disk, "write", lambda *_: gate.wait(30))
    store = Store(who, folder=tmp_path / "cache")
    asking = asyncio.create_task(store.get(Digest.of(b"other"), ANN))
    assert await asyncio.to_thread(started.wait, 30)
    await store.put(DIGEST, KEPT, APP, 0)
    assert await store.get(DIGEST, ANN) == KEPT
    assert not asking.done()
    gate.set()
    assert await asking is None
    await store.aclose()


async def test_trouble_with_the_disk_is_told_and_harms_nothing(who: Who, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir(0o755)
    store = Store(who, folder=tmp_path / "cache")
    await store.put(DIGEST, KEPT, APP, 0)
    await store.pointed(APP, "1.0", DIGEST, 0)
    await store.aclose()
    assert await store.get(DIGEST, ANN) == KEPT
    assert len(store.notices) == 1
    assert "other accounts may enter" in store.notices[0]
