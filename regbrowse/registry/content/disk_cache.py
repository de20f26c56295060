"""Verified content on disk, found again by its digest: private, bounded, never believed unchecked.

A file is named by the hex digits of its digest, in a folder named by a hash of who has read it; it holds one
line of JSON with the type when it is one of a manifest, then the content. Several processes may use the folder.
"""

from __future__ import annotations

import errno
import json
import re
import threading
from pathlib import Path

from regbrowse.oci.mediatype import MANIFESTS, essence
from regbrowse.reference import Digest
from regbrowse.registry.content.cache import Kept
from regbrowse.registry.content.private_files import BLOCK, Folder, Unsafe, shrink, taken
from regbrowse.text import visible

SIZE = 256 * 2**20
MOST = 32 * 2**20
"""The largest content kept."""
HEAD = 512
"""Bytes that the line before the content may have."""
_ROOM = 7 / 8
"""How much is left when the oldest have gone, so that not every new file needs a look at all of them."""
_NAME = re.compile(r"[a-f0-9]{64,128}")


class Disk:
    """Content by holder and digest below one folder. Every method blocks and none raises: call them in threads."""

    def __init__(self, root: Path, limit: int, notices: list[str]) -> None:
        self._folder = Folder(root, ("content",))
        self._limit = limit
        self._notices = notices
        self._lock = threading.Lock()
        self._used: int | None = None
        """Bytes kept, as far as this process knows; None until it has looked."""
        self._closed = False
        """Nothing is read or written any more."""
        self._full = False
        """Nothing is written any more."""

    def read(self, holder: str, digest: Digest) -> Kept | None:
        """What was kept, when it still hashes to its digest; else it is removed."""
        if self._closed or not _keepable(digest):
            return None
        folder = self._folder.inside(holder)
        try:
            raw = folder.read(digest.encoded, MOST + HEAD)
        except (OSError, Unsafe) as error:
            self._stop(error, writing=False)
            return None
        if raw is None:
            return None
        line, _, content = raw.partition(b"\n")
        if not digest.matches(content):
            folder.remove(digest.encoded)
            return None
        return Kept(content, _content_type(line))

    def write(self, holder: str, digest: Digest, content: bytes, content_type: str = "") -> None:
        """Keeps verified content, and drops what was not used for longest when there is too much."""
        if self._closed or self._full or not _keepable(digest) or len(content) > min(MOST, self._limit - BLOCK):
            return
        kind = essence(content_type)
        line = json.dumps({"type": kind if kind in MANIFESTS else ""}).encode() + b"\n"
        folder = self._folder.inside(holder)
        try:
            with self._lock:
                if self._used is None:
                    self._used = shrink(self._folder, self._limit)
                before = folder.size(digest.encoded)
                size = folder.write(digest.encoded, (line, content))
                self._used += taken(size) - taken(before)
                if self._used > self._limit:
                    self._used = shrink(self._folder, int(self._limit * _ROOM))
        except (OSError, Unsafe) as error:
            self._stop(error, writing=True)

    def _stop(self, error: OSError | Unsafe, *, writing: bool) -> None:
        """Goes on without the disk; said once."""
        told = self._closed or self._full
        self._full = True
        self._closed = self._closed or not writing
        if not told:
            self._notices.append(trouble(error, self._folder.root))


def may_hold(root: Path, digest: Digest) -> bool:
    """Whether anything of this name is kept for anybody, whoever may read it. Blocks."""
    folder = Folder(root, ("content",))
    try:
        return any(folder.inside(holder).size(digest.encoded) for holder in folder.folders())
    except (OSError, Unsafe):
        return False  # nothing will be read either


def trouble(error: OSError | Unsafe, root: Path) -> str:
    """One sentence for a folder that cannot be used as it should."""
    shown = visible(str(root), 300)
    if isinstance(error, Unsafe):
        return f"The disk cache is not used: {error.why}."
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"Nothing more is kept in {shown} in this session: there is no space left."
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"Nothing more is kept in {shown} in this session: it cannot be written to."
    return f"Nothing more is kept in {shown} in this session: the disk reports an error."


def _keepable(digest: Digest) -> bool:
    return digest.hasher() is not None and _NAME.fullmatch(digest.encoded) is not None


def _content_type(line: bytes) -> str:
    try:
        value = json.loads(line) if len(line) <= HEAD else None
    except (ValueError, RecursionError):
        return ""
    kind = value.get("type") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) and kind in MANIFESTS else ""
