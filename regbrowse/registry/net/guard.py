"""Inner addresses are refused here where somebody outside named them.

The address that was checked is the one connected to, so a name that means something else a moment later
(DNS rebinding) gains nothing. Certificates are still checked against the name.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable
from typing import Any

import httpcore

from regbrowse.registry.net.addresses import addresses_of, first_of
from regbrowse.registry.net.ahead import Ahead
from regbrowse.registry.net.policy import is_special
from regbrowse.registry.net.wire import Wire

ASKED, READ = 64 * 1024, 256 * 1024
"""Bytes that httpcore asks for at once, and bytes it is given."""


class InnerAddress(httpcore.ConnectError):
    """A name that somebody outside gave leads inside."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__("inner address")
        self.host = host
        self.address = address


class Dialer(httpcore.AsyncNetworkBackend):
    """Resolves names and connects; raises httpcore.ConnectError or ConnectTimeout.

    When `guarded`, raises InnerAddress for a name without any public address. `reached` is told the host
    and the address of every connection. One that was opened `ahead` is taken first.
    """

    def __init__(
        self,
        *,
        guarded: bool = False,
        reached: Callable[[str, str], None] | None = None,
        ahead: Ahead | None = None,
    ) -> None:
        self._guarded = guarded
        self._reached = reached
        self._ahead = ahead

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the name that httpcore calls it by
        local_address: str | None = None,  # noqa: ARG002 - nobody asks for one
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002 - nobody asks for any
    ) -> httpcore.AsyncNetworkStream:
        """One connection, to whichever address answers first; `timeout` is for all of it, the name included."""
        try:
            async with asyncio.timeout(timeout):
                if self._ahead is not None and self._ahead.leads_to(host, port):
                    address, wire = await self._ahead.take()
                    return self._arrived(host, address, Stream(wire))
                addresses = await addresses_of(host, port)
                allowed = [one for one in addresses if not (self._guarded and is_special(one))]
                if not allowed:
                    raise InnerAddress(host, addresses[0])
                address, stream = await first_of(allowed, lambda one: self._open(one, port))
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error
        except (OSError, ExceptionGroup) as error:
            raise httpcore.ConnectError("address") from error
        return self._arrived(host, address, stream)

    def _arrived(self, host: str, address: str, stream: httpcore.AsyncNetworkStream) -> httpcore.AsyncNetworkStream:
        if self._reached is not None:
            self._reached(host, address)
        return stream

    async def _open(self, address: str, port: int) -> httpcore.AsyncNetworkStream:
        """Raises OSError."""
        return Stream(await Wire.open(address, port))

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Stream(httpcore.AsyncNetworkStream):
    """A connection as httpcore wants it."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        # httpcore asks for 64 KiB, which makes long transfers several times as much work. Who asks for less means it.
        try:
            async with asyncio.timeout(timeout):
                return await self._wire.read(READ if max_bytes >= ASKED else max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout from error
        except ssl.SSLError:
            raise
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        try:
            async with asyncio.timeout(timeout):
                await self._wire.write(buffer)
        except TimeoutError as error:
            raise httpcore.WriteTimeout from error
        except ssl.SSLError:
            raise
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    async def aclose(self) -> None:
        self._wire.close()

    def get_extra_info(self, info: str) -> Any:
        """`socket`, `ssl_object`, `is_readable`: whether an idle connection is of no more use."""
        if info == "is_readable":
            return self._wire.ended()
        if info == "ssl_object":
            return self._wire.socket if self._wire.secured else None
        return self._wire.socket if info == "socket" else None

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the name that httpcore calls it by
    ) -> httpcore.AsyncNetworkStream:
        """Raises httpcore.ConnectError, caused by an OSError, after hanging up."""
        try:
            async with asyncio.timeout(timeout):
                name = server_hostname or ""
                if self._wire.secured is None:
                    await self._wire.start_tls(ssl_context, name)
                elif self._wire.secured != (ssl_context, name):
                    raise OSError("greeted as somebody else")
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error
        except (OSError, ValueError) as error:  # a name that no certificate can be for
            self._wire.close()
            raise httpcore.ConnectError(str(error)) from error
        return self
