"""Read lengths and ranges in the headers of a response (RFC 9110, 8.6 and 14.4)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/(?:([0-9]{1,18})|\*)", re.IGNORECASE)


class ContentRange(NamedTuple):
    """The bytes that a partial response holds."""

    first: int
    last: int
    """Included."""
    total: int | None
    """Bytes of the whole; None when the server does not know."""


def content_length(headers: Mapping[str, str]) -> int | None:
    """Return the `Content-Length` of a response; None when it is absent or no number."""
    return header_number(headers.get("content-length", ""))


def header_number(text: str) -> int | None:
    """Return the number in a header; None for what is no decimal number of at most 18 digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def content_range(lines: Sequence[str]) -> ContentRange | None:
    """Parse `Content-Range`; None unless there is exactly one line with a possible range (RFC 9110, 14.4)."""
    match = _CONTENT_RANGE.fullmatch(lines[0].strip()) if len(lines) == 1 else None
    if match is None:
        return None
    first, last, total = (int(group) if group else None for group in match.groups())
    if first is None or last is None or last < first or (total is not None and last >= total):
        return None
    return ContentRange(first, last, total)
