"""One connection to an origin, and the requests that follow each other on it (RFC 9112).

What a server says is read by h11. The content of long answers is not: where the length is known, it goes from the
socket to whoever wants it as it is, without being copied on the way.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import h11
import httpx

from regbrowse.registry.net.tls import is_tls_reason
from regbrowse.registry.net.wire import PIECE, Wire

HEAD_LIMIT = 100 * 1024
"""Bytes of a status line with its headers, and of one chunk's head."""
READ = 64 * 1024
"""Bytes that are taken out of a socket at once."""
LONG = 2 * READ
"""Content of at least so many bytes is long."""
SKIP = 2.0
"""Seconds for reading past an answer that nobody wants."""


class Line:
    """Raises httpx.TransportError, and ssl.SSLError as it is; after either it is of no more use."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._http = _new()
        self._left: int | None = None
        """Bytes still to come of long content."""
        self._first = b""
        """Of long content: what came with the head."""
        self._keep = True
        """Whether the answer to come behind long content may be waited for on this connection."""
        self._asked = False
        """Whether anything was asked."""
        self.since = time.monotonic()
        """When it was used last."""

    async def ask(self, request: httpx.Request) -> tuple[int, list[tuple[bytes, bytes]]]:
        """Sends a request; status and headers of its answer. A server may answer before it has read everything."""
        limits = request.extensions["timeout"]
        content = await _written(request, self._http)
        said, self._wire.said = self._wire.said[:1], self._wire.said[1:]
        self._asked = True
        if said not in ((), (content,)):
            raise httpx.WriteError("something else was asked ahead")
        try:
            async with asyncio.timeout(limits["write"]):
                await self._wire.write(b"" if said else content)
        except TimeoutError as error:
            raise httpx.WriteTimeout("") from error
        except OSError:
            pass  # what the server has to say about it is still to be read
        while True:
            event = await self._event(limits["read"])
            if isinstance(event, h11.Response) or (
                isinstance(event, h11.InformationalResponse) and event.status_code == 101
            ):
                break
        headers = event.headers.raw_items()
        if isinstance(event, h11.Response) and request.method == "GET":
            self._look_for_length(event)
        return event.status_code, headers

    async def content(self, seconds: float) -> AsyncIterator[bytes]:
        """The content of the answer as it comes; `seconds` is how long the next bytes may take."""
        if self._left is None:
            while True:
                event = await self._event(seconds)
                if isinstance(event, h11.Data):
                    yield bytes(event.data)
                elif isinstance(event, h11.EndOfMessage) or event is h11.PAUSED:
                    return
        size, chunk, self._first = self._left, self._first, b""
        while True:
            if chunk:
                self._left -= len(chunk)
                yield chunk
            if not self._left:
                return
            chunk = await self._read(min(self._left, PIECE), seconds)
            if not chunk:
                raise _cut_off(size - self._left, size)

    async def pour(self, into: Callable[[list[bytes]], None], seconds: float) -> bool:
        """Long content, handed on in a thread as it comes (see Wire.pour); False when it is not long."""
        if self._left is None:
            return False
        size, first, self._first = self._left, self._first, b""
        if first:
            await asyncio.to_thread(into, [first])
            self._left -= len(first)
        with _told():
            self._left -= await self._wire.pour(self._left, into, seconds)
        if self._left:
            raise _cut_off(size - self._left, size)
        return True

    def finished(self) -> bool:
        """Whether another request may follow; otherwise it is closed."""
        if self._left is not None:
            again = self._left == 0 and self._keep
            self._http, self._left = _new(), None
        else:
            again = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
            # What nobody asked for is no answer to what is asked next.
            again = again and (bool(self._wire.said) or not self._http.trailing_data[0])
            if again:
                self._http.start_next_cycle()
        if not again:
            self.close()
        self.since = time.monotonic()
        return again

    @property
    def behind(self) -> bool:
        """Whether what is asked next was asked ahead, behind another question: some servers lose that."""
        return self._asked and bool(self._wire.said)

    async def suits(self, request: httpx.Request) -> bool:
        """Whether, idle, it is of use for this: still open, and nothing else was asked ahead."""
        if self._wire.said and await _written(request, _new()) == self._wire.said[0]:
            return True
        while self._wire.said:
            if not await self._skip():
                return False
        return not self._wire.ended()

    async def _skip(self) -> bool:
        """Reads past what was asked ahead and is not wanted, if it is short; whether others may be asked."""
        said, self._wire.said = self._wire.said[0], self._wire.said[1:]
        asked = h11.Connection(h11.SERVER)
        asked.receive_data(said)
        while self._http.our_state is not h11.DONE:
            self._http.send(asked.next_event())  # type: ignore[arg-type]  # a request that we have written
        size = 0
        try:
            async with asyncio.timeout(SKIP):
                while not isinstance(event := await self._event(SKIP), h11.EndOfMessage):
                    size += len(event.data) if isinstance(event, h11.Data) else 0
                    if size >= LONG or event is h11.PAUSED:
                        return False
        except (TimeoutError, httpx.TransportError, OSError):
            return False
        return self.finished()

    def close(self) -> None:
        self._wire.close()

    def _look_for_length(self, answer: h11.Response) -> None:
        """Prepares for long content. h11 has seen to it that a length is a number, and that there is one only."""
        fields = dict(answer.headers)
        length = int(fields.get(b"content-length", b"0"))
        if answer.status_code not in (200, 206) or length < LONG or b"transfer-encoding" in fields:
            return
        self._first, _ = self._http.trailing_data
        self._left = length
        self._keep = self._http.our_state is h11.DONE and len(self._first) <= length
        self._first = self._first[:length]

    async def _event(self, seconds: float) -> Any:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                raise httpx.RemoteProtocolError(str(error)) from error
            if event is not h11.NEED_DATA:
                return event
            came = await self._read(READ, seconds)
            if not came and self._http.their_state is h11.SEND_RESPONSE:
                raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
            self._http.receive_data(came)

    async def _read(self, most: int, seconds: float) -> bytes:
        with _told():
            async with asyncio.timeout(seconds):
                return await self._wire.read(most)


@contextmanager
def _told() -> Iterator[None]:
    """What a socket complains of while it is read, in httpx's words."""
    try:
        yield
    except TimeoutError as error:
        raise httpx.ReadTimeout("") from error
    except OSError as error:
        if is_tls_reason(error):
            raise
        raise httpx.ReadError(str(error)) from error


async def _written(request: httpx.Request, http: h11.Connection) -> bytes:
    """A whole request as it is sent."""
    sent = h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
    try:
        content = http.send(sent) or b""
        assert isinstance(request.stream, httpx.AsyncByteStream)
        async for chunk in request.stream:
            content += http.send(h11.Data(data=chunk)) or b""
        return content + (http.send(h11.EndOfMessage()) or b"")
    except h11.LocalProtocolError as error:
        raise httpx.LocalProtocolError(str(error)) from error


def _cut_off(came: int, size: int) -> httpx.RemoteProtocolError:
    return httpx.RemoteProtocolError(f"the content ended too early (received {came} bytes, expected {size})")


def _new() -> h11.Connection:
    return h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_LIMIT)
