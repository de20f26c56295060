"""The network backend of httpcore: connect to the addresses of a name, and refuse internal ones when asked to.

A name is looked up once, and the addresses that were checked are the ones connected to: a name that resolves to
something else a moment later (DNS rebinding) gains nothing. Certificates are still checked against the name.
"""

from __future__ import annotations

import asyncio
import select
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore

from regbrowse.registry.transport.early_connection import (
    Connection,
    EarlyConnection,
    addresses_in,
    connect,
    resolve,
)
from regbrowse.registry.transport.url_policy import is_special

_MAX_INFORMATIONAL = 50
_TURN = 0.02
"""Seconds of reads that never waited, after which other tasks of the event loop run."""


class InternalAddress(OSError):
    """A host that an outside server named has no public address."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__("internal address")
        self.host = host
        self.address = address


class Stream(httpcore.AsyncNetworkStream):
    """A connection of asyncio; aborted instead of shut down, so that a cancelled request ends at once."""

    def __init__(self, connection: Connection) -> None:
        self._reader, self._writer, self._secured = connection.reader, connection.writer, connection.secured
        self._waited = 0.0
        self._informational = 0
        """Status lines of informational responses since the last write."""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        with _as_httpcore_errors(httpcore.ReadTimeout, httpcore.ReadError):
            async with asyncio.timeout(timeout):
                loop = asyncio.get_running_loop()
                started = loop.time()
                if started - self._waited > _TURN:
                    # A server that sends faster than we read would keep every timeout from being noticed.
                    await asyncio.sleep(0)
                    self._waited = started
                return self._checked(await self._reader.read(max_bytes))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        with _as_httpcore_errors(httpcore.WriteTimeout, httpcore.WriteError):
            async with asyncio.timeout(timeout):
                self._informational = 0
                self._writer.write(buffer)
                await self._writer.drain()

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
            with _as_httpcore_errors(httpcore.ConnectTimeout, httpcore.ConnectError):
                async with asyncio.timeout(timeout):
                    await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except BaseException:  # cancelled, too - httpcore leaves the stream of a cancelled handshake open
            await self.aclose()
            raise
        return self

    def _checked(self, chunk: bytes) -> bytes:
        """Pass a chunk on; raises LocalProtocolError for more informational responses than any server sends.

        httpcore reads past them in one go (RFC 9110, 15.2), so that a flood of them would block the event loop.
        """
        if chunk.startswith((b"HTTP/1.1 1", b"HTTP/1.0 1")):
            self._informational += chunk.count(b"HTTP/1.")
            if self._informational > _MAX_INFORMATIONAL:
                raise httpcore.LocalProtocolError("too many informational responses")
        return chunk

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            poll = select.poll()
            poll.register(self._writer.get_extra_info("socket"), select.POLLIN)
            return self._reader.at_eof() or bool(poll.poll(0))
        return self._writer.get_extra_info(info)


class Backend(httpcore.AsyncNetworkBackend):
    """Opens connections for httpcore.

    `guarded`: a host without any public address is refused with InternalAddress as cause of the ConnectError.
    `resolved` is told each host, and whether all of its addresses are internal. `early`: a connection that was
    opened ahead to its host is taken first.
    """

    def __init__(
        self,
        *,
        guarded: bool = False,
        resolved: Callable[[str, bool], None] | None = None,
        early: EarlyConnection | None = None,
    ) -> None:
        self._guarded = guarded
        self._resolved = resolved
        self._early = early

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        with _as_httpcore_errors(httpcore.ConnectTimeout, httpcore.ConnectError):
            async with asyncio.timeout(timeout):
                connection = await self._early.take(host, port) if self._early is not None else None
                if connection is None:
                    return Stream(await self._connect(host, port))
        self._tell(host, connection.addresses)
        return Stream(connection)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _connect(self, host: str, port: int) -> Connection:
        found = await resolve(host, port)
        self._tell(host, addresses_in(found))
        allowed = [one for one in found if not (self._guarded and is_special(str(one[4][0])))]
        if not allowed:
            raise InternalAddress(host, addresses_in(found)[0])
        return await connect(allowed)

    def _tell(self, host: str, addresses: tuple[str, ...]) -> None:
        if self._resolved is not None:
            self._resolved(host, all(map(is_special, addresses)))


@contextmanager
def _as_httpcore_errors(
    timed_out: type[httpcore.TimeoutException], failed: type[httpcore.NetworkError]
) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise timed_out("") from error
    except (OSError, ValueError) as error:  # the latter: a name that no certificate can be issued for
        raise failed(str(error)) from error
