"""Opens images in files: from what was written to a registry inside this process."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from regbrowse.errors import BadReference, ConfigError
from regbrowse.pasted import PASTE_LIMIT, Source
from regbrowse.reference import Digest, Reference, Registry, is_tag
from regbrowse.registry.local.files import Files, Folder, open_archive
from regbrowse.registry.local.holdings import Holdings
from regbrowse.registry.local.layout import INDEX, Layout
from regbrowse.registry.local.local import LocalRegistry
from regbrowse.registry.local.saved import LIST, Saved
from regbrowse.registry.responder import Responder
from regbrowse.text import visible

COLONS = 32
"""Ways tried to tell a path from the name behind it."""


@dataclass(frozen=True, slots=True)
class OpenedSource:
    """A folder or archive, ready to be asked."""

    registry: Registry
    responder: Responder
    """Answers for `registry.key`."""
    place: Registry | Reference
    """What was meant: one image, the only repository, or everything."""
    notices: tuple[str, ...] = ()
    """What was strange about it, one sentence each."""


async def opened(source: Source) -> OpenedSource:
    """`open_source` in a thread, which ends soon after nobody waits for it any more."""
    stop = threading.Event()
    try:
        return await asyncio.to_thread(open_source, source, stop)
    finally:
        stop.set()


def open_source(source: Source, stop: threading.Event | None = None) -> OpenedSource:
    """Reads the list of images, and unpacks an archive that is compressed.

    Raises BadReference when nothing there is meant, ConfigError when what is there cannot be used.
    """
    path, written, wanted, digest = _find(source)
    name = visible(f"{source.kind}:{written}", PASTE_LIMIT)
    try:
        held, notices = _open(source.kind, path, stop or threading.Event())
    except ConfigError as error:
        raise ConfigError(f"{visible(name, 200)} cannot be opened. {error.why}", hint=error.hint) from None
    except OSError as error:
        raise ConfigError(f"{visible(name, 200)} cannot be opened: {_reason(error)}.") from None
    registry = Registry.of_files(name, str(path))
    return OpenedSource(registry, LocalRegistry(held), held.names.place(registry, wanted, digest), notices)


def _open(kind: str, path: Path, stop: threading.Event) -> tuple[Holdings, tuple[str, ...]]:
    files: Files
    note = ""
    if kind == "oci":
        files = Folder(path)
    else:
        files = archive = open_archive(path, stop)
        note = archive.note
    if files.find(INDEX) is None and files.find(LIST) is None:
        what = "an OCI image layout: it has no index.json"
        if kind == "docker-archive":
            what = "an archive of docker save: it has neither manifest.json nor index.json"
        raise ConfigError(f"It is not {what}. {note}".strip())
    held = Layout(files) if files.find(INDEX) else Saved(files)
    return held, tuple(([note] if note else []) + held.names.notices)


def _find(source: Source) -> tuple[Path, str, str, Digest | None]:
    """The place on disk, as it was written, and what stands behind it. Raises BadReference."""
    text, digest = _split_digest(source.text)
    for written, wanted in _splits(text):
        path = _path(written)
        if path is not None:
            _check_kind(source.kind, path, written)
            return path, written, wanted, digest
    written, _, tag = text.rpartition(":")
    written = written if len(written) > 1 and is_tag(tag) else text
    noun = "folder" if source.kind == "oci" else "file"
    hint = ""
    if is_tag(text):
        hint = f'The image on Docker Hub is "docker.io/library/{source.kind}:{text}".'
    raise BadReference(f'There is no {noun} "{visible(written, 200)}".', hint=hint)


def _split_digest(text: str) -> tuple[str, Digest | None]:
    rest, _, digest = text.rpartition("@")
    try:
        return (rest, Digest.parse(digest)) if rest else (text, None)
    except BadReference:
        return text, None


def _splits(text: str) -> Iterator[tuple[str, str]]:
    """Every way to see a path and a name behind it, the longest path first: paths may have colons too."""
    yield text, ""
    at = len(text)
    for _ in range(COLONS):
        at = text.rfind(":", 1, at)
        if at < 0:
            return
        yield text[:at], text[at + 1 :]


def _path(written: str) -> Path | None:
    """Absolute and without links; None when there is nothing."""
    try:
        return Path(written).expanduser().resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        return None


def _check_kind(kind: str, path: Path, written: str) -> None:
    shown = visible(written, 200)
    if kind == "oci" and not path.is_dir():
        raise BadReference(f'"{shown}" is a file, not a folder.', hint=f'For an archive write "oci-archive:{shown}".')
    if kind != "oci" and path.is_dir():
        raise BadReference(f'"{shown}" is a folder, not an archive.', hint=f'For a folder write "oci:{shown}".')
    if kind != "oci" and not path.is_file():
        raise BadReference(f'"{shown}" is not a file.')


def _reason(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "you may not read it"
    return "there is no room to unpack it" if error.errno == errno.ENOSPC else "reading it failed"
