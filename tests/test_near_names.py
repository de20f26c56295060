"""Names that somebody may have meant."""

from __future__ import annotations

import pytest

from regbrowse.near_names import near_names

REPOSITORIES = ["acme/shop/webapp", "acme/shop/worker", "acme/base/alpine", "tools/git"]
TAGS = ["2.14.1", "2.14.0", "latest", "nightly", "1.0"]


@pytest.mark.parametrize(
    ("wanted", "names", "near"),
    [
        ("acme/shop/webap", REPOSITORIES, "acme/shop/webapp"),
        ("webapp", REPOSITORIES, "acme/shop/webapp"),
        ("library/alpine", REPOSITORIES, "acme/base/alpine"),
        ("latets", TAGS, "latest"),
        ("2.14.11", TAGS, "2.14.1"),
        ("v2.14.1", TAGS, "2.14.1"),
    ],
)
def test_the_nearest_comes_first(wanted: str, names: list[str], near: str) -> None:
    assert near_names(wanted, names)[0] == near


@pytest.mark.parametrize("wanted", ["zzz", "something/else"])
def test_what_is_near_nothing(wanted: str) -> None:
    assert near_names(wanted, REPOSITORIES) == ()
