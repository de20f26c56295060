"""Ways that lead through a proxy, and its own troubles told apart from those of the registry behind it."""

from __future__ import annotations

import importlib.util
import re
import ssl
from collections.abc import Iterable

import httpcore
import httpx

from regbrowse.errors import ConfigError
from regbrowse.registry.net.guard import Dialer
from regbrowse.registry.net.policy import origin_of
from regbrowse.registry.net.pool import Pool
from regbrowse.settings.proxies import Proxy
from regbrowse.text import visible

_HEAD_LIMIT = 16_384


class ProxyTrouble(httpx.ProxyError):
    """The proxy does not answer, or does not do what it is there for."""

    def __init__(self, proxy: Proxy, status: int = 0, *, reached: bool = True) -> None:
        super().__init__("proxy")
        self.named = name_of(proxy)
        self.status = status
        """What it answered, when it speaks HTTP."""
        self.reached = reached
        self.has_login = bool(proxy.user)


class _Unreachable(httpcore.ConnectError):
    pass


class ProxyDialer(Dialer):
    """Connects to a proxy; the names behind it are for the proxy to resolve."""

    def __init__(self, proxy: Proxy) -> None:
        super().__init__()
        self._encrypted = proxy.url.startswith("https:")

    async def _open(self, address: str, port: int) -> httpcore.AsyncNetworkStream:
        if not self._encrypted:
            return await super()._open(address, port)
        # TLS within TLS, which sockets of the system do not do.
        try:
            return await httpcore.AnyIOBackend().connect_tcp(address, port)
        except httpcore.ConnectError as error:
            raise OSError("proxy") from error

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the name that httpcore calls it by
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            return await super().connect_tcp(host, port, timeout, local_address, socket_options)
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise _Unreachable("proxy") from error


class Tunnel(Dialer):
    """Connects through an http proxy without a request of ours: for a look at who answers behind it."""

    def __init__(self, proxy: Proxy) -> None:
        super().__init__()
        self._proxy = proxy

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the name that httpcore calls it by
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        _, proxy_host, proxy_port = origin_of(self._proxy.url)
        stream = await super().connect_tcp(proxy_host, proxy_port, timeout, local_address, socket_options)
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        login = b"".join(b"%b: %b\r\n" % header for header in as_httpcore(self._proxy, None).headers)
        try:
            await stream.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n".encode() + login + b"\r\n", timeout)
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                # One by one, because what follows is no longer for us to read.
                byte = await stream.read(1, timeout)
                head += byte
                if not byte or len(head) > _HEAD_LIMIT:
                    raise httpcore.ConnectError("proxy")
            if not re.match(rb"HTTP/1\.[01] 2", head):
                raise httpcore.ConnectError("proxy")
        except BaseException:
            await stream.aclose()
            raise
        return stream


def name_of(proxy: Proxy) -> str:
    """`proxy.example.com:3128 (from HTTPS_PROXY)`, safe to show."""
    return f"{visible(proxy.address, 260)} (from {visible(proxy.variable)})"


def as_httpcore(proxy: Proxy, context: ssl.SSLContext | None) -> httpcore.Proxy:
    """`context` is for proxies that are spoken to in TLS. Raises ConfigError for SOCKS without its package."""
    if proxy.url.startswith("socks") and importlib.util.find_spec("socksio") is None:
        why = f"{visible(proxy.variable)} names a SOCKS proxy, and the package socksio is not installed."
        raise ConfigError(why, hint="Install it next to regbrowse.", command='pip install "httpx[socks]"')
    auth = None
    if proxy.user or proxy.password:
        auth = (proxy.user.encode(), (proxy.password.reveal() if proxy.password else "").encode())
    return httpcore.Proxy(proxy.url, auth=auth, ssl_context=context)


async def through(pool: Pool, request: httpx.Request, proxy: Proxy) -> httpx.Response:
    """Raises ProxyTrouble for what is the proxy's fault, and httpx.TransportError for everything else."""
    try:
        response = await pool.handle_async_request(request)
    except httpx.ProxyError as error:
        status = str(error)[:3]
        raise ProxyTrouble(proxy, int(status) if status.isdecimal() else 0) from None
    except httpx.ConnectError as error:
        if isinstance(error.__cause__, _Unreachable):
            raise ProxyTrouble(proxy, reached=False) from None
        raise
    except (httpx.TransportError, OSError):
        raise
    except Exception as error:
        # What reads SOCKS answers trips over strange ones in ways of its own.
        if proxy.url.startswith("socks"):
            raise ProxyTrouble(proxy) from error
        raise
    if response.status_code == 407:
        await response.aclose()
        raise ProxyTrouble(proxy, 407)
    return response
