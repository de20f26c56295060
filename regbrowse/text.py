"""How remote text becomes display text, and how numbers, times and digests are written."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import UTC, datetime

CELL_LIMIT = 256
"""Characters of remote text shown in one cell of a list."""
FIELD_LIMIT = 65_536
"""Characters of remote text shown in one field of a detail view."""
_MARKS_PER_BASE = 3
_HANGUL_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
_HIDDEN = frozenset({"Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_PLAIN = re.compile(r"[\x20-\x7e]*")


def visible(text: str, limit: int = CELL_LIMIT, *, multiline: bool = False) -> str:
    """Remote text as something that can only be looked at.

    Control characters become `\\x1b`-style escapes; formatting characters (bidi, zero width,
    tags), lone surrogates and unassigned code points become `\\uXXXX`; at most three combining
    marks stay on one base; every other space becomes a plain one. Newlines stay when `multiline`.
    The result has at most `limit` characters and ends with `…` when something was cut.
    """
    if len(text) <= limit and _PLAIN.fullmatch(text):
        return text
    out: list[str] = []
    length = marks = 0
    for char in text:
        category = unicodedata.category(char)
        if category[0] == "M":
            marks += 1
            if marks > _MARKS_PER_BASE:
                continue
        else:
            marks = 0
        shown = _shown(char, category, multiline)
        if length + len(shown) > limit:
            return "".join(out)[: max(0, limit - 1)] + "…"
        out.append(shown)
        length += len(shown)
    return "".join(out)


def _shown(char: str, category: str, multiline: bool) -> str:
    if category == "Cc":
        if char == "\n" and multiline:
            return char
        return " " if char == "\t" else f"\\x{ord(char):02x}"
    if category in _HIDDEN or char in _HANGUL_FILLERS:
        code = ord(char)
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return " " if category == "Zs" else char


def size(count: int | None) -> str:
    """Bytes in powers of 1024 with one decimal, the next unit from 1,000; never wider than 9."""
    if count is None:
        return ""
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in ("KiB", "MiB", "GiB", "TiB", "PiB"):
        value /= 1024
        if value < 999.95:
            return f"{value:.1f} {unit}"
    return "huge"


def exact(count: int) -> str:
    """Bytes in full: `9,867,204 B`."""
    return f"{count:,} B"


def plural(count: int, noun: str) -> str:
    """`1 layer`, `6 layers`, `1,204 tags`, `2 entries`, `3 matches`."""
    if count == 1:
        return f"1 {noun}"
    if noun.endswith("ch"):
        return f"{count:,} {noun}es"
    return f"{count:,} {noun[:-1]}ies" if noun.endswith(("ry", "cy")) else f"{count:,} {noun}s"


def span(seconds: float) -> str:
    """How long to wait, rounded up: `12 s`, `14 min`, `2 h 5 min`."""
    whole = max(0, math.ceil(seconds))
    if whole <= 90:
        return f"{whole} s"
    minutes = math.ceil(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(?::\d\d(?:\.\d+)?)?\s*([Zz]|[+-]\d\d:?\d\d)?", re.ASCII)


def moment(text: str) -> str:
    """An RFC 3339 time as `2024-06-18 09:41 UTC`; other text (year 10000, leap second) stays as it is."""
    match = _RFC3339.match(text)
    if not match:
        return text
    day, clock, zone = match.groups()
    if zone in (None, "Z", "z"):
        return f"{day} {clock} UTC"
    try:
        local = datetime.fromisoformat(f"{day}T{clock}{zone}")
        return local.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError):
        return text


def age(then: datetime, now: datetime) -> str:
    """A time of one's own history in words: `today`, `yesterday`, `3 days ago`, `last week`."""
    days = (now.date() - then.date()).days
    if days <= 0:
        return "today"
    if days == 1:
        return "yesterday"
    if days < 7:
        return f"{days} days ago"
    if days < 14:
        return "last week"
    if days < 60:
        return f"{days // 7} weeks ago"
    return f"{days // 30} months ago" if days < 730 else f"{days // 365} years ago"
