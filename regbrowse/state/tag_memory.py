"""Remember what tags pointed to when they were visited, and tell which have moved since.

{"docker.io/library/alpine:3.20": {"digest": "sha256:…", "at": "2026-01-01T12:00:00+00:00"}}, the oldest visit first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from regbrowse.errors import RegbrowseError
from regbrowse.reference import Digest, Repository
from regbrowse.state import files

KEPT = 1000
"""Tags of all repositories together; those that were visited last."""
_NAME_LIMIT = 700
_writing = threading.Lock()
"""Visits of one process are written one after the other."""


class TagVisit(NamedTuple):
    """What a tag pointed to when it was visited."""

    digest: Digest
    at: datetime


class Move(NamedTuple):
    """A tag points to another digest than when it was visited last."""

    before: Digest
    after: Digest
    visited: datetime
    """When it pointed to `before`."""


@dataclass(slots=True)
class RepositoryMemory:
    """The tags of one repository."""

    repository: Repository
    visits: dict[str, TagVisit] = field(default_factory=dict)
    moves: dict[str, Move] = field(default_factory=dict)
    """Those that were seen to have moved; they stay when the tag is visited."""

    def see(self, tag: str, digest: Digest) -> None:
        """Compare what a tag points to with what it pointed to when it was visited last."""
        visit = self.visits.get(tag)
        if visit is None or visit.digest.algorithm != digest.algorithm:
            return
        if visit.digest != digest:
            self.moves[tag] = Move(visit.digest, digest, visit.at)
        elif tag in self.moves and self.moves[tag].after != digest:
            del self.moves[tag]  # it moved back

    def visit(self, tag: str, digest: Digest, at: datetime) -> None:
        """Take that a tag is looked at."""
        self.see(tag, digest)
        self.visits[tag] = TagVisit(digest, at)


class TagMemory:
    """The visits of this run and of those before, by repository."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.now = now
        self._repositories: dict[Repository, RepositoryMemory] = {}

    def of(self, repository: Repository) -> RepositoryMemory:
        """Give what is known of a repository; reads the file once for each."""
        known = self._repositories.get(repository)
        if known is None:
            known = self._repositories[repository] = RepositoryMemory(repository, _load(repository))
        return known


def remember(repository: Repository, tag: str, visit: TagVisit) -> None:
    """Write a visit down, among those of other processes; not of files, whose names mean something in a folder only."""
    name = f"{repository}:{tag}"
    if repository.registry.alias or len(name) > _NAME_LIMIT:
        return
    with _writing:
        known = files.read_object(_file())
        known.pop(name, None)
        entry = {"digest": str(visit.digest), "at": visit.at.isoformat(timespec="seconds")}
        newest = [*known.items(), (name, entry)][-KEPT:]
        files.write_object(_file(), dict(newest))


def _load(repository: Repository) -> dict[str, TagVisit]:
    """Read the visits to a repository; entries that make no sense are left out. Never raises."""
    if repository.registry.alias:
        return {}
    begin, found = f"{repository}:", {}
    for name, value in files.read_object(_file()).items():
        if name.startswith(begin) and isinstance(value, dict):
            with suppress(RegbrowseError, ValueError, OverflowError, KeyError):
                digest, at = Digest.parse(str(value["digest"])), datetime.fromisoformat(str(value["at"]))
                found[name.removeprefix(begin)] = TagVisit(digest, at.astimezone(UTC))
    return found


def _file() -> Path:
    return files.memory_file().with_name("tags.json")
