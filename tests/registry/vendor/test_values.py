from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regbrowse.oci.document import Reader
from regbrowse.registry.vendor.vendor_client import read_line, read_milliseconds, read_size, read_time

THEN = datetime(2024, 6, 18, 9, 41, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2024-06-18T09:41:00Z",
        "2024-06-18T09:41:00",
        "2024-06-18 09:41:00.123456789Z",
        "2024-06-18T11:41:00+02:00",
        "2024-06-18T05:11:00-0430",
        "Tue, 18 Jun 2024 09:41:00 GMT",
        "Tue, 18 Jun 2024 09:41:00 -0000",
        "18 Jun 2024 09:41:00 +0000",
    ],
)
def test_moments_are_read_in_every_form_seen(text: str) -> None:
    assert read_time(text) == THEN


@pytest.mark.parametrize(
    "value",
    [
        "0001-01-01T00:00:00.000Z",
        "0001-01-01T00:00:00+23:00",
        "1970-01-01T00:00:00Z",
        "1969-12-31T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-06-18T09:41:60Z",
        "10000-01-01T00:00:00Z",
        "",
        "never",
        "\u0662\u0660",
        "9" * 99,
        "9999-12-31T23:59:59-23:00",
        None,
        0,
        1.5,
        True,
        [],
        {},
    ],
)
def test_everything_else_is_unknown(value: object) -> None:
    assert read_time(value) is None


@given(st.text() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,12}[Z+-][0-9:]*", fullmatch=True))
def test_no_text_breaks_it(text: str) -> None:
    then = read_time(text)
    assert then is None or (then.tzinfo is UTC and then.year >= 1970)


@pytest.mark.parametrize("value", ["1718703660000", 1718703660000, 1718703660000.0])
def test_milliseconds(value: object) -> None:
    assert read_milliseconds(Reader({"t": value}), "t") == THEN


@pytest.mark.parametrize("value", ["0", 0, "-1", -1, "253402300800000", "9" * 30, "x", "1.5", None, True, [], {}])
def test_milliseconds_that_say_nothing(value: object) -> None:
    assert read_milliseconds(Reader({"t": value}), "t") is None


@pytest.mark.parametrize(("value", "size"), [("12", 12), (12, 12), (0, None), ("0", None), (-1, None), (True, None)])
def test_sizes_are_numbers_or_digits(value: object, size: int | None) -> None:
    assert read_size(Reader({"s": value}), "s") == size


def test_descriptions_are_one_visible_line() -> None:
    assert read_line(Reader({"d": "two\n  lines\x1b[31m"}), "d") == "two lines\\x1b[31m"
    assert read_line(Reader({"d": ["x"]}), "d") == ""
    assert len(read_line(Reader({"d": "x" * 100_000}), "d")) <= 256
