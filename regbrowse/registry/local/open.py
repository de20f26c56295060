"""Open images in files: from a source such as `oci:DIR:TAG` to a registry inside this process."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from regbrowse.errors import BadReference, ConfigError
from regbrowse.reference import Digest, Reference, Registry, is_tag
from regbrowse.reference_input import FOLDERS, PASTE_LIMIT, Source
from regbrowse.registry.local.archive import open_archive
from regbrowse.registry.local.byte_range import Files, Folder, UnreadableFile
from regbrowse.registry.local.dir_layout import DirLayout, is_dir_layout
from regbrowse.registry.local.docker_archive import LIST_FILE, DockerArchive
from regbrowse.registry.local.image_store import ImageStore, LocalRegistry
from regbrowse.registry.local.layout import INDEX_FILE, Layout
from regbrowse.registry.responder import Responder
from regbrowse.text import visible

_COLON_LIMIT = 32
"""Colons at which a path is separated from a name behind it, to find out where the path ends."""


@dataclass(frozen=True, slots=True)
class OpenedSource:
    """A folder or archive that was opened."""

    registry: Registry
    responder: Responder
    """Answers for `registry.key`."""
    place: Registry | Reference
    """What the source means: one image, the only repository, or everything."""
    notices: tuple[str, ...] = ()
    """What was strange about it, one sentence each."""


async def open_source_in_thread(source: Source) -> OpenedSource:
    """Call `open_source` in a thread, which ends soon after this is cancelled."""
    stop = threading.Event()
    try:
        return await asyncio.to_thread(open_source, source, stop)
    finally:
        stop.set()


def open_source(source: Source, stop: threading.Event | None = None) -> OpenedSource:
    """Read the list of images of a folder or archive; unpack an archive that is compressed, until `stop` is set.

    Raises BadReference when there is no such file or image, ConfigError when the file cannot be used.
    """
    path, written, wanted, digest = _find(source)
    name = visible(f"{source.kind}:{written}", PASTE_LIMIT)
    try:
        store, notices = _open_store(source.kind, path, stop or threading.Event())
    except ConfigError as error:
        raise ConfigError(f"{visible(name, 200)} cannot be opened. {error.why}", hint=error.hint) from None
    except OSError as error:
        raise ConfigError(f"{visible(name, 200)} cannot be opened: {_reason(error)}.") from None
    registry = Registry.of_files(name, str(path))
    return OpenedSource(registry, LocalRegistry(store), store.names.resolve(registry, wanted, digest), notices)


def _open_store(kind: str, path: Path, stop: threading.Event) -> tuple[ImageStore, tuple[str, ...]]:
    files: Files
    note = ""
    if kind in FOLDERS:
        files = Folder(path)
    else:
        files = archive = open_archive(path, stop)
        note = archive.note
    store: ImageStore
    # Which of the formats of its kind it is, the files tell.
    if kind in FOLDERS and is_dir_layout(files) and (kind == "dir" or not files.find(INDEX_FILE)):
        store = DirLayout(files)
    elif files.find(INDEX_FILE):
        store = Layout(files)
    elif files.find(LIST_FILE):
        store = DockerArchive(files)
    else:
        what = "an OCI image layout: it has no index.json"
        if kind == "dir":
            what = "a folder of the dir transport: it has no manifest.json"
        elif kind == "docker-archive":
            what = "an archive of docker save: it has neither manifest.json nor index.json"
        raise ConfigError(f"It is not {what}. {note}".strip())
    return store, tuple(([note] if note else []) + store.names.notices)


def _find(source: Source) -> tuple[Path, str, str, Digest | None]:
    """Find the path on disk, the path as it is written, and the name and digest behind it. Raises BadReference."""
    text, digest = _split_digest(source.text)
    for written, wanted in _splits(text):
        path = _resolve(written)
        if path is not None:
            _check_kind(source.kind, path, written)
            return path, written, wanted, digest
    written, _, tag = text.rpartition(":")
    written = written if len(written) > 1 and is_tag(tag) else text
    noun = "folder" if source.kind in FOLDERS else "file"
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
    """Split into a path and a name in every way, the longest path first: paths may have colons too."""
    yield text, ""
    at = len(text)
    for _ in range(_COLON_LIMIT):
        at = text.rfind(":", 1, at)
        if at < 0:
            return
        yield text[:at], text[at + 1 :]


def _resolve(written: str) -> Path | None:
    """Make a path absolute and without links; None when it does not exist."""
    try:
        return Path(written).expanduser().resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        return None


def _check_kind(kind: str, path: Path, written: str) -> None:
    shown = visible(written, 200)
    if kind in FOLDERS and not path.is_dir():
        raise BadReference(f'"{shown}" is a file, not a folder.', hint=f'For an archive write "oci-archive:{shown}".')
    if kind not in FOLDERS and path.is_dir():
        raise BadReference(f'"{shown}" is a folder, not an archive.', hint=f'For a folder write "oci:{shown}".')
    if kind not in FOLDERS and not path.is_file():
        raise BadReference(f'"{shown}" is not a file.')


def _reason(error: OSError) -> str:
    if isinstance(error, UnreadableFile):
        return str(error).removesuffix(".")
    if isinstance(error, PermissionError):
        return "you may not read it"
    return "there is no room to unpack it" if error.errno == errno.ENOSPC else "reading it failed"
