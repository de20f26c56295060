"""Recents, theme and login hosts: kept when they can be, never in the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from regbrowse.reference import Digest, Registry, parse_reference
from regbrowse.state import files, recents
from regbrowse.state.realm_hosts import HOSTS, REGISTRIES, read_hosts, write_hosts
from regbrowse.state.theme import load_theme, save_theme


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    target = tmp_path / "state" / "memory.json"
    monkeypatch.setattr(files, "memory_file", lambda: target)
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
    save_theme("gruvbox")
    assert load_theme() == "gruvbox"
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
    assert load_theme() is None


def test_folder_that_cannot_be_written_harms_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "memory_file", lambda: Path("/proc/nowhere/memory.json"))
    save_theme("gruvbox")
    assert recents.load() == []


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"r.example": 5, "s.example": [5, "", "a.example"], "t.example": []}', b"\xff\x00",
     b'{"s.example": ["a.example"], "x": "' + b"y" * 300_000 + b'"}', b"[" * 100_000],
)  # fmt: skip
def test_a_broken_file_of_login_hosts_is_read_as_far_as_it_can(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "realms.json"
    file.write_bytes(content)
    known = read_hosts(file)
    assert known in ({}, {"s.example": ("a.example",)})
    write_hosts(file, "new.example", ("login.example",))
    assert read_hosts(file) == {**known, "new.example": ("login.example",)}


def test_the_file_of_login_hosts_does_not_grow_for_ever(tmp_path: Path) -> None:
    file = tmp_path / "realms.json"
    file.write_text(json.dumps({f"r{number}.example": ["a.example"] for number in range(REGISTRIES)}))
    write_hosts(file, "new.example", tuple(f"h{number}" for number in range(HOSTS + 5)))
    known = read_hosts(file)
    assert len(known) == REGISTRIES
    assert "r0.example" not in known
    assert len(known["new.example"]) == HOSTS


def test_what_cannot_be_written_is_let_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    write_hosts(tmp_path / "file" / "realms.json", "r.example", ("a.example",))
    write_hosts(tmp_path, "r.example", ("a.example",))
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
    assert read_hosts(tmp_path) == {}
