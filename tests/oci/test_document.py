"""Bounded JSON: what is refused, what is tolerated, and how fast both are."""

from __future__ import annotations

import contextlib
import json
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regbrowse.errors import BadResponse, TooLarge
from regbrowse.oci.document import ANOMALY_LIMIT, DEPTH_LIMIT, JsonValue, Reader, parse_json
from regbrowse.reference import Digest

DIGEST = f"sha256:{'a' * 64}"
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "nested too deeply"),
        (b"NaN", "NaN"),
        (b"[-Infinity]", "Infinity"),
        (b"1e400", "out of range"),
        (b"0." + b"1" * 70, "out of range"),
        (b"9" * 5000, "5000 digits"),
        ("{}".encode("utf-16"), "not UTF-8"),
        (b'"\xff"', "not UTF-8"),
        (b"", "empty"),
        (b" \n", "empty"),
        (b'{"a', "no end"),
        (b'"' + b"\\" * 100_001, "no end"),
        (b'"' + b'\\"' * 100_000, "no end"),
        (b"{} {}", "not JSON"),
        (b"{}x", "not JSON"),
        (b"]" * 100_000 + b"[" * 100, "nested|not JSON"),
        (b"<!doctype html><html>", "web page"),
        (b"\xef\xbb\xbf  <html>", "web page"),
        (b"[" + b"{}," * 500_001 + b"1]", "500,000 objects"),
    ],
)
def test_refuses(raw: bytes, word: str) -> None:
    started = time.thread_time()
    with pytest.raises(BadResponse, match=word):
        parse_json(raw)
    assert time.thread_time() - started < 2


def test_deep_nesting_is_seen_at_once() -> None:
    raw = b"[" * 100_000
    started = time.thread_time()
    with pytest.raises(BadResponse):
        parse_json(raw)
    assert time.thread_time() - started < 0.05


def test_depth_at_the_limit_in_a_thread_with_a_small_stack() -> None:
    raw = b"[" * DEPTH_LIMIT + b"]" * DEPTH_LIMIT
    found: list[object] = []
    before = threading.stack_size(512 * 1024)
    try:
        thread = threading.Thread(target=lambda: found.append(parse_json(raw).anomalies))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert found == [()]
    with pytest.raises(BadResponse):
        parse_json(b"[" + raw + b"]")


def test_size_at_the_limit() -> None:
    assert parse_json(b"[1] ", limit=4).value == [1]
    with pytest.raises(TooLarge):
        parse_json(b"[1]  ", limit=4)


def test_first_of_repeated_keys_wins() -> None:
    document = parse_json(b'{"a":1,"b":{"x\\u001b":1,"x\\u001b":2},"a":2}')
    assert document.value == {"a": 1, "b": {"x\x1b": 1}}
    assert document.anomalies == (
        'This document repeats the key "x\\x1b"; the first value is shown.',
        'This document repeats the key "a"; the first value is shown.',
    )


def test_a_byte_order_mark_is_no_matter() -> None:
    assert parse_json(b"\xef\xbb\xbf{}").value == {}


def test_brackets_in_texts_do_not_count() -> None:
    assert parse_json(json.dumps(["[" * 1000, '\\"[{' * 100]).encode()).value == ["[" * 1000, '\\"[{' * 100]


def test_lone_surrogates_stay_inside_of_the_value() -> None:
    assert Reader(parse_json(b'{"a":"\\ud800"}').value).text("a") == "\\ud800"


@given(JSON)
def test_reads_what_json_writes(value: JsonValue) -> None:
    document = parse_json(json.dumps(value).encode())
    assert document.value == value
    assert document.anomalies == ()


@given(st.binary(max_size=60) | st.text(alphabet='[]{}":,\\u0eE-+.ntf ', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with contextlib.suppress(BadResponse):
        parse_json(raw)


FIELDS: dict[str, object] = {
    "text": "a\x1bb",
    "number": 5,
    "whole": 5.0,
    "digits": "12",
    "true": True,
    "list": ["a", 1, None, {"k": "v"}],
    "map": {"k\x1b": "v\x1b", "n": 1},
    "digest": DIGEST,
    "null": None,
}


def test_reader_reads_the_right_kinds() -> None:
    reader = Reader(FIELDS)
    assert reader.text("text") == "a\\x1bb"
    assert reader.text("null", "default") == "default"
    assert reader.number("number") == 5
    assert reader.number("whole") == 5
    assert reader.number("digits", digits=True) == 12
    assert reader.truth("true") is True
    assert reader.truth("missing") is False
    assert reader.digest("digest") == Digest.parse(DIGEST)
    assert reader.has("text")
    assert not reader.has("null")
    assert reader.raw("list") == FIELDS["list"]
    assert reader.items("null") == []
    assert reader.reader("map").where == "map"
    assert list(reader) == list(FIELDS)
    assert reader.anomalies == []
    assert reader.texts("text") == ("a\\x1bb",)
    assert reader.texts("list") == ("a",)
    assert reader.texts("map") == ("k\\x1b", "n")
    assert reader.strings("map") == {"k\\x1b": "v\\x1b"}
    assert len(reader.anomalies) == 4


def test_members_keep_their_places() -> None:
    reader = Reader(FIELDS)
    members = reader.readers("list")
    assert [member.where for member in members] == ["list[0]", "list[1]", "list[2]", "list[3]"]
    assert members[3].text("k") == "v"
    assert members[0].text("k") == ""
    assert reader.anomalies == [
        'list[0] has an unexpected form ("a"); ignored.',
        "list[1] has an unexpected form (1); ignored.",
        "list[2] has an unexpected form (null); ignored.",
    ]


@pytest.mark.parametrize("value", [True, -1, 1e30, 1.5, "x", "1", [], {}, 2**63, float("nan")])
def test_what_is_no_size(value: object) -> None:
    reader = Reader({"size": value})
    assert reader.number("size") is None
    assert len(reader.anomalies) == 1


@pytest.mark.parametrize("value", [True, 0, -1, 1e30, [], {}, [[1]], "md5:x y", f"sha256:{'A' * 64}"])
def test_what_is_no_digest(value: object) -> None:
    reader = Reader({"config": {"digest": value}}).reader("config")
    assert reader.digest("digest") is None
    assert len(reader.anomalies) == 1
    assert reader.anomalies[0].startswith("config.digest has an unexpected form (")


def test_anomalies_are_bounded() -> None:
    reader = Reader({"a": [5] * 10_000})
    reader.texts("a")
    assert len(reader.anomalies) == ANOMALY_LIMIT + 1


def test_a_long_hostile_name_is_cut_in_anomalies() -> None:
    reader = Reader({"\x1b" * 10_000: {"a": 5}}).reader("\x1b" * 10_000)
    reader.text("a")
    assert len(reader.anomalies[0]) < 200
    assert reader.anomalies[0].isprintable()


def test_four_megabytes_in_reasonable_time() -> None:
    entry = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": DIGEST, "size": 12345}
    raw = json.dumps({"layers": [entry] * 25_000}).encode()
    assert 3.5 * 2**20 < len(raw) < 4 * 2**20
    started = time.thread_time()
    parse_json(raw)
    assert time.thread_time() - started < 2
