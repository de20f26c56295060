"""JSON that keeps its spelling: indented, cut out, made harmless."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regbrowse.cli.json_text import harmless, indented, member

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON, st.booleans())
def test_as_the_standard_library_does(value: object, ascii_only: bool) -> None:
    compact = json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":"))
    assert indented(compact) == json.dumps(value, ensure_ascii=ascii_only, indent=2)
    assert indented(indented(compact)) == indented(compact)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"a":1.0,"a":1e5}', '{\n  "a": 1.0,\n  "a": 1e5\n}'),
        (" [ ] ", "[]"),
        ('{"a" : { \n } }', '{\n  "a": {}\n}'),
        ('"\\u0041\\/\\\\"', '"\\u0041\\/\\\\"'),
        ('["a\\"]","{"]', '[\n  "a\\"]",\n  "{"\n]'),
        ("-0.10E+2", "-0.10E+2"),
        ("true", "true"),
    ],
)
def test_spelling_stays(text: str, shown: str) -> None:
    assert indented(text) == shown


@given(st.dictionaries(st.text(), JSON, min_size=1, max_size=5), st.data())
def test_a_member_as_it_is_written(value: dict[str, object], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(value)))
    indent = data.draw(st.sampled_from([None, 2]))
    found = member(json.dumps(value, indent=indent), key)
    assert found is not None
    assert json.loads(found) == value[key]


@pytest.mark.parametrize(
    ("text", "key", "found"),
    [
        ('{"a":[1, 2],"b":{"a":3}}', "a", "[1, 2]"),
        ('{"b":{"a":3},"c":"}"}', "a", None),
        ('{"b":{"a":3},"c":"}"}', "c", '"}"'),
        ('{"\\u0061":1,"a":2}', "a", "1"),
        ('{"a": {"b" : "x\\"}" } }', "a", '{"b" : "x\\"}" }'),
        ("{}", "a", None),
        ('["a",1]', "a", None),
        ('"a"', "a", None),
        ("5", "a", None),
    ],
)
def test_members(text: str, key: str, found: str | None) -> None:
    assert member(text, key) == found


@given(st.text())
def test_harmless_text_is_the_same_document(text: str) -> None:
    shown = harmless(json.dumps(text, ensure_ascii=False))
    assert all(char.isprintable() for char in shown)
    if not any(0xD800 <= ord(char) < 0xE000 for char in text):
        assert json.loads(shown) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ä 漢 🐳\n", "plain ä 漢 🐳\n"),
        ("\x7f\x9b\u202e\u200b", "\\u007f\\u009b\\u202e\\u200b"),
        ("\u3164\u00a0", "\\u3164\\u00a0"),
        ("\U000e0041", "\\udb40\\udc41"),
        ("a" + "\u0301" * 5, "a" + "\u0301" * 3 + "\\u0301" * 2),
    ],
)
def test_harmless(text: str, shown: str) -> None:
    assert harmless(text) == shown
