"""Connections to one origin, kept open for a while, and the answers that come over them.

httpx's own transport can neither be told how names are resolved nor which certificate goes to which host,
so this one stands on sockets and h11, and speaks httpx to the rest.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from functools import partial
from typing import Any, NamedTuple, cast

import httpx

from regbrowse.registry.net.addresses import first_of
from regbrowse.registry.net.guard import Dialer
from regbrowse.registry.net.http1 import Line
from regbrowse.registry.net.system_trust import complete, is_complete

IDLE, IDLE_SECONDS = 10, 15.0
"""Connections kept open that nobody uses, and for how long."""
AGAIN = 1.0
"""Seconds after which what was asked ahead is asked on another connection, too."""


class _Answer(NamedTuple):
    """The head of an answer, and the connection that its content comes over."""

    line: Line
    status: int
    headers: list[tuple[bytes, bytes]]

    async def aclose(self) -> None:
        self.line.close()


class Pool(httpx.AsyncBaseTransport):
    """Raises httpx.TransportError, as any transport does, and ssl.SSLError."""

    def __init__(self, context: ssl.SSLContext, dialer: Dialer) -> None:
        self._context = context
        self._dialer = dialer
        self._idle: list[Line] = []
        """The one used last is the last."""
        self._retired = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        line = await self._waiting(request) or await self._dial(request)
        answer = await (self._asked_ahead(line, request) if line.behind else _ask(line, request))
        return httpx.Response(answer.status, headers=answer.headers, stream=Content(self, answer.line, request))

    async def _asked_ahead(self, line: Line, request: httpx.Request) -> _Answer:
        """A server that loses what was written behind another request is asked again, and whoever is first counts."""

        async def again() -> _Answer:
            return await _ask(await self._dial(request), request)

        ways: list[Callable[[], Coroutine[Any, Any, _Answer]]] = [partial(_ask, line, request), again]
        try:
            return await first_of(ways, lambda way: way(), stagger=AGAIN)
        except ExceptionGroup as errors:
            raise errors.exceptions[-1] from None

    def give_back(self, line: Line) -> None:
        """After an answer; closed unless another request may follow."""
        if not line.finished():
            return
        self._idle.append(line)
        while len(self._idle) > (0 if self._retired else IDLE):
            self._idle.pop(0).close()

    async def retire(self) -> None:
        """Closes every connection as soon as nobody uses it."""
        self._retired = True
        await self.aclose()

    async def aclose(self) -> None:
        while self._idle:
            self._idle.pop().close()

    async def _waiting(self, request: httpx.Request) -> Line | None:
        """An open connection that nobody uses."""
        now = time.monotonic()
        while self._idle:
            line = self._idle.pop()
            if now - line.since <= IDLE_SECONDS and await line.suits(request):
                return line
            line.close()
        return None

    async def _dial(self, request: httpx.Request) -> Line:
        knew_all = is_complete(self._context)
        try:
            return await self._open(request)
        except httpx.ConnectError as error:
            if knew_all or not isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise
            await asyncio.to_thread(complete, self._context)
            return await self._open(request)

    async def _open(self, request: httpx.Request) -> Line:
        seconds, host = request.extensions["timeout"]["connect"], request.url.raw_host.decode("ascii")
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        try:
            async with asyncio.timeout(seconds):
                wire = await self._dialer.connect(host, port)
            if request.url.scheme == "https" and wire.secured != (self._context, host):
                async with asyncio.timeout(seconds):
                    await wire.start_tls(self._context, host)
        except TimeoutError as error:
            raise httpx.ConnectTimeout("") from error
        except (OSError, ExceptionGroup, ValueError) as error:  # the last: a name that no certificate can be for
            raise httpx.ConnectError(str(error)) from error
        return Line(wire)


async def _ask(line: Line, request: httpx.Request) -> _Answer:
    try:
        return _Answer(line, *await line.ask(request))
    except BaseException:
        line.close()
        raise


class Content(httpx.AsyncByteStream):
    """The content of one answer; closing it gives the connection back."""

    def __init__(self, pool: Pool, line: Line, request: httpx.Request) -> None:
        self._pool = pool
        self._line: Line | None = line
        self._chunks = cast("AsyncGenerator[bytes]", line.content(request.extensions["timeout"]["read"]))

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        return await anext(self._chunks)

    async def pour(self, into: Callable[[list[bytes]], None], seconds: float) -> bool:
        """Long content, handed on in a thread as it comes (see Wire.pour); False when it is to be iterated."""
        return self._line is not None and await self._line.pour(into, seconds)

    async def aclose(self) -> None:
        line, self._line = self._line, None
        if line is None:
            return
        try:
            await self._chunks.aclose()
        finally:
            self._pool.give_back(line)
