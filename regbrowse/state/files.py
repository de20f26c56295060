"""Read and write the small JSON files of the state folder, each readable for this account only.

Another process may write the same file at any time, so a file is replaced in one step. Losing one harms nothing:
what cannot be read counts as empty, and what cannot be written is not kept.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

from regbrowse.errors import RegbrowseError
from regbrowse.oci.document import JsonValue, parse_json

SIZE_LIMIT = 2**20


@cache
def memory_file() -> Path:
    """The file of recents and theme, in the platform's folder for state."""
    import platformdirs  # late: not needed for the first paint

    return Path(platformdirs.user_state_path("regbrowse", appauthor=False)) / "memory.json"


def read_object(file: Path, limit: int = SIZE_LIMIT) -> dict[str, JsonValue]:
    """Read the JSON object in a file of at most `limit` bytes; empty when there is none. Never raises."""
    try:
        with file.open("rb") as opened:
            value = parse_json(opened.read(limit + 1), limit=limit).value
    except (OSError, ValueError, RegbrowseError):
        return {}
    return value if isinstance(value, dict) else {}


def write_object(file: Path, value: Mapping[str, object]) -> None:
    """Replace a file by the JSON of an object; makes its folder. Never raises."""
    new = file.with_name(f".{file.name}-{os.urandom(8).hex()}")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
            json.dump(value, opened, indent=1)
        new.replace(file)
    except OSError:
        with suppress(OSError):
            new.unlink()
