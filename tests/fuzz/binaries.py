"""Files that are no text, the same in every run: an archive with members of every kind, and a certificate."""

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


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    length = bytes([len(content)]) if len(content) < 128 else b"\x82" + len(content).to_bytes(2, "big")
    return bytes([tag]) + length + content


def _name(text: str) -> bytes:
    common = _der(0x30, _der(0x06, b"\x55\x04\x03"), _der(0x0C, text.encode()))
    organisation = _der(0x30, _der(0x06, b"\x55\x04\x0a"), _der(0x1E, text.encode("utf-16-be")))
    return _der(0x30, _der(0x31, common), _der(0x31, organisation))


def _certificate() -> bytes:
    """As much of one as is looked at (RFC 5280, 4.1)."""
    names = _der(0x30, _der(0x82, b"a.example.com"), _der(0x87, bytes([127, 0, 0, 1])))
    extension = _der(0x30, _der(0x06, b"\x55\x1d\x11"), _der(0x04, names))
    return _der(
        0x30,
        _der(
            0x30,
            _der(0xA0, _der(0x02, b"\x02")),
            _der(0x02, b"\x05"),
            _der(0x30, _der(0x06, b"\x2a")),
            _name("Authority"),
            _der(0x30, _der(0x17, b"240618094100Z"), _der(0x18, b"20340618094100Z")),
            _name("a.example.com"),
            _der(0x30, _der(0x03, b"\x00")),
            _der(0xA3, _der(0x30, extension)),
        ),
    )


ARCHIVE = _archive()
CERTIFICATE = _certificate()
