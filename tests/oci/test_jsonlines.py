"""Pretty JSON by line: the same lines as json.dumps, printed on demand."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regbrowse.oci.jsonlines import VALUE_LIMIT, JsonLines
from regbrowse.text import FIELD_LIMIT, visible

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=24,
)
DOCUMENT = {
    "config": {"Env": ["A=b", "C=d"], "a b": [{}, [], {"x": 1.5}]},
    "none": None,
    "text": 'two\nlines "q"',
    "é": "ü\u202e",
}


def everything(raw: bytes, step: int = 1000) -> JsonLines:
    lines = JsonLines(raw)
    while lines.advance(step):
        pass
    return lines


@given(JSON, st.sampled_from([None, 0, 3]), st.booleans(), st.integers(1, 7))
def test_lines_are_those_of_json(value: object, indent: int | None, ascii_only: bool, step: int) -> None:
    raw = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    try:
        raw.decode()
    except UnicodeDecodeError:
        return
    lines = everything(raw, step)
    assert lines.valid
    assert lines.done
    expected = json.dumps(value, indent=2, ensure_ascii=ascii_only).split("\n")
    assert lines.lines == [visible(line, FIELD_LIMIT) for line in expected]


@given(JSON)
def test_every_line_has_a_path_and_a_value(value: object) -> None:
    lines = everything(json.dumps(value).encode())
    assert lines.path(0) == "."
    for index in range(len(lines.lines)):
        assert lines.path(index).startswith(".")
        assert isinstance(lines.value(index), str)


def test_paths_and_values() -> None:
    lines = everything(json.dumps(DOCUMENT, ensure_ascii=False).encode())
    found = [(line.strip(), lines.path(index), lines.value(index)) for index, line in enumerate(lines.lines)]
    env = '["A=b", "C=d"]'
    assert found[2:6] == [
        ('"Env": [', ".config.Env", env),
        ('"A=b",', ".config.Env[0]", "A=b"),
        ('"C=d"', ".config.Env[1]", "C=d"),
        ("],", ".config.Env", env),
    ]
    assert found[7] == ("{},", '.config["a b"][0]', "{}")
    assert found[8] == ("[],", '.config["a b"][1]', "[]")
    assert found[10] == ('"x": 1.5', '.config["a b"][2].x', "1.5")
    assert found[14] == ('"none": null,', ".none", "null")
    assert found[15] == ('"text": "two\\nlines \\"q\\"",', ".text", 'two\nlines "q"')
    assert found[16] == ('"é": "ü\\u202e"', '.["é"]', "ü\\u202e")
    assert found[0][2] == found[17][2] == json.dumps(DOCUMENT, ensure_ascii=False).replace("\u202e", "\\u202e")


def test_root_array_and_scalars() -> None:
    assert [everything(b"[[1]]").path(index) for index in range(5)] == [".", ".[0]", ".[0][0]", ".[0]", "."]
    assert everything(b' "x" ').lines == ['"x"']
    assert everything(b'"x"').value(0) == "x"
    assert everything(b"\xef\xbb\xbf-1.50E+2").lines == ["-1.50E+2"]
    assert everything(b"{ }").lines == ["{}"]


def test_spelling_is_kept() -> None:
    assert everything(b'{"a":"\\u0041\\/",  "b":1.0e5 , "a":2}').lines == [
        "{",
        '  "a": "\\u0041\\/",',
        '  "b": 1.0e5,',
        '  "a": 2',
        "}",
    ]


def test_no_more_than_asked_for() -> None:
    lines = JsonLines(json.dumps(list(range(100))).encode())
    assert lines.lines == []
    assert lines.advance(10)
    assert len(lines.lines) == 10
    assert lines.advance(91)
    assert not lines.advance(1)
    assert not lines.advance(1)
    assert len(lines.lines) == 102


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[1,]",
        b'{"a":1,}',
        b'{"a"}',
        b"{1:2}",
        b'["a":1]',
        b"[1 2]",
        b"[1}",
        b'{"a":1]',
        b"01",
        b"NaN",
        b"1,",
        b"[],",
        b"[1],",
        b"{} {}",
        b"tru",
        b'"\x01"',
        b'"\\x"',
        b'"abc',
        b"<html>\nx\x1b</html>",
        b"\xff\xfe{}",
        b"[" * 65 + b"]" * 65,
        b"[" * 100_000,
        b'"' + b'\\"' * 100_000,
        b"]",
    ],
)
def test_what_is_not_json_is_shown_as_it_is(raw: bytes) -> None:
    for step in (1, 1000):
        lines = everything(raw, step)
        assert not lines.valid
        assert lines.done
        text = raw.decode("utf-8", "backslashreplace")
        assert lines.lines == [visible(line, FIELD_LIMIT) for line in text.split("\n")]
        assert lines.path(0) == ""
        assert lines.value(0) == lines.lines[0]


@given(st.text(alphabet='[]{}":,\\u0eE-+.ntfals \n', max_size=40) | st.text(max_size=30))
def test_valid_is_what_json_says(text: str) -> None:
    raw = text.encode("utf-8", "surrogatepass")
    try:
        json.loads(raw.decode("utf-8"), parse_constant=int)
        good = True
    except ValueError:
        good = False
    if not text.startswith("\ufeff"):
        assert everything(raw).valid is good


def test_sixty_four_deep_is_fine() -> None:
    assert everything(b"[" * 64 + b"]" * 64).valid


def test_long_texts_are_cut() -> None:
    lines = everything(json.dumps({"a": "x" * 2_000_000, "b": [["y" * 500_000] * 4]}).encode())
    assert all(len(line) <= FIELD_LIMIT for line in lines.lines)
    assert len(lines.value(1)) == VALUE_LIMIT
    assert len(lines.value(2)) == VALUE_LIMIT
    assert len(lines.value(0)) == VALUE_LIMIT


def _packages(count: int) -> bytes:
    package = {"name": "openssl", "version": "3.0.13", "licenses": ["MIT", "Apache-2.0"], "size": 123, "ok": True}
    return json.dumps([package] * count).encode()


def test_two_megabytes() -> None:
    raw = _packages(20_000)
    assert len(raw) > 2 * 10**6
    started = time.process_time()
    lines = everything(raw)
    assert time.process_time() - started < 2
    assert len(lines.lines) == 180_002 + 20_000


def test_the_first_lines_of_twenty_megabytes() -> None:
    raw = _packages(200_000)
    started = time.process_time()
    lines = JsonLines(raw)
    lines.advance(100)
    assert time.process_time() - started < 0.2
    assert len(lines.lines) == 100


def test_preview_is_the_value_or_its_beginning() -> None:
    raw = b'{"a": "' + b"x" * 100_000 + b'", "b": [1, 22, 333], "c": 12345, "d": "short", "e": {}}'
    lines = JsonLines(raw)
    while lines.advance():
        pass
    whole = [lines.value(index) for index in range(len(lines.lines))]
    for index, value in enumerate(whole):
        shown = lines.preview(index, 40)
        assert len(shown) <= 42
        assert shown == value or (shown.endswith("…") and value.startswith(shown[:-1].removeprefix('"')))
    assert lines.preview(1, 40) == "x" * 39 + "…"
    assert lines.preview(2, 40) == "[1, 22, 333]"
