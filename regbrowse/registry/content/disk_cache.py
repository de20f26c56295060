"""Keep verified content on disk by digest, within a number of bytes (image-spec, descriptor.md, Digests).

A file is named by the hex digits of the digest, in a folder named by the CacheScope that has read the content. It
holds one line of JSON, with the media type of a manifest, and then the content, which is hashed again when it is
read. Several processes may use the same folder.
"""

from __future__ import annotations

import errno
import hashlib
import json
import re
import threading
from pathlib import Path
from typing import NamedTuple

from regbrowse.oci.mediatype import MANIFESTS, essence
from regbrowse.reference import Digest
from regbrowse.registry.content.private_files import BLOCK, PrivateFolder, UnsafeFolder, disk_space, remove_oldest
from regbrowse.text import visible

MAX_CONTENT = 32 * 2**20
"""Bytes of the largest content that is kept."""
MAX_HEADER = 512
"""Bytes of the line before the content."""
_FILLED = 7 / 8
"""How much of the size is left after the oldest files were removed, so that not every write has to list them all."""
_NAME = re.compile(r"[a-f0-9]{64,128}")


class CacheScope(NamedTuple):
    """Who has read cached content: one account does not see what only another has read."""

    registry: str
    """The key of the registry."""
    user: str
    """Empty for anonymous."""

    @property
    def name(self) -> str:
        """64 hex digits, the same in every process, which tell neither registry nor user."""
        return hashlib.sha256(f"{self.registry}\n{self.user}".encode()).hexdigest()


class CachedContent(NamedTuple):
    """Verified content."""

    content: bytes
    content_type: str = ""
    """The media type that a manifest was served with."""


class DiskCache:
    """Content by the name of a CacheScope and a digest. Methods block, so call them in threads; none raises."""

    def __init__(self, root: Path, limit: int, notices: list[str]) -> None:
        self._folder = PrivateFolder(root, ("content",))
        self._limit = limit
        self._notices = notices
        self._lock = threading.Lock()
        self._used: int | None = None
        """Bytes on disk, as far as this process knows; None before the first write."""
        self._readable = True
        self._writable = True

    def read(self, scope: str, digest: Digest) -> CachedContent | None:
        """Return content that still matches its digest; remove the file when it does not."""
        if not self._readable or not _has_file_name(digest):
            return None
        folder = self._folder.subfolder(scope)
        try:
            raw = folder.read(digest.encoded, MAX_CONTENT + MAX_HEADER)
        except (OSError, UnsafeFolder) as error:
            self._disable(error, reading=True)
            return None
        if raw is None:
            return None
        header, _, content = raw.partition(b"\n")
        if not digest.matches(content):
            folder.remove(digest.encoded)
            return None
        return CachedContent(content, _content_type(header))

    def write(self, scope: str, digest: Digest, content: bytes, content_type: str = "") -> None:
        """Write verified content; remove what was not used for longest when the cache is too large."""
        too_large = len(content) > min(MAX_CONTENT, self._limit - BLOCK)
        if not self._writable or not _has_file_name(digest) or too_large:
            return
        media_type = essence(content_type)
        header = json.dumps({"type": media_type if media_type in MANIFESTS else ""}).encode() + b"\n"
        folder = self._folder.subfolder(scope)
        try:
            with self._lock:
                if self._used is None:
                    self._used = remove_oldest(self._folder, self._limit)
                before = folder.size(digest.encoded)
                size = folder.write(digest.encoded, (header, content))
                self._used += disk_space(size) - disk_space(before)
                if self._used > self._limit:
                    self._used = remove_oldest(self._folder, int(self._limit * _FILLED))
        except (OSError, UnsafeFolder) as error:
            self._disable(error, reading=False)

    def _disable(self, error: OSError | UnsafeFolder, *, reading: bool) -> None:
        """Stop writing, and reading when that has failed; add one notice for the first error."""
        if self._writable:
            self._notices.append(_notice(error, self._folder.root))
        self._writable = False
        self._readable = self._readable and not reading


def may_contain(root: Path, digest: Digest) -> bool:
    """Return whether a file for this digest exists in any scope; it is not verified. Blocks."""
    folder = PrivateFolder(root, ("content",))
    try:
        return any(folder.subfolder(scope).size(digest.encoded) for scope in folder.folders())
    except (OSError, UnsafeFolder):
        return False  # then it cannot be read either


def _notice(error: OSError | UnsafeFolder, root: Path) -> str:
    """Explain in one sentence why the folder is not used."""
    shown = visible(str(root), 300)
    if isinstance(error, UnsafeFolder):
        return f"The disk cache is not used: {error.why}."
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"Nothing more is kept in {shown} in this session: there is no space left."
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"Nothing more is kept in {shown} in this session: it cannot be written to."
    return f"Nothing more is kept in {shown} in this session: the disk reports an error."


def _has_file_name(digest: Digest) -> bool:
    """Return whether the digest can be verified, and its hex digits be a file name."""
    return digest.hasher() is not None and _NAME.fullmatch(digest.encoded) is not None


def _content_type(header: bytes) -> str:
    try:
        value = json.loads(header) if len(header) <= MAX_HEADER else None
    except (ValueError, RecursionError):
        return ""
    media_type = value.get("type") if isinstance(value, dict) else None
    return media_type if isinstance(media_type, str) and media_type in MANIFESTS else ""
