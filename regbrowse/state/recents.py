"""Remember the references and registries that were opened lately."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from regbrowse.errors import RegbrowseError
from regbrowse.reference import Digest, Reference, Registry, registry_in
from regbrowse.reference_input import read_typed
from regbrowse.state import files

KEPT = 50


@dataclass(frozen=True, slots=True)
class Recent:
    """Something that was opened."""

    reference: str
    at: datetime
    digest: str = ""


def load() -> list[Recent]:
    """Read the list, the newest first; entries that make no sense are left out."""
    entries = files.read_object(files.memory_file()).get("recent", [])
    found = [_entry(each) for each in entries] if isinstance(entries, list) else []
    return [each for each in found if each is not None][:KEPT]


def references() -> list[Reference]:
    """Read the references among them, without the registries."""
    places = (read_typed(each.reference).place for each in load())
    return [place for place in places if isinstance(place, Reference)]


def remember(reference: Reference | Registry, digest: Digest | None) -> None:
    """Put a place at the head of the list; not files by a path that means something in one folder only."""
    registry = registry_in(reference)
    if registry.alias and not registry.name.partition(":")[2].startswith(("/", "~")):
        return
    name = reference.familiar if isinstance(reference, Reference) else f"{reference}/"
    entry = {"reference": name, "at": datetime.now(UTC).isoformat(timespec="seconds"), "digest": str(digest or "")}
    memory = files.read_object(files.memory_file())
    entries = memory.get("recent", [])
    kept = entries if isinstance(entries, list) else []
    others = [each for each in kept if isinstance(each, dict) and each.get("reference") != name]
    files.write_object(files.memory_file(), memory | {"recent": [entry, *others][:KEPT]})


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
