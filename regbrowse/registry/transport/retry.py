"""When a request is sent again, and how long to wait before."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRIED_STATUSES = frozenset({408, 429, 499, 500, 502, 503, 504, 522, 524})
MAX_SECONDS = 3600.0
"""The longest `Retry-After` that is believed."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read `Retry-After`, a number or a date (RFC 9110, 10.2.3), or Docker Hub's older `X-Retry-After` in unix time.

    Seconds from 0 to an hour; None when there is none that can be read.
    """
    text = headers.get("retry-after", "").strip()
    if text:
        try:
            return _bounded(float(text))
        except ValueError:
            pass
        try:
            then = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return None
        return _bounded((then.replace(tzinfo=then.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    moment = headers.get("x-retry-after", "").strip()
    return _bounded(int(moment) - time.time()) if re.fullmatch(r"[0-9]{1,12}", moment) else None


def backoff(attempt: int, first: float, asked: float | None = None) -> float:
    """Give the seconds before the next attempt: doubling from `first`, with jitter; never less than `asked`."""
    usual = min(30.0, first * 2.0**attempt)
    if asked and asked >= usual:
        return asked * random.uniform(1.0, 1.05)
    return usual * random.uniform(0.8, 1.2)


def _bounded(seconds: float) -> float:
    return min(MAX_SECONDS, max(0.0, seconds)) if seconds == seconds else 0.0
