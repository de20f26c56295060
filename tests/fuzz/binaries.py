"""Files that are no text, the same in every run: an archive with members of every kind."""

from __future__ import annotations

import io
import tarfile

_KINDS = {
    "hard": (tarfile.LNKTYPE, "file"),
    "soft": (tarfile.SYMTYPE, "../file"),
    "folder": (tarfile.DIRTYPE, ""),
    "device": (tarfile.CHRTYPE, ""),
}


def _archive() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in ("file", "n" * 120, "é" * 80, "../outside"):
            entry = tarfile.TarInfo(name)
            entry.size = 5
            tar.addfile(entry, io.BytesIO(b"12345"))
        for name, (kind, link) in _KINDS.items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, link
            tar.addfile(entry)
    return packed.getvalue()


ARCHIVE = _archive()
