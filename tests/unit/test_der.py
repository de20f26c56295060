from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regbrowse.registry.transport.der import read_certificate
from tls_world import issue

CA = issue("Example CA", organisation="Example Inc.", authority=True)
ISSUED = datetime.now(UTC)
PAPER = issue("host", CA, names=["a.example", "*.b.example", "127.0.0.1", "::1"], days=(-3, 5))


def test_what_people_want_to_know() -> None:
    read = read_certificate(PAPER.der)
    assert read is not None
    assert read.issuer == "Example CA (Example Inc.)"
    assert read.names == ("a.example", "*.b.example", "127.0.0.1", "::1")
    assert read.begins is not None
    assert read.ends is not None
    assert abs(read.begins - ISSUED + timedelta(days=3)) < timedelta(minutes=5)
    assert abs(read.ends - ISSUED - timedelta(days=5)) < timedelta(minutes=5)


def test_without_alternative_names_the_common_name_counts() -> None:
    read = read_certificate(issue("only.example", names=()).der)
    assert read is not None
    assert (read.issuer, read.names) == ("only.example", ("only.example",))


def test_a_far_year_has_another_form() -> None:
    read = read_certificate(issue(days=(-1, 36_500)).der)
    assert read is not None
    assert read.ends is not None
    assert read.ends.year > 2100


def test_names_that_could_move_the_cursor_are_made_visible() -> None:
    read = read_certificate(issue("evil\x1b[2J\u202e").der)
    assert read is not None
    assert read.issuer == "evil\\x1b[2J\\u202e"


@pytest.mark.parametrize("der", [b"", b"0", b"0\x84\xff\xff\xff\xff", b"0\x80", b"\x30\x03\x30\x01\x30", b"0" * 70_000])
def test_nonsense_is_not_known(der: bytes) -> None:
    assert read_certificate(der) is None


@given(st.integers(0, len(PAPER.der) - 1), st.integers(0, 255))
def test_one_wrong_byte_never_raises(at: int, byte: int) -> None:
    read_certificate(PAPER.der[:at] + bytes([byte]) + PAPER.der[at + 1 :])


@given(st.binary(max_size=300))
def test_any_bytes_never_raise(der: bytes) -> None:
    read_certificate(der)


@given(st.integers(0, len(PAPER.der)))
def test_a_cut_certificate_is_not_known(length: int) -> None:
    assert (read_certificate(PAPER.der[:length]) is None) == (length < len(PAPER.der))
