"""The wires themselves: what a request looks like, which of them it takes, and whom it trusts there."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping

import httpx

from regbrowse.registry.models import Settings
from regbrowse.registry.transport.early_connection import EarlyConnection
from regbrowse.registry.transport.headers import ENCODING, HEADERS
from regbrowse.registry.transport.in_process import LocalTransport
from regbrowse.registry.transport.network import Backend
from regbrowse.registry.transport.pool import Pool
from regbrowse.registry.transport.system_certificates import complete
from regbrowse.registry.transport.tls import TlsSettings, TlsTrust, bare_context
from regbrowse.registry.transport.url_policy import Origin, is_special, origin_of
from regbrowse.settings.proxies import Proxy

POOLS = 20
"""Origins whose connections are kept open."""
_TIMEOUT = {"connect": 10.0, "read": 30.0, "write": 10.0, "pool": None}
_Key = tuple[Origin, bool, TlsTrust]


class Pools:
    """Sends each request to a registry in this process, or over a connection of its origin.

    The trust store is read when the first https request needs it, and never before.
    """

    def __init__(self, settings: Settings, ahead: EarlyConnection | None = None) -> None:
        self._settings = settings
        self._network = settings.network
        self._ahead = ahead
        self.trusts = ahead.trusts if ahead else TlsSettings(settings)
        self._pools: OrderedDict[_Key, Pool] = OrderedDict()
        self._making = asyncio.Lock()
        self._inner: dict[str, bool] = {}
        """Host -> whether every address of it that was connected to is an inner one."""
        self.backend = Backend(reached=self._reached)

    async def send(self, request: httpx.Request, home: str = "", patron: Origin | None = None) -> httpx.Response:
        """Raises httpx.TransportError, ConfigError, or OSError.

        `home` is the host that sent us there, when that is another one: unless it lies inside itself, no
        inner address is connected to. `patron`: see TlsSettings.context.
        """
        responder = self._settings.local.get(request.url.netloc.decode("ascii").lower())
        if responder is not None:
            return await LocalTransport(responder).handle_async_request(request)
        origin = origin_of(str(request.url))
        guarded = bool(home) and home != origin[1] and not is_special(home) and not self._inner.get(home, False)
        proxy = self.proxy(origin)
        pool = await self._pool(origin, guarded, proxy, patron)
        return await pool.handle_async_request(request)

    def proxy(self, origin: Origin) -> Proxy | None:
        """What stands between us and an origin."""
        return self._network.proxy(*origin) if self._network else None

    def scout(self, origin: Origin) -> Backend | None:
        """Connects to an origin without a request of ours; None where that cannot be done."""
        return self.backend if self.proxy(origin) is None else None

    async def renew(self, origin: Origin) -> None:
        """The next request to an origin takes a new connection."""
        for key in [key for key in self._pools if key[0] == origin]:
            await self._pools.pop(key).retire()

    async def aclose(self) -> None:
        if self._ahead is not None:
            await self._ahead.aclose()
        while self._pools:
            await self._pools.popitem()[1].aclose()

    async def _pool(self, origin: Origin, guarded: bool, proxy: Proxy | None, patron: Origin | None) -> Pool:
        trusted = await self.trusts.trusted(origin, patron) if origin[0] == "https" else TlsTrust()
        key = (origin, guarded, trusted)
        async with self._making:
            pool = self._pools.get(key)
            if pool is None:
                pool = self._pools[key] = await self._make(key, proxy)
            self._pools.move_to_end(key)
            while len(self._pools) > POOLS:
                await self._pools.popitem(last=False)[1].retire()
        return pool

    async def _make(self, key: _Key, proxy: Proxy | None) -> Pool:
        origin, guarded, trusted = key
        context = await self.trusts.contexts.get(trusted) if origin[0] == "https" else bare_context()
        if proxy is None:
            return Pool(
                context, Backend(guarded=guarded, reached=self._reached, ahead=None if guarded else self._ahead)
            )
        to_proxy = await self.trusts.context(origin_of(proxy.url)) if proxy.url.startswith("https:") else None
        for each in (context, to_proxy):
            # Who reads along at a proxy is often known by the bundle alone.
            if each is not None:
                await asyncio.to_thread(complete, each)
        return Pool(context, Backend(), proxy, to_proxy)

    def _reached(self, host: str, inner: bool) -> None:
        self._inner[host] = self._inner.get(host, True) and inner


def request(method: str, url: str, headers: Mapping[str, str], content: bytes = b"") -> httpx.Request:
    """A request as it leaves: no cookie, no environment, nothing that httpx adds on its own.

    It goes to the wires directly, because an httpx client would follow its own mind on redirects, turn
    user names in addresses into logins, and write unredacted addresses to the log.
    """
    sent = {**HEADERS, **headers, **ENCODING}
    return httpx.Request(method, url, headers=sent, content=content or None, extensions={"timeout": _TIMEOUT})
