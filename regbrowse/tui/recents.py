"""What was open lately and which theme was chosen: the program's own memory, one small file.

Losing it harms nothing, so every trouble with the file is met by going on without it.
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from regbrowse.errors import RegbrowseError
from regbrowse.pasted import read_typed
from regbrowse.reference import Digest, Reference, Registry

KEPT = 50


@dataclass(frozen=True, slots=True)
class Recent:
    """Something that was opened."""

    reference: str
    at: datetime
    digest: str = ""


@cache
def path() -> Path:
    """The file, in the platform's folder for state."""
    import platformdirs  # late: not needed for the first paint

    return Path(platformdirs.user_state_path("regbrowse", appauthor=False)) / "memory.json"


def load() -> list[Recent]:
    """The newest first; entries that make no sense are left out."""
    entries = _read().get("recent", [])
    found = [_entry(each) for each in entries] if isinstance(entries, list) else []
    return [each for each in found if each is not None][:KEPT]


def remember(reference: Reference | Registry, digest: Digest | None) -> None:
    """Puts a place at the head of the list; not files by a path that means something in one folder only."""
    registry = reference.repository.registry if isinstance(reference, Reference) else reference
    if registry.alias and not registry.name.partition(":")[2].startswith(("/", "~")):
        return
    name = reference.familiar if isinstance(reference, Reference) else f"{reference}/"
    entry = {"reference": name, "at": datetime.now(UTC).isoformat(timespec="seconds"), "digest": str(digest or "")}
    memory = _read()
    entries = memory.get("recent", [])
    others = [each for each in entries if isinstance(each, dict) and each.get("reference") != name]
    _write(memory | {"recent": [entry, *others][:KEPT]})


def theme() -> str | None:
    """The theme chosen last."""
    name = _read().get("theme")
    return name if isinstance(name, str) else None


def remember_theme(name: str) -> None:
    memory = _read()
    if memory.get("theme") != name:
        _write(memory | {"theme": name})


def _entry(value: object) -> Recent | None:
    if not isinstance(value, dict):
        return None
    with suppress(RegbrowseError, ValueError, TypeError, KeyError):
        digest = str(value.get("digest", ""))
        read_typed(str(value["reference"]))
        return Recent(
            str(value["reference"]),
            datetime.fromisoformat(str(value["at"])).astimezone(UTC),
            str(Digest.parse(digest)) if digest else "",
        )
    return None


def _read() -> dict[str, Any]:
    try:
        value = json.loads(path().read_bytes()[: 1 << 20])
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _write(memory: dict[str, Any]) -> None:
    target = path()
    with suppress(OSError):
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=target.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(memory, file, indent=1)
        Path(name).replace(target)
