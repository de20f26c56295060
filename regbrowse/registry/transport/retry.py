"""How long to wait before asking again, and what a pull limit still allows."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from regbrowse.registry.models import Rate

RETRIED = frozenset({408, 429, 499, 500, 502, 503, 504, 522, 524})
LONGEST = 3600.0
"""Seconds; nobody is believed who asks for more."""
_RATE = re.compile(r"\s*(\d{1,12})(?:\s*;\s*w=(\d{1,12}))?")


async def rest(seconds: float, hurried: asyncio.Event) -> None:
    """Lets the time pass, or less of it when somebody is in a hurry."""
    if seconds <= 0:
        await asyncio.sleep(0)
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await hurried.wait()


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from 0 to an hour: `Retry-After` as a number or a date (RFC 9110, 10.2.3), or the older
    `X-Retry-After` of Docker Hub as unix time; None when there is none that can be read.
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


def pause_before(attempt: int, first: float, asked: float | None = None) -> float:
    """Seconds before the next try: doubling, with a little chance so that clients do not march in step.

    Never less than a registry asked for.
    """
    usual = min(30.0, first * 2.0**attempt)
    if asked and asked >= usual:
        return asked * random.uniform(1.0, 1.05)
    return usual * random.uniform(0.8, 1.2)


def rate_of(headers: Mapping[str, str]) -> Rate | None:
    """`ratelimit-limit` and `ratelimit-remaining` (Docker Hub, usage and limits)."""
    limit = _RATE.match(headers.get("ratelimit-limit", ""))
    remaining = _RATE.match(headers.get("ratelimit-remaining", ""))
    if not limit or not remaining:
        return None
    window = limit[2] or remaining[2]
    return Rate(int(limit[1]), int(remaining[1]), int(window) if window else None)


def _bounded(seconds: float) -> float:
    return min(LONGEST, max(0.0, seconds)) if seconds == seconds else 0.0
