"""Connections to one origin, directly or through a proxy, kept open for a while: httpcore's, speaking httpx."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager

import httpcore
import httpx

from regbrowse.errors import ConfigError
from regbrowse.registry.transport.network import Backend
from regbrowse.registry.transport.system_certificates import complete, is_complete
from regbrowse.settings.proxies import Proxy
from regbrowse.text import visible

# In detail it writes down every header it gets, signed addresses and cookies among them.
logging.getLogger("httpcore").setLevel(logging.INFO)

IDLE, IDLE_SECONDS = 10, 15.0


class ProxyTrouble(httpx.ProxyError):
    """The proxy does not answer, or does not do what it is there for."""

    def __init__(self, proxy: Proxy, status: int = 0, *, reached: bool = True) -> None:
        super().__init__("proxy")
        self.named = name_of(proxy)
        self.status = status
        """What it answered, when it speaks HTTP."""
        self.reached = reached
        self.has_login = bool(proxy.user)


class Pool(httpx.AsyncBaseTransport):
    """Raises ProxyTrouble for what is a proxy's fault, and httpx.TransportError for everything else.

    How many are asked at once is for gates.py to say, so there is no limit here: no place can be lost by
    a question that is cancelled (encode/httpcore#1093).
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        backend: Backend,
        proxy: Proxy | None = None,
        to_proxy: ssl.SSLContext | None = None,
    ) -> None:
        self._context = context
        self._proxy = proxy
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            proxy=_as_httpcore(proxy, to_proxy) if proxy else None,
            max_connections=None,
            max_keepalive_connections=IDLE,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=_ToProxy(backend) if proxy else backend,
        )
        self._busy = 0
        self._retired = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        knew_all = is_complete(self._context)
        try:
            return await self._through_proxy(request) if self._proxy else await self._ask(request)
        except httpx.ConnectError as error:
            if knew_all or not any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error)):
                raise
            await asyncio.to_thread(complete, self._context)
            return await self._ask(request)

    async def _through_proxy(self, request: httpx.Request) -> httpx.Response:
        assert self._proxy is not None
        try:
            response = await self._ask(request)
        except httpx.ProxyError as error:
            status = str(error)[:3]
            raise ProxyTrouble(self._proxy, int(status) if status.isdecimal() else 0) from None
        except httpx.ConnectError as error:
            if any(isinstance(cause, _Unreachable) for cause in _causes(error)):
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
        url = httpcore.URL(
            scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path
        )
        sent = httpcore.Request(
            request.method, url, headers=request.headers.raw, content=request.stream, extensions=request.extensions
        )
        self._busy += 1
        try:
            with _translated():
                got = await self._pool.handle_async_request(sent)
        except BaseException:
            await self._done()
            raise
        return httpx.Response(got.status, headers=got.headers, stream=_Body(got, self._done))

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


class _Body(httpx.AsyncByteStream):
    def __init__(self, got: httpcore.Response, done: Callable[[], Awaitable[None]]) -> None:
        self._got = got
        self._chunks = aiter(got.stream)  # type: ignore[arg-type]
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
            with _translated():
                close = getattr(self._chunks, "aclose", None)
                if close is not None:
                    await close()
                await self._got.aclose()
        finally:
            await done()


class _Unreachable(httpcore.ConnectError):
    pass


class _ToProxy(httpcore.AsyncNetworkBackend):
    """Whoever does not answer is the proxy."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def connect_tcp(self, *args: object, **more: object) -> httpcore.AsyncNetworkStream:
        try:
            return await self._backend.connect_tcp(*args, **more)  # type: ignore[arg-type]
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise _Unreachable("proxy") from error

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@contextmanager
def _translated() -> Iterator[None]:
    """httpcore's errors as those of httpx, which have the same names."""
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError) as error:
        kind = next(kind for kind in type(error).__mro__ if hasattr(httpx, kind.__name__))
        raise getattr(httpx, kind.__name__)(str(error)) from error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _as_httpcore(proxy: Proxy, context: ssl.SSLContext | None) -> httpcore.Proxy:
    """`context` is for proxies that are spoken to in TLS. Raises ConfigError for SOCKS without its package."""
    if proxy.url.startswith("socks") and importlib.util.find_spec("socksio") is None:
        why = f"{visible(proxy.variable)} names a SOCKS proxy, and the package socksio is not installed."
        raise ConfigError(why, hint="Install it next to regbrowse.", command='pip install "httpx[socks]"')
    auth = (proxy.user.encode(), (proxy.password.reveal() if proxy.password else "").encode())
    return httpcore.Proxy(proxy.url, auth=auth if any(auth) else None, ssl_context=context)


def name_of(proxy: Proxy) -> str:
    """`proxy.example.com:3128 (from HTTPS_PROXY)`, safe to show."""
    return f"{visible(proxy.address, 260)} (from {visible(proxy.variable)})"
