"""A layer for tests that download it, and where it was written to."""

from __future__ import annotations

import random
from pathlib import Path

from support import images

MADE = images.layer({"big": random.Random(1).randbytes(300_000)})
RAW = MADE.raw
PATH = f"/v2/acme/app/blobs/{MADE.digest}"
NAME = f"{MADE.digest.replace(':', '-')}.tar.gz"
"""Of the file that it is written to."""


def left(folder: Path = Path()) -> list[str]:
    """List what is in a folder."""
    return sorted(one.name for one in folder.iterdir())


def content(name: str) -> bytes:
    """Read a file."""
    return Path(name).read_bytes()
