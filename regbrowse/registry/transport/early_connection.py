"""The connection to the registry that will be asked, opened on the event loop while a thread imports the rest."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

from regbrowse.reference import Reference, Registry
from regbrowse.registry.transport.tls import TlsSettings
from regbrowse.registry.transport.url_policy import origin_of
from regbrowse.registry.vendor import is_searchable

if TYPE_CHECKING:
    from regbrowse.registry.models import Settings

BUFFER = 2**18
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter, tuple[ssl.SSLContext, str] | None]


class EarlyConnection:
    """At most one connection, in TLS, to be taken once."""

    def __init__(self, settings: Settings) -> None:
        self.trusts = TlsSettings(settings)
        self._settings = settings
        self._place: tuple[str, int] | None = None
        self._opening: asyncio.Task[Connection] | None = None

    def begin(self, place: Registry | Reference) -> bool:
        """On the event loop. Whether it is certain that the registry will be asked something."""
        registry = place if isinstance(place, Registry) else place.repository.registry
        if not self._certain(place, registry):
            return False
        _, host, port = origin = origin_of(f"https://{registry.authority}")
        if self._settings.network is not None and self._settings.network.proxy(*origin) is not None:
            return False

        async def connect() -> Connection:
            context = await self.trusts.context(origin)
            pair = await asyncio.open_connection(
                host, port, ssl=context, server_hostname=host, limit=BUFFER, happy_eyeballs_delay=0.25
            )
            return *pair, (context, host)

        self._place = host, port
        self._opening = asyncio.ensure_future(connect())
        self._opening.add_done_callback(lambda done: done.cancelled() or done.exception())
        return True

    def to(self, host: str, port: int) -> asyncio.Task[Connection] | None:
        return self._opening if (host, port) == self._place else None

    async def take(self, host: str, port: int) -> Connection | None:
        """None when there is none. Raises OSError, TimeoutError."""
        opening = self.to(host, port)
        if opening is None:
            return None
        self._place = None
        return await opening

    async def aclose(self) -> None:
        """Hangs up if nobody took it."""
        if self._opening is not None and self._place is not None:
            self._place = None
            self._opening.cancel()
            await asyncio.wait([self._opening])
            if not self._opening.cancelled() and self._opening.exception() is None:
                self._opening.result()[1].transport.abort()

    def _certain(self, place: Registry | Reference, registry: Registry) -> bool:
        """Whether something will be asked, and there."""
        settings, network = self._settings, self._settings.network
        if settings.offline or registry.key in settings.local:
            return False
        if network is not None and network.blocked(registry):
            return False
        if isinstance(place, Registry):
            return not is_searchable(place)  # the search of some lives elsewhere
        if place.digest and settings.cache_folder:
            from regbrowse.registry.content.disk_cache import may_hold

            if may_hold(settings.cache_folder, place.digest):
                return False
        if network is None:
            return True
        found = network.resolve(place.repository)
        return not (found.blocked or found.mirror) and found.repository.registry == registry
