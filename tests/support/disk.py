"""Content for a cache on disk, and where it is."""

from __future__ import annotations

from pathlib import Path

from regbrowse.reference import Digest
from regbrowse.registry.content.disk_cache import CacheScope

ANN = CacheScope("ghcr.io", "ann").name
CONTENT = b'{"schemaVersion": 2}'
DIGEST = Digest.of(CONTENT)


def files(root: Path, ending: str = "") -> list[Path]:
    """List the files of a cache."""
    return sorted(path for path in root.rglob(f"*{ending}") if not path.is_dir())


def file_of(root: Path) -> Path:
    """Name the file of the content as Ann has read it."""
    return root / "content" / ANN / DIGEST.encoded
