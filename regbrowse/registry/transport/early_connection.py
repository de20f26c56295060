"""The connection to the registry of the first request, opened on the event loop while a thread imports the rest.

TCP and TLS take two to three round trips, which is about as long as the imports take. The network backend takes the
open connection when the first request needs it; see network.py. Needs nothing but asyncio, so that it can begin early.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

from regbrowse.registry.transport.tls import TlsSettings
from regbrowse.registry.transport.url_policy import Origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regbrowse.registry.models import Settings

BUFFER = 2**18
"""Bytes that a connection reads ahead of what is asked of it."""
STAGGER = 0.25
"""Seconds before the next address of a name is tried beside the one before it (RFC 8305)."""
_RESOLVERS = ThreadPoolExecutor(16, "resolver")
"""Own threads: look-ups that hang would keep all threads of the loop's pool from reading files."""
_MAX_ADDRESSES = 16


class Connection(NamedTuple):
    """An open connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    addresses: tuple[str, ...]
    """All addresses that its host has."""
    secured: tuple[ssl.SSLContext, str] | None = None
    """When TLS is spoken already: the context, and the name that the certificate was checked for."""


class EarlyConnection:
    """At most one connection, by https, which one request takes."""

    def __init__(self, settings: Settings) -> None:
        self.tls = TlsSettings(settings)
        """Shared with the client: a connection may be used only where its very context would be used."""
        self._network = settings.network
        self._place: tuple[str, int] | None = None
        self._opening: asyncio.Task[Connection] | None = None

    def begin(self, origin: Origin) -> None:
        """Start connecting to an https origin, unless a proxy stands between. To be called on the event loop."""
        if self._network is not None and self._network.proxy(*origin) is not None:
            return
        self._place = origin[1:]
        self._opening = asyncio.ensure_future(self._connect(origin))
        # An error is raised where the connection is taken; without this, one that is never taken would be reported.
        self._opening.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def take(self, host: str, port: int) -> Connection | None:
        """Wait for the connection to this host and port; None when there is none. Raises OSError, ConfigError."""
        if self._opening is None or (host, port) != self._place:
            return None
        self._place = None
        try:
            return await self._opening
        except asyncio.CancelledError:
            self._opening.cancel()
            raise

    async def aclose(self) -> None:
        """Close the connection if no request took it."""
        if self._opening is None or self._place is None:
            return
        self._place = None
        self._opening.cancel()
        await asyncio.wait([self._opening])
        if not self._opening.cancelled() and self._opening.exception() is None:
            self._opening.result().writer.transport.abort()

    async def _connect(self, origin: Origin) -> Connection:
        _, host, port = origin
        context, found = await asyncio.gather(self.tls.context(origin), resolve(host, port))
        return await connect(found, (context, host))


async def resolve(host: str, port: int) -> list[Any]:
    """Look up the addresses of a host, as socket.getaddrinfo gives them; at least one.

    Raises OSError (socket.gaierror) for a name that is unknown or cannot be a name.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.run_in_executor(_RESOLVERS, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except UnicodeError:
        raise socket.gaierror(socket.EAI_NONAME, "not a name") from None
    if not found:
        raise socket.gaierror(socket.EAI_NONAME, "no address")
    return found


def addresses_in(found: Sequence[Any]) -> tuple[str, ...]:
    """Give the addresses alone, as texts."""
    return tuple(str(one[4][0]) for one in found)


async def connect(found: Sequence[Any], secure: tuple[ssl.SSLContext, str] | None = None) -> Connection:
    """Connect to whichever of these addresses answers first, and speak TLS if told so. Raises OSError."""
    import aiohappyeyeballs

    opened = await aiohappyeyeballs.start_connection(found[:_MAX_ADDRESSES], happy_eyeballs_delay=STAGGER)
    try:
        reader, writer = await asyncio.open_connection(sock=opened, limit=BUFFER)
    except BaseException:  # cancelled, too - nothing else would close the socket
        opened.close()
        raise
    if secure is not None:
        context, name = secure
        try:
            await writer.start_tls(context, server_hostname=name)
        except BaseException:  # cancelled, too - asyncio would keep the connection to wait for the server's end
            writer.transport.abort()
            raise
    return Connection(reader, writer, addresses_in(found), secure)
