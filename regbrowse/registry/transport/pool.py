"""Connections kept open: httpcore's pools under httpx's interface, one for each origin and way to reach it.

httpx.AsyncHTTPTransport is not used because its network backend cannot be chosen (encode/httpx#3749), and an
httpx.AsyncClient is not used because it follows redirects by its own rules, turns user names in URLs into logins and
logs URLs as they are.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpcore
import httpx

from regbrowse.errors import ConfigError
from regbrowse.registry.transport.network import Backend
from regbrowse.registry.transport.tls import TlsSettings, TlsTrust, unverified_context
from regbrowse.registry.transport.url_policy import Origin, is_special, origin_of
from regbrowse.settings.proxies import Proxy
from regbrowse.text import visible

if TYPE_CHECKING:
    from regbrowse.registry.models import Settings
    from regbrowse.registry.transport.early_connection import EarlyConnection

# At DEBUG it logs every header, signed URLs and cookies among them.
logging.getLogger("httpcore").setLevel(logging.INFO)

# A quarter of the steps for each byte of a long download; 64 KiB is httpcore's own.
httpcore.AsyncHTTP11Connection.READ_NUM_BYTES = 2**18

MAX_IDLE, IDLE_SECONDS = 10, 15.0
"""Idle connections kept open to one origin, and for how long."""
MAX_POOLS = 20
"""Origins whose connections are kept open."""
TIMEOUT = {"connect": 10.0, "read": 30.0, "write": 10.0, "pool": None}
"""Seconds, as httpx and httpcore take them."""
_Key = tuple[Origin, bool, TlsTrust]


class ProxyFailure(httpx.ProxyError):
    """The proxy does not answer, or refuses to connect."""

    def __init__(self, proxy: Proxy, status: int = 0, *, reached: bool = True) -> None:
        super().__init__("proxy")
        self.named = name_of(proxy)
        self.status = status
        """The proxy's own answer; 0 when it gave none."""
        self.reached = reached
        self.has_login = bool(proxy.user)


