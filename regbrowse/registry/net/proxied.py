"""Ways that lead through a proxy, and its own troubles told apart from those of the registry behind it."""

from __future__ import annotations

import importlib.util
import ssl
from collections.abc import Iterable

import httpcore
import httpx

from regbrowse.errors import ConfigError
from regbrowse.registry.net.guard import Dialer
from regbrowse.registry.net.pool import Pool
from regbrowse.settings.proxies import Proxy
from regbrowse.text import visible


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
