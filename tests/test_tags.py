"""The order of tags and aliases, signature tags, and the filter."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regbrowse.tags import alias_order, is_signature_tag, matches, newest_first, sort_key

HEX = "0123456789abcdef" * 4

ORDERED = [
    "latest main next nightly 3.0.0-rc.2 3.0.0-rc.1 2.14.1 2.14.0 2.14 2.13.4 2.13.3 2.13.2 2.13.1 2.13.0 2.13 2 1",
    "latest edge 3.20.1 3.20.0 3.20 3.20-alpine 3.20-slim 3.19 3",
    "3.0.0 3.0.0-rc.10 3.0.0-rc.2 3.0.0-beta.11 3.0.0-beta.2 3.0.0-alpha 3.0.0-dev.1 2.9",
    "3.13.0 3.13.0-slim 3.13.0rc2 3.13.0b1 3.13.0a3 3.12.9",
    "1.0.0 1.0.0-rc.2 1.0.0-rc.1 1.0.0-rc 1.0.0-beta.11 1.0.0-beta.2 1.0.0-beta 1.0.0-alpha.1 1.0.0-alpha 0.9",
    "1.0.0 1.0.0-beta.2.1 1.0.0-beta.2 1.0.0-beta.2-alpine 1.0.0-beta 1.0.0-beta-alpine",
    "3.0.0-beta10 3.0.0-beta2 3.0.0-beta 3.0.0b 3.0.0a1 3.0.0a 2.0rc2 2.0rc",
    "latest 18.1 18 18-alpine 18rc1 18rc1-alpine3.22 18beta10 18beta2 18beta1 18beta1-trixie 18alpha1 18-dev 17.6 17",
    "v2 v2rc1 v2b2 v2a1 v1 1a2b3c4d5e6f 2b1234567",
    "70b 8b 4alphas 3d-viewer 2fa 6 5beta-x1y 5alpha",
    "v1.10.0 v1.9.0 v1.9.0-rc.1 v1.9 v1",
    "1.2.3 v1.2.3 1.2.3-r12 1.2.3-r5 1.2.2",
    "20240618 20240513 22.04 20.04",
    "2024-06-18 2024-06-17 2023-12-01",
    "bookworm bookworm-slim 12.5 12 pr-101 pr-12",
    "alpine windows-ltsc2022 1.0 alpine3.20 alpine3.19 bookworm-20240612 bookworm-20240512",
    f"main 1.0 build-7 1a2b3c4d5e6f main-{'0a' * 20} sha-1a2b3c4",
]


@pytest.mark.parametrize("line", ORDERED)
def test_newest_first(line: str) -> None:
    tags = line.split()
    shuffled = tags[:]
    random.Random(7).shuffle(shuffled)
    assert newest_first(shuffled) == tags


@given(st.lists(st.text(alphabet="0123456789.-_vrcabetlpsnghfinext", min_size=1, max_size=20), max_size=30))
def test_the_order_is_total(tags: list[str]) -> None:
    assert sorted(newest_first(reversed(tags)), key=sort_key) == newest_first(tags)


@given(st.text(max_size=128), st.text(max_size=128))
def test_any_two_tags_can_be_compared(left: str, right: str) -> None:
    assert (sort_key(left) == sort_key(right)) is (left == right)
    assert (sort_key(left) < sort_key(right)) is not (sort_key(left) >= sort_key(right))


def test_a_hundred_thousand_tags() -> None:
    tags = [f"{n % 50}.{n % 7}.{n}" for n in range(50_000)] + [f"v{n % 50}.{n}-alpine3.{n % 20}" for n in range(50_000)]
    started = time.process_time()
    newest_first(tags)
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    "tag",
    [
        f"sha256-{HEX}",
        f"sha256-{HEX}.sig",
        f"sha256-{HEX}.att",
        f"sha256-{HEX}.sbom",
        f"sha512-{HEX}",
        f"sha256-{HEX[:32]}.base",
        f"sha256-{HEX}-esgztoc",
        "3.20-esgztoc",
    ],
)
def test_signature_tags(tag: str) -> None:
    assert is_signature_tag(tag)


@pytest.mark.parametrize(
    "tag", ["latest", "1.0.sig", "sha-1a2b3c4", f"main-{HEX[:40]}", f"sha-{HEX[:40]}", "sha256-abc"]
)
def test_tags_for_people(tag: str) -> None:
    assert not is_signature_tag(tag)


@pytest.mark.parametrize(
    ("of", "line"),
    [
        ("2.14.1", "latest 2.14 2"),
        ("2.14", "2.14.1 latest 2"),
        ("latest", "2.14.1 2.14 2"),
        ("next", "3.0.0-rc.2"),
        ("2.13.4", "2.13"),
        ("main", "latest edge"),
        ("latest", "3.20.1 edge 3.20.1-alpine 3.20 3"),
        ("3.20.1", "latest edge 3.20.1-alpine 3.20"),
    ],
)
def test_alias_order(of: str, line: str) -> None:
    aliases = line.split()
    assert alias_order([*reversed(aliases), of], of) == tuple(aliases)


@pytest.mark.parametrize(
    ("query", "name", "fuzzy", "positions"),
    [
        ("", "x", False, ()),
        ("ABC", "xxabc", False, (2, 3, 4)),
        ("abd", "xxabc", False, None),
        ("wb", "webapp", False, None),
        ("wb", "webapp", True, (0, 2)),
        ("ap", "abcap", True, (3, 4)),
        ("abc", "aabbcc", True, (1, 3, 4)),
        ("pw", "webapp", True, None),
        ("i", "İi", False, (1,)),
    ],
)
def test_matches(query: str, name: str, fuzzy: bool, positions: tuple[int, ...] | None) -> None:
    assert matches(query, name, fuzzy) == positions


@given(st.text(max_size=6), st.text(max_size=30))
def test_positions_are_those_of_the_characters(query: str, name: str) -> None:
    for fuzzy in (False, True):
        found = matches(query, name, fuzzy)
        if found is not None:
            assert list(found) == sorted(set(found))
            assert all(0 <= position < len(name) for position in found)
            assert len(found) >= len(query)
