"""A file that appears under its name only when it is whole."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Lock

from regbrowse.errors import ConfigError
from regbrowse.text import visible

_WORDS = {
    errno.ENOSPC: "no space is left there",
    errno.EDQUOT: "your quota there is used up",
    errno.EFBIG: "files may not be that long there",
    errno.EACCES: "you may not write there",
    errno.EPERM: "you may not write there",
    errno.EROFS: "nothing can be written there",
    errno.ENOENT: "there is no such folder",
    errno.ENOTDIR: "there is no such folder",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EIO: "the disk has an error",
}
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV, errno.EMLINK, errno.EACCES})


def unwritable(name: str, error: OSError, hint: str = "Choose another place with -o FILE.") -> ConfigError:
    """Say in a sentence what keeps something from being written."""
    words = _WORDS.get(error.errno or 0, "writing failed")
    return ConfigError(f"{visible(name, 512)} cannot be written: {words}.", hint=hint)


def check_free(path: Path, *, force: bool) -> None:
    """Raises ConfigError when something is there that may not be overwritten."""
    try:
        there = path.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise unwritable(str(path), error) from None
    shown = visible(str(path), 512)
    if stat.S_ISDIR(there.st_mode):
        raise ConfigError(f"{shown} is a folder.", hint="Name a file in it with -o FILE.")
    if not (stat.S_ISREG(there.st_mode) or stat.S_ISLNK(there.st_mode)):
        raise ConfigError(f"{shown} is not a plain file.", hint="Write to standard output with -o - instead.")
    if not force:
        raise taken(path)


def taken(path: Path) -> ConfigError:
    """The error for a name that is used already."""
    return ConfigError(f"{visible(str(path), 512)} exists.", hint="Overwrite it with --force, or choose another name.")


class AtomicFile:
    """Writes under a temporary name in the folder where the file is to be; leaving the block removes what is left.

    Every step raises ConfigError when the system refuses it.
    """

    def __init__(self, folder: Path) -> None:
        self._temporary = folder / f".regbrowse-{os.urandom(6).hex()}.part"
        try:
            self._file = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise unwritable(_shown(folder), error) from None
        self._open = True
        self._lock = Lock()

    def __enter__(self) -> AtomicFile:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._close()
        with suppress(OSError):
            self._temporary.unlink(missing_ok=True)

    def write(self, chunks: Iterable[bytes]) -> None:
        """Add to the file. May be called in a thread."""
        try:
            for chunk in chunks:
                left = memoryview(chunk)
                while left:
                    with self._lock:
                        if not self._open:
                            return
                        left = left[os.write(self._file, left) :]
        except OSError as error:
            raise unwritable(_shown(self._temporary.parent), error) from None

    def keep(self, path: Path, *, force: bool) -> None:
        """Give the file its name, in one step; without `force` never in the place of another file."""
        try:
            self._close()
            if force:
                self._temporary.replace(path)
            else:
                self._link(path)
        except FileExistsError:
            raise taken(path) from None
        except OSError as error:
            raise unwritable(str(path), error) from None

    def _link(self, path: Path) -> None:
        try:
            path.hardlink_to(self._temporary)
        except FileExistsError:
            raise
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # A file system without hard links: the name is taken first, and replaced then.
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
            self._temporary.replace(path)

    def _close(self) -> None:
        # A thread may still be writing when the block is left, and the number of the file would be another's.
        with self._lock:
            if self._open:
                self._open = False
                os.close(self._file)


def _shown(folder: Path) -> str:
    """A dot says little in a sentence."""
    return str(folder if folder != Path() else folder.absolute())
