"""Slowness, connections and headers: HTTP as it is not meant to be."""

from __future__ import annotations

import asyncio

import pytest

from faults.answers import Headers, http, problem
from faults.asking import BY_DIGEST, LIST, MADE, TAG, digest, here, listing, manifest, ping, sent
from faults.rows import row
from faults.server import Drip, End, Gate, Misbehaving, Part
from faults.trial import MIB, trial
from regbrowse.errors import BadResponse, NetError, ServerError, Unsupported
from regbrowse.registry.client import Client
from regbrowse.registry.models import Settings

AREA = "HTTP"


@row(
    AREA,
    server="one byte of the body, or of the headers, every few milliseconds; accepts and never answers",
    client="stops at its total deadline and closes the connection",
)
@pytest.mark.parametrize("how", ["body", "headers", "status line", "silence"])
async def test_dripping(server: Misbehaving, how: str) -> None:
    scripts: dict[str, list[Part]] = {
        "body": [http(200, b"", [("Content-Length", "100000")], length=False), Drip(b" ", loop=True)],
        "headers": [b"HTTP/1.1 200 OK\r\n", Drip(b"X-A: b\r\n", loop=True)],
        "status line": [Drip(b"HTTP/1.1 200 O" + b"K" * 10_000)],
        "silence": [Gate()],
    }
    server.on(TAG, scripts[how])
    seen = await trial(server, manifest(server), at_most=2, settings=Settings(pause=0, deadline=0.3))
    assert isinstance(seen.error, NetError)
    assert ("is sending too slowly" if how == "body" else "did not answer within") in seen.why
    assert seen.seconds < 2
    await asyncio.wait_for(server.gone.wait(), 2)


@row(AREA, server="drips at the greeting already, or never greets", client="stops at its deadline")
async def test_dripping_greetings(server: Misbehaving) -> None:
    server.on("/v2/", Gate())
    seen = await trial(server, ping(server), at_most=3, settings=Settings(pause=0, deadline=0.2))
    assert isinstance(seen.error, NetError)
    assert seen.seconds < 3


@row(
    AREA, server="closes before the status line, or tears the connection down", client="tries three times, then says so"
)
@pytest.mark.parametrize("how", [End.CLOSE, End.RESET])
async def test_no_status_line(server: Misbehaving, how: End) -> None:
    server.on(TAG, how)
    seen = await trial(server, manifest(server), at_most=4)
    assert isinstance(seen.error, NetError)
    assert "broke off" in seen.why


@row(AREA, server="closes every idle connection", client="opens another one, unnoticed")
@pytest.mark.parametrize("how", [End.CLOSE, End.RESET])
async def test_closed_keep_alive(server: Misbehaving, how: End) -> None:
    server.truth.repository("acme/app").add(MADE, "1")

    async def ask(client: Client) -> int:
        await manifest(server)(client)
        for task in list(server.tasks):
            task.cancel()
        await asyncio.sleep(0.01)
        await client.head(here(server), "1")
        return len([one for one in client.log if one.url.startswith("http:")])

    server.on(BY_DIGEST, how)
    seen = await trial(server, ask, at_most=4)
    assert seen.answer == 3
    assert len({one.connection for one in server.asked[:3]}) == 2


@row(
    AREA, server="1,000 header fields, 200 KB of headers, 30 MB of headers", client="refuses them; memory stays bounded"
)
@pytest.mark.parametrize("how", ["many", "long", "huge"])
async def test_headers_without_measure(server: Misbehaving, how: str) -> None:
    headers: dict[str, Headers] = {
        "many": [(f"X-{number}", "y") for number in range(1000)],
        "long": [("X-Long", "y" * 200_000)],
        "huge": [(f"X-{number}", "y" * 300_000) for number in range(100)],
    }
    server.on(TAG, sent(MADE.raw, headers=headers[how]))
    seen = await trial(server, manifest(server), at_most=4, memory=100 * MIB)
    assert isinstance(seen.error, BadResponse | NetError)


