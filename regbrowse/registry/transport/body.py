"""Reading the body of a response: bounded, raw, resumable, into memory or into a sink."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

import httpx

from regbrowse.registry.error_mapping import ERROR_BODY_LIMIT
from regbrowse.registry.headers import content_length, content_range
from regbrowse.registry.requests import BodySink, Request
from regbrowse.registry.transport.connection_errors import too_large, too_many_headers

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

MAX_HEADERS = 200
MAX_HEADER_BYTES = 65_536
_TURN = 0.02
"""Seconds after which other tasks of the event loop run."""


@dataclass(slots=True)
class RequestState:
    """What belongs to one request until it is answered: its time, and the part of its body that was received."""

    request: Request
    url: str
    """The first URL."""
    authorization: str = field(repr=False)
    """For the origin of `url` and no other."""
    deadline: float
    """Seconds that all attempts may take together; waiting for a slot does not count."""
    spent: float = 0.0
    """Seconds that they took."""
    body: bytearray = field(default_factory=bytearray, repr=False)
    """Of a whole blob: what came before the connection broke."""
    headers: httpx.Headers | None = field(default=None, repr=False)
    """Of the response that `body` began with."""
    connected: bool = False
    """Whether the HTTP request could be sent: name, connection and TLS are there."""
    no_ranges: bool = False
    """Whether a partial response turned out to be unusable: from then on everything is asked for again."""

    @property
    def received(self) -> int:
        """Count the bytes of the content that are there."""
        return self.request.sink.received if self.request.sink else len(self.body)

    @property
    def resumes(self) -> bool:
        """Tell whether the next HTTP request asks for the rest only."""
        return self.received > 0 and not self.no_ranges

    @property
    def seconds_left(self) -> float:
        """Give the seconds for the next HTTP request; a sink has the deadline anew after every byte."""
        return self.deadline if self.request.sink else max(0.0, self.deadline - self.spent)

    @property
    def resumable(self) -> bool:
        """Tell whether a broken transfer may be continued: the digest tells whether the parts fit."""
        request = self.request
        ranged = any(name.lower() == "range" for name in request.headers)
        return request.kind == "blob" and request.method == "GET" and request.stop_after is None and not ranged

    async def trace(self, event: str, _: object) -> None:
        """Hear from httpcore how far an HTTP request is (httpcore, Extensions, trace)."""
        if event == "http11.send_request_headers.started":
            self.connected = True

    def restart(self) -> None:
        """Forget what was received; of what a sink has taken already, the repetition is left out."""
        self.no_ranges = self.request.sink is not None
        self.body.clear()
        self.headers = None

    def buffer_for(self, response: httpx.Response) -> bytearray:
        """Give the buffer that the body of a response continues, or a new one; forgets parts that do not fit."""
        if self.body:
            part = content_range(response.headers.get_list("content-range"))
            if response.status_code == 206 and part is not None and part.first == len(self.body):
                return self.body
            self.restart()
        if response.status_code == 200:
            self.headers = response.headers
            return self.body
        return bytearray()


def check_headers(request: Request, url: str, response: httpx.Response) -> None:
    """Raise BadResponse for more headers than any server needs."""
    raw = response.headers.raw
    if len(raw) > MAX_HEADERS or sum(len(name) + len(value) + 4 for name, value in raw) > MAX_HEADER_BYTES:
        raise too_many_headers(request, url)


async def read(request: Request, url: str, response: httpx.Response, body: bytearray) -> None:
    """Add the body of a response to `body`. Raises TooLarge, Integrity for another size than was named, HTTPError.

    Of an error's body no more than ERROR_BODY_LIMIT is read, and of a request with `stop_after` no more than that.
    """
    limit = request.limit if request.size is None else min(request.size, request.limit)
    cut = not response.is_success or request.stop_after is not None
    if not response.is_success:
        limit = ERROR_BODY_LIMIT
    elif request.stop_after is not None:
        limit = request.stop_after
    elif request.method != "HEAD":
        offered = content_length(response.headers)
        if offered is not None:
            whole = len(body) + offered
            # A Content-Encoding makes it shorter, and a part that was not asked for is judged by the caller.
            exactly = (response.status_code == 200 or body) and "content-encoding" not in response.headers
            if whole > limit or (exactly and request.size not in (None, whole)):
                raise too_large(request, url, whole)
    async with aclosing(_chunks(response)) as chunks:
        async for chunk in chunks:
            body += chunk
            if cut and len(body) >= limit:
                del body[limit:]
                return
            if len(body) > limit:
                raise too_large(request, url, None)


async def read_into(
    sink: BodySink, state: RequestState, url: str, response: httpx.Response, clock: asyncio.Timeout
) -> int:
    """Hand the body of a success to a sink; 200 when all of it came, else the status of a response that is no use.

    A server that sends everything again where the rest was asked for is read again: what came before is left out, and
    the digest tells whether it was the same. Reading ends when no byte came for the deadline of the request, so the
    time for all of it, `clock`, is stopped. Raises Integrity for another size than was named, TimeoutError, HTTPError.
    """
    skip = 0
    if response.status_code == 200:
        skip, total = state.received, content_length(response.headers)
    elif response.status_code == 206 and state.resumes:
        part = content_range(response.headers.get_list("content-range"))
        if part is None or part.first != state.received:
            return 206
        total = part.total
    else:
        return response.status_code
    request = state.request
    size = request.size if request.size is not None else sink.size
    if size is not None:
        request = replace(request, size=size)
        if total not in (None, size):
            raise too_large(request, url, total)
    sink.begin(size if total is None else total)
    try:
        clock.reschedule(None)
        async with aclosing(_chunks(response)) as chunks:
            async for chunk in chunks:
                if skip:
                    skip, chunk = max(0, skip - len(chunk)), chunk[skip:]
                if size is not None and sink.received + len(chunk) > size:
                    raise too_large(request, url, None)
                await sink.take(chunk)
    except httpx.ReadTimeout:
        raise TimeoutError from None
    return 200


async def _chunks(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """Give the body as it was sent; not decoded, because the digest is that of the bytes that were sent."""
    turn = time.monotonic()
    chunks = cast("AsyncGenerator[bytes, None]", response.aiter_raw())
    async with aclosing(chunks):
        async for chunk in chunks:
            yield chunk
            if time.monotonic() - turn > _TURN:
                # Thousands of tiny chunks come out of one read without having waited.
                await asyncio.sleep(0)
                turn = time.monotonic()
