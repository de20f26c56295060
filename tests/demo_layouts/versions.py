"""The versions of acme/shop/webapp, as a project has after five years: 1,204 tags with the signatures."""

from __future__ import annotations

import hashlib
from functools import cache
from itertools import cycle

NEWEST = "2.14.1"
NAMED = {
    "main": "2024-06-21T16:55:03.773146Z",
    "nightly": "2024-06-22T02:00:38.091552Z",
    "3.0.0-rc.2": "2024-06-20T13:27:19.402885Z",
    "3.0.0-rc.1": "2024-06-06T15:02:44.650917Z",
}
"""Times of what is no stable version."""
SIGNED = 24
"""So many versions are signed, beginning with the newest."""
ORPHANS = 294
_RECENT = (2, 5, 6, 8, 4, 9, 3, 10)
"""Patch releases of 2.14, 2.13, … 2.7."""
_OLDER = (9, 14, 11, 17, 8, 12, 20, 10)
_TAGS = 886
"""Tags that are no signatures."""


@cache
def stable() -> tuple[str, ...]:
    """All stable versions, newest first."""
    found = [f"2.{14 - at}.{patch}" for at, count in enumerate(_RECENT) for patch in reversed(range(count))]
    minors = [*(f"2.{minor}" for minor in range(6, -1, -1)), *(f"1.{minor}" for minor in range(53, -1, -1))]
    others = len((*NAMED, "latest", "next", "2", "1", *_RECENT, *minors))
    for minor, count in zip(minors, cycle(_OLDER), strict=False):
        left = _TAGS - others - len(found)
        count = left if minor == "1.0" else min(count, left)
        found += [f"{minor}.{patch}" for patch in reversed(range(count))]
    return tuple(found)


def aliases() -> dict[str, str]:
    """The version that each floating tag points to."""
    found = {"latest": NEWEST, "next": "3.0.0-rc.2"}
    for version in reversed(stable()):
        major, minor, _ = version.split(".")
        found[major] = found[f"{major}.{minor}"] = version
    return found


def orphan(number: int) -> str:
    """The digest, without `sha256:`, of a nightly build that is gone while its signature stayed."""
    return hashlib.sha256(f"pruned nightly build {number}".encode()).hexdigest()
