"""JSON that is made to harm whoever reads it."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from faults.answers import http
from faults.asking import MADE, TAG, listing, manifest, sent
from faults.rows import row
from faults.server import Misbehaving
from faults.trial import trial
from regbrowse.errors import BadResponse, RegbrowseError
from regbrowse.oci.config import parse_config
from regbrowse.oci.document import parse_json
from regbrowse.oci.manifest import Image, parse_manifest

AREA = "Documents"

DEEP = b"[" * 100_000
HOSTILE_JSON = {
    "100,000 deep": DEEP,
    "deep objects": b'{"a":' * 100_000,
    "NaN": b'{"a":NaN}',
    "infinity": b'{"a":-Infinity}',
    "1e400": b'{"a":1e400}',
    "5,000 digits": b'{"a":' + b"1" * 5000 + b"}",
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "not UTF-8": b'{"a":"\xff"}',
    "trailing garbage": b'{"a":1} x',
    "two documents": b'{"a":1}{"b":2}',
    "unterminated": b'{"a":"b',
    "backslashes": b'"' + b"\\" * 100_001,
    "empty": b"",
    "spaces": b" " * 1000,
    "null": b"null",
    "a list": b"[]",
    "a text": b'"x"',
    "a number": b"1",
    "500,001 objects": b'{"a":[' + b",".join([b"{}"] * 500_001) + b"]}",
}


@row(
    AREA,
    server="JSON 100,000 deep, NaN, 1e400, 5,000 digits, UTF-16, bad UTF-8, two documents, none, 500,001 objects",
    client="says why it was not read, as manifest and as list",
)
@pytest.mark.parametrize("name", HOSTILE_JSON)
async def test_hostile_json(server: Misbehaving, name: str) -> None:
    server.on("/v2/acme/app/*", http(200, HOSTILE_JSON[name]))
    for ask in (manifest(server), listing(server)):
        seen = await trial(server, ask, at_most=2)
        assert isinstance(seen.error, BadResponse), seen.answer
        assert len(seen.why) < 300


@row(AREA, server="the same, read in a thread with a stack of 512 KiB", client="the process lives, and says why")
def test_hostile_json_in_a_small_stack() -> None:
    told: list[object] = []

    def read() -> None:
        for raw in HOSTILE_JSON.values():
            for reader in (parse_json, parse_manifest, parse_config):
                try:
                    told.append(reader(raw))
                except RegbrowseError as error:
                    told.append(error)

    before = threading.stack_size(512 * 1024)
    try:
        thread = threading.Thread(target=read)
        thread.start()
        thread.join(30)
    finally:
        threading.stack_size(before)
    assert len(told) == 3 * len(HOSTILE_JSON)


@row(
    AREA, server="a hostile document, in a process of its own with small thread stacks", client="the process ends well"
)
def test_hostile_json_in_a_process() -> None:
    code = (
        "import threading; threading.stack_size(512 * 1024)\n"
        "from regbrowse.oci.document import parse_json\n"
        "from regbrowse.errors import BadResponse\n"
        "def read():\n"
        "    for raw in (b'[' * 100_000, b'{\"a\":' * 100_000, b'[' * 5000 + b']' * 5000):\n"
        "        try: parse_json(raw)\n"
        "        except BadResponse as error: print(error.why)\n"
        "thread = threading.Thread(target=read); thread.start(); thread.join()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("nested too deeply") == 3


@row(
    AREA,
    server="repeated keys, a byte order mark, lone surrogates",
    client="reads it: the first value counts, and says so",
)
async def test_odd_json(server: Misbehaving) -> None:
    raw = b'\xef\xbb\xbf{"annotations":{"a":"\\ud800"},' + MADE.raw.strip()[1:-1] + b',"layers":[]}'
    server.on(TAG, sent(raw))
    seen = await trial(server, manifest(server), at_most=2)
    assert isinstance(seen.answer, Image)
    assert seen.answer.layers
    assert any('repeats the key "layers"' in anomaly for anomaly in seen.answer.anomalies)
    assert seen.answer.annotations == {"a": "\\ud800"}
