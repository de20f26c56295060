"""The wires themselves: what a request looks like, and which of them it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx

from regbrowse import __version__
from regbrowse.registry.facts import Settings
from regbrowse.registry.net.local import LocalTransport
from regbrowse.registry.net.tls import bare_context, trusted_context

_LIMITS = httpx.Limits(max_connections=20, max_keepalive_connections=10, keepalive_expiry=15)
_TIMEOUT = {"connect": 10.0, "read": 30.0, "write": 10.0, "pool": 30.0}


class Wires(httpx.AsyncBaseTransport):
    """Sends each request to a registry in this process, over http, or over https.

    The trust store is read when the first https request needs it, and never before.
    """

    def __init__(self, settings: Settings) -> None:
        self._ca_file = settings.ca_file
        self._local = {key: LocalTransport(responder) for key, responder in settings.local.items()}
        self._plain: httpx.AsyncHTTPTransport | None = None
        self._secure: httpx.AsyncHTTPTransport | None = None
        self._reading = asyncio.Lock()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        local = self._local.get(request.url.netloc.decode("ascii").lower())
        if local is not None:
            return await local.handle_async_request(request)
        if request.url.scheme == "https":
            return await (self._secure or await self._secured()).handle_async_request(request)
        if self._plain is None:
            self._plain = httpx.AsyncHTTPTransport(verify=bare_context(), limits=_LIMITS, trust_env=False)
        return await self._plain.handle_async_request(request)

    async def aclose(self) -> None:
        for wire in (self._plain, self._secure):
            if wire is not None:
                await wire.aclose()

    async def _secured(self) -> httpx.AsyncHTTPTransport:
        async with self._reading:
            if self._secure is None:
                context = await trusted_context(self._ca_file)
                self._secure = httpx.AsyncHTTPTransport(verify=context, limits=_LIMITS, trust_env=False)
            return self._secure


def request(method: str, url: str, headers: Mapping[str, str], content: bytes = b"") -> httpx.Request:
    """A request as it leaves: no cookie, no environment, nothing that httpx adds on its own.

    It goes to the wires directly, because an httpx client would follow its own mind on redirects, turn
    user names in addresses into logins, and write unredacted addresses to the log.
    """
    sent = {"User-Agent": f"regbrowse/{__version__}", "Accept": "application/json, */*;q=0.5"}
    sent.update(headers)
    sent["Accept-Encoding"] = "identity"
    return httpx.Request(method, url, headers=sent, content=content or None, extensions={"timeout": _TIMEOUT})
