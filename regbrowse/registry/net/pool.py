"""Connections to one origin, kept open for a while.

httpx's own transport can neither be told how names are resolved nor which certificate goes to which host,
so this one stands on httpcore and speaks httpx to the rest.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager

import httpcore
import httpx

from regbrowse.registry.net.guard import Dialer

# In detail it writes down every header it gets, signed addresses and cookies among them.
logging.getLogger("httpcore").setLevel(logging.INFO)

MOST, IDLE, IDLE_SECONDS = 20, 10, 15.0
_ERRORS: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (httpcore.ConnectTimeout, httpx.ConnectTimeout),
    (httpcore.ReadTimeout, httpx.ReadTimeout),
    (httpcore.WriteTimeout, httpx.WriteTimeout),
    (httpcore.PoolTimeout, httpx.PoolTimeout),
    (httpcore.ConnectError, httpx.ConnectError),
    (httpcore.ReadError, httpx.ReadError),
    (httpcore.WriteError, httpx.WriteError),
    (httpcore.ProxyError, httpx.ProxyError),
    (httpcore.LocalProtocolError, httpx.LocalProtocolError),
    (httpcore.RemoteProtocolError, httpx.RemoteProtocolError),
    (httpcore.TimeoutException, httpx.ReadTimeout),
    (httpcore.NetworkError, httpx.ReadError),
    (httpcore.ProtocolError, httpx.RemoteProtocolError),
)


class Pool(httpx.AsyncBaseTransport):
    """Raises httpx.TransportError, as any transport does."""

    def __init__(self, context: ssl.SSLContext, dialer: Dialer, proxy: httpcore.Proxy | None = None) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            proxy=proxy,
            max_connections=MOST,
            max_keepalive_connections=IDLE,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=dialer,
        )
        self._busy = 0
        self._retired = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        sent = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        self._busy += 1
        try:
            with _translated():
                got = await self._pool.handle_async_request(sent)
        except BaseException:
            await self._done()
            raise
        assert isinstance(got.stream, AsyncIterable)
        return httpx.Response(got.status, headers=got.headers, stream=_Stream(got.stream, self._done))

    async def retire(self) -> None:
        """Closes every connection as soon as nobody uses one."""
        self._retired = True
        if not self._busy:
            await self.aclose()

    async def aclose(self) -> None:
        await self._pool.aclose()

    async def _done(self) -> None:
        self._busy -= 1
        if self._retired and not self._busy:
            await self.aclose()


class _Stream(httpx.AsyncByteStream):
    def __init__(self, body: AsyncIterable[bytes], done: Callable[[], Awaitable[None]]) -> None:
        self._body = body
        self._chunks = aiter(body)
        self._done: Callable[[], Awaitable[None]] | None = done

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        with _translated():
            return await anext(self._chunks)

    async def aclose(self) -> None:
        done, self._done = self._done, None
        if done is None:
            return
        try:
            for part in (self._chunks, self._body):
                close = getattr(part, "aclose", None)
                if close is not None:
                    with _translated():
                        await close()
        finally:
            await done()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError) as error:
        kind = next(theirs for ours, theirs in _ERRORS if isinstance(error, ours))
        raise kind(str(error)) from error
