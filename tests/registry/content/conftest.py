"""A cache on disk, in a folder of the test."""

from __future__ import annotations

from pathlib import Path

import pytest

from regbrowse.registry.content.disk_cache import DiskCache


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Name the folder of the cache, which is not there yet."""
    return tmp_path / "cache"


@pytest.fixture
def notices() -> list[str]:
    """Collect what the cache has to say."""
    return []


@pytest.fixture
def disk(root: Path, notices: list[str]) -> DiskCache:
    """Open a cache that may keep 1 MiB."""
    return DiskCache(root, 2**20, notices)
