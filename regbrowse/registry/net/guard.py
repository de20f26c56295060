"""Names become addresses here, and inner addresses are refused where somebody outside named them.

The address that was checked is the one connected to, so a name that means something else a moment later
(DNS rebinding) gains nothing. Certificates are still checked against the name.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from typing import Any

import httpcore

from regbrowse.registry.net.gates import TOTAL
from regbrowse.registry.net.policy import is_special

STAGGER = 0.25
"""Seconds that an address gets before the next one is tried beside it (RFC 8305)."""
_Found = tuple[Any, Any, int, str, tuple[Any, ...]]
_RESOLVERS = ThreadPoolExecutor(TOTAL, "names")
"""Threads of their own: names that nobody answers for would else keep all threads from reading files and JSON."""
ASKED, READ = 64 * 1024, 256 * 1024
"""Bytes that httpcore asks for at once, and bytes it is given."""
_MOST = 16
"""Addresses tried of one name."""


class InnerAddress(httpcore.ConnectError):
    """A name that somebody outside gave leads inside."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__("inner address")
        self.host = host
        self.address = address


class Dialer(httpcore.AsyncNetworkBackend):
    """Resolves names and connects; raises httpcore.ConnectError or ConnectTimeout.

    When `guarded`, raises InnerAddress for a name without any public address. `reached` is told the host
    and the address of every connection.
    """

    def __init__(self, *, guarded: bool = False, reached: Callable[[str, str], None] | None = None) -> None:
        self._guarded = guarded
        self._reached = reached
        self._sockets = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the name that httpcore calls it by
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """One connection, to whichever address answers first; `timeout` is for all of it, the name included."""
        options = list(socket_options or ())
        try:
            async with asyncio.timeout(timeout):
                addresses = await addresses_of(host, port)
                allowed = [one for one in addresses if not (self._guarded and is_special(one))]
                if not allowed:
                    raise InnerAddress(host, addresses[0])
                address, stream = await _first(
                    allowed, lambda one: self._sockets.connect_tcp(one, port, None, local_address, options)
                )
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error
        if self._reached is not None:
            self._reached(host, address)
        return _Stream(stream)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Stream(httpcore.AsyncNetworkStream):
    """Hangs up when the greeting is cancelled, which httpcore's own streams forget."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        # httpcore asks for 64 KiB, which makes long transfers several times as much work. Who asks for less means it.
        return await self._stream.read(READ if max_bytes >= ASKED else max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the name that httpcore calls it by
    ) -> httpcore.AsyncNetworkStream:
        try:
            return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout))
        except asyncio.CancelledError:
            await self._stream.aclose()
            raise


async def addresses_of(host: str, port: int) -> list[str]:
    """What a name means, both kinds of address taking turns. Raises httpcore.ConnectError, caused by OSError."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().run_in_executor(_RESOLVERS, _look_up, host, port)
    except (OSError, UnicodeError) as error:
        cause = error if isinstance(error, OSError) else socket.gaierror(socket.EAI_NONAME, "not a name")
        raise httpcore.ConnectError("name") from cause
    families: dict[int, list[str]] = {}
    for family, _, _, _, place in found:
        families.setdefault(family, []).append(str(place[0]))
    turns = zip_longest(*families.values())
    addresses = list(dict.fromkeys(one for turn in turns for one in turn if one is not None))[:_MOST]
    if not addresses:
        raise httpcore.ConnectError("name") from socket.gaierror(socket.EAI_NONAME, "no address")
    return addresses


def _look_up(host: str, port: int) -> list[_Found]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


_Dial = Callable[[str], Coroutine[Any, Any, httpcore.AsyncNetworkStream]]


async def _first(addresses: list[str], dial: _Dial) -> tuple[str, httpcore.AsyncNetworkStream]:
    """Whichever answers first; the others are hung up. Broken IPv6 costs a quarter of a second."""
    if len(addresses) == 1:
        return addresses[0], await dial(addresses[0])
    left = deque(addresses)
    running: dict[asyncio.Task[httpcore.AsyncNetworkStream], str] = {}
    failures: list[Exception] = []
    try:
        while left or running:
            if left:
                address = left.popleft()
                running[asyncio.create_task(dial(address))] = address
            patience = STAGGER if left else None
            done, _ = await asyncio.wait(running, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                error = task.exception()
                if error is None:
                    return running.pop(task), task.result()
                del running[task]
                if not isinstance(error, httpcore.ConnectError | OSError):
                    raise error
                failures.append(error)
        raise httpcore.ConnectError("every address") from ExceptionGroup("addresses", failures)
    finally:
        await _hang_up(list(running))


async def _hang_up(tasks: list[asyncio.Task[httpcore.AsyncNetworkStream]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled() and task.exception() is None:
            await task.result().aclose()
