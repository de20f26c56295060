"""The program's own memory: kept when it can be, never in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from regbrowse.reference import Digest, Registry, parse_reference
from regbrowse.tui import recents


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    target = tmp_path / "state" / "memory.json"
    monkeypatch.setattr(recents, "path", lambda: target)
    return target


def test_newest_first_and_each_once(memory: Path) -> None:
    digest = Digest.of(b"x")
    recents.remember(parse_reference("alpine:3.20"), digest)
    recents.remember(Registry.parse("localhost:5000"), None)
    recents.remember(parse_reference("alpine:3.20"), digest)
    assert [each.reference for each in recents.load()] == ["alpine:3.20", "localhost:5000/"]
    assert recents.load()[0].digest == str(digest)
    assert memory.stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("memory")
def test_theme_is_kept_beside_the_recents() -> None:
    recents.remember(parse_reference("alpine"), None)
    recents.remember_theme("gruvbox")
    assert recents.theme() == "gruvbox"
    assert len(recents.load()) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"recent": 5, "theme": []}',
        b'{"recent": [null, {}, {"reference": 5, "at": "x"}]}',
        b'{"recent": [{"reference": "\\u001b[31m", "at": "2024-01-01T00:00:00Z"}]}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_broken_memory_is_no_memory(memory: Path, content: bytes) -> None:
    memory.parent.mkdir()
    memory.write_bytes(content)
    assert recents.load() == []
    assert recents.theme() is None


def test_folder_that_cannot_be_written_harms_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recents, "path", lambda: Path("/proc/nowhere/memory.json"))
    recents.remember_theme("gruvbox")
    assert recents.load() == []
