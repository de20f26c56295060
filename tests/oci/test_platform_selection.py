"""Which image of one level is selected for a platform, and what is known of the choice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.index_walk import entries
from regbrowse.oci.manifest import Index
from regbrowse.oci.mediatype import OCI_INDEX, OCI_MANIFEST
from regbrowse.oci.platform import Platform
from regbrowse.oci.platform_selection import (
    Candidate,
    PlatformRequest,
    PlatformSelection,
    alternative,
    listed,
    select,
)
from regbrowse.reference import Digest


def index(*platforms: str) -> Index:
    """An index with an image for each; the empty text is one that does not say its platform."""
    members = tuple(
        Descriptor(OCI_MANIFEST, Digest.of(bytes([at])), 1, Platform.parse(text) if text else None)
        for at, text in enumerate(platforms)
    )
    return Index(manifests=members, raw=b"", digest=Digest.of(b"index"), media_type=OCI_INDEX)


def selection(wanted: str, *platforms: str) -> PlatformSelection:
    return select(listed(entries(index(*platforms))), PlatformRequest(Platform.parse(wanted)))


def texts(platforms: tuple[Platform, ...]) -> list[str]:
    return [str(each) for each in platforms]


@pytest.mark.parametrize(
    ("wanted", "offered", "taken", "exact", "repeated", "further", "versions"),
    [
        ("linux/amd64", ["linux/arm64", "linux/amd64"], "linux/amd64", True, [], [], []),
        ("linux/x86_64", ["linux/amd64"], "linux/amd64", True, [], [], []),
        ("linux/arm/v7", ["linux/arm/v5", "linux/arm/v6"], "linux/arm/v6", False, [], ["linux/arm/v5"], []),
        ("linux/arm/v7", ["linux/arm/v6", "linux/arm"], "linux/arm", True, [], ["linux/arm/v6"], []),
        ("linux/arm64", ["linux/arm64", "linux/arm64/v8"], "linux/arm64", True, ["linux/arm64/v8"], [], []),
        (
            "windows/amd64",
            ["windows/amd64:1.0", "windows/amd64:2.0", "windows/amd64:1.0"],
            "windows/amd64 1.0", True, ["windows/amd64 1.0"], ["windows/amd64 2.0"], ["windows/amd64 2.0"],
        ),
        ("windows/amd64:2", ["windows/amd64:1.0", "windows/amd64:2.0"], "windows/amd64 2.0", True, [], [], []),
        ("linux/s390x", ["linux/amd64", ""], None, False, [], [], []),
    ],
)  # fmt: skip
def test_what_is_selected_and_why(
    wanted: str,
    offered: list[str],
    taken: str | None,
    exact: bool,
    repeated: list[str],
    further: list[str],
    versions: list[str],
) -> None:
    found = selection(wanted, *offered)
    assert (str(found.platform) if found.platform else None) == taken
    assert found.is_exact is exact
    assert texts(found.repeated) == repeated
    assert texts(found.further) == further
    assert texts(found.versions) == versions
    assert len(found.offered) == sum(bool(each) for each in offered)


def test_the_first_of_several_is_taken() -> None:
    found = selection("linux/amd64", "linux/arm64", "linux/amd64", "linux/amd64")
    assert found.descriptor is not None
    assert found.descriptor.digest == Digest.of(bytes([1]))


@pytest.mark.parametrize(
    ("offered", "at"),
    [
        (["linux/s390x", "linux/amd64"], 1),
        (["linux/s390x", "linux/ppc64le"], 1),
        (["linux/s390x", "linux/386"], 0),
        (["", ""], 0),
    ],
)
def test_what_is_shown_where_nothing_fits(host: Callable[[str], None], offered: list[str], at: int) -> None:
    host("linux/ppc64le")
    root = index(*offered)
    found = alternative(listed(entries(root)), root)
    assert found is not None
    assert found.digest == Digest.of(bytes([at]))


def test_an_image_that_does_not_say_its_platform_comes_after_those_that_do() -> None:
    root = index("", "plan9/mips")
    silent, said = entries(root)
    found = alternative([Candidate(silent, None), Candidate(said, said.platform)], root)
    assert found == said.descriptor


def test_an_empty_index_shows_nothing() -> None:
    assert alternative([], index()) is None
