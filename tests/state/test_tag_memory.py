"""What tags pointed to when they were visited, and which have moved since."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from regbrowse.reference import Digest, Reference, Registry, Repository, parse_reference
from regbrowse.state import files
from regbrowse.state.tag_memory import KEPT, Move, RepositoryMemory, TagMemory, TagVisit, remember

OLD, NEW = Digest.of(b"old"), Digest.of(b"new")
THEN, NOW = datetime(2024, 6, 18, 9, 41, tzinfo=UTC), datetime(2024, 6, 20, 10, 0, tzinfo=UTC)


def repository(name: str = "one.example/acme/app") -> Repository:
    reference = parse_reference(name)
    assert isinstance(reference, Reference)
    return reference.repository


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(files, "memory_file", lambda: tmp_path / "state" / "memory.json")
    return tmp_path / "state" / "tags.json"


def test_another_digest_than_at_the_last_visit(file: Path) -> None:
    here = repository()
    remember(here, "1.0", TagVisit(OLD, THEN))
    memory = TagMemory(lambda: NOW).of(here)
    memory.see("1.0", OLD)
    assert memory.moves == {}
    memory.see("1.0", NEW)
    memory.see("2.0", NEW)
    assert memory.moves == {"1.0": Move(OLD, NEW, THEN)}
    memory.visit("1.0", NEW, NOW)
    assert memory.moves == {"1.0": Move(OLD, NEW, THEN)}, "it stays to be seen when the tag is looked at"
    memory.see("1.0", OLD)
    assert memory.moves == {"1.0": Move(NEW, OLD, NOW)}
    assert file.stat().st_mode & 0o077 == 0


def test_digests_of_two_algorithms_say_nothing() -> None:
    memory = RepositoryMemory(repository(), {"1.0": TagVisit(OLD, THEN)})
    memory.see("1.0", Digest.of(b"old", algorithm="sha512"))
    assert memory.moves == {}


def test_a_tag_that_moves_back_has_not_moved() -> None:
    memory = RepositoryMemory(repository(), {"1.0": TagVisit(OLD, THEN)})
    memory.see("1.0", NEW)
    memory.see("1.0", OLD)
    assert memory.moves == {}


def test_visits_are_kept_by_repository_and_between_runs(file: Path) -> None:
    remember(repository(), "1.0", TagVisit(OLD, THEN))
    remember(repository("one.example/acme/app/more"), "1.0", TagVisit(NEW, THEN))
    remember(repository(), "1.0", TagVisit(NEW, NOW))
    memory = TagMemory()
    assert memory.of(repository()).visits == {"1.0": TagVisit(NEW, NOW)}
    assert memory.of(repository()) is memory.of(repository())
    assert memory.of(repository("one.example/acme/other")).visits == {}
    assert list(json.loads(file.read_text())) == ["one.example/acme/app/more:1.0", "one.example/acme/app:1.0"]


def test_the_file_does_not_grow_for_ever(file: Path) -> None:
    file.parent.mkdir()
    entry = {"digest": str(OLD), "at": THEN.isoformat()}
    file.write_text(json.dumps({f"one.example/acme/app:{number}": entry for number in range(KEPT)}))
    remember(repository(), "new", TagVisit(NEW, NOW))
    known = TagMemory().of(repository()).visits
    assert len(known) == KEPT
    assert "0" not in known
    assert known["new"] == TagVisit(NEW, NOW)
    assert file.stat().st_size < files.SIZE_LIMIT // 2
    remember(repository(), "x" * 1000, TagVisit(NEW, NOW))
    assert len(TagMemory().of(repository()).visits) == KEPT


def test_names_of_files_are_not_kept(file: Path) -> None:
    layout = Repository(Registry.of_files("oci:layouts/app", "/layouts/app"), "app")
    remember(layout, "1.0", TagVisit(OLD, THEN))
    assert not file.exists()
    assert TagMemory().of(layout).visits == {}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b'{"one.example/acme/app:1.0": 5, "one.example/acme/app:2.0": {}}',
        b'{"one.example/acme/app:1.0": {"digest": "x", "at": "2024-01-01T00:00:00+00:00"}}',
        b'{"one.example/acme/app:1.0": {"digest": "sha256:%s", "at": "soon"}}' % (b"0" * 64),
        b'{"one.example/acme/app:1.0": {"digest": "sha256:%s", "at": "0001-01-01T00:00:00+23:59"}}' % (b"0" * 64),
        b"\xff",
    ],
)
def test_a_broken_file_is_no_memory(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    assert TagMemory().of(repository()).visits == {}
    remember(repository(), "3.0", TagVisit(OLD, THEN))
    assert TagMemory().of(repository()).visits == {"3.0": TagVisit(OLD, THEN)}