class PoolTransport(httpx.AsyncBaseTransport):
    """One httpcore pool. Raises ProxyFailure for what is the proxy's fault, and httpx.TransportError for the rest.

    It has no limit of connections: requests wait at ConcurrencyLimit, because a request that is cancelled while it
    waits for httpcore's pool can lose a slot of it (encode/httpcore#1093).
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        backend: Backend,
        proxy: Proxy | None = None,
        proxy_context: ssl.SSLContext | None = None,
    ) -> None:
        """`proxy_context` is for a proxy that is spoken to in TLS. Raises ConfigError for SOCKS without its package."""
        self._proxy = proxy
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            proxy=_httpcore_proxy(proxy, proxy_context) if proxy else None,
            max_connections=None,
            max_keepalive_connections=MAX_IDLE,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=_ProxyBackend(backend) if proxy else backend,
        )
        self._in_use = 0
        self._retired = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._proxy is None:
            return await self._send(request)
        try:
            response = await self._send(request)
        except httpx.ProxyError as error:
            status = str(error)[:3]
            raise ProxyFailure(self._proxy, int(status) if status.isdecimal() else 0) from None
        except httpx.ConnectError as error:
            if any(isinstance(cause, _ProxyUnreachable) for cause in causes_of(error)):
                raise ProxyFailure(self._proxy, reached=False) from None
            raise
        except (httpx.TransportError, OSError):
            raise
        except Exception as error:
            # socksio raises errors of its own, and IndexError and ValueError, for answers that are not SOCKS.
            if self._proxy.url.startswith("socks"):
                raise ProxyFailure(self._proxy) from error
            raise
        if response.status_code == 407:
            await response.aclose()
            raise ProxyFailure(self._proxy, 407)
        return response

    async def retire(self) -> None:
        """Close every connection as soon as no response is being read from it."""
        self._retired = True
        if not self._in_use:
            await self.aclose()

    async def aclose(self) -> None:
        await self._pool.aclose()

    async def _send(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(
            scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path
        )
        sent = httpcore.Request(
            request.method, url, headers=request.headers.raw, content=request.stream, extensions=request.extensions
        )
        self._in_use += 1
        try:
            with _as_httpx_errors():
                response = await self._pool.handle_async_request(sent)
        except BaseException:  # cancelled, too - the connection is not in use any more
            await self._release()
            raise
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response, self._release))

    async def _release(self) -> None:
        self._in_use -= 1
        if self._retired and not self._in_use:
            await self.aclose()


class _Body(httpx.AsyncByteStream):
    """The body of a response; `release` is called once, when it is closed."""

    def __init__(self, response: httpcore.Response, release: Callable[[], Awaitable[None]]) -> None:
        self._response = response
        self._chunks = aiter(response.stream)  # type: ignore[arg-type]
        self._release: Callable[[], Awaitable[None]] | None = release

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        with _as_httpx_errors():
            return await anext(self._chunks)

    async def aclose(self) -> None:
        release, self._release = self._release, None
        if release is None:
            return
        try:
            with _as_httpx_errors():
                # A generator that is left early would be closed only when it is collected.
                close = getattr(self._chunks, "aclose", None)
                if close is not None:
                    await close()
                await self._response.aclose()
        finally:
            await release()


class _ProxyUnreachable(httpcore.ConnectError):
    """No connection to the proxy itself."""


class _ProxyBackend(httpcore.AsyncNetworkBackend):
    """Connects to the proxy, which is the only place that httpcore connects to then."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def connect_tcp(self, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        try:
            return await self._backend.connect_tcp(*args, **options)
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise _ProxyUnreachable("proxy") from error

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Pools:
    """Gives the pool of each origin, or the registry inside this process that answers for it."""

    def __init__(self, settings: Settings, early: EarlyConnection | None = None) -> None:
        self._settings = settings
        self._early = early
        self.tls = early.tls if early else TlsSettings(settings)
        self._pools: OrderedDict[_Key, PoolTransport] = OrderedDict()
        self._making = asyncio.Lock()
        self._internal: dict[str, bool] = {}
        """Host -> whether it has only ever had internal addresses."""

    async def transport(self, url: str, registry_host: str, tls_of: Origin | None = None) -> httpx.AsyncBaseTransport:
        """Give the transport for requests to a URL. Raises ConfigError.

        `registry_host` is the host that was asked first. When the request goes to another one, no internal address
        is connected to, unless the registry's own host is internal. `tls_of`: see TlsSettings.context.
        """
        in_process = self._settings.local.get(urlsplit(url).netloc.lower())
        if in_process is not None:
            from regbrowse.registry.transport.in_process import InProcessTransport

            return InProcessTransport(in_process)
        origin = origin_of(url)
        internal = is_special(registry_host) or self._internal.get(registry_host, False)
        return await self._pool(origin, registry_host != origin[1] and not internal, tls_of)

    def proxy(self, origin: Origin) -> Proxy | None:
        """Give the proxy that requests to an origin go through."""
        return self._settings.network.proxy(*origin) if self._settings.network else None

    async def unpooled(self, origin: Origin, context: ssl.SSLContext) -> PoolTransport:
        """Make a pool of one's own with this context, on the way that requests to the origin take."""
        proxy = self.proxy(origin)
        return PoolTransport(context, Backend(), proxy, await self._proxy_context(proxy))

    async def renew(self, origin: Origin) -> None:
        """Let the next request to an origin open a new connection."""
        for key in [key for key in self._pools if key[0] == origin]:
            await self._pools.pop(key).retire()

    async def aclose(self) -> None:
        if self._early is not None:
            await self._early.aclose()
        while self._pools:
            await self._pools.popitem()[1].aclose()

    async def _pool(self, origin: Origin, guarded: bool, tls_of: Origin | None) -> PoolTransport:
        secure = origin[0] == "https"
        trust = await self.tls.trust(origin, tls_of) if secure else TlsTrust()
        key = (origin, guarded, trust)
        async with self._making:
            if key not in self._pools:
                context = await self.tls.context(origin, tls_of) if secure else unverified_context()
                proxy = self.proxy(origin)
                early = None if guarded or proxy else self._early
                backend = Backend(guarded=guarded and proxy is None, resolved=self._resolved, early=early)
                self._pools[key] = PoolTransport(context, backend, proxy, await self._proxy_context(proxy))
            self._pools.move_to_end(key)
            while len(self._pools) > MAX_POOLS:
                await self._pools.popitem(last=False)[1].retire()
            return self._pools[key]

    async def _proxy_context(self, proxy: Proxy | None) -> ssl.SSLContext | None:
        return await self.tls.context(origin_of(proxy.url)) if proxy and proxy.url.startswith("https:") else None

    def _resolved(self, host: str, internal: bool) -> None:
        self._internal[host] = self._internal.get(host, True) and internal


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """Give an exception, its causes and contexts and theirs, nearest first; httpcore raises `from None` at times."""
    queue: list[BaseException] = [error]
    for _ in range(64):
        if not queue:
            return
        cause = queue.pop(0)
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            queue += cause.exceptions
        queue += [other for other in (cause.__cause__, cause.__context__) if other is not None]


def name_of(proxy: Proxy) -> str:
    """`proxy.example.com:3128 (from HTTPS_PROXY)`, safe to show."""
    return f"{visible(proxy.address, 260)} (from {visible(proxy.variable)})"


@contextmanager
def _as_httpx_errors() -> Iterator[None]:
    """Raise httpcore's errors as httpx's errors of the same name."""
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError) as error:
        kind = next(kind for kind in type(error).__mro__ if hasattr(httpx, kind.__name__))
        raise getattr(httpx, kind.__name__)(str(error)) from error


def _httpcore_proxy(proxy: Proxy, context: ssl.SSLContext | None) -> httpcore.Proxy:
    if proxy.url.startswith("socks") and importlib.util.find_spec("socksio") is None:
        why = f"{visible(proxy.variable)} names a SOCKS proxy, and the package socksio is not installed."
        raise ConfigError(why, hint="Install it next to regbrowse.", command='pip install "httpx[socks]"')
    auth = (proxy.user.encode(), (proxy.password.reveal() if proxy.password else "").encode())
    return httpcore.Proxy(proxy.url, auth=auth if any(auth) else None, ssl_context=context)
