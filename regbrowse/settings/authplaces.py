"""Where this machine may keep logins, in the order in which they count, read again when a file changes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from regbrowse.redact import Secret
from regbrowse.settings.authfile import AuthFile, Place, read_place

DOCKER = "docker config"


def places(environ: Mapping[str, str], home: Path, authfile: Path | None, uid: int, platform: str) -> tuple[Place, ...]:
    """What was named on the command line or in the environment, then docker's file, then podman's, then the old one.

    docker/cli, cli/config; containers/image, docs/containers-auth.json.5: REGISTRY_AUTH_FILE stands for all of
    podman's own files. That docker's comes before podman's is ours.
    """
    found = [Place("--authfile", authfile, named=True)] if authfile else []
    if text := environ.get("DOCKER_AUTH_CONFIG", ""):
        found.append(Place("DOCKER_AUTH_CONFIG", None, "docker", text=Secret(text)))
    alone = environ.get("REGISTRY_AUTH_FILE", "")
    if alone:
        found.append(Place("auth.json", Path(alone)))
    folder = Path(environ.get("DOCKER_CONFIG", "") or home / ".docker")
    found.append(Place(DOCKER, folder / "config.json", "docker"))
    if not alone:
        folders = _containers_folders(environ, home, uid, platform)
        found += [Place("auth.json", parent / "auth.json") for parent in folders]
    found.append(Place(".dockercfg", home / ".dockercfg", "docker", flat=True))
    return tuple(found)


def _containers_folders(environ: Mapping[str, str], home: Path, uid: int, platform: str) -> list[Path]:
    runtime, config = Path(environ.get("XDG_RUNTIME_DIR", "")), Path(environ.get("XDG_CONFIG_HOME", ""))
    if not platform.startswith("linux"):
        first = home / ".config" / "containers"
    elif runtime.is_absolute():
        first = runtime / "containers"
    else:
        first = Path("/run/containers") / str(uid)
    last = (config if config.is_absolute() else home / ".config") / "containers"
    return list(dict.fromkeys((first, last)))


class _Kept(NamedTuple):
    mark: tuple[int, ...] | None
    file: AuthFile


class Shelf:
    """The credential files of all places. Reads nothing before `refresh`."""

    def __init__(self, places: tuple[Place, ...]) -> None:
        self._places = places
        self._kept: tuple[_Kept, ...] = ()
        self._reading = asyncio.Lock()

    @property
    def files(self) -> tuple[tuple[Place, AuthFile], ...]:
        """Every place and what was last read there; empty before the first `refresh`."""
        return tuple((place, kept.file) for place, kept in zip(self._places, self._kept, strict=False))

    @property
    def notices(self) -> list[str]:
        """What is wrong with the files, as they were last read."""
        return [notice for kept in self._kept for notice in kept.file.notices]

    async def refresh(self) -> bool:
        """Reads what is new or has changed, in a thread; whether that was anything. Raises nothing."""
        async with self._reading:
            before = self._kept
            self._kept = await asyncio.to_thread(_read_all, self._places, before)
            return [kept.mark for kept in before] != [kept.mark for kept in self._kept]


def _read_all(places: tuple[Place, ...], before: tuple[_Kept, ...]) -> tuple[_Kept, ...]:
    now = []
    for index, place in enumerate(places):
        mark = _fingerprint(place)
        if before and mark is not None and before[index].mark == mark:
            now.append(before[index])
        else:
            now.append(_Kept(mark, read_place(place)))
    return tuple(now)


def _fingerprint(place: Place) -> tuple[int, ...] | None:
    """Changes whenever the file does; None when there is none."""
    if place.path is None:
        return (0,)
    try:
        found = place.path.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
