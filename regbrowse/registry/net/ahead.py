"""The first request to the registry that will be asked, sent while the rest of the program is still being loaded.

Three round trips of the first answer that nobody waits for. What is sent is what the transport would send first, to
where it would send it: it takes the connection over, finds its knock said, and reads the answer. In a thread and with
nothing but sockets, because even asyncio takes its time to load.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from regbrowse.reference import Reference, Registry
from regbrowse.registry.native.searched import is_searched
from regbrowse.registry.net.knock import knock
from regbrowse.registry.net.policy import origin_of
from regbrowse.registry.net.trust import Trusts, greet

if TYPE_CHECKING:
    import ssl
    from asyncio import AbstractEventLoop, Future
    from collections.abc import Callable

    from regbrowse.registry.facts import Settings
    from regbrowse.registry.net.wire import Wire

SECONDS = 10.0
"""For each step."""
PATIENCE = 0.25
"""Seconds that somebody who wants it waits for an address that does not answer: others may (RFC 8305)."""


class _Opened(NamedTuple):
    address: str
    plain: socket.socket
    secured: tuple[ssl.SSLContext, str]
    said: bytes


class Ahead:
    """At most one connection, by https, to be taken once."""

    def __init__(self, settings: Settings) -> None:
        self.trusts = Trusts(settings)
        """What it is opened with; to be shared, because a context is known by being the very same."""
        self._settings = settings
        self._place: tuple[str, int] | None = None
        self._lock = threading.Lock()
        self._over = False
        self._unwanted = False
        self._opened: _Opened | None = None
        self._problem: BaseException | None = None
        self._handle: socket.socket | None = None
        """For hanging up while the thread is busy; None until somebody answers."""
        self._waiting: list[tuple[AbstractEventLoop, Future[None]]] = []

    def begin(self, place: Registry | Reference) -> bool:
        """Begins to open it, if it is certain that the first question goes there, and directly; whether it is."""
        registry = place if isinstance(place, Registry) else place.repository.registry
        settings, network = self._settings, self._settings.network
        if settings.offline or registry.key in settings.local:
            return False
        if isinstance(place, Reference) and place.digest and settings.cache_folder:
            return False  # it may be on disk
        if isinstance(place, Registry) and is_searched(place):
            return False  # its search lives elsewhere
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
        said = knock(registry.authority)
        threading.Thread(target=self._run, args=(*self._place, said), daemon=True).start()
        return True

    def leads_to(self, host: str, port: int) -> bool:
        """Whether there is one to this place, and it was not taken."""
        return self._place == (host, port)

    async def reached(self) -> bool:
        """Whether somebody answers at the address that was tried; else others should be, and it is of no more use."""
        import asyncio

        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._until(lambda: self._over or self._handle is not None)
        if self._handle is None:
            self._place = None
            self._hang_up()
        return self._handle is not None

    async def greeted(self) -> None:
        """Waits until it is open. Raises OSError, ConfigError."""
        await self._until(lambda: self._over)
        if self._opened is None:
            raise self._problem or ConnectionAbortedError("not wanted any more")

    async def take(self) -> tuple[str, Wire] | None:
        """The address and the connection, which speaks TLS and has our knock; None when others should be tried.

        Whoever gives up waiting hangs up. Raises as `greeted`.
        """
        from asyncio import CancelledError

        from regbrowse.registry.net.wire import Wire

        self._place = None  # nobody else's from now on
        try:
            if not await self.reached():
                return None
            await self.greeted()
        except CancelledError:
            self._hang_up()
            raise
        assert self._opened is not None
        address, plain, secured, said = self._opened
        return address, Wire(plain, secured=secured, said=said)

    def close(self) -> None:
        """Hangs up if nobody took it."""
        if self._place is not None:
            self._place = None
            self._hang_up()

    def _hang_up(self) -> None:
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

    def _run(self, host: str, port: int, said: bytes) -> None:
        """In a thread: what goes wrong is told to whoever wants the connection, and to nobody else."""
        opened = None
        try:
            opened = self._open(host, port, said)
        except BaseException as error:  # noqa: BLE001 - it is raised where the connection is wanted
            self._problem = error
        with self._lock:
            self._over = True
            if self._handle is not None:
                self._handle.close()
            if opened is not None and self._unwanted:
                opened.plain.close()
            else:
                self._opened = opened
            self._tell()

    def _open(self, host: str, port: int, said: bytes) -> _Opened:
        family, kind, protocol, _, place = socket.getaddrinfo(host.encode("ascii"), port, type=socket.SOCK_STREAM)[0]
        plain = socket.socket(family, kind, protocol)
        try:
            plain.settimeout(SECONDS)
            plain.connect(place)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                if self._unwanted:
                    raise ConnectionAbortedError("not wanted any more")
                self._handle = plain.dup()
                self._tell()
            context = self.trusts.context_now(("https", host, port))
            secured = greet(plain, context, host)
        except BaseException:
            plain.close()
            raise
        try:
            secured.sendall(said)
            secured.setblocking(False)
        except BaseException:
            secured.close()
            raise
        return _Opened(str(place[0]), secured, (context, host), said)


def _settle(future: Future[None]) -> None:
    if not future.done():
        future.set_result(None)
