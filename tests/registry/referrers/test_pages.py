from __future__ import annotations

import json

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from regbrowse.oci.document import JsonValue
from regbrowse.registry.client import Client
from regbrowse.registry.referrers import api
from regbrowse.registry.referrers.api import read_page
from regbrowse.registry.referrers.finder import ReferrerFinder
from support.asking import here
from support.attached import (
    API,
    APP,
    JSON,
    SUBJECT,
    digests,
    entry,
    finder_of,
    listing,
    offer,
)
from support.fake_registry import FakeRegistry, Fault


@pytest_asyncio.fixture
async def finder(client: Client) -> ReferrerFinder:
    return finder_of(client)


@pytest_asyncio.fixture
async def shelf(registry: FakeRegistry) -> FakeRegistry:
    registry.repository("acme/app").add(APP, "1.0")
    return registry


async def test_pages_are_followed_to_the_end(shelf: FakeRegistry, finder: ReferrerFinder) -> None:
    encoded = API.replace("sha256:", "sha256%3A")
    for number, link in enumerate((f'<{API}?p=1>; rel="next"', f"<{encoded}?p=2>; rel=next", "")):
        headers = [*JSON, ("Link", link)] if link else JSON
        shelf.fault(API, Fault(status=200, body=listing(entry(number)), headers=headers, times=1))
    found = await finder.find(here(shelf), SUBJECT)
    assert digests(found) == [entry(number)["digest"] for number in range(3)]
    assert found.note == ""
    assert [path.partition("?")[2] for path in shelf.paths() if path.startswith(API)] == ["", "p=1", "p=2"]


async def test_a_later_page_that_fails_leaves_what_came(shelf: FakeRegistry, finder: ReferrerFinder) -> None:
    link = ("Link", f'<{API}?p=1>; rel="next"')
    shelf.fault(API, Fault(status=200, body=listing(entry(1)), headers=[*JSON, link], times=1))
    shelf.fault(API, Fault(status=500, body=b""))
    found = await finder.find(here(shelf), SUBJECT)
    assert len(found.entries) == 1
    assert found.note.startswith("Showing 1 entry; the rest could not be loaded: ")


@pytest.mark.parametrize(
    ("link", "said"),
    [
        (f'<{API}>; rel="next"', "sent the same page again; stopped after 1 entry."),
        ('<https://other.example/v2/x/referrers/y>; rel="next"', "on another host (other.example); not followed."),
        (f'<{API}?{{number}}>; rel="next"', "sent 3 pages without anything new; stopped after 1 entry."),
    ],
)
async def test_pages_end(shelf: FakeRegistry, finder: ReferrerFinder, link: str, said: str) -> None:
    for number in range(20):
        headers = [*JSON, ("Link", link.format(number=number))]
        shelf.fault(API, Fault(status=200, body=listing(entry(1)), headers=headers, times=1))
    found = await finder.find(here(shelf), SUBJECT)
    assert len(found.entries) == 1
    assert found.note.endswith(said)


async def test_ten_thousand_are_listed_and_the_number_is_bounded(
    shelf: FakeRegistry, finder: ReferrerFinder, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(shelf, *map(entry, range(10_000)))
    found = await finder.find(here(shelf), SUBJECT)
    assert (len(found.entries), found.note) == (10_000, "")
    monkeypatch.setattr(api, "MAX_ENTRIES", 9_999)
    found = await finder.find(here(shelf), SUBJECT)
    assert (len(found.entries), found.note) == (9_999, "Only the first 9,999 entries are shown.")


async def test_entries_without_a_digest_are_counted(shelf: FakeRegistry, finder: ReferrerFinder) -> None:
    offer(shelf, entry(1), {"digest": "sha256:short"}, None, "x")
    found = await finder.find(here(shelf), SUBJECT)
    assert (len(found.entries), found.note) == (1, "3 invalid entries left out.")


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inside: (
        st.lists(inside, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["manifests", "digest", "size", "mediaType", "artifactType", "annotations", "platform", "x"]
            ),
            inside,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(JSONS, st.booleans())
def test_no_page_breaks_the_reader(value: JsonValue, wrapped: bool) -> None:
    read_page(json.dumps({"manifests": value} if wrapped else value).encode())


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    assert read_page(body) is None or body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
