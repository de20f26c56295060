"""Connections that lead through a proxy, kept open for a while.

These stand on httpcore, which knows every kind of proxy; it is loaded only where there is one. The proxy resolves
the names behind it, so that there is nothing here to guard.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx

from regbrowse.errors import ConfigError
from regbrowse.registry.net.addresses import addresses_of, first_of
from regbrowse.registry.net.pool import IDLE, IDLE_SECONDS
from regbrowse.registry.net.proxied import ProxyTrouble, login_of
from regbrowse.settings.proxies import Proxy
from regbrowse.text import visible

# In detail it writes down every header it gets, signed addresses and cookies among them.
logging.getLogger("httpcore").setLevel(logging.INFO)

MOST = 20
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


class _Unreachable(httpcore.ConnectError):
    pass


class ProxyPool(httpx.AsyncBaseTransport):
    """Raises ProxyTrouble for what is the proxy's fault, and httpx.TransportError for everything else.

    `to_proxy` is by what a proxy is trusted that is spoken to in TLS.
    """

    def __init__(self, context: ssl.SSLContext, proxy: Proxy, to_proxy: ssl.SSLContext | None) -> None:
        self._proxy = proxy
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            proxy=_as_httpcore(proxy, to_proxy),
            max_connections=MOST,
            max_keepalive_connections=IDLE,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=_Backend(),
        )
        self._busy = 0
        self._retired = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            response = await self._ask(request)
        except httpx.ProxyError as error:
            status = str(error)[:3]
            raise ProxyTrouble(self._proxy, int(status) if status.isdecimal() else 0) from None
        except httpx.ConnectError as error:
            if isinstance(error.__cause__, _Unreachable):
                raise ProxyTrouble(self._proxy, reached=False) from None
            raise
        except (httpx.TransportError, OSError):
            raise
        except Exception as error:
            # What reads SOCKS answers trips over strange ones in ways of its own.
            if self._proxy.url.startswith("socks"):
                raise ProxyTrouble(self._proxy) from error
            raise
        if response.status_code == 407:
            await response.aclose()
            raise ProxyTrouble(self._proxy, 407)
        return response

    async def _ask(self, request: httpx.Request) -> httpx.Response:
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


class _Backend(httpcore.AsyncNetworkBackend):
    """Connects to the proxy; raises _Unreachable."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the name that httpcore calls it by
        local_address: str | None = None,  # noqa: ARG002 - nobody asks for one
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002 - nobody asks for any
    ) -> httpcore.AsyncNetworkStream:
        sockets = httpcore.AnyIOBackend()
        try:
            async with asyncio.timeout(timeout):
                addresses = await addresses_of(host, port)
                stream = await first_of(addresses, lambda one: sockets.connect_tcp(one, port))
        except (OSError, ExceptionGroup, httpcore.ConnectError) as error:
            raise _Unreachable("proxy") from error
        return _Connection(stream)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Connection(httpcore.AsyncNetworkStream):
    """Hangs up when the greeting is cancelled, which httpcore's own streams forget."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the name that httpcore calls it by
    ) -> httpcore.AsyncNetworkStream:
        try:
            return _Connection(await self._stream.start_tls(ssl_context, server_hostname, timeout))
        except asyncio.CancelledError:
            await self._stream.aclose()
            raise


def _as_httpcore(proxy: Proxy, context: ssl.SSLContext | None) -> httpcore.Proxy:
    """`context` is for proxies that are spoken to in TLS. Raises ConfigError for SOCKS without its package."""
    if proxy.url.startswith("socks") and importlib.util.find_spec("socksio") is None:
        why = f"{visible(proxy.variable)} names a SOCKS proxy, and the package socksio is not installed."
        raise ConfigError(why, hint="Install it next to regbrowse.", command='pip install "httpx[socks]"')
    auth = login_of(proxy) if proxy.user or proxy.password else None
    return httpcore.Proxy(proxy.url, auth=auth, ssl_context=context)
