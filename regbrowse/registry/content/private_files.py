"""Folders of this account alone: files in them are whole or absent, and nothing in them leads elsewhere.

Everything goes through descriptors of opened folders, so that no link put in place meanwhile is followed.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from regbrowse.text import visible

BLOCK = 4096
"""What a small file really takes, in bytes; sizes are rounded up to it."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A pipe in place of a file must not hold the reader up.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_UNFINISHED = ".new-"
_STALE = 3600
"""Seconds after which an unfinished file belongs to no process any more."""


class Unsafe(Exception):
    """A folder that others could reach into; `why` is the end of a sentence."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Entry(NamedTuple):
    """One file in a folder."""

    name: str
    size: int
    """In bytes."""
    used: float
    """When it was last read or written, in seconds since 1970."""


class Folder(NamedTuple):
    """A private folder below another; made when something is written. Methods block and raise OSError and Unsafe."""

    root: Path
    below: tuple[str, ...] = ()

    def inside(self, *names: str) -> Folder:
        return Folder(self.root, (*self.below, *names))

    def read(self, name: str, limit: int) -> bytes | None:
        """A file's content, which counts as use; None for what is absent, no plain file or larger than the limit."""
        with suppress(FileNotFoundError), self._open() as folder:
            try:
                handle = os.open(name, _READ, dir_fd=folder)
            except FileNotFoundError:
                return None
            except OSError:
                # A link, most likely; it will not stand in the way of the real thing.
                self.remove(name)
                return None
            with os.fdopen(handle, "rb") as file:
                facts = os.fstat(handle)
                if not stat.S_ISREG(facts.st_mode) or facts.st_size > limit:
                    return None
                with suppress(OSError):
                    os.utime(handle)
                content = file.read(limit + 1)
                return content if len(content) <= limit else None
        return None

    def write(self, name: str, parts: Iterable[bytes]) -> int:
        """Puts a file in place in one step, readable for this account only; the number of bytes written."""
        with self._open(create=True) as folder:
            new = _UNFINISHED + secrets.token_hex(8)
            size = 0
            try:
                with os.fdopen(os.open(new, _NEW, 0o600, dir_fd=folder), "wb") as file:
                    for part in parts:
                        size += file.write(part)
                os.rename(new, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with suppress(OSError):
                    os.unlink(new, dir_fd=folder)
                raise
        return size

    def remove(self, name: str) -> None:
        with suppress(OSError, Unsafe), self._open() as folder:
            os.unlink(name, dir_fd=folder)

    def size(self, name: str) -> int:
        """In bytes; 0 when there is no such file."""
        with suppress(FileNotFoundError), self._open() as folder:
            return os.stat(name, dir_fd=folder, follow_symlinks=False).st_size
        return 0

    def folders(self) -> list[str]:
        with suppress(FileNotFoundError), self._open() as folder, os.scandir(folder) as found:
            return [entry.name for entry in found if entry.is_dir(follow_symlinks=False)]
        return []

    def files(self) -> list[Entry]:
        """The plain files; what a process that died has left unfinished is removed."""
        entries = []
        with suppress(FileNotFoundError), self._open() as folder, os.scandir(folder) as found:
            for entry in found:
                with suppress(FileNotFoundError):
                    facts = entry.stat(follow_symlinks=False)
                    if entry.name.startswith(_UNFINISHED):
                        if facts.st_mtime < time.time() - _STALE:
                            os.unlink(entry.name, dir_fd=folder)
                    elif stat.S_ISREG(facts.st_mode):
                        entries.append(Entry(entry.name, facts.st_size, facts.st_mtime))
        return entries

    @contextmanager
    def _open(self, *, create: bool = False) -> Iterator[int]:
        if create:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.root
        folder = _enter(path, os.fspath(path), None)
        try:
            for name in self.below:
                path /= name
                if create:
                    with suppress(FileExistsError):
                        os.mkdir(name, 0o700, dir_fd=folder)
                outer = folder
                folder = _enter(path, name, outer)
                os.close(outer)
            yield folder
        finally:
            os.close(folder)


def shrink(folder: Folder, target: int) -> int:
    """Drops the oldest files in the folders of a folder down to `target` bytes; the bytes that are left."""
    found: list[tuple[Entry, Folder]] = []
    for name in folder.folders():
        inner = folder.inside(name)
        found += [(entry, inner) for entry in inner.files()]
    total = sum(taken(entry.size) for entry, _ in found)
    for entry, inner in sorted(found, key=lambda each: each[0].used) if total > target else ():
        inner.remove(entry.name)
        total -= taken(entry.size)
        if total <= target:
            break
    return total


def taken(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _enter(path: Path, name: str, outer: int | None) -> int:
    """A descriptor of a folder that is ours and closed to others."""
    shown = visible(str(path), 300)
    try:
        folder = os.open(name, _FOLDER, dir_fd=outer)
    except FileNotFoundError:
        raise
    except OSError as error:
        strange = error.errno in (errno.ENOTDIR, errno.ELOOP)
        why = "is a link or a file, not a folder" if strange else "cannot be opened"
        raise Unsafe(f"{shown} {why}") from None
    facts = os.fstat(folder)
    if facts.st_uid == os.geteuid() and not facts.st_mode & 0o077:
        return folder
    os.close(folder)
    if facts.st_uid != os.geteuid():
        raise Unsafe(f"{shown} belongs to another account")
    raise Unsafe(f"other accounts may enter {shown} (mode {stat.S_IMODE(facts.st_mode):o} instead of 700)")
