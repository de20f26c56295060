"""Content on disk: private, bounded, and verified when it is read."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from regbrowse.reference import Digest
from regbrowse.registry.content import disk_cache, private_files
from regbrowse.registry.content.disk_cache import CacheScope, DiskCache
from regbrowse.registry.content.private_files import BLOCK, PrivateFolder
from support.disk import ANN, CONTENT, DIGEST, file_of, files

BOB = CacheScope("ghcr.io", "bob").name
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def test_what_was_written_is_read_in_another_process(disk: DiskCache, root: Path) -> None:
    disk.write(ANN, DIGEST, CONTENT, f"{MANIFEST}; charset=utf-8")
    cached = DiskCache(root, 2**20, []).read(ANN, DIGEST)
    assert cached is not None
    assert (cached.content, cached.content_type) == (CONTENT, MANIFEST)


def test_only_the_scope_that_has_read_it_finds_it(disk: DiskCache) -> None:
    disk.write(ANN, DIGEST, CONTENT)
    assert disk.read(BOB, DIGEST) is None


def test_files_are_private_and_named_by_their_digest(disk: DiskCache, root: Path) -> None:
    disk.write(ANN, DIGEST, CONTENT, MANIFEST)
    assert files(root) == [file_of(root)]
    assert file_of(root).stat().st_mode & 0o777 == 0o600
    for folder in (root, *(path for path in root.rglob("*") if path.is_dir())):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not {"ghcr", "ann"} & set(str(file_of(root).relative_to(root)).split("/"))


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("content", [b"", b"\n", b"a\nb\n", bytes(100_000)])
def test_any_content_of_any_algorithm(disk: DiskCache, algorithm: str, content: bytes) -> None:
    digest = Digest.of(content, algorithm)
    disk.write(ANN, digest, content)
    cached = disk.read(ANN, digest)
    assert cached is not None
    assert cached.content == content


@pytest.mark.parametrize(
    "digest",
    [
        Digest("blake3", "0" * 64),
        Digest("sha256", "../../escape"),
        Digest("sha256", ""),
        Digest("sha256", "A" * 64),
        Digest("foo", "../x"),
    ],
)
def test_what_cannot_be_checked_is_never_kept(disk: DiskCache, root: Path, digest: Digest) -> None:
    disk.write(ANN, digest, CONTENT)
    assert not root.exists()
    assert disk.read(ANN, digest) is None


@pytest.mark.parametrize("kind", ["https://example.com/canary", "text/canary", 'x"\n\ny', "a" * 5000, "\x1b[31m"])
def test_a_type_is_kept_only_when_it_is_one_of_a_manifest(disk: DiskCache, root: Path, kind: str) -> None:
    disk.write(ANN, DIGEST, CONTENT, kind)
    cached = disk.read(ANN, DIGEST)
    assert cached is not None
    assert (cached.content, cached.content_type) == (CONTENT, "")
    assert b"canary" not in file_of(root).read_bytes()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"{}",
        CONTENT,
        b'{"type": ""}\n' + CONTENT[:-1],
        b'{"type": ""}\n' + CONTENT + b"\n",
        b'{"type": ""}\n' + CONTENT.swapcase(),
        b"{" * 400,
    ],
)
def test_damaged_content_is_absent_and_removed(disk: DiskCache, root: Path, notices: list[str], raw: bytes) -> None:
    disk.write(ANN, DIGEST, CONTENT)
    file_of(root).write_bytes(raw)
    assert disk.read(ANN, DIGEST) is None
    assert not file_of(root).exists()
    assert notices == []


@pytest.mark.parametrize("line", [b"", b"x", b"[]", b'{"type": 5}', b'{"type": "text/html"}', b"[" * 500, b"\xff"])
def test_a_damaged_first_line_costs_only_the_type(disk: DiskCache, root: Path, line: bytes) -> None:
    disk.write(ANN, DIGEST, CONTENT, MANIFEST)
    file_of(root).write_bytes(line + b"\n" + CONTENT)
    cached = disk.read(ANN, DIGEST)
    assert cached is not None
    assert (cached.content, cached.content_type) == (CONTENT, "")


def several(number: int, size: int = 100) -> Iterator[tuple[Digest, bytes]]:
    for each in range(number):
        content = b"%d" % each + bytes(size)
        yield Digest.of(content), content


def taken(root: Path) -> int:
    return sum(private_files.disk_space(path.stat().st_size) for path in files(root))


def test_never_more_than_allowed_and_what_was_not_used_for_longest_goes(root: Path) -> None:
    disk = DiskCache(root, 16 * BLOCK, [])
    entries = list(several(40))
    for age, (digest, content) in enumerate(entries[:16]):
        disk.write(ANN, digest, content)
        os.utime(root / "content" / ANN / digest.encoded, (1_000_000 + age, 1_000_000 + age))
    assert disk.read(ANN, entries[0][0]) is not None
    disk.write(BOB, *entries[16])
    assert taken(root) <= 16 * BLOCK
    there = [disk.read(ANN, digest) is not None for digest, _ in entries[:16]]
    assert there == [True, False, False, False, *[True] * 12]
    assert disk.read(BOB, entries[16][0]) is not None
    for digest, content in entries[17:]:
        disk.write(ANN, digest, content)
        assert taken(root) <= 16 * BLOCK


def test_the_bound_holds_for_what_earlier_processes_left(root: Path) -> None:
    first = DiskCache(root, 2**20, [])
    for digest, content in several(20):
        first.write(ANN, digest, content)
    DiskCache(root, 4 * BLOCK, []).write(ANN, DIGEST, CONTENT)
    assert taken(root) <= 4 * BLOCK


def test_not_every_write_lists_all_files(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listings = []

    def counted(folder: PrivateFolder, target: int) -> int:
        listings.append(1)
        return private_files.remove_oldest(folder, target)

    monkeypatch.setattr(disk_cache, "remove_oldest", counted)
    disk = DiskCache(root, 64 * BLOCK, [])
    for digest, content in several(200):
        disk.write(ANN, digest, content)
        disk.write(ANN, digest, content)
    assert len(listings) <= 1 + (200 - 64) // 8 + 1
    assert taken(root) <= 64 * BLOCK


def test_content_that_is_too_large_is_not_kept(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_cache, "MAX_CONTENT", 1000)
    disk = DiskCache(root, 2**20, [])
    for size, there in ((1000, True), (1001, False)):
        content = bytes(size)
        disk.write(ANN, Digest.of(content), content)
        assert (disk.read(ANN, Digest.of(content)) is not None) is there
    small = DiskCache(root / "small", 2 * BLOCK, [])
    small.write(ANN, Digest.of(bytes(3 * BLOCK)), bytes(3 * BLOCK))
    assert not (root / "small").exists()


def test_two_at_once(root: Path, notices: list[str]) -> None:
    entries = list(several(60, 5000))
    start = threading.Barrier(4)

    def work(disk: DiskCache) -> None:
        start.wait()
        for digest, content in entries:
            disk.write(ANN, digest, content)
            cached = disk.read(ANN, digest)
            assert cached is None or cached.content == content

    disks = [DiskCache(root, 2**20, notices), DiskCache(root, 40 * BLOCK, notices)]
    threads = [threading.Thread(target=work, args=(disk,)) for disk in disks * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert notices == []
    assert all(len(path.name) == 64 for path in files(root))
    for path in files(root):
        content = path.read_bytes().partition(b"\n")[2]
        assert Digest.of(content).encoded == path.name
