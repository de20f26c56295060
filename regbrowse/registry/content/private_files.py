"""Read and write files in folders that only this account may enter; a file is complete or absent.

Every path is resolved through descriptors of open folders, so that a link put in place meanwhile is not followed.
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
"""Bytes that a small file takes on disk; sizes are rounded up to it."""
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Opening a pipe in place of a file must not block.
_OPEN_TO_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_OPEN_TO_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_TEMPORARY = ".new-"
_STALE_SECONDS = 3600
"""Age after which a temporary file belongs to no running process."""


class UnsafeFolder(Exception):
    """A folder that other accounts may enter, or that is none; `why` is the end of a sentence."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class FileEntry(NamedTuple):
    """One file of a folder."""

    name: str
    size: int
    """Bytes."""
    used: float
    """When it was last read or written, in seconds since 1970."""


class PrivateFolder(NamedTuple):
    """A folder below a root, created by the first write. Methods block; they raise OSError and UnsafeFolder."""

    root: Path
    below: tuple[str, ...] = ()

    def subfolder(self, *names: str) -> PrivateFolder:
        return PrivateFolder(self.root, (*self.below, *names))

    def read(self, name: str, limit: int) -> bytes | None:
        """Return the content of a file and mark it as used; None when it is absent, no regular file or too large."""
        with suppress(FileNotFoundError), self._open() as folder:
            try:
                handle = os.open(name, _OPEN_TO_READ, dir_fd=folder)
            except FileNotFoundError:
                return None
            except OSError:
                # Most likely a link; removed, it is not in the way of the next write.
                self.remove(name)
                return None
            with os.fdopen(handle, "rb") as file:
                status = os.fstat(handle)
                if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
                    return None
                with suppress(OSError):
                    os.utime(handle)
                content = file.read(limit + 1)
                return content if len(content) <= limit else None
        return None

    def write(self, name: str, parts: Iterable[bytes]) -> int:
        """Replace a file in one step, readable for this account only; return the number of bytes written."""
        with self._open(create=True) as folder:
            temporary = _TEMPORARY + secrets.token_hex(8)
            size = 0
            try:
                with os.fdopen(os.open(temporary, _OPEN_TO_WRITE, 0o600, dir_fd=folder), "wb") as file:
                    for part in parts:
                        size += file.write(part)
                os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:  # interrupted, too - no temporary file may stay
                with suppress(OSError):
                    os.unlink(temporary, dir_fd=folder)
                raise
        return size

    def remove(self, name: str) -> None:
        """Remove a file; does nothing when that is impossible."""
        with suppress(OSError, UnsafeFolder), self._open() as folder:
            os.unlink(name, dir_fd=folder)

    def size(self, name: str) -> int:
        """Return the size of a file in bytes; 0 when it is absent."""
        with suppress(FileNotFoundError), self._open() as folder:
            return os.stat(name, dir_fd=folder, follow_symlinks=False).st_size
        return 0

    def folders(self) -> list[str]:
        """List the names of the folders in this one."""
        with suppress(FileNotFoundError), self._open() as folder, os.scandir(folder) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        return []

    def files(self) -> list[FileEntry]:
        """List the regular files; remove temporary files that a process has left behind."""
        found = []
        with suppress(FileNotFoundError), self._open() as folder, os.scandir(folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    if entry.name.startswith(_TEMPORARY):
                        if status.st_mtime < time.time() - _STALE_SECONDS:
                            os.unlink(entry.name, dir_fd=folder)
                    elif stat.S_ISREG(status.st_mode):
                        found.append(FileEntry(entry.name, status.st_size, status.st_mtime))
        return found

    @contextmanager
    def _open(self, *, create: bool = False) -> Iterator[int]:
        if create:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.root
        folder = _open_private(path, os.fspath(path), None)
        try:
            for name in self.below:
                path /= name
                if create:
                    with suppress(FileExistsError):
                        os.mkdir(name, 0o700, dir_fd=folder)
                parent = folder
                folder = _open_private(path, name, parent)
                os.close(parent)
            yield folder
        finally:
            os.close(folder)


def remove_oldest(folder: PrivateFolder, target: int) -> int:
    """Remove files from the subfolders of a folder, the longest unused first, until they take at most `target` bytes.

    Returns the bytes that the remaining files take.
    """
    found: list[tuple[FileEntry, PrivateFolder]] = []
    for name in folder.folders():
        subfolder = folder.subfolder(name)
        found += [(entry, subfolder) for entry in subfolder.files()]
    total = sum(disk_space(entry.size) for entry, _ in found)
    for entry, subfolder in sorted(found, key=lambda each: each[0].used) if total > target else ():
        subfolder.remove(entry.name)
        total -= disk_space(entry.size)
        if total <= target:
            break
    return total


def disk_space(size: int) -> int:
    """Return the bytes that a file of this size takes on disk."""
    return -(-size // BLOCK) * BLOCK


def _open_private(path: Path, name: str, parent: int | None) -> int:
    """Open a folder and return its descriptor. Raises UnsafeFolder unless it belongs to this account alone."""
    shown = visible(str(path), 300)
    try:
        folder = os.open(name, _OPEN_FOLDER, dir_fd=parent)
    except FileNotFoundError:
        raise
    except OSError as error:
        no_folder = error.errno in (errno.ENOTDIR, errno.ELOOP)
        why = "is a link or a file, not a folder" if no_folder else "cannot be opened"
        raise UnsafeFolder(f"{shown} {why}") from None
    status = os.fstat(folder)
    if status.st_uid == os.geteuid() and not status.st_mode & 0o077:
        return folder
    os.close(folder)
    if status.st_uid != os.geteuid():
        raise UnsafeFolder(f"{shown} belongs to another account")
    raise UnsafeFolder(f"other accounts may enter {shown} (mode {stat.S_IMODE(status.st_mode):o} instead of 700)")
