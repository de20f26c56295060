"""One connection, straight on a socket of the system: opened, encrypted, read and written on asyncio's event loop.

Large pieces are taken out of the socket at once, and handed on as they are: other streams copy every byte several
times.
"""

from __future__ import annotations

import asyncio
import os
import select
import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Thread

from regbrowse.registry.net.trust import greet, wait_for

RECORD = 16_384
"""Bytes that one record of TLS holds at most (RFC 8446, 5.1)."""
PIECE = 256 * 1024
"""Bytes of long content that are taken and handed on at once: few enough to stay in the processor's caches."""
TURN = 0.02
"""Seconds of reading without a wait after which others on the event loop get their turn."""
_GREETERS = ThreadPoolExecutor(16, "greetings")
"""For contexts that ask the system whom to trust, which may take its time (truststore)."""
_Wanted = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Wire:
    """Raises OSError, of which ssl.SSLError is one, and TimeoutError; a timeout is in seconds."""

    def __init__(
        self,
        plain: socket.socket,
        address: str = "",
        *,
        secured: tuple[ssl.SSLContext, str] | None = None,
        said: tuple[bytes, ...] = (),
    ) -> None:
        self.address = address
        """What was connected to; numeric."""
        self._socket = plain
        self._loop = asyncio.get_running_loop()
        self._waiting: set[asyncio.Future[None]] = set()
        self._turn = self._loop.time()
        self._lent = False
        """Whether a thread reads from it, which closes it when it is left alone."""
        self._given_up = False
        """Whether that thread is to end."""
        self._problem: OSError | None = None
        """What the next reading is to raise."""
        self.secured = secured
        """By what, and for which name, when it speaks TLS."""
        self.said = said
        """Requests that were written ahead of whoever wants to write them: nothing else may be written first."""

    @classmethod
    async def open(cls, address: str, port: int) -> Wire:
        """A connection to a numeric address."""
        plain = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        try:
            plain.setblocking(False)
            await asyncio.get_running_loop().sock_connect(plain, (address, port))
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            plain.close()
            raise
        return cls(plain, address)

    async def start_tls(self, context: ssl.SSLContext, name: str) -> None:
        """Greets; `name` is who the certificate must be for. Hangs up when that fails or is cancelled."""
        try:
            if type(context) is ssl.SSLContext:
                self._socket = context.wrap_socket(self._socket, server_hostname=name, do_handshake_on_connect=False)
                while True:
                    try:
                        self._socket.do_handshake()
                        break
                    except _Wanted as wanted:
                        await self._ready(wanted, writing=False)
            else:
                await self._greet_in_a_thread(context, name)
        except BaseException:
            self.close()
            raise
        self.secured = context, name

    async def _greet_in_a_thread(self, context: ssl.SSLContext, name: str) -> None:
        plain, self._socket = self._socket, socket.socket(fileno=os.dup(self._socket.fileno()))

        def work() -> ssl.SSLSocket:
            return greet(plain, context, name)

        greeting = self._loop.run_in_executor(_GREETERS, work)
        try:
            secured = await asyncio.shield(greeting)
        except BaseException:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)  # which ends the thread's waiting, too
            greeting.add_done_callback(_heard)
            raise
        self._socket.close()
        self._socket = secured

    async def read(self, most: int) -> bytes:
        """What is there, at least a byte and at most so many; empty at the end."""
        if self._loop.time() - self._turn > TURN:
            await asyncio.sleep(0)
            self._turn = self._loop.time()
        if self._problem is not None:
            raise self._problem
        while True:
            try:
                return self._records(most) if self.secured else self._socket.recv(most)
            except _Wanted as wanted:
                await self._ready(wanted, writing=False)

    def _records(self, most: int) -> bytes:
        """As many records as are there: each alone would be 16 KiB at most."""
        first = self._socket.recv(min(most, RECORD))
        if len(first) < RECORD or len(first) == most:
            return first
        parts, left = [first], most - len(first)
        try:
            while left:
                parts.append(self._socket.recv(min(left, RECORD)))
                left -= len(parts[-1])
                if len(parts[-1]) < RECORD:
                    break
        except _Wanted:
            pass
        except OSError as error:
            self._problem = error  # a reset is told once, and after that it looks like an end
        return b"".join(parts)

    async def pour(self, count: int, into: Callable[[list[bytes]], None], seconds: float) -> int:
        """The next so many bytes, handed on in a thread as they come, which is far less work; how many came.

        Fewer come when it ends early. Nothing may come for `seconds`. Raises what `into` raises; whoever gives
        up waiting hangs up, and does not wait for `into`.
        """
        future: asyncio.Future[int] = self._loop.create_future()

        def work() -> None:
            came, problem = 0, None
            try:
                for piece in _pieces(self._socket, count, seconds):
                    if self._given_up:
                        break
                    into(piece)
                    came += sum(map(len, piece))
            except BaseException as error:  # noqa: BLE001 - it is raised where the content is wanted
                problem = error
            with suppress(RuntimeError):  # the loop is gone, and with it whoever waited
                self._loop.call_soon_threadsafe(self._returned, future, came, problem)

        self._lent = True
        Thread(target=work, daemon=True).start()
        try:
            return await future
        except asyncio.CancelledError:
            self.close()
            raise

    def _returned(self, future: asyncio.Future[int], came: int, problem: BaseException | None) -> None:
        """A thread has ended its work."""
        self._lent = False
        if future.cancelled():
            self._socket.close()
            return
        if problem is None:
            future.set_result(came)
        else:
            future.set_exception(problem)

    async def write(self, content: bytes) -> None:
        """Returns when all of it is the system's to send."""
        left = memoryview(content)
        while left:
            try:
                left = left[self._socket.send(left) :]
            except _Wanted as wanted:
                await self._ready(wanted, writing=True)

    def close(self) -> None:
        """Whoever is reading or writing gets an OSError."""
        if self._lent:
            self._given_up = True
            with suppress(OSError):
                # Ends the thread's waiting; its number must stay until then. Not as TLS would: that forgets its keys,
                # and what the thread reads next would be what is encrypted.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            return
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
        self._socket.close()
        for future in self._waiting:
            if not future.done():
                future.set_exception(ConnectionAbortedError("closed"))

    async def aclose(self) -> None:
        """As `close`."""
        self.close()

    def certificate(self) -> bytes | None:
        """What the other side showed, in DER; None when it does not speak TLS, or showed nothing."""
        return self._socket.getpeercert(binary_form=True) if isinstance(self._socket, ssl.SSLSocket) else None

    def ended(self) -> bool:
        """Whether an idle connection is of no more use: closed by the other side, or with something unasked in it."""
        if self._socket.fileno() < 0 or self._problem is not None:
            return True
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return True
        if not _readable(self._socket):
            return False
        if not self.secured:
            return True
        try:
            self._socket.recv(1)
        except _Wanted:
            return False  # it was about TLS itself, such as a ticket for another session
        except OSError:
            return True
        return True

    async def _ready(self, wanted: OSError, *, writing: bool) -> None:
        """Until the socket is ready for it; TLS may want to read before it writes, and the other way round."""
        if isinstance(wanted, ssl.SSLError):
            writing = isinstance(wanted, ssl.SSLWantWriteError)
        add = self._loop.add_writer if writing else self._loop.add_reader
        future: asyncio.Future[None] = self._loop.create_future()
        add(self._socket, _settle, future)
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)
            if self._socket.fileno() >= 0:
                (self._loop.remove_writer if writing else self._loop.remove_reader)(self._socket)
            self._turn = self._loop.time()


def _pieces(unblocked: socket.socket, count: int, seconds: float) -> Iterator[list[bytes]]:
    """What comes, in pieces of useful size, or of what is there; also what came before it broke off."""
    left = count
    piece: list[bytes] = []
    size = 0
    while left:
        problem: OSError | None = None
        try:
            chunk = unblocked.recv(min(left, PIECE))
            if not chunk:
                break
            piece.append(chunk)
            size += len(chunk)
            left -= len(chunk)
        except OSError as error:
            problem = error
        if piece and (size >= PIECE or problem is not None or not left):
            yield piece
            piece, size = [], 0
        elif isinstance(problem, _Wanted):
            wait_for(unblocked, problem, seconds)
        if problem is not None and not isinstance(problem, _Wanted):
            raise problem
    if piece:
        yield piece


def _heard(greeting: asyncio.Future[ssl.SSLSocket]) -> None:
    if not greeting.cancelled() and greeting.exception() is None:
        greeting.result().close()


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _readable(plain: socket.socket) -> bool:
    poll = select.poll()
    poll.register(plain, select.POLLIN)
    return bool(poll.poll(0))
