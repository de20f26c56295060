from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regbrowse.registry.listing.link import next_page, next_target, with_query

PATH = "/v2/x/tags/list"
BASE = f"http://h{PATH}?n=2"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('</path1>; rel="next", </path2> ; rel="next", / ; rel=index', "/path1"),
        (
            "</TheBook/chapter2>;\trel=\"previous\"; title*=UTF-8'de'letztes%20Kapitel, "
            "</TheBook/chapter4>; rel=\"next\"; title*=UTF-8'de'n%c3%a4chstes%20Kapitel",
            "/TheBook/chapter4",
        ),
        ('</v2/_catalog?last=a&n=2&orderby=>; rel="next"', "/v2/_catalog?last=a&n=2&orderby="),
        ("<//evil/x>; rel=next", "//evil/x"),
        ('</x>; rel="prev next"', "/x"),
        ("</x?a=1,2>; REL=NEXT", "/x?a=1,2"),
        ('</x>; title="a, b; rel=next"; rel=prev', None),
        ("</x>; rel=prev; rel=next", None),
        ("</path", None),
        ("\\", None),
        ('<>; rel="next"', None),
        ("", None),
        ("</x>", None),
        ("/x?last=b; rel=next", "/x?last=b"),
        ('/x; rel="prev", /y?last=b ; rel="next"', "/y?last=b"),
        ("; rel=next", None),
        (", ,;=,<>,", None),
    ],
)
def test_the_next_link_is_found(line: str, expected: str | None) -> None:
    assert next_target([line]) == expected


def test_the_next_link_may_stand_in_a_later_line() -> None:
    assert next_target(["</a>; rel=prev", "</b>; rel=next"]) == "/b"


@given(st.text(alphabet=st.sampled_from('<>;,= "\\relnxt/\t'), max_size=200))
def test_nothing_ever_raises(line: str) -> None:
    next_target([line])
    next_page([line], BASE, PATH, "h", {})


@pytest.mark.parametrize(
    ("target", "url"),
    [
        (f"{PATH}?n=2&last=b", f"http://h{PATH}?n=2&last=b"),
        (f"http://h{PATH}?next_page=gAAA", f"http://h{PATH}?next_page=gAAA"),
        (f"https://h{PATH}?last=b", f"http://h{PATH}?last=b"),
        (f"http://10.0.0.5:5000{PATH}?last=b", f"http://h{PATH}?last=b"),
        ("list?last=b", f"http://h{PATH}?last=b"),
        ("?last=b", f"http://h{PATH}?last=b"),
        (f"{PATH}?last=a b", f"http://h{PATH}?last=a%20b"),
        ("/v2%2fx/tags/%6cist?last=b", f"http://h{PATH}?last=b"),
    ],
)
def test_a_link_to_the_same_list_is_followed_on_our_own_origin(target: str, url: str) -> None:
    assert next_page([f'<{target}>; rel="next"'], BASE, PATH, "h", {}).url == url


@pytest.mark.parametrize(
    ("target", "word"),
    [
        ("//evil/x", "another host (evil)"),
        ("https://evil.example/other?last=b", "another host (evil.example)"),
        ("/v2/y/tags/list?last=b", "another place (/v2/y/tags/list)"),
        ("http://u:p@h/v2/x/tags/list", "a user name"),
        ("http://h\\@evil/v2/x/tags/list", "a backslash"),
        ("file:///etc/passwd", 'the scheme "file"'),
    ],
)
def test_any_other_link_is_not_followed_and_says_why(target: str, word: str) -> None:
    after = next_page([f'<{target}>; rel="next"'], BASE, PATH, "h", {})
    assert after.url is None
    assert word in after.note


@pytest.mark.parametrize("origin", ["", "https://inner.example"])
def test_artifactory_forgets_its_prefix_so_only_its_cursor_counts(origin: str) -> None:
    here = f"http://h{PATH}?n=2&last=a"
    link = f"<{origin}/v2/other/tags/list?last=10000&n=2>; rel=next"
    after = next_page([link], here, PATH, "h", {"x-jfrog-version": "7"})
    assert after.url == f"http://h{PATH}?last=10000&n=2"


def test_only_so_many_lines_and_characters_are_read() -> None:
    link = "</x>; rel=next"
    assert next_target([*["</a>"] * 15, link]) == "/x"
    assert next_target([*["</a>"] * 16, link]) is None
    assert next_target([link.rjust(16_384)]) == "/x"
    assert next_target([link.rjust(16_385)]) is None


def test_a_list_whose_links_are_not_all_read_is_not_taken_for_complete() -> None:
    link = f"<{PATH}?last=b>; rel=next"
    for lines in ([*["</a>; rel=first"] * 16, link], [link.rjust(16_385)]):
        after = next_page(lines, BASE, PATH, "h", {})
        assert after.url is None
        assert after.note == "h sent more in Link headers than is read; its list may go on."
    assert next_page([link, *["</a>; rel=first"] * 16], BASE, PATH, "h", {}).url == f"http://h{PATH}?last=b"


@pytest.mark.parametrize("end", ["", ";", '; title="more"', '; rel=""'])
def test_a_link_without_a_relation_is_followed_into_the_same_list(end: str) -> None:
    lines = [f"</v2/about?x=1>, <{PATH}?n=2&last=b>{end}"]
    assert next_page(lines, BASE, PATH, "h", {}).url == f"http://h{PATH}?n=2&last=b"


@pytest.mark.parametrize(
    "line",
    [
        "</v2/y/tags/list?last=b>",
        "<https://evil.example/other?last=b>",
        f"<{PATH}?last=a>; rel=prev",
        f"<{PATH}?n=2&last=a>",
        f"<{PATH}?n=2>",
        f"<{PATH}>",
    ],
    ids=["another list", "another host", "the page before", "this page", "the first page", "the list"],
)
def test_any_other_link_without_a_relation_is_no_next_page(line: str) -> None:
    after = next_page([line], f"http://h{PATH}?n=2&last=a", PATH, "h", {})
    assert (after.url, after.note) == (None, "")


def test_a_path_behind_a_prefix_has_a_fallback_without_it() -> None:
    after = next_page([f"</repository/docker{PATH}?last=b>; rel=next"], BASE, PATH, "h", {})
    assert after.url == f"http://h/repository/docker{PATH}?last=b"
    assert after.fallback == f"http://h{PATH}?last=b"


def test_cursors_may_be_any_bytes() -> None:
    after = next_page(["</x?last=%FF%00%2B&n=2>; rel=next"], BASE, PATH, "h", {"x-artifactory-id": "7"})
    assert after.url == f"http://h{PATH}?last=%FF%00%2B&n=2"
    assert next_page(["</x?last=\ud800>; rel=next"], BASE, PATH, "h", {"x-artifactory-id": "7"}).note


def test_query_values_are_encoded_exactly_once() -> None:
    assert with_query("http://h/p?a=1%2B2&last=x", last="é+ &") == "http://h/p?a=1%2B2&last=%C3%A9%2B%20%26"
