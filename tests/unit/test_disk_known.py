"""What tags pointed to and what lists held, between runs."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from regbrowse.reference import Digest, Registry, is_tag
from regbrowse.registry.content import tag_history as known_room
from regbrowse.registry.content.cache import CacheScope
from regbrowse.registry.content.tag_history import Known, Pointed

GHCR = Registry("ghcr.io")
ANN, BOB = CacheScope("ghcr.io", "ann"), CacheScope("ghcr.io", "bob")
GOOD = b'{"at": 5, "kept": 2, "total": 2}\n'
DIGEST, OTHER = Digest.of(b"1"), Digest.of(b"2")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def files(root: Path, ending: str = "") -> list[Path]:
    return [path for path in root.rglob(f"*{ending}") if path.is_file()]


async def names(known: Known, holder: CacheScope = ANN) -> list[str]:
    listing = await known.listing(holder.name, "acme/app")
    return [name async for page in listing.pages(is_tag) for name in page] if listing else []


async def test_what_was_learnt_is_there_in_the_next_run(root: Path) -> None:
    known = Known(root, lambda: 1000.5)
    known.pointed(ANN, "acme/app", "1.0", DIGEST)
    known.listed(ANN, "acme/app", ["1.0", "2.0"])
    assert files(root) == []
    await known.aclose()
    later = Known(root)
    assert await later.tags(ANN.name, "acme/app") == {"1.0": Pointed(DIGEST, 1000)}
    assert await names(later) == ["1.0", "2.0"]
    listing = await later.listing(ANN.name, "acme/app")
    assert listing is not None
    assert (listing.at, listing.kept, listing.total) == (1000, 2, 2)
    assert await later.last_holder(GHCR) == ANN.name


async def test_each_holder_and_repository_knows_its_own(root: Path) -> None:
    known = Known(root)
    known.pointed(ANN, "acme/app", "1.0", DIGEST)
    await known.aclose()
    assert await known.tags(BOB.name, "acme/app") == {}
    assert await known.tags(ANN.name, "acme/other") == {}
    assert await names(known) == []
    assert await known.last_holder(Registry("quay.io")) == ""


async def test_files_are_private_and_say_nothing_by_their_names(root: Path) -> None:
    known = Known(root)
    known.pointed(ANN, "acme/app", "1.0", DIGEST)
    known.listed(ANN, "", ["acme/app"])
    await known.aclose()
    for path in files(root):
        assert path.stat().st_mode & 0o777 == 0o600
        assert {folder.stat().st_mode & 0o777 for folder in path.parents[: -len(root.parents)]} == {0o700}
        assert not {"acme", "app", "ann", "ghcr"} & set(str(path.relative_to(root)).replace(".", "/").split("/"))


async def test_two_processes_add_to_each_other(root: Path) -> None:
    first, second = Known(root, lambda: 1000), Known(root, lambda: 2000)
    first.pointed(ANN, "acme/app", "1.0", DIGEST)
    first.pointed(ANN, "acme/app", "2.0", DIGEST)
    second.pointed(ANN, "acme/app", "2.0", OTHER)
    second.pointed(BOB, "acme/app", "1.0", OTHER)
    await first.aclose()
    await second.aclose()
    assert await first.tags(ANN.name, "acme/app") == {"1.0": Pointed(DIGEST, 1000), "2.0": Pointed(OTHER, 2000)}
    assert await first.last_holder(GHCR) == BOB.name


async def test_only_the_latest_tags_are_kept(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_room, "MOST_TAGS", 3)
    clock = iter(range(100))
    known = Known(root, lambda: next(clock))
    for number in range(10):
        known.pointed(ANN, "acme/app", f"{number}", DIGEST)
    await known.aclose()
    assert list(await known.tags(ANN.name, "acme/app")) == ["7", "8", "9"]


async def test_a_list_too_long_to_keep_says_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_room, "MOST_NAMES", 12)
    monkeypatch.setattr(known_room, "PAGE", 5)
    known = Known(root)
    known.listed(ANN, "acme/app", [f"{number}" for number in range(20)])
    await known.aclose()
    listing = await known.listing(ANN.name, "acme/app")
    assert listing is not None
    assert (listing.kept, listing.total) == (12, 20)
    assert [len(page) async for page in listing.pages(is_tag)] == [5, 5, 2]


async def test_without_a_folder_nothing_is_known() -> None:
    known = Known(None)
    known.pointed(ANN, "acme/app", "1.0", DIGEST)
    known.listed(ANN, "acme/app", ["1.0"])
    await known.aclose()
    assert await known.tags(ANN.name, "acme/app") == {}
    assert await names(known) == []
    assert await known.last_holder(GHCR) == ""


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
    known = Known(root)
    known.pointed(ANN, "acme/app", "1.0", DIGEST)
    await known.aclose()
    (path,) = files(root, ".tags")
    path.write_bytes(raw)
    assert await known.tags(ANN.name, "acme/app") == {}
    known.pointed(ANN, "acme/app", "1.0", OTHER)
    await known.aclose()
    assert set(await known.tags(ANN.name, "acme/app")) == {"1.0"}


@pytest.mark.parametrize(
    ("raw", "left"),
    [
        (b"", None),
        (b"\x1f\x8b", None),
        (b"no gzip", None),
        (gzip.compress(b""), None),
        (gzip.compress(b"[]\n1\n"), None),
        (gzip.compress(b'{"at": "x", "kept": 1, "total": 1}\n1\n'), None),
        (gzip.compress(b'{"at": 5, "kept": null, "total": 1}\n1\n'), None),
        (gzip.compress(b'{"at": 99999999999999, "kept": 1, "total": 1}\n1\n'), None),
        (gzip.compress(GOOD + b"1\n../x\n\x1b[31m\n\xff\n" + b"a" * 5000 + b"\n2"), ["1", "2"]),
        (gzip.compress(GOOD + b"1\n2\n")[:-5], ["1", "2"]),
    ],
)
async def test_damaged_lists_are_short_or_none(root: Path, raw: bytes, left: list[str] | None) -> None:
    known = Known(root)
    known.listed(ANN, "acme/app", ["1"])
    await known.aclose()
    (path,) = files(root, ".names")
    path.write_bytes(raw)
    listing = await known.listing(ANN.name, "acme/app")
    if left is None:
        assert listing is None
    else:
        assert listing is not None
        assert [name async for page in listing.pages(is_tag) for name in page][: len(left)] == left


@pytest.mark.parametrize("raw", [b"", b"../../x", b"g" * 64, b"0" * 63, b"0" * 65, b"\xff" * 64])
async def test_a_damaged_last_holder_is_nobody(root: Path, raw: bytes) -> None:
    known = Known(root)
    known.used(ANN)
    await known.aclose()
    (path,) = files(root)
    path.write_bytes(raw)
    assert await known.last_holder(GHCR) == ""


async def test_a_folder_that_cannot_be_written_harms_nothing() -> None:
    known = Known(Path("/proc/nowhere/cache"))
    known.pointed(ANN, "acme/app", "1.0", DIGEST)
    await known.aclose()
    assert await known.tags(ANN.name, "acme/app") == {}


async def test_the_oldest_files_make_room(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_room, "_ALL", 8 * 4096)
    known = Known(root)
    for number in range(20):
        known.pointed(ANN, f"acme/app{number}", "1.0", DIGEST)
    await known.aclose()
    assert len(files(root, ".tags")) == 8
