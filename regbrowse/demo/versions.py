"""The tags of acme/shop/webapp: 1,204 of them, as a project has after five years."""

from __future__ import annotations

import hashlib
from functools import cache
from itertools import cycle

from regbrowse.demo.signed import SIGNED

NEWEST = "2.14.1"
_RECENT = (2, 5, 6, 8, 4, 9, 3, 10)
"""Patch releases of 2.14, 2.13, … 2.7."""
_OLDER = (9, 14, 11, 17, 8, 12, 20, 10)
_NAMED = {"main": "main", "nightly": "nightly", "next": "3.0.0-rc.2", "latest": NEWEST}
_RELEASES = 886
"""Tags that are no signatures."""
_SIGNATURES = 318


@cache
def stable() -> tuple[str, ...]:
    """All stable versions, newest first."""
    found = [f"2.{14 - at}.{patch}" for at, count in enumerate(_RECENT) for patch in reversed(range(count))]
    minors = [*(f"2.{minor}" for minor in range(6, -1, -1)), *(f"1.{minor}" for minor in range(53, -1, -1))]
    floating = len(_NAMED) + 2 + 2 + len(_RECENT) + len(minors)
    for minor, count in zip(minors, cycle(_OLDER), strict=False):
        left = _RELEASES - floating - len(found)
        count = left if minor == "1.0" else min(count, left)
        found += [f"{minor}.{patch}" for patch in reversed(range(count))]
    return tuple(found)


@cache
def webapp_tags() -> dict[str, str]:
    """Each tag with the key of its content, in lexical order as most registries serve them."""
    tags = dict(_NAMED) | {"3.0.0-rc.1": "3.0.0-rc.1", "3.0.0-rc.2": "3.0.0-rc.2"}
    for version in reversed(stable()):
        major, minor, _ = version.split(".")
        tags[version] = tags[f"{major}.{minor}"] = tags[major] = version
    for digest, version in SIGNED.items():
        tags[digest.replace(":", "-") + ".sig"] = f"sig {version}"
    for number in range(_SIGNATURES - len(SIGNED)):
        tags[orphan(number).replace(":", "-") + ".sig"] = f"sig #{number}"
    return dict(sorted(tags.items()))


def orphan(number: int) -> str:
    """The digest of a nightly build that is gone while its signature stayed."""
    return "sha256:" + hashlib.sha256(f"pruned nightly build {number}".encode()).hexdigest()


def signed_digest(version: str) -> str:
    """The committed index digest of a signed version."""
    return next(digest for digest, signed in SIGNED.items() if signed == version)
