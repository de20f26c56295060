"""How long to wait before asking again, and what a pull limit still allows."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from regbrowse.registry.facts import Rate

RETRIED = frozenset({408, 429, 499, 500, 502, 503, 504, 522, 524})
PATIENCE = 5.0
"""Seconds waited without telling; a longer wait is left to the person."""
_LONGEST = 3600.0
_RATE = re.compile(r"\s*(\d{1,12})(?:\s*;\s*w=(\d{1,12}))?")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """`Retry-After` as seconds or a date, or the older `X-Retry-After` as unix time; None when there is none."""
    text = headers.get("retry-after", "").strip()
    if text:
        try:
            return _bounded(float(text))
        except ValueError:
            pass
        try:
            then = parsedate_to_datetime(text)
        except ValueError:
            return None
        return _bounded((then.replace(tzinfo=then.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    moment = headers.get("x-retry-after", "")
    return _bounded(int(moment) - time.time()) if re.fullmatch(r"[0-9]{1,12}", moment) else None


def pause_before(attempt: int, first: float, asked: float | None) -> float:
    """Seconds before the next try: doubling, with a little chance so that clients do not march in step."""
    return max(asked or 0.0, min(30.0, first * 2.0**attempt)) * random.uniform(0.8, 1.2)


def rate_of(headers: Mapping[str, str]) -> Rate | None:
    """`ratelimit-limit` and `ratelimit-remaining` (Docker Hub, usage and limits)."""
    limit = _RATE.match(headers.get("ratelimit-limit", ""))
    remaining = _RATE.match(headers.get("ratelimit-remaining", ""))
    if not limit or not remaining:
        return None
    window = limit[2] or remaining[2]
    return Rate(int(limit[1]), int(remaining[1]), int(window) if window else None)


def _bounded(seconds: float) -> float:
    return min(_LONGEST, max(0.0, seconds)) if seconds == seconds else 0.0
