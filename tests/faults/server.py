"""A server on a real socket that answers byte for byte what it is told, also what no HTTP library would send.

What it was not told, a well-behaved registry answers: set that up through `truth`. Nothing here sleeps longer
than a drip; whoever must wait waits at a Gate, and leaves when the client does.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import parse_qs

from faults.answers import http
from support.fake_registry import Asked, FakeRegistry


class End(enum.Enum):
    """How a connection ends before its time."""

    CLOSE = "the server closes it in good order"
    RESET = "the server tears it down"


TRUTH = "truth"
"""The script of a request that is answered as it should be."""


@dataclass(slots=True)
class Gate:
    """Holds an answer back until the test opens it or the client leaves."""

    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    def open(self) -> None:
        self.opened.set()


@dataclass(frozen=True, slots=True)
class Endless:
    """The same bytes again and again until the client leaves."""

    chunk: bytes
    most: int = 2**40
    """Stops after so many times."""


@dataclass(frozen=True, slots=True)
class Drip:
    """One byte at a time, for ever when `loop`."""

    content: bytes
    loop: bool = False
    seconds: float = 0.02
    """Between two bytes."""


Part: TypeAlias = bytes | Gate | Endless | Drip | End
Script: TypeAlias = str | Part | Sequence[Part]
"""TRUTH, or what is sent, part by part."""
Answering: TypeAlias = "Script | Callable[[Request], Script]"


@dataclass(slots=True)
class Request:
    """One request as it arrived."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    """Names in lower case."""
    body: bytes
    connection: int
    """The number of the connection it came on."""
    sent: int = 0
    """Bytes that left for it."""
    left: bool = False
    """Whether the client went away before the answer was complete."""
    certificate: bool = False
    """Whether the client showed one."""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    def field(self, name: str) -> list[str]:
        return parse_qs(self.query, keep_blank_values=True).get(name, [])

    def header(self, name: str) -> str:
        """Empty when it was not sent."""
        return next((value for key, value in self.headers if key == name), "")


class Misbehaving:
    """The server. Paths ending with `*` stand for everything that begins so."""

    def __init__(self, truth: FakeRegistry | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.truth = truth or FakeRegistry()
        self.asked: list[Request] = []
        self.logins: set[str] = {"/token"}
        """Paths that may be posted to."""
        self.held: Gate | None = None
        self.gone = asyncio.Event()
        """A client went away while something was still to come."""
        self.port = 0
        self.tasks: set[asyncio.Task[None]] = set()
        self.greeting: Script | None = None
        """Said on every new connection instead of reading a request."""
        self.opened = 0
        """Connections so far."""
        self._answers: dict[tuple[str, str], list[Answering]] = {}
        self._hold = ""
        self._tls = tls

    def on(self, path: str, *answers: Answering, method: str = "") -> None:
        """What requests to a path get, one after the other; the last one stays."""
        self._answers[path, method] = list(answers)

    def hold(self, path: str) -> Gate:
        """The next request to the path waits here, whatever it would get."""
        self._hold, self.held = path, Gate()
        self.gone.clear()
        return self.held

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.name}"

    def paths(self, *, ping: bool = False) -> list[str]:
        """The targets asked for, in order."""
        return [one.target for one in self.asked if ping or one.path != "/v2/"]

    def count(self, path: str, method: str = "") -> int:
        return sum(one.path == path and method in ("", one.method) for one in self.asked)

    @contextlib.asynccontextmanager
    async def serve(self, host: str = "127.0.0.1") -> AsyncIterator[Misbehaving]:
        """Listens on a free port of this machine until the block is left."""
        server = await asyncio.start_server(self._serve, host, 0, ssl=self._tls, limit=2**18)
        self.port = self.truth.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self.tasks:
                task.cancel()
            if self.tasks:
                await asyncio.wait(self.tasks, timeout=5)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        self.opened += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            await self._talk(_Line(reader, writer, self.opened))
        writer.transport.abort()
        self.tasks.discard(task)

    async def _talk(self, line: _Line) -> None:
        if self.greeting is not None:
            await self._play(line, Request("", "", [], b"", line.number), self.greeting)
            return
        while (request := await line.request()) is not None:
            self.asked.append(request)
            try:
                going_on = await self._answer(line, request)
            except (ConnectionError, ssl.SSLError):
                going_on = False
                request.left = True
            if request.left:
                self.gone.set()
            if not going_on:
                return

    async def _answer(self, line: _Line, request: Request) -> bool:
        if self.held is not None and request.path == self._hold:
            gate, self._hold = self.held, ""
            await self._play(line, request, gate)
            return False
        return await self._play(line, request, self._script(request))

    def _script(self, request: Request) -> Script:
        keys = [(request.path, request.method), (request.path, "")]
        stars = [key for key in self._answers if key[0].endswith("*") and request.path.startswith(key[0][:-1])]
        keys += sorted(stars, key=lambda key: -len(key[0]))
        answers = next((self._answers[key] for key in keys if key in self._answers), None)
        if not answers:
            return TRUTH
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer(request) if callable(answer) else answer

    def true(self, request: Request) -> bytes:
        """What a well-behaved registry answers."""
        headers = dict(request.headers)
        answer = self.truth.answer(Asked(request.method, request.path, request.query, headers, body=request.body))
        sent = http(answer.status, answer.body, [*answer.headers, *self.truth.extra_headers])
        return sent[: len(sent) - len(answer.body)] if request.method == "HEAD" else sent

    async def _play(self, line: _Line, request: Request, script: Script) -> bool:
        """Whether the connection goes on."""
        if isinstance(script, str):
            script = self.true(request)
        several: Sequence[Part] = [script] if isinstance(script, Part) else script
        for part in several:
            if part is End.RESET:
                line.reset()
                return False
            if part is End.CLOSE:
                await line.close()
                return False
            if isinstance(part, Gate):
                part.arrived.set()
                request.left = not await line.wait(part.opened)
                if request.left:
                    return False
            elif isinstance(part, Endless):
                for _ in range(part.most):
                    await line.send(request, part.chunk)
                    # Draining alone lets nobody else run while the socket takes everything.
                    await asyncio.sleep(0)
            elif isinstance(part, Drip):
                while True:
                    for byte in part.content:
                        await line.send(request, bytes([byte]))
                        await asyncio.sleep(part.seconds)
                    if not part.loop:
                        break
            elif isinstance(part, bytes):
                await line.send(request, part)
        return True


class _Line:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self.reader, self.writer, self.number = reader, writer, number
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def request(self) -> Request | None:
        try:
            head = await self.reader.readexactly(1)
            if head == b"\x16":
                # A TLS greeting where plain http is spoken: servers in the field say 400 and hang up.
                self.writer.write(http(400))
                return None
            head += await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        first, *rest = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        method, target, _ = first.split(" ")
        pairs = [line.partition(":") for line in rest]
        headers = [(name.lower(), value.strip()) for name, _, value in pairs]
        length = next((int(value) for name, value in headers if name == "content-length"), 0)
        body = await self.reader.readexactly(length)
        shown = bool(self.writer.get_extra_info("peercert"))
        return Request(method, target, headers, body, self.number, certificate=shown)

    async def send(self, request: Request, content: bytes) -> None:
        self.writer.write(content)
        await self.writer.drain()
        request.sent += len(content)
        if self.writer.transport.is_closing():
            raise ConnectionResetError

    async def wait(self, opened: asyncio.Event) -> bool:
        """False when the client leaves first."""
        waiting = asyncio.ensure_future(opened.wait())
        reading = asyncio.ensure_future(self.reader.read(1))
        try:
            await asyncio.wait({waiting, reading}, return_when=asyncio.FIRST_COMPLETED)
            return waiting.done()
        finally:
            for future in (waiting, reading):
                future.cancel()
            await asyncio.wait({waiting, reading})
            if not reading.cancelled():
                reading.exception()

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()

    def reset(self) -> None:
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