@row(
    AREA,
    server="a reason phrase with escapes, folded headers, bytes that are no ASCII, a header without a name",
    client="reads the answer or refuses it; nothing of it reaches the terminal",
)
@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 500 \x1b[31mred\x1b]52;c;aGk=\x07\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 500 \xe9\xff\r\nX-Request-Id: \xe9\x9b2J\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 500 x\r\nX-Request-Id: a\r\n  b\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 500 x\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 500 x\r\n: nothing\r\n\r\n",
        b"HTTP/9.9 500 x\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 9999 x\r\n\r\n",
        b"HTTP/1.1 -1 x\r\n\r\n",
        b"\x00" * 5000,
    ],
)
async def test_strange_heads(server: Misbehaving, raw: bytes) -> None:
    server.on(TAG, [raw, End.CLOSE])
    seen = await trial(server, manifest(server), at_most=4)
    assert isinstance(seen.error, ServerError | NetError | BadResponse)
    assert not {"\x1b", "\x07", "\x9b"} & set(seen.shown)


@row(AREA, server="is no registry at all: a web page, 404, an answer of something else", client="says so")
@pytest.mark.parametrize("answer", [http(200, "<html>Welcome to nginx"), http(404, "<html>"), problem(405), http(418)])
async def test_no_registry(server: Misbehaving, answer: bytes) -> None:
    server.on("/*", answer)
    seen = await trial(server, ping(server), at_most=2)
    assert isinstance(seen.error, Unsupported)
    assert "not like a container registry" in seen.why


@row(AREA, server="closes its front door (404 or 403 on `/v2/`) and serves the rest", client="asks what it came for")
@pytest.mark.parametrize("status", [403, 404, 405, 204])
async def test_closed_front_doors(server: Misbehaving, status: int) -> None:
    server.truth.repository("acme/app").add(MADE, "1")
    server.on("/v2/", http(status))
    seen = await trial(server, manifest(server), at_most=2)
    assert seen.answer is not None


@row(
    AREA,
    server="drips at its front door without end, or hangs there, and serves the rest",
    client="asks what it came for",
)
@pytest.mark.parametrize("how", ["status line", "headers", "body", "nothing"])
async def test_slow_front_doors(server: Misbehaving, how: str) -> None:
    server.truth.repository("acme/app").add(MADE, "1")
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    answers: dict[str, list[Part]] = {
        "status line": [Drip(b"HTTP/1.1 200 " + b"O" * 1000, loop=True)],
        "headers": [head, Drip(b"X-A: b\r\n", loop=True)],
        "body": [head, b"Content-Length: 100000\r\n\r\n", Drip(b" ", loop=True)],
        "nothing": [Gate()],
    }
    server.on("/v2/", answers[how])
    settings = Settings(pause=0, deadline=0.5)
    seen = await trial(server, listing(server), at_most=3, settings=settings, cancel=False)
    assert seen.answer == ["1"]
    read = await trial(server, manifest(server), at_most=3, settings=settings, cancel=False)
    assert read.answer is not None


@row(
    AREA, server="answers many questions at once, slowly", client="uses at most four connections, and cancels them all"
)
async def test_connections(server: Misbehaving) -> None:
    server.truth.repository("acme/app").add(MADE, *(f"t{number}" for number in range(30)))

    async def ask(client: Client) -> None:
        await asyncio.gather(*(client.head(here(server), f"t{number}") for number in range(30)))

    await trial(server, ask, at_most=31)
    asked = [one for one in server.asked if one.method == "HEAD"][:30]
    assert len({one.connection for one in asked}) <= 4


@row(AREA, server="JSON as text/html, text/plain, or without a type", client="reads it as JSON")
@pytest.mark.parametrize("kind", ["text/html", "text/plain; charset=latin-1", "application/x-unknown", ""])
async def test_types_of_lists(server: Misbehaving, kind: str) -> None:
    server.on(LIST, http(200, '{"tags":["a"]}', [("Content-Type", kind)] if kind else []))
    seen = await trial(server, listing(server), at_most=2)
    assert seen.answer == ["a"]


@row(AREA, server="every request was answered truly", client="repeats none of them: the digest was asked for once")
async def test_nothing_twice(server: Misbehaving) -> None:
    server.truth.repository("acme/app").add(MADE, "1")

    async def ask(client: Client) -> None:
        await manifest(server)(client)
        await digest(server)(client)
        await manifest(server, str(MADE.digest))(client)

    await trial(server, ask, at_most=2)
