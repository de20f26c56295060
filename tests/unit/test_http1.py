"""Requests that follow each other on one connection, and content that is long."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx
import pytest

from regbrowse.registry.net.guard import Dialer
from regbrowse.registry.net.http1 import LONG
from regbrowse.registry.net.pool import IDLE, Pool
from tls_world import issue, listening

CONTENT = bytes(range(256)) * (LONG // 256) * 5
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n"
SHORT = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
TIMES = {"connect": 5.0, "read": 5.0, "write": 5.0, "pool": 5.0}


class Talk:
    """Says one thing after another, each to one request; then hangs up."""

    def __init__(self, *answers: bytes, end: bytes = b"") -> None:
        self._answers = answers
        self._end = end
        self.heads: list[bytes] = []
        self.calls = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while len(self.heads) < len(self._answers):
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(self._answers[len(self.heads) - 1])
                await writer.drain()
                if b"close" in self._answers[len(self.heads) - 1][:200]:
                    break
        writer.write(self._end)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def asking(talk: Talk) -> AsyncIterator[tuple[Pool, str]]:
    async with listening(talk) as port:
        pool = Pool(ssl.create_default_context(), Dialer())
        yield pool, f"http://127.0.0.1:{port}/v2/"
        await pool.aclose()


async def get(pool: Pool, url: str, method: str = "GET") -> tuple[int, bytes]:
    request = httpx.Request(method, url, extensions={"timeout": TIMES})
    answer = await pool.handle_async_request(request)
    try:
        return answer.status_code, b"".join([chunk async for chunk in answer.aiter_raw()])
    finally:
        await answer.aclose()


@pytest.mark.parametrize("status", [200, 206])
async def test_long_content_and_what_follows_it_on_the_same_connection(status: int) -> None:
    head = HEAD.replace(b"200", str(status).encode()) % len(CONTENT)
    talk = Talk(head + b"\r\n" + CONTENT, SHORT, head + b"\r\n" + CONTENT, SHORT)
    async with asking(talk) as (pool, url):
        for expected in ((status, CONTENT), (200, b"{}")) * 2:
            assert await get(pool, url) == expected
    assert talk.calls == 1


@pytest.mark.parametrize(
    "answer",
    [
        (HEAD % len(CONTENT)) + b"Connection: close\r\n\r\n" + CONTENT,
        b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(CONTENT) + CONTENT,
        (HEAD % len(CONTENT)) + b"\r\n" + CONTENT + b"and more than was announced",
    ],
    ids=["close", "HTTP/1.0", "more"],
)
async def test_long_content_behind_which_nothing_follows(answer: bytes) -> None:
    talk = Talk(answer, SHORT)
    async with asking(talk) as (pool, url):
        assert await get(pool, url) == (200, CONTENT)
        assert await get(pool, url) == (200, b"{}")
    assert talk.calls == 2


async def test_long_content_that_breaks_off_is_not_whole() -> None:
    talk = Talk((HEAD % len(CONTENT)) + b"\r\n" + CONTENT[:-1])
    async with asking(talk) as (pool, url):
        why = f"received {len(CONTENT) - 1} bytes, expected {len(CONTENT)}"
        with pytest.raises(httpx.RemoteProtocolError, match=why):
            await get(pool, url)


async def test_long_content_that_is_left_early_closes_the_connection() -> None:
    talk = Talk((HEAD % len(CONTENT)) + b"\r\n" + CONTENT, SHORT)
    async with asking(talk) as (pool, url):
        request = httpx.Request("GET", url, extensions={"timeout": TIMES})
        answer = await pool.handle_async_request(request)
        async for _ in answer.aiter_raw():
            break
        await answer.aclose()
        assert await get(pool, url) == (200, b"{}")
    assert talk.calls == 2


@pytest.mark.parametrize(
    ("method", "status", "head"),
    [("HEAD", 200, b""), ("GET", 304, b""), ("GET", 404, b"long"), ("GET", 200, b"Transfer-Encoding: chunked\r\n")],
)
async def test_a_length_that_is_not_that_of_what_follows(method: str, status: int, head: bytes) -> None:
    """HEAD and 304 have none, an error is no content, and chunks count (RFC 9112, 6.3)."""
    answer = HEAD.replace(b"200 OK", f"{status} X".encode()) % len(CONTENT)
    body = CONTENT if head == b"long" else b""
    if b"chunked" in head:
        answer, body = b"HTTP/1.1 200 OK\r\n" + head, b"%x\r\n" % len(CONTENT) + CONTENT + b"\r\n0\r\n\r\n"
    async with asking(Talk(answer + b"\r\n" + body, SHORT)) as (pool, url):
        came = await get(pool, url, method)
        assert came == (status, CONTENT if body else b"")
        assert await get(pool, url) == (200, b"{}")


async def test_news_before_the_answer_is_passed_over() -> None:
    async with asking(Talk(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + SHORT)) as (pool, url):
        assert await get(pool, url) == (200, b"{}")


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ((b"",), "Server disconnected without sending a response"),
        ((b"SSH-2.0-OpenSSH\r\n\r\n",), "illegal status line"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n",), "conflicting Content-Length"),
        ((b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,), "too large|illegal|Receive buffer too long"),
    ],
)
async def test_what_is_no_answer(answers: Sequence[bytes], why: str) -> None:
    async with asking(Talk(*answers)) as (pool, url):
        with pytest.raises(httpx.RemoteProtocolError, match=why):
            await get(pool, url)


async def test_an_idle_connection_that_was_closed_is_not_used_again() -> None:
    talk = Talk(SHORT, SHORT)
    async with asking(talk) as (pool, url):
        assert await get(pool, url) == (200, b"{}")
        talk._answers = (SHORT,) * 3
        assert await get(pool, url) == (200, b"{}")
        assert talk.calls == 1
        pool._idle[0].close()
        assert await get(pool, url) == (200, b"{}")
    assert talk.calls == 2


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("GET", SHORT + SHORT),
        ("HEAD", SHORT),
        ("GET", (HEAD % len(CONTENT)) + b"\r\n" + CONTENT + SHORT),
    ],
    ids=["two for one", "content of HEAD", "behind long content"],
)
async def test_what_nobody_asked_for_answers_nothing(tmp_path: Path, method: str, answer: bytes, secure: bool) -> None:
    """It would be taken for the answer to the next question, of whatever repository."""
    authority = issue("Example CA", authority=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*issue(issuer=authority).write(tmp_path, "server"))
    talk = Talk(answer, HEAD % 5 + b"\r\nright", HEAD % 5 + b"\r\nright")
    async with listening(talk, context if secure else None) as port:
        pool = Pool(ssl.create_default_context(cafile=authority.write(tmp_path, "ca")[0]), Dialer())
        url = f"http{'s' if secure else ''}://127.0.0.1:{port}/v2/"
        await get(pool, url, method)
        assert await get(pool, url) == (200, b"right")
        await pool.aclose()
    assert talk.calls == 2


async def test_no_more_than_some_wait_for_the_next_request() -> None:
    many = IDLE + 3
    talk = Talk(*(SHORT,) * many * 2)
    async with asking(talk) as (pool, url):
        answers = await asyncio.gather(*(get(pool, url) for _ in range(many)))
        assert answers == [(200, b"{}")] * many
        assert len(pool._idle) == IDLE
        await pool.retire()
        assert await get(pool, url) == (200, b"{}")
        assert pool._idle == []
