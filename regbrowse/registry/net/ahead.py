"""A connection to the registry that will be asked first, opened while the rest of the program is still being loaded.

A round trip or two of the first answer that nobody waits for. Nothing is sent but what opens a connection, to where
the first question would go.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

from regbrowse.reference import Reference, Registry
from regbrowse.registry.facts import Settings
from regbrowse.registry.net.addresses import addresses_of, first_of
from regbrowse.registry.net.policy import origin_of
from regbrowse.registry.net.trust import Trusts
from regbrowse.registry.net.wire import Wire

SECONDS = 10.0
"""For all of it."""


class Ahead:
    """At most one connection, by https, to be taken once. Raises what opening one raises, and when it is taken."""

    def __init__(self, settings: Settings) -> None:
        self.trusts = Trusts(settings)
        """What it is opened with; to be shared, because a context is known by being the very same."""
        self._settings = settings
        self._place: tuple[str, int] | None = None
        self._opening: asyncio.Task[tuple[str, Wire]] | None = None

    def begin(self, place: Registry | Reference) -> bool:
        """Begins to open it, if it is certain that the first question goes there, and directly; whether it is."""
        registry = place if isinstance(place, Registry) else place.repository.registry
        settings, network = self._settings, self._settings.network
        if settings.offline or registry.key in settings.local:
            return False
        if isinstance(place, Reference) and place.digest and settings.cache_folder:
            return False  # it may be on disk
        if network is not None:
            if isinstance(place, Registry):
                moved = bool(network.blocked(registry))
            else:
                found = network.resolve(place.repository)
                moved = bool(found.blocked or found.mirror) or found.repository.registry != registry
            if moved or network.proxy(*origin_of(f"https://{registry.authority}")) is not None:
                return False
        parts = urlsplit(f"//{registry.authority}")
        self._place = parts.hostname or registry.host, registry.port or 443
        self._opening = asyncio.create_task(self._open(*self._place))
        self._opening.add_done_callback(_heard)
        return True

    def leads_to(self, host: str, port: int) -> bool:
        """Whether there is one to this place, and it was not taken."""
        return self._place == (host, port)

    async def greeted(self) -> None:
        """Waits until it is open. Raises OSError, an ExceptionGroup of them, TimeoutError, ConfigError."""
        assert self._opening is not None
        await asyncio.shield(self._opening)

    async def take(self) -> tuple[str, Wire]:
        """The address and the connection, which speaks TLS; whoever gives up waiting hangs up. Raises as `greeted`."""
        assert self._opening is not None
        self._place = None
        return await self._opening

    async def aclose(self) -> None:
        """Hangs up if nobody took it."""
        opening = self._opening
        if opening is None or self._place is None:
            return
        self._place = None
        opening.cancel()
        await asyncio.wait([opening])
        if not opening.cancelled() and opening.exception() is None:
            opening.result()[1].close()

    async def _open(self, host: str, port: int) -> tuple[str, Wire]:
        async with asyncio.timeout(SECONDS):
            reading = asyncio.create_task(self.trusts.context(("https", host, port)))
            try:
                address, wire = await first_of(await addresses_of(host, port), lambda one: Wire.open(one, port))
                try:
                    context = await reading
                    await wire.start_tls(context, host)
                except BaseException:
                    wire.close()
                    raise
            finally:
                reading.add_done_callback(_heard)
                reading.cancel()
        return address, wire


def _heard(task: asyncio.Task[Any]) -> None:
    """What went wrong is told to whoever wants the connection, and by nobody else."""
    if not task.cancelled():
        task.exception()
