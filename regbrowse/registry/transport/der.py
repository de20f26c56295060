"""Reads from a certificate what people want to know of it (RFC 5280; encoding: X.690, DER).

Only for messages: nothing here decides about trust. Everything is bounded, and whatever is malformed
reads as "not known".
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from regbrowse.text import visible

_LIMIT = 65_536
_MOST = 500
"""Parts of one value that are looked at."""
_STRING, _OBJECT, _BMP = 0x04, 0x06, 0x1E
_VERSION, _EXTENSIONS, _DNS, _ADDRESS = 0xA0, 0xA3, 0x82, 0x87
_COMMON_NAME, _ORGANISATION, _ALTERNATIVE_NAMES = b"\x55\x04\x03", b"\x55\x04\x0a", b"\x55\x1d\x11"


class Certificate(NamedTuple):
    """Every text is safe to show."""

    issuer: str = ""
    """The name of the authority and, in brackets, its organisation."""
    names: tuple[str, ...] = ()
    """The hosts and addresses it is for."""
    begins: datetime | None = None
    ends: datetime | None = None


def read_certificate(der: bytes) -> Certificate | None:
    """None when it cannot be read."""
    try:
        if len(der) > _LIMIT:
            return None
        whole = next(_parts(der))[1]
        fields = [part for part in _parts(next(_parts(whole))[1]) if part[0] != _VERSION]
        issuer, validity, subject = (fields[number][1] for number in (2, 3, 4))
        begins, ends = (_time(tag, value) for tag, value in list(_parts(validity))[:2])
        names = tuple(name for tag, value in fields[6:] if tag == _EXTENSIONS for name in _names(value))
        return Certificate(_issuer(issuer), names or tuple(_words(subject, _COMMON_NAME)), begins, ends)
    except (ValueError, IndexError, StopIteration, OverflowError):
        return None


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each value that stands in `data`, one after the other."""
    at = 0
    for _ in range(_MOST):
        if at >= len(data):
            return
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            if not 1 <= count <= 4:
                raise ValueError("length")
            length, at = int.from_bytes(data[at : at + count]), at + count
        if at + length > len(data):
            raise ValueError("too short")
        yield tag, data[at : at + length]
        at += length


def _words(name: bytes, kind: bytes) -> Iterator[str]:
    """The values of one kind in a distinguished name."""
    for _, group in _parts(name):
        for _, pair in _parts(group):
            (_, what), (tag, value) = list(_parts(pair))[:2]
            if what == kind:
                encoding = "utf-16-be" if tag == _BMP else "utf-8"
                yield visible(value.decode(encoding, "replace"), 100)


def _issuer(name: bytes) -> str:
    common, organisation = next(_words(name, _COMMON_NAME), ""), next(_words(name, _ORGANISATION), "")
    return f"{common} ({organisation})" if common and organisation else common or organisation


def _time(tag: int, value: bytes) -> datetime | None:
    text = value.decode("ascii")
    try:
        return datetime.strptime(text, "%y%m%d%H%M%SZ" if tag == 0x17 else "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _names(wrapped: bytes) -> Iterator[str]:
    for _, extensions in _parts(wrapped):
        for _, extension in _parts(extensions):
            parts = list(_parts(extension))
            if parts[0] != (_OBJECT, _ALTERNATIVE_NAMES) or parts[-1][0] != _STRING:
                continue
            for tag, value in _parts(next(_parts(parts[-1][1]))[1]):
                if tag == _DNS:
                    yield visible(value.decode("ascii", "replace"), 253)
                elif tag == _ADDRESS:
                    yield str(ipaddress.ip_address(value))
