"""The folder of the disk cache: no other account may enter it, and its problems end with it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from regbrowse.reference import Digest
from regbrowse.registry.content.disk_cache import DiskCache
from support.disk import ANN, CONTENT, DIGEST, file_of, files


def test_a_link_in_place_of_a_file_is_not_followed(disk: DiskCache, root: Path, tmp_path: Path) -> None:
    disk.write(ANN, DIGEST, CONTENT)
    elsewhere = tmp_path / "elsewhere"
    file_of(root).rename(elsewhere)
    file_of(root).symlink_to(elsewhere)
    assert disk.read(ANN, DIGEST) is None
    disk.write(ANN, DIGEST, CONTENT)
    assert not file_of(root).is_symlink()
    assert disk.read(ANN, DIGEST) is not None
    assert elsewhere.exists()


def test_a_pipe_in_place_of_a_file_holds_nobody_up(disk: DiskCache, root: Path) -> None:
    disk.write(ANN, DIGEST, CONTENT)
    file_of(root).unlink()
    os.mkfifo(file_of(root))
    assert disk.read(ANN, DIGEST) is None


@pytest.mark.parametrize("name", ["", "content", f"content/{ANN}"])
@pytest.mark.parametrize("trouble", ["link", "open", "file"])
@pytest.mark.parametrize("writes_first", [False, True])
def test_a_folder_others_could_reach_into_is_not_used(
    disk: DiskCache, root: Path, notices: list[str], tmp_path: Path, name: str, trouble: str, writes_first: bool
) -> None:
    disk.write(ANN, DIGEST, CONTENT)
    folder = root / name
    if trouble == "open":
        folder.chmod(0o750)
    else:
        folder.rename(tmp_path / "moved")
        folder.symlink_to(tmp_path / "moved") if trouble == "link" else folder.write_bytes(b"")
    before = files(tmp_path)
    other = DiskCache(root, 2**20, notices)
    if writes_first:
        other.write(ANN, Digest.of(b"x"), b"x")
    assert other.read(ANN, DIGEST) is None
    other.write(ANN, Digest.of(b"x"), b"x")
    assert files(tmp_path) == before
    assert len(notices) == 1
    assert notices[0].startswith("The disk cache is not used: ")
    assert str(folder) in notices[0]
    assert ("(mode 750 instead of 700)" in notices[0]) == (trouble == "open")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_not_used(disk: DiskCache, root: Path, notices: list[str]) -> None:
    root.mkdir(0o700)
    os.chown(root, 12345, 12345)
    disk.write(ANN, DIGEST, CONTENT)
    assert files(root) == []
    assert notices == [f"The disk cache is not used: {root} belongs to another account."]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "there is no space left"),
        (errno.EDQUOT, "there is no space left"),
        (errno.EROFS, "it cannot be written to"),
        (errno.EACCES, "it cannot be written to"),
        (errno.EIO, "the disk reports an error"),
    ],
)
def test_a_disk_that_takes_nothing_ends_writing_and_is_told_once(
    disk: DiskCache, root: Path, notices: list[str], monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    disk.write(ANN, DIGEST, CONTENT)
    tries = []

    def refuse(*_: object, **__: object) -> None:
        tries.append(1)
        raise OSError(number, "s3cr3t-canary")

    monkeypatch.setattr(os, "rename", refuse)
    for content in (b"1", b"2", b"3"):
        disk.write(ANN, Digest.of(content), content)
    assert len(tries) == 1
    assert notices == [f"Nothing more is kept in {root} in this session: {words}."]
    assert files(root) == [file_of(root)]
    assert disk.read(ANN, DIGEST) is not None


def test_a_folder_that_cannot_be_made_harms_nothing(notices: list[str]) -> None:
    disk = DiskCache(Path("/proc/nowhere/cache"), 2**20, notices)
    assert disk.read(ANN, DIGEST) is None
    disk.write(ANN, DIGEST, CONTENT)
    assert len(notices) == 1


def test_unfinished_files_of_dead_processes_are_removed(disk: DiskCache, root: Path) -> None:
    folder = root / "content" / ANN
    folder.mkdir(mode=0o700, parents=True)
    for path in (root, root / "content"):
        path.chmod(0o700)
    dead, alive = folder / ".new-dead", folder / ".new-alive"
    for path in (dead, alive):
        path.write_bytes(b"half")
    os.utime(dead, (0, 0))
    disk.write(ANN, DIGEST, CONTENT)
    assert files(root) == sorted([alive, file_of(root)])
