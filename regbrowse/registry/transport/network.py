"""How connections are opened: an httpcore network backend that resolves names once and refuses inner addresses.

The address that was checked is the one connected to, so a name that means something else a moment later
(DNS rebinding) gains nothing. Certificates are still checked against the name.
"""

from __future__ import annotations

import asyncio
import ipaddress
import select
import socket
import ssl
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import aiohappyeyeballs
import httpcore

from regbrowse.registry.transport.early_connection import BUFFER, Connection
from regbrowse.registry.transport.url_policy import is_special

if TYPE_CHECKING:
    from regbrowse.registry.transport.early_connection import EarlyConnection

STAGGER = 0.25
"""Seconds that an address gets before the next one is tried beside it (RFC 8305)."""
_RESOLVERS = ThreadPoolExecutor(16, "names")
"""Threads of their own: names that nobody answers for would else keep all threads from reading files and JSON."""
_MOST = 16
"""Addresses tried of one name."""


class InnerAddress(OSError):
    """A name that somebody outside gave leads inside."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__("inner address")
        self.host = host
        self.address = address


def look_up(host: str, port: int) -> list[Any]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


def leads_here(host: str, port: int) -> bool:
    """Whether a name means nothing but this machine, as far as it means anything. Blocks."""
    try:
        found = look_up(host, port)
    except (OSError, UnicodeError):
        return True
    return all(ipaddress.ip_address(place[0]).is_loopback for *_, place in found)


class Stream(httpcore.AsyncNetworkStream):
    """A connection of asyncio's; aborted instead of said goodbye to, so that whoever is cancelled is gone at once."""

    def __init__(self, connection: Connection) -> None:
        self._reader, self._writer, self._secured = connection

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        try:
            async with asyncio.timeout(timeout):
                return await self._reader.read(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout("") from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        try:
            async with asyncio.timeout(timeout):
                self._writer.write(buffer)
                await self._writer.drain()
        except TimeoutError as error:
            raise httpcore.WriteTimeout("") from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    async def aclose(self) -> None:
        self._writer.transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        if self._secured == (ssl_context, server_hostname):
            return self
        try:
            async with asyncio.timeout(timeout):
                await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except BaseException as error:
            await self.aclose()
            if isinstance(error, TimeoutError):
                raise httpcore.ConnectTimeout("") from error
            if isinstance(error, OSError | ValueError):  # the latter: a name that no certificate can be for
                raise httpcore.ConnectError(str(error)) from error
            raise
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            poll = select.poll()
            poll.register(self._writer.get_extra_info("socket"), select.POLLIN)
            return self._reader.at_eof() or bool(poll.poll(0))
        return self._writer.get_extra_info(info)


class Backend(httpcore.AsyncNetworkBackend):
    """When `guarded`, a name without any public address is refused. `reached` is told whether a name leads only inside.

    What was opened `ahead` to its place is taken first.
    """

    def __init__(
        self,
        *,
        guarded: bool = False,
        reached: Callable[[str, bool], None] | None = None,
        ahead: EarlyConnection | None = None,
    ) -> None:
        self._guarded = guarded
        self._reached = reached
        self._ahead = ahead

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                connection = await self._ahead.take(host, port) if self._ahead is not None else None
                connection = connection or await self._dial(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("") from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        return Stream(connection)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _dial(self, host: str, port: int) -> Connection:
        try:
            found = await asyncio.get_running_loop().run_in_executor(_RESOLVERS, look_up, host, port)
        except UnicodeError:
            raise socket.gaierror(socket.EAI_NONAME, "not a name") from None
        if self._reached is not None and found:
            self._reached(host, all(is_special(str(one[4][0])) for one in found))
        allowed = [one for one in found if not (self._guarded and is_special(str(one[4][0])))][:_MOST]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        if not allowed:
            raise InnerAddress(host, str(found[0][4][0]))
        opened = await aiohappyeyeballs.start_connection(allowed, happy_eyeballs_delay=STAGGER)
        try:
            reader, writer = await asyncio.open_connection(sock=opened, limit=BUFFER)
        except BaseException:
            opened.close()
            raise
        return reader, writer, None
