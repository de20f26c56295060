"""Records of tags and lists on disk."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from regbrowse.reference import Digest, Registry, is_tag
from regbrowse.registry.content import tag_history
from regbrowse.registry.content.disk_cache import CacheScope
from regbrowse.registry.content.tag_history import TagHistory, TagRecord

GHCR = Registry("ghcr.io")
ANN, BOB = CacheScope("ghcr.io", "ann"), CacheScope("ghcr.io", "bob")
GOOD = b'{"at": 5, "kept": 2, "total": 2}\n'
DIGEST, OTHER = Digest.of(b"1"), Digest.of(b"2")


def files(root: Path, ending: str = "") -> list[Path]:
    return [path for path in root.rglob(f"*{ending}") if path.is_file()]


def packed(raw: bytes) -> bytes:
    """Compress without the time, which would be in the names of tests."""
    return gzip.compress(raw, mtime=0)


async def names(history: TagHistory, scope: CacheScope = ANN) -> list[str]:
    recorded = await history.recorded_list(scope.name, "acme/app")
    return [name async for page in recorded.pages(is_tag) for name in page] if recorded else []


async def test_records_are_there_in_the_next_run(root: Path) -> None:
    history = TagHistory(root, lambda: 1000.5)
    history.record_tag(ANN, "acme/app", "1.0", DIGEST)
    history.record_list(ANN, "acme/app", ["1.0", "2.0"])
    assert files(root) == []
    await history.aclose()
    later = TagHistory(root)
    assert await later.tags(ANN.name, "acme/app") == {"1.0": TagRecord(DIGEST, 1000)}
    assert await names(later) == ["1.0", "2.0"]
    recorded = await later.recorded_list(ANN.name, "acme/app")
    assert recorded is not None
    assert (recorded.at, recorded.kept, recorded.total) == (1000, 2, 2)
    assert await later.last_scope(GHCR) == ANN.name


async def test_each_scope_and_repository_has_its_own_records(root: Path) -> None:
    history = TagHistory(root)
    history.record_tag(ANN, "acme/app", "1.0", DIGEST)
    await history.aclose()
    assert await history.tags(BOB.name, "acme/app") == {}
    assert await history.tags(ANN.name, "acme/other") == {}
    assert await names(history) == []
    assert await history.last_scope(Registry("quay.io")) == ""


async def test_files_are_private_and_say_nothing_by_their_names(root: Path) -> None:
    history = TagHistory(root)
    history.record_tag(ANN, "acme/app", "1.0", DIGEST)
    history.record_list(ANN, "", ["acme/app"])
    await history.aclose()
    for path in files(root):
        assert path.stat().st_mode & 0o777 == 0o600
        assert {folder.stat().st_mode & 0o777 for folder in path.parents[: -len(root.parents)]} == {0o700}
        assert not {"acme", "app", "ann", "ghcr"} & set(str(path.relative_to(root)).replace(".", "/").split("/"))


async def test_two_processes_add_to_each_other(root: Path) -> None:
    first, second = TagHistory(root, lambda: 1000), TagHistory(root, lambda: 2000)
    first.record_tag(ANN, "acme/app", "1.0", DIGEST)
    first.record_tag(ANN, "acme/app", "2.0", DIGEST)
    second.record_tag(ANN, "acme/app", "2.0", OTHER)
    second.record_tag(BOB, "acme/app", "1.0", OTHER)
    await first.aclose()
    await second.aclose()
    assert await first.tags(ANN.name, "acme/app") == {"1.0": TagRecord(DIGEST, 1000), "2.0": TagRecord(OTHER, 2000)}
    assert await first.last_scope(GHCR) == BOB.name


async def test_only_the_latest_tags_are_kept(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tag_history, "MAX_TAGS", 3)
    clock = iter(range(100))
    history = TagHistory(root, lambda: next(clock))
    for number in range(10):
        history.record_tag(ANN, "acme/app", f"{number}", DIGEST)
    await history.aclose()
    assert list(await history.tags(ANN.name, "acme/app")) == ["7", "8", "9"]


async def test_a_list_too_long_to_keep_says_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tag_history, "MAX_NAMES", 12)
    monkeypatch.setattr(tag_history, "PAGE", 5)
    history = TagHistory(root)
    history.record_list(ANN, "acme/app", [f"{number}" for number in range(20)])
    await history.aclose()
    recorded = await history.recorded_list(ANN.name, "acme/app")
    assert recorded is not None
    assert (recorded.kept, recorded.total) == (12, 20)
    assert [len(page) async for page in recorded.pages(is_tag)] == [5, 5, 2]


async def test_without_a_folder_nothing_is_recorded() -> None:
    history = TagHistory(None)
    history.record_tag(ANN, "acme/app", "1.0", DIGEST)
    history.record_list(ANN, "acme/app", ["1.0"])
    await history.aclose()
    assert await history.tags(ANN.name, "acme/app") == {}
    assert await names(history) == []
    assert await history.last_scope(GHCR) == ""


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"1.0": null, "2.0": [], "3.0": ["sha256:../../x", 5], "../x": ["sha256:%s", 5]}' % (b"0" * 64),
        b'{"1.0": ["sha256:%s", "x"], "2.0": ["sha256:%s", -1], "3.0": ["sha256:%s", 1e300]}' % ((b"0" * 64,) * 3),
        b'{"1.0": ["sha256:%s", 99999999999999], "2.0": [5, 5], "3.0": {"0": 1, "1": 2}}' % (b"0" * 64),
    ],
)
async def test_damaged_tags_are_none(root: Path, raw: bytes) -> None:
    history = TagHistory(root)
    history.record_tag(ANN, "acme/app", "1.0", DIGEST)
    await history.aclose()
    (path,) = files(root, ".tags")
    path.write_bytes(raw)
    assert await history.tags(ANN.name, "acme/app") == {}
    history.record_tag(ANN, "acme/app", "1.0", OTHER)
    await history.aclose()
    assert set(await history.tags(ANN.name, "acme/app")) == {"1.0"}


@pytest.mark.parametrize(
    ("raw", "left"),
    [
        (b"", None),
        (b"\x1f\x8b", None),
        (b"no gzip", None),
        (packed(b""), None),
        (packed(b"[]\n1\n"), None),
        (packed(b'{"at": "x", "kept": 1, "total": 1}\n1\n'), None),
        (packed(b'{"at": 5, "kept": null, "total": 1}\n1\n'), None),
        (packed(b'{"at": 99999999999999, "kept": 1, "total": 1}\n1\n'), None),
        (packed(GOOD + b"1\n../x\n\x1b[31m\n\xff\n" + b"a" * 5000 + b"\n2"), ["1", "2"]),
        (packed(GOOD + b"1\n2\n")[:-5], ["1", "2"]),
    ],
)
async def test_damaged_lists_are_short_or_none(root: Path, raw: bytes, left: list[str] | None) -> None:
    history = TagHistory(root)
    history.record_list(ANN, "acme/app", ["1"])
    await history.aclose()
    (path,) = files(root, ".names")
    path.write_bytes(raw)
    recorded = await history.recorded_list(ANN.name, "acme/app")
    if left is None:
        assert recorded is None
    else:
        assert recorded is not None
        assert [name async for page in recorded.pages(is_tag) for name in page][: len(left)] == left


@pytest.mark.parametrize("raw", [b"", b"../../x", b"g" * 64, b"0" * 63, b"0" * 65, b"\xff" * 64])
async def test_a_damaged_last_scope_is_none(root: Path, raw: bytes) -> None:
    history = TagHistory(root)
    history.record_scope(ANN)
    await history.aclose()
    (path,) = files(root)
    path.write_bytes(raw)
    assert await history.last_scope(GHCR) == ""


async def test_a_folder_that_cannot_be_written_harms_nothing() -> None:
    history = TagHistory(Path("/proc/nowhere/cache"))
    history.record_tag(ANN, "acme/app", "1.0", DIGEST)
    await history.aclose()
    assert await history.tags(ANN.name, "acme/app") == {}


async def test_the_oldest_files_make_room(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tag_history, "MAX_DISK", 8 * 4096)
    history = TagHistory(root)
    for number in range(20):
        history.record_tag(ANN, f"acme/app{number}", "1.0", DIGEST)
    await history.aclose()
    assert len(files(root, ".tags")) == 8
