"""Display text: nothing remote reaches the terminal as anything but characters to look at."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regbrowse.text import age, exact, moment, plural, size, visible


def test_hostile_characters_become_escapes() -> None:
    hostile = "a\x1b[31mred\u202eevil\u200b\x9b2J\u2028x\ud800 tag[/foo] \U000e0041 \u3164 e" + "\u0301" * 5 + " 日本"
    shown = (
        "a\\x1b[31mred\\u202eevil\\u200b\\x9b2J\\u2028x\\ud800 tag[/foo] \\U000e0041 \\u3164 e" + "\u0301" * 3 + " 日本"
    )
    assert visible(hostile) == shown


def test_spaces_and_newlines() -> None:
    assert visible("a\tb\u00a0c\u3000d") == "a b c d"
    assert visible("a\nb\r") == "a\\x0ab\\x0d"
    assert visible("a\nb\r", multiline=True) == "a\nb\\x0d"
    assert visible("\x00\x7f\u115f\uffa0\ue000\uffff") == "\\x00\\x7f\\u115f\\uffa0\\ue000\\uffff"


def test_cut_at_the_limit() -> None:
    assert visible("x" * 256) == "x" * 256
    assert visible("x" * 257) == "x" * 255 + "…"
    assert visible("\x1b" * 10, 10) == "\\x1b\\x1b…"
    assert len(visible("e" + "\u0301" * 100_000, 64)) == 4


@given(st.text(alphabet=st.characters(), max_size=60), st.integers(1, 40), st.booleans())
def test_every_text_is_safe_and_bounded(text: str, limit: int, multiline: bool) -> None:
    shown = visible(text, limit, multiline=multiline)
    assert len(shown) <= limit
    assert shown.replace("\n", "").isprintable() if multiline else shown.isprintable()
    assert all(unicodedata.category(char) not in ("Cf", "Cs", "Co", "Zl", "Zp") for char in shown)
    shown.encode("utf-8")


@given(st.text(alphabet=st.characters(), max_size=60))
def test_showing_twice_changes_nothing(text: str) -> None:
    once = visible(text, 4096)
    assert visible(once, 4096) == once


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (None, ""),
        (0, "0 B"),
        (93, "93 B"),
        (999, "999 B"),
        (1000, "1.0 KiB"),
        (121_447, "118.6 KiB"),
        (1024 * 1000, "1.0 MiB"),
        (50_541_363, "48.2 MiB"),
        (2_040_109_466, "1.9 GiB"),
        (2**63 - 1, "8192.0 PiB"),
    ],
)
def test_size(count: int | None, shown: str) -> None:
    assert size(count) == (shown if count is None or count < 2**60 else "huge")


@given(st.integers(0, 2**63 - 1))
def test_sizes_fit_their_column(count: int) -> None:
    assert len(size(count)) <= 9


def test_numbers() -> None:
    assert exact(9_867_204) == "9,867,204 B"
    assert plural(1, "layer") == "1 layer"
    assert plural(1204, "tag") == "1,204 tags"
    assert plural(2, "entry") == "2 entries"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2024-06-18T09:41:07.118204Z", "2024-06-18 09:41 UTC"),
        ("2024-06-18T09:41:07.118204123Z", "2024-06-18 09:41 UTC"),
        ("2024-06-18T09:41:07+02:00", "2024-06-18 07:41 UTC"),
        ("0001-01-01T00:00:00Z", "0001-01-01 00:00 UTC"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
        ("10000-01-01T00:00:00Z", "10000-01-01T00:00:00Z"),
        ("2016-12-31T23:59:60Z", "2016-12-31 23:59 UTC"),
        ("yesterday", "yesterday"),
        ("", ""),
    ],
)
def test_moment(text: str, shown: str) -> None:
    assert moment(text) == shown


@pytest.mark.parametrize(
    ("day", "words"),
    [(20, "today"), (19, "yesterday"), (17, "3 days ago"), (12, "last week"), (1, "2 weeks ago"), (21, "today")],
)
def test_age(day: int, words: str) -> None:
    now = datetime(2024, 6, 20, 8, 0, tzinfo=UTC)
    assert age(datetime(2024, 6, day, 23, 0, tzinfo=UTC), now) == words
