"""What stands on stdout: exact in a pipe, harmless on a terminal, whole when it ends early."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from regbrowse.cli.output import Output
from regbrowse.errors import ConfigError, NotFound


def written(*, terminal: bool = False, colours: bool = False) -> tuple[Output, io.BytesIO]:
    stream = io.BytesIO()
    return Output(stream, terminal=terminal, colours=colours), stream


def test_raw_is_exact_in_a_pipe_and_visible_on_a_terminal() -> None:
    content = b"\xff\x1b[31m\x00\xe2\x80\xae\r\n no newline"
    output, stream = written()
    output.raw(content)
    assert stream.getvalue() == content
    output, stream = written(terminal=True)
    output.raw(content)
    assert stream.getvalue() == b"\\xff\\x1b[31m\\x00\\u202e\\x0d\n no newline"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b'{"a":1.0}', b'{\n  "a": 1.0\n}\n'),
        (b'\xef\xbb\xbf{"a":1}', b'{\n  "a": 1\n}\n'),
        (b'{"a":', b'{"a":'),
        (b"\xff\xfe", b"\xff\xfe"),
        (b"", b""),
        (b"[" * 100 + b"]" * 100, b"[" * 100 + b"]" * 100),
    ],
)
def test_documents(raw: bytes, shown: bytes) -> None:
    output, stream = written()
    output.document(raw)
    assert stream.getvalue() == shown


def test_values() -> None:
    output, stream = written()
    output.value({"b": "\x9b", "a": "ä"})
    output.value([1, {"a": None}], compact=True)
    assert stream.getvalue().decode() == '{\n  "b": "\\u009b",\n  "a": "ä"\n}\n[1,{"a":null}]\n'


def test_colours_only_add_colours() -> None:
    output, stream = written(terminal=True, colours=True)
    output.value({"a": [1, "x\x1b[0m"]})
    text = stream.getvalue().decode()
    lines = text.splitlines()
    assert (lines[0], lines[-1]) == ("{", "}"), "what is plain stays plain"
    assert re.fullmatch(r"    \x1b\[[0-9;]+m1\x1b\[[0-9;]+m,", lines[2])
    output.value("y" * 2**21)
    assert "\x1b[" not in stream.getvalue().decode()[len(text) :], "what nobody can read is not coloured"
    output, stream = written(terminal=True, colours=True)
    with output.array() as array:
        array.add(["a", "b"])
    assert json.loads(re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue().decode())) == ["a", "b"]


def test_an_array_in_the_making() -> None:
    output, stream = written()
    with output.array() as array:
        array.add(["a"])
        assert stream.getvalue() == b'[\n  "a"'
        array.add([])
        array.add([{"b": "\n\x7f"}, 3])
    assert stream.getvalue() == b'[\n  "a",\n  {\n    "b": "\\n\\u007f"\n  },\n  3\n]\n'


@pytest.mark.parametrize(("members", "left"), [([["a"], ["b"]], b'[\n  "a",\n  "b"\n]\n'), ([], b"")])
def test_an_array_that_fails(members: list[list[str]], left: bytes) -> None:
    output, stream = written()

    def write() -> None:
        with output.array() as array:
            for each in members:
                array.add(each)
            raise NotFound("gone")

    with pytest.raises(NotFound):
        write()
    assert stream.getvalue() == left


def test_an_empty_array() -> None:
    output, stream = written()
    with output.array():
        pass
    assert stream.getvalue() == b"[]\n"


def test_tables() -> None:
    output, stream = written()
    output.table(("A", "LONG", "C"), [("漢", "1", ""), ("x\x1b\n", "234567", "e")], frozenset({1}))
    assert stream.getvalue().decode().splitlines() == [
        "A            LONG  C",
        "漢              1",
        "x\\x1b\\x0a  234567  e",
    ]


class Full(io.BytesIO):
    def write(self, _: object) -> int:
        raise OSError(28, "No space left on device")


def test_a_full_disk_is_a_sentence() -> None:
    with pytest.raises(ConfigError, match="Standard output cannot be written: No space left on device"):
        Output(Full(), terminal=False, colours=False).line("x")


def shell(command: str) -> subprocess.CompletedProcess[str]:
    regbrowse = f"{sys.executable} -m regbrowse"
    return subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", command.replace("REGBROWSE", regbrowse)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("words", ["tags demo", "-r tags demo", "digest demo", "layers demo"])
def test_a_device_that_is_full(words: str) -> None:
    done = shell(f"REGBROWSE {words} > /dev/full")
    assert done.returncode == 2
    assert done.stderr == "regbrowse: Standard output cannot be written: No space left on device.\n"


def test_a_closed_output() -> None:
    done = shell("REGBROWSE digest demo >&-")
    assert (done.returncode, done.stderr) == (
        2,
        "regbrowse: Standard output is closed, so there is nowhere to print to.\n",
    )


@pytest.mark.parametrize("words", ["tags demo", "-r tags demo", "-l tags demo", "config demo"])
def test_a_closed_pipe_ends_quietly(words: str) -> None:
    done = shell(f"REGBROWSE {words} | head -n 1; exit ${{PIPESTATUS[0]}}")
    assert (done.returncode, done.stderr) == (0, "")
    done = shell(f"REGBROWSE {words} | true; exit ${{PIPESTATUS[0]}}")
    assert (done.returncode, done.stderr) == (0, "")
