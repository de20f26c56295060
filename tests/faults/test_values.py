"""Header values and addresses that are made to be slow to read, or that nobody can read at all."""

from __future__ import annotations

import asyncio
import time

import pytest

from faults.answers import CHUNKED, as_json, chunks, http, problem, redirect
from faults.asking import BLOB_PATH, LIST, MADE, TAG, blob, here, listing, manifest, sent
from faults.internet import Internet
from faults.rows import row
from faults.server import TRUTH, Endless, Misbehaving, Script
from faults.trial import MIB, trial
from regbrowse.errors import BadResponse, NetError, RegbrowseError
from regbrowse.redact import Secret
from regbrowse.registry.client import Client
from regbrowse.registry.models import Settings
from regbrowse.settings.login import Login

AREA = "HTTP"
SECONDS = 2.0
"""What reading may take, on a slow machine; each takes milliseconds."""
SLOW = {
    "quotes": '"' * 8000,
    "open quote": 'Bearer realm="' + "a" * 60_000,
    "backslashes": 'Bearer realm="' + "\\" * 60_000,
    "commas": "," * 60_000,
    "spaces": "a" + " " * 60_000 + "b",
    "equals": "a=" * 30_000,
    "words": "a " * 30_000,
    "open angles": "<" * 60_000,
    "angles": "<>" * 30_000,
    "links": "</a>; rel=prev, " * 4000,
    "semicolons": "<a>" + ";" * 60_000,
    "digits": "9" * 60_000,
    "warnings": '299 - "' + '\\"' * 30_000,
    "slashes": "/" * 60_000,
    "dots": "bytes 0-" + "." * 60_000,
    "high bytes": "\xff\x85\xa0" * 20_000,
}
NAMES = ("WWW-Authenticate", "Link", "Content-Type", "Docker-Content-Digest", "Warning", "Retry-After",
         "RateLimit-Limit", "Content-Range", "Content-Encoding", "X-Request-Id", "OCI-Filters-Applied")  # fmt: skip
UNREADABLE = [
    "https://xn--/x", "https://xn--a/x", "https://" + "a" * 300 + ".example/x", "https://a..b/x", "https://ex ample/x",
    "https://ex\xe4mple/x", "https://\xff\xfe/x", "https://[v1.x]/x", "https://1.2.3.4.5/x", "https://0x/x", "https://%zz/x",
    "https://h.example:0/x", "https://h.example:/x", "https://h.example:-1/x", "http:x", "//", "///x", "?", ";;;", "https:///x",
    "https://.../x", "https://[::1%25eth0]/x", "https://[fe80::1%eth0]/x", "HTTPS://H.EXAMPLE/x", "https://h.example./x",
    "https://\u00ad.example".encode().decode("latin-1"), "https:h.example/x", "https://h.example?x#y", "https://*/x",
]  # fmt: skip


@row(
    AREA,
    server="header values that are long and made to be slow to read",
    client="reads them in no time, or not at all",
)
@pytest.mark.parametrize("value", SLOW)
async def test_slow_values(server: Misbehaving, value: str) -> None:
    server.truth.repository("acme/app").listed = ["1"]
    for status, names in ((200, NAMES), (401, ["WWW-Authenticate"]), (429, ["Retry-After", "RateLimit-Limit"])):
        for name in names:
            server.on(LIST, http(status, '{"tags":["1"]}', [(name, SLOW[value])]))
            seen = await trial(server, listing(server), at_most=5, cancel=False)
            assert seen.seconds < SECONDS, name
            assert seen.answer == ["1"] or isinstance(seen.error, RegbrowseError)


@row(
    AREA,
    server="error bodies of 64 KB that are made to be slow to read",
    client="finds their words in no time, or none",
)
@pytest.mark.parametrize(
    "body",
    ["<title" * 10_000, "<title>" * 9000, "<Code>a</Code>" * 4500, "<Code>" + "a" * 60_000, "<" * 65_000, "{" * 65_000,
     '{"errors":[' + '{"message":"x"},' * 4000, " " * 65_000, "\u0301" * 30_000, "&amp;" * 13_000,
     "<title>" + "&#x" * 20_000],
)  # fmt: skip
async def test_slow_error_bodies(server: Misbehaving, body: str) -> None:
    server.on(TAG, http(404, body))
    started = time.process_time()
    seen = await trial(server, manifest(server), at_most=3, cancel=False)
    assert isinstance(seen.error, RegbrowseError)
    assert time.process_time() - started < 0.7


