"""What is kept between runs: damaged, foreign, full, or all there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from faults.asking import BLOB, LIST, MADE, WHAT, digest, here, listing
from faults.internet import Internet
from faults.machine import settings
from faults.rows import row
from faults.server import Misbehaving
from faults.trial import CANARY, trial
from regbrowse.errors import NetError, RegbrowseError
from regbrowse.redact import Secret
from regbrowse.reference import Digest
from regbrowse.registry.client import Client
from regbrowse.settings.login import Login

AREA = "Kept content"
ANN = Login("ann", Secret("s3cr3t-canary-1"))


@pytest.fixture
def stocked(server: Misbehaving) -> Misbehaving:
    repository = server.truth.repository("acme/app")
    repository.add(MADE, "1")
    repository.blobs[BLOB.digest] = BLOB.raw
    return server


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def everything(server: Misbehaving, client: Client) -> tuple[list[str], bytes, bytes]:
    tags = await listing(server)(client)
    made = await client.manifest(here(server), "1")
    assert made.raw == (await client.manifest(here(server), Digest.parse(MADE.digest))).raw
    return tags, made.raw, await client.blob(here(server), WHAT)


@row(AREA, server="there is no network at start", client="shows what it has with `--offline`; says what it has not")
async def test_offline_at_start(stocked: Misbehaving, net: Internet, tmp_path: Path) -> None:
    async def ask(client: Client) -> object:
        return await everything(stocked, client)

    first = await trial(stocked, ask, at_most=4, settings=settings(cache_folder=tmp_path / "cache"), cancel=False)
    net.called.clear()
    made = settings(cache_folder=tmp_path / "cache", offline=True)
    second = await trial(stocked, ask, at_most=0, settings=made, cancel=False)
    assert second.answer == first.answer
    third = await trial(stocked, listing("other.example.com"), at_most=0, settings=made, cancel=False)
    assert isinstance(third.error, RegbrowseError)
    assert "offline" in str(third.error).lower()
    assert not net.called
    assert not net.looked_up


@row(AREA, server="there is no network at start, and nobody said so", client="says that nothing answers")
async def test_no_network_at_start(stocked: Misbehaving, net: Internet, tmp_path: Path) -> None:
    net.unknown.add("registry.example.com")
    made = settings(cache_folder=tmp_path / "cache")
    seen = await trial(stocked, listing("registry.example.com"), at_most=0, settings=made, cancel=False)
    assert isinstance(seen.error, NetError)
    assert "not known" in seen.why


@row(
    AREA,
    server="kept files were altered, cut, emptied, or replaced by folders and links",
    client="asks again; never uses them",
)
@pytest.mark.parametrize("damage", ["altered", "cut", "empty", "folder", "link", "gone"])
async def test_damaged_files(stocked: Misbehaving, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "cache"

    async def ask(client: Client) -> object:
        return await everything(stocked, client)

    first = await trial(stocked, ask, at_most=4, settings=settings(cache_folder=folder), cancel=False)
    (tmp_path / "elsewhere").write_bytes(b"x" * 100)
    written = files_in(folder)
    assert written
    for path in written:
        raw = path.read_bytes()
        path.unlink()
        if damage == "altered":
            path.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]) if raw else b"x")
        elif damage == "cut":
            path.write_bytes(raw[: len(raw) // 2])
        elif damage == "empty":
            path.write_bytes(b"")
        elif damage == "folder":
            path.mkdir()
        elif damage == "link":
            path.symlink_to(tmp_path / "elsewhere")
    again = await trial(stocked, ask, at_most=5, settings=settings(cache_folder=folder), cancel=False)
    assert again.answer == first.answer
    assert (tmp_path / "elsewhere").read_bytes() == b"x" * 100


@row(AREA, server="the folder cannot be made or written", client="works without it, and says so once")
async def test_no_folder(stocked: Misbehaving, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")

    async def ask(client: Client) -> tuple[str, ...]:
        await everything(stocked, client)
        return client.notices()

    seen = await trial(stocked, ask, at_most=4, settings=settings(cache_folder=tmp_path / "cache"), cancel=False)
    assert seen.answer is not None
    assert len(seen.answer) == 1


@row(AREA, server="content of a private repository was kept; somebody else asks", client="does not show it to them")
async def test_kept_for_somebody_else(stocked: Misbehaving, tmp_path: Path) -> None:
    stocked.truth.auth, stocked.truth.public = "basic", False
    mine = settings(cache_folder=tmp_path / "cache", user=ANN)
    seen = await trial(stocked, digest(stocked), at_most=3, settings=mine, cancel=False)
    assert seen.answer is not None
    bob = Login("bob", Secret("s3cr3t-canary-2"))
    folder = tmp_path / "cache"
    for theirs in (settings(cache_folder=folder), settings(cache_folder=folder, offline=True, user=bob)):
        seen = await trial(stocked, digest(stocked), at_most=3, settings=theirs, cancel=False)
        assert seen.error is not None


@row(AREA, server="secrets pass by while content is kept", client="writes none of them; files are for their owner only")
async def test_secrets_in_files(stocked: Misbehaving, tmp_path: Path) -> None:
    stocked.truth.auth, stocked.truth.public = "bearer", False
    made = settings(cache_folder=tmp_path / "cache", state_folder=tmp_path / "state", user=ANN)

    async def ask(client: Client) -> object:
        return await everything(stocked, client)

    await trial(stocked, ask, at_most=6, settings=made, cancel=False)
    assert stocked.count(LIST) == 1
    written = files_in(tmp_path)
    assert written
    for path in written:
        assert CANARY.encode() not in path.read_bytes()
        assert CANARY not in str(path)
        assert path.stat().st_mode & 0o077 == 0
