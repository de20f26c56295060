"""Pages of tag lists and catalogs: any bytes and any JSON give valid names only, or a reason."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regbrowse.errors import BadResponse
from regbrowse.reference import Registry, Repository, is_repository_path, is_tag
from regbrowse.registry.listing import pagination
from regbrowse.registry.listing.pagination import Cursor, read_names
from regbrowse.registry.requests import Response, tags_request
from support.documents import WRONG, places, replaced

QUESTION = tags_request(Repository(Registry.parse("registry.example.com"), "acme/app"))
MEMBERS = {"tags": is_tag, "repositories": is_repository_path}
PAGE = {"name": "acme/app", "tags": ["1.0", "latest"], "repositories": ["acme/app", "x"], "errors": [{"code": "C"}]}
NAMES = st.text(alphabet="aA0._-/:@% \n\x1b\u202e", max_size=12) | st.sampled_from(["a" * 128, "a" * 129, "a" * 256])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | NAMES,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from([*PAGE, "", "child"]), inner),
    max_leaves=20,
)


def read(body: bytes, member: str) -> tuple[list[str], int] | None:
    """What comes of a page; None when it is refused, with a sentence that can be shown."""
    reply = Response(QUESTION, 200, httpx.Headers(), body, "https://registry.example.com/v2/", 0.1)
    try:
        names, hidden = asyncio.run(read_names(reply, member, MEMBERS[member]))
    except BadResponse as error:
        if not str(error).isprintable() or error.wanted != QUESTION.wanted:
            raise
        return None
    assert all(MEMBERS[member](name) for name in names)
    assert hidden >= 0
    return names, hidden


@pytest.mark.parametrize("member", MEMBERS)
@given(value=JSON)
@settings(deadline=None)
def test_any_json(member: str, value: object) -> None:
    found = read(json.dumps(value).encode(), member)
    entries = value.get(member) if isinstance(value, dict) else None
    if found is not None and isinstance(entries, list):
        assert len(found[0]) + found[1] == len(entries)


@pytest.mark.parametrize("member", MEMBERS)
@given(body=st.binary(max_size=80) | st.text(alphabet='{}[]",:tags\\u0', max_size=60).map(str.encode))
@settings(deadline=None)
def test_any_bytes(member: str, body: bytes) -> None:
    read(body, member)


@pytest.mark.parametrize("member", MEMBERS)
def test_every_field_of_every_wrong_kind(member: str) -> None:
    for path in places(PAGE):
        for wrong in WRONG:
            found = read(json.dumps(replaced(PAGE, path, wrong)).encode(), member)
            if path and path[0] != member:
                assert found == (PAGE[member], 0)


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=6), max_size=8))
def test_every_name_comes_once_and_in_its_order(pages: list[list[str]]) -> None:
    cursor = Cursor()
    fresh = [name for page in pages for name in cursor.add(page)]
    assert fresh == list(dict.fromkeys(name for page in pages for name in page))
    assert cursor.names == set(fresh)
    assert (cursor.total, cursor.truncated) == (len(fresh), False)


def test_names_of_a_long_streamed_list_are_known_without_being_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pagination, "MAX_KEPT_OF_STREAM", 10)
    names = [f"tag-{number}" for number in range(50_000)]
    cursor = Cursor(streamed=True)
    assert cursor.add(names[:10]) == tuple(names[:10])
    kept = cursor.names
    assert kept == set(names[:10])
    assert cursor.add(names[:11]) == (names[10],)
    assert cursor.names is None
    for _ in range(2):
        cursor.add(names[:25_000])
    assert (cursor.total, cursor.truncated) == (25_000, False)
    assert all(name in cursor for name in names[:25_000])
    assert not any(name in cursor for name in names[25_000:])


@pytest.mark.parametrize(("streamed", "most"), [(False, "MAX_NAMES"), (True, "MAX_STREAMED_NAMES")])
def test_a_list_of_more_names_than_are_read_is_cut(monkeypatch: pytest.MonkeyPatch, streamed: bool, most: str) -> None:
    monkeypatch.setattr(pagination, most, 3)
    monkeypatch.setattr(pagination, "MAX_KEPT_OF_STREAM", 1)
    cursor = Cursor(streamed=streamed)
    assert cursor.add(["a", "b", "a"]) == ("a", "b")
    assert cursor.add(["b", "c", "a"]) == ("c",)
    assert (cursor.total, cursor.truncated) == (3, False)
    assert cursor.add(["c", "d"]) == ()
    assert (cursor.total, cursor.truncated) == (3, True)
