"""The list behind the first pane: order, filter, signature tags, and which tags are the same image."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regbrowse.reference import Digest
from regbrowse.tags import finder, matches, newest_first
from regbrowse.tui.tag_list import Filter, TagList, order

NAMES = st.lists(st.text(alphabet="0123456789.-vrcab", min_size=1, max_size=8), max_size=60)
SIGNATURES = [f"sha256-{n:064x}.sig" for n in range(3)]
ONE, OTHER = Digest("sha256", "1" * 64), Digest("sha256", "2" * 64)


def rows(taglist: TagList) -> list[str | None]:
    return [taglist.name(index) for index in range(len(taglist))]


def leading_first(names: list[str], text: str) -> list[str]:
    """Names that begin with the text, then the others, each in their order."""
    return sorted(names, key=lambda name: not name.lower().startswith(text.lower()))


def finish(taglist: TagList) -> None:
    """Filters until nothing is left, in slices that take no time."""
    while taglist.advance():
        pass


def many(count: int = 3000) -> list[str]:
    names = [f"v{n % 30}.{n % 7}.{n}" for n in range(count)]
    random.Random(3).shuffle(names)
    return names


# Adding


@given(NAMES, st.integers(1, 7))
def test_slices_give_the_same_list_as_all_at_once(names: list[str], size: int) -> None:
    taglist = TagList()
    for at in range(0, len(names), size):
        taglist.add(names[at : at + size])
    assert rows(taglist) == newest_first(set(names))
    taglist.sort(newest_first=False)
    assert rows(taglist) == list(dict.fromkeys(names))


@given(NAMES, st.integers(1, 7))
def test_parts_that_come_together_give_the_same_list(names: list[str], size: int) -> None:
    taglist = TagList()
    parts = [order(names[at : at + size], versions=True) for at in range(0, len(names), size)]
    taglist.merge(*parts)
    assert rows(taglist) == newest_first(set(names))
    taglist.sort(newest_first=False)
    assert rows(taglist) == list(dict.fromkeys(names))


def test_repositories_are_in_alphabetical_order() -> None:
    taglist = TagList(versions=False)
    taglist.add(["team/b", "library/z", SIGNATURES[0], "1.0"])
    assert rows(taglist) == ["1.0", "library/z", SIGNATURES[0], "team/b"]


# Rows


@given(NAMES, st.booleans(), st.sampled_from(["", "1", "0.", "Vr"]), st.booleans())
def test_every_row_is_found_by_its_name(names: list[str], newest: bool, text: str, fuzzy: bool) -> None:
    taglist = TagList()
    taglist.add(names)
    taglist.sort(newest)
    taglist.set_filter(Filter(text, fuzzy))
    finish(taglist)
    for index, name in enumerate(rows(taglist)):
        assert name is not None
        assert taglist.index(name) == index
    assert taglist.index("nowhere") is None


@pytest.mark.parametrize("newest", [True, False])
def test_signature_tags_fold_into_one_row(newest: bool) -> None:
    taglist = TagList()
    taglist.add(["1.0", *SIGNATURES, "1.1"])
    taglist.sort(newest)
    assert taglist.total == 2
    assert rows(taglist)[2:] == [None]
    assert taglist.index(SIGNATURES[1]) is None
    taglist.unfolded = True
    assert rows(taglist)[2:] == [None, *SIGNATURES]
    assert taglist.index(SIGNATURES[1]) == 4
    taglist.set_filter(Filter("1."))
    assert rows(taglist) == (["1.1", "1.0"] if newest else ["1.0", "1.1"])


# Filter


@given(NAMES, st.text(alphabet="019.-vRa", min_size=1, max_size=4), st.booleans())
def test_the_filter_finds_what_is_marked(names: list[str], text: str, fuzzy: bool) -> None:
    taglist = TagList()
    taglist.add(names)
    for end in range(1, len(text) + 1):
        taglist.set_filter(Filter(text[:end], fuzzy))
        finish(taglist)
        expected = [name for name in newest_first(set(names)) if matches(text[:end], name, fuzzy) is not None]
        assert rows(taglist) == leading_first(expected, text[:end])
    taglist.set_filter(Filter())
    assert rows(taglist) == newest_first(set(names))


@pytest.mark.parametrize("newest", [True, False])
def test_names_that_begin_with_the_text_come_first(newest: bool) -> None:
    taglist = TagList()
    taglist.add(["0.1.2", "1.2", "latest-1.2", "1.2.1", "1.20", "2.1.2"])
    taglist.sort(newest)
    taglist.set_filter(Filter("1.2"))
    finish(taglist)
    leading = ["1.20", "1.2.1", "1.2"] if newest else ["1.2", "1.2.1", "1.20"]
    assert rows(taglist)[:3] == leading
    for index, name in enumerate(rows(taglist)):
        assert name is not None
        assert taglist.index(name) == index


@given(st.text(max_size=5), st.text(max_size=12), st.booleans())
def test_finding_and_marking_agree(query: str, name: str, fuzzy: bool) -> None:
    assert finder(query, fuzzy)(name) is (matches(query, name, fuzzy) is not None)


@pytest.mark.parametrize("newest", [True, False])
@pytest.mark.parametrize("wanted", [Filter("2.1"), Filter("v21", fuzzy=True)], ids=["substring", "fuzzy"])
def test_slices_of_the_filter_give_the_same_rows(wanted: Filter, newest: bool) -> None:
    names = many()
    taglist = TagList()
    taglist.add(names)
    taglist.sort(newest)
    taglist.set_filter(wanted)
    taglist.refilter()
    while taglist.advance(0.00001):
        pass
    order = newest_first(names) if newest else names
    found = [name for name in order if matches(wanted.text, name, wanted.fuzzy) is not None]
    assert rows(taglist) == leading_first(found, wanted.text)


@pytest.mark.parametrize("newest", [True, False])
def test_names_that_come_while_filtering_join_in(newest: bool) -> None:
    names = many(40_000)
    taglist = TagList()
    taglist.sort(newest)
    taglist.add(names[:30_000])
    taglist.set_filter(Filter("2.1"))
    for at in range(30_000, 40_000, 500):
        taglist.add(names[at : at + 500])
        taglist.advance(0)
    finish(taglist)
    order = newest_first(names) if newest else names
    assert rows(taglist) == leading_first([name for name in order if "2.1" in name], "2.1")


def test_a_longer_text_before_the_end_forgets_nothing() -> None:
    names = many(40_000)
    taglist = TagList()
    taglist.add(names)
    for text in ("2", "2.", "2.1"):
        taglist.set_filter(Filter(text))
    finish(taglist)
    assert rows(taglist) == leading_first([name for name in newest_first(names) if "2.1" in name], "2.1")


# Digests


def test_aliases_share_a_digest() -> None:
    taglist = TagList()
    taglist.add(["latest", "2.14", "2.14.1", "1.0"])
    for tag in ("2.14", "latest", "2.14.1"):
        taglist.set_digest(tag, ONE)
    assert taglist.aliases("2.14.1") == ("latest", "2.14")
    assert taglist.aliases("latest")[0] == "2.14.1"
    assert taglist.aliases("1.0") == ()
    taglist.set_digest("1.0", OTHER)
    assert taglist.aliases("1.0") == ()


def test_a_later_claim_replaces_the_earlier() -> None:
    taglist = TagList()
    taglist.add(["latest", "1.0", "1.1"])
    for tag, digest in (("latest", ONE), ("1.0", ONE), ("1.1", OTHER), ("latest", ONE), ("latest", OTHER)):
        taglist.set_digest(tag, digest)
    assert taglist.digests["latest"] == OTHER
    assert taglist.aliases("latest") == ("1.1",)
    assert taglist.aliases("1.0") == ()
