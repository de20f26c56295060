"""A connection that is opened, and spoken to first, in a thread with nothing but sockets; to be taken once.

Even asyncio takes its time to load, and three round trips of the first answer need nobody to wait for them.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.registry.net.trust import greet

if TYPE_CHECKING:
    import ssl
    from asyncio import AbstractEventLoop, Future
    from collections.abc import Callable

    from regbrowse.registry.net.policy import Origin
    from regbrowse.registry.net.trust import Trusts
    from regbrowse.registry.net.wire import Wire

SECONDS = 10.0
"""For each step."""
PATIENCE = 0.25
"""Seconds that somebody who wants it waits for an address that does not answer: others may (RFC 8305)."""


class _Opened(NamedTuple):
    address: str
    plain: socket.socket
    secured: tuple[ssl.SSLContext, str] | None
    said: tuple[bytes, ...]


class Opening:
    """Begins at once. `said` are the requests that are written as soon as it is open, by https in TLS.

    In clear, and more than the first of them, nothing is written to another machine, whatever its name promises.
    `unless` is another one, which makes this one needless if it succeeds within so many seconds; this one waits
    until then, or until it has failed.
    """

    def __init__(
        self, origin: Origin, said: tuple[bytes, ...], trusts: Trusts, unless: tuple[Opening, float] | None = None
    ) -> None:
        self._origin = origin
        self._said = said
        self._trusts = trusts
        self._unless = unless
        self._wanted = True
        """Whether somebody may still come for it."""
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._unwanted = False
        self._opened: _Opened | None = None
        self._problem: BaseException | None = None
        self._handle: socket.socket | None = None
        """For hanging up while the thread is busy; None until somebody answers."""
        self._waiting: list[tuple[AbstractEventLoop, Future[None]]] = []
        threading.Thread(target=self._run, daemon=True).start()

    @property
    def wanted(self) -> bool:
        """Whether it can be claimed: nobody did, and nobody gave it up."""
        return self._wanted

    def claim(self) -> bool:
        """It is the caller's from now on, who takes it or hangs up; False when it is somebody else's."""
        wanted, self._wanted = self._wanted, False
        return wanted

    async def reached(self) -> bool:
        """Whether somebody answers at the address that was tried, within a moment; else others should be tried, too."""
        import asyncio

        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._until(lambda: self._over.is_set() or self._handle is not None)
        return self._handle is not None

    async def greeted(self) -> None:
        """Waits until it is open. Raises OSError, ConfigError."""
        await self._until(self._over.is_set)
        if self._opened is None:
            raise self._problem or ConnectionAbortedError("not wanted any more")

    async def take(self) -> Wire:
        """The connection, once it is open, for who has claimed it. Raises as `greeted`; cancelled, it hangs up."""
        from asyncio import CancelledError

        from regbrowse.registry.net.wire import Wire

        try:
            await self.greeted()
        except CancelledError:
            self.hang_up()
            raise
        assert self._opened is not None
        address, plain, secured, said = self._opened
        return Wire(plain, address, secured=secured, said=said)

    def close(self) -> None:
        """Hangs up if nobody claimed it."""
        if self.claim():
            self.hang_up()

    def succeeds(self, seconds: float) -> bool:
        """Waits at most so long for it, in a thread; whether it is open."""
        return self._over.wait(seconds) and self._opened is not None

    def hang_up(self) -> None:
        """Of no more use."""
        with self._lock:
            self._unwanted = True
            if self._opened is not None:
                self._opened.plain.close()
            elif self._handle is not None:
                with suppress(OSError):
                    self._handle.shutdown(socket.SHUT_RDWR)  # which ends the thread's waiting

    async def _until(self, there: Callable[[], bool]) -> None:
        """Not by futures of concurrent.futures, which would have to be loaded first."""
        import asyncio

        loop = asyncio.get_running_loop()
        while True:
            future: Future[None] = loop.create_future()
            with self._lock:
                if there():
                    return
                self._waiting.append((loop, future))
            await future

    def _tell(self) -> None:
        """Something has happened; to be called with the lock."""
        waiting, self._waiting = self._waiting, []
        for loop, future in waiting:
            with suppress(RuntimeError):  # the loop is gone, and with it whoever waited
                loop.call_soon_threadsafe(_settle, future)

    def _run(self) -> None:
        """In a thread: what goes wrong is told to whoever wants the connection, and to nobody else."""
        opened = None
        try:
            if self._unless is None or not self._unless[0].succeeds(self._unless[1]):
                opened = self._open()
        except BaseException as error:  # noqa: BLE001 - it is raised where the connection is wanted
            self._problem = error
        with self._lock:
            if self._handle is not None:
                self._handle.close()
            if opened is not None and self._unwanted:
                opened.plain.close()
            else:
                self._opened = opened
            self._over.set()
            self._tell()

    def _open(self) -> _Opened:
        scheme, host, port = self._origin
        family, kind, protocol, _, place = socket.getaddrinfo(host.encode("ascii"), port, type=socket.SOCK_STREAM)[0]
        said, address = self._said, str(place[0])
        if not ipaddress.ip_address(address).is_loopback:
            said = said[:1] if scheme == "https" else ()
        if self._unwanted or not said:
            raise ConnectionAbortedError("not wanted any more")
        plain = socket.socket(family, kind, protocol)
        secured = None
        try:
            plain.settimeout(SECONDS)
            plain.connect(place)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                if self._unwanted:
                    raise ConnectionAbortedError("not wanted any more")
                self._handle = plain.dup()
                self._tell()
            if scheme == "https":
                context = self._trusts.context_now(self._origin)
                plain, secured = greet(plain, context, host, SECONDS), (context, host)
                plain.settimeout(SECONDS)
            plain.sendall(b"".join(said))
            plain.setblocking(False)
        except BaseException:
            plain.close()
            raise
        return _Opened(address, plain, secured, said)


def _settle(future: Future[None]) -> None:
    if not future.done():
        future.set_result(None)
