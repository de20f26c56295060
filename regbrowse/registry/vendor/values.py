"""Dates and sizes as the registries' own APIs write them; what cannot be one is unknown."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from regbrowse.oci.document import Reader
from regbrowse.text import CELL_LIMIT, visible

_RFC3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,9})?(?:[Zz]|([+-][0-9]{2}:?[0-9]{2}))?"
)
_START = datetime(1970, 1, 1, tzinfo=UTC)


def when(value: object) -> datetime | None:
    """A moment in RFC 3339 or as in e-mail (RFC 1123), in UTC.

    The year 1 stands for "never" in programs written in Go, and the first second of 1970 for "unset".
    """
    if not isinstance(value, str) or len(value) > 64:
        return None
    match = _RFC3339.fullmatch(value)
    try:
        if match:
            day, clock, _, zone = match.groups()
            then = datetime.fromisoformat(f"{day}T{clock}{zone or '+00:00'}")
        else:
            then = parsedate_to_datetime(value)
            then = then if then.tzinfo else then.replace(tzinfo=UTC)
        then = then.astimezone(UTC)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    return then if then > _START else None


def from_milliseconds(reader: Reader, key: str) -> datetime | None:
    """Milliseconds since 1970 as a number or a text of digits; 0 and less are what reproducible builds write."""
    number = reader.number(key, high=253_402_300_799_999, digits=True)
    return _START + timedelta(milliseconds=number) if number else None


def line(reader: Reader, key: str) -> str:
    """A description as one line that can only be looked at."""
    value = reader.raw(key)
    return visible(" ".join(value[:4096].split()), CELL_LIMIT) if isinstance(value, str) else ""


def amount(reader: Reader, key: str) -> int | None:
    """Bytes as a number or a text of digits; 0 is what is written for an index, and says nothing."""
    return reader.number(key, digits=True) or None