@row(
    "Redirects",
    server="redirects to, or wants logins at, an address that no resolver and no library can read",
    client="says so; no exception of a library comes through",
)
@pytest.mark.parametrize("address", UNREADABLE)
async def test_unreadable_addresses(server: Misbehaving, net: Internet, address: str) -> None:
    net.unknown.add("*")
    server.on(BLOB_PATH, redirect(address))
    seen = await trial(server, blob(server), at_most=4)
    assert isinstance(seen.error, RegbrowseError)
    server.on("/*", problem(401, headers=[("WWW-Authenticate", f'Bearer realm="{address}",service="s"')]))
    made = Settings(user=Login("ann", Secret("s3cr3t-canary-1")), pause=0)
    seen = await trial(server, blob(server), at_most=6, settings=made)
    assert isinstance(seen.error, RegbrowseError)


@row(
    "Lists",
    server="a cursor of 12 KB, with bytes that are no ASCII, spaces, quotes, `%` alone",
    client="sends it as it came, or stops",
)
@pytest.mark.parametrize(
    "cursor", ["x" * 12_000, "\xe9\xff", "a b", 'a"b', "%", "%zz", "%00", "a%2Fb", "\x7f", "+", "&&&", "?", "[]{}|^`"]
)
async def test_strange_cursors(server: Misbehaving, cursor: str) -> None:
    first = as_json({"tags": ["a"]}, headers=[("Link", f"<{LIST}?last={cursor}>; rel=next")])
    server.on(LIST, lambda one: as_json({"tags": ["b"]}) if one.field("last") else first)
    seen = await trial(server, listing(server), at_most=3)
    assert seen.answer in (["a", "b"], ["a"]) or isinstance(seen.error, RegbrowseError)
    if cursor in ("a%2Fb", "+", "x" * 12_000):
        assert next(one.query for one in server.asked if one.field("last")) == f"last={cursor}"


@row(
    AREA,
    server="interim answers, trailers, chunk extensions, headers without end; another protocol; gzip as coding",
    client="stops at a limit or its deadline",
)
@pytest.mark.parametrize(
    "script",
    [
        Endless(b"HTTP/1.1 100 Continue\r\n\r\n"),
        Endless(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
        http(101, b"", [("Upgrade", "h2c"), ("Connection", "Upgrade")], length=False),
        [http(200, b"0\r\n", [CHUNKED], length=False), Endless(b"X-Trailer: y\r\n")],
        [http(200, b"5;", [CHUNKED], length=False), Endless(b"a" * 65_536)],
        [http(200, b"", [("Transfer-Encoding", "gzip, chunked")], length=False), chunks(b"x")],
        [b"HTTP/1.1 200 ", Endless(b"O" * 65_536)],
        [b"HTTP/1.1 200 OK\r\n", Endless(b"\r\r\r\r")],
        [b"HTTP/1.1 200 OK\r\nX: ", Endless(b"y" * 65_536)],
    ],
)
async def test_endless_framing(server: Misbehaving, script: Script) -> None:
    server.on(TAG, script)
    seen = await trial(server, manifest(server), at_most=4, settings=Settings(pause=0, deadline=0.6), memory=60 * MIB)
    assert isinstance(seen.error, NetError | BadResponse | RegbrowseError)
    assert seen.seconds < 6


@row(AREA, server="HEAD is answered with a body", client="is not confused by it: the next question gets its own answer")
@pytest.mark.parametrize("length", [True, False])
async def test_heads_with_bodies(server: Misbehaving, length: bool) -> None:
    server.truth.repository("acme/app").add(MADE, "1")
    server.on(TAG, sent(MADE.raw) if length else http(200, b"x" * 500, length=False), method="HEAD")
    server.on(TAG, TRUTH, method="GET")

    async def ask(client: Client) -> bytes:
        await client.head(here(server), "1")
        return (await client.manifest(here(server), "1")).raw

    seen = await trial(server, ask, at_most=5, cancel=False)
    assert seen.answer == MADE.raw


@row(
    AREA,
    server="a body in chunks of one byte, as fast as it can; interim answers as fast as it can",
    client="stays responsive while it reads, and stops at its deadline",
)
@pytest.mark.parametrize(
    "tiny",
    [
        b"1\r\n \r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
async def test_tiny_pieces(server: Misbehaving, tiny: bytes) -> None:
    head = http(200, b"", [CHUNKED], length=False) if tiny[:1] == b"1" else b""
    server.on(TAG, [head, Endless(tiny * (60_000 // len(tiny)))])
    late: list[float] = []

    async def watch() -> None:
        """How long this thread works before somebody else gets a turn, as a key would."""
        while True:
            before = time.thread_time()
            await asyncio.sleep(0)
            late.append(time.thread_time() - before)

    watching = asyncio.ensure_future(watch())
    try:
        seen = await trial(server, manifest(server), at_most=3, settings=Settings(pause=0, deadline=0.5), cancel=False)
    finally:
        watching.cancel()
    assert isinstance(seen.error, RegbrowseError)
    assert max(late) < 0.2
