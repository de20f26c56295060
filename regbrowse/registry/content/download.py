"""Stream blobs of any length in constant memory, and verify them at their end (distribution-spec, Pulling blobs)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Self

from regbrowse.errors import AuthError, Evidence, RegistryError
from regbrowse.oci.descriptor import Descriptor
from regbrowse.reference import Digest, Repository
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.content.cache import ContentCache
from regbrowse.registry.content.verify import BodyVerifier
from regbrowse.registry.fetch import fetch
from regbrowse.registry.requests import blob_request
from regbrowse.text import visible

BATCH = 2**20
"""Bytes that are handed on at once when they come fast."""
BATCH_SECONDS = 0.05
"""How long fewer bytes wait for more."""
MAX_BUFFERED = 4 * BATCH
"""Bytes that may wait to be read; then receiving stops."""
START = 1024
"""Bytes of the beginning that are kept, to tell the format."""
SILENCE = 30.0
"""Seconds without a byte after which a transfer fails."""
_TRIES = 4
TURN = 0.02
"""Seconds after which other tasks of the event loop get their turn."""


class BodyBuffer:
    """Chunks between the transport, which receives them, and one reader. Implements BodySink."""

    def __init__(self) -> None:
        self.received = 0
        self.size: int | None = None
        self.start = b""
        """The first bytes."""
        self._chunks: list[bytes] = []
        self._buffered = 0
        self._turn = time.monotonic()
        self._has_response = False
        self._ended = False
        self._begun = asyncio.Event()
        self._readable = asyncio.Event()
        self._batch_ready = asyncio.Event()
        self._has_room = asyncio.Event()

    def begin(self, size: int | None) -> None:
        """Note that a response is there, and its size if that is known."""
        self.size, self._has_response = size, True
        self._begun.set()

    async def take(self, chunk: bytes) -> None:
        """Add a chunk; return when there is room for more."""
        if len(self.start) < START:
            self.start = (self.start + chunk[:START])[:START]
        self.received += len(chunk)
        self._chunks.append(chunk)
        self._buffered += len(chunk)
        self._readable.set()
        if self._buffered >= BATCH:
            self._batch_ready.set()
        while self._buffered >= MAX_BUFFERED:
            self._has_room.clear()
            await self._has_room.wait()
        if time.monotonic() - self._turn > TURN:
            # One read from the connection can hold thousands of tiny chunks, which come without waiting.
            await asyncio.sleep(0)
            self._turn = time.monotonic()

    def end(self) -> None:
        """Note that nothing more will come."""
        self._ended = True
        for event in (self._begun, self._readable, self._batch_ready):
            event.set()

    async def wait_for_response(self) -> bool:
        """Wait until there is a response, or the end; return whether there was a response."""
        await self._begun.wait()
        return self._has_response

    async def read(self) -> list[bytes]:
        """Return the chunks since the last call: a batch, or fewer after a while; an empty list at the end."""
        await self._readable.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(BATCH_SECONDS):
                await self._batch_ready.wait()
        chunks, self._chunks, self._buffered = self._chunks, [], 0
        if not self._ended:
            self._readable.clear()
            self._batch_ready.clear()
        self._has_room.set()
        return chunks


class BlobStream:
    """One blob while it is received: `async with` requests it, `async for` reads it, the last step verifies it.

    Entering raises RegistryError when the blob cannot be had. Iterating yields lists of chunks as stored, together
    about 1 to 4 MiB of a fast transfer; it raises RegistryError when they end too early, and Integrity when they do
    not match the digest.
    """

    def __init__(self, digest: Digest, size: int | None, receive: Callable[[BodyBuffer], Awaitable[Evidence]]) -> None:
        """`receive` fills the buffer and returns where the content came from; `size` is that of the descriptor."""
        self.digest = digest
        self.verified: bool | None = None
        """None before the end, and for an algorithm that cannot be computed here."""
        self._size = size
        self._receive = receive
        self._body = BodyBuffer()
        self._verifier = BodyVerifier(digest, size)

    @property
    def received(self) -> int:
        """Bytes so far."""
        return self._body.received

    @property
    def size(self) -> int | None:
        """Bytes of the whole; None when neither a descriptor nor a response names them."""
        return self._size if self._size is not None else self._body.size

    @property
    def start(self) -> bytes:
        """The first bytes, at most 1 KiB."""
        return self._body.start

    async def into(self, write: Callable[[list[bytes]], None]) -> None:
        """Enter, and call `write` with everything in threads. Raises what entering and iterating raise."""
        async with self:
            async for chunks in self:
                await asyncio.to_thread(write, chunks)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        try:
            if not await self._body.wait_for_response():
                await self._task
        except BaseException:  # cancelled, too - without entering there is no leaving that would end the task
            await self._cancel()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._cancel()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> list[bytes]:
        chunks = await self._body.read()
        if not chunks:
            self.verified = await self._verifier.finish(self.received, self.start, await self._task)
            raise StopAsyncIteration
        await self._verifier.update(chunks)
        return chunks

    async def _run(self) -> Evidence:
        try:
            return await self._receive(self._body)
        finally:
            self._body.end()

    async def _cancel(self) -> None:
        """Close the connection; an error that was not raised yet is not of interest any more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


class Downloads:
    """Opens the blobs of one client as streams."""

    def __init__(self, auth: Authenticator, cache: ContentCache) -> None:
        self._auth = auth
        self._cache = cache

    def open(self, repositories: Sequence[Repository], descriptor: Descriptor) -> BlobStream:
        """Stream a blob from the first of these repositories; where one fails, the next continues.

        Raises BadResponse when the descriptor names no valid digest.
        """
        digest, request = blob_request(repositories[-1], descriptor, 0)
        *mirrors, repository = repositories

        async def receive(body: BodyBuffer) -> Evidence:
            content = descriptor.data
            if content is None:
                cached = await self._cache.get(digest, repository)
                content = cached.content if cached else None
                if cached is not None:
                    self._auth.note_cached(request)
            if content is not None:
                return await deliver(content, body, repository)
            for mirror in mirrors:
                with suppress(RegistryError):
                    return await self._receive(mirror, descriptor, body)
            return await self._receive(repository, descriptor, body)

        return BlobStream(digest, descriptor.size, receive)

    async def _receive(self, repository: Repository, descriptor: Descriptor, body: BodyBuffer) -> Evidence:
        _, request = blob_request(repository, descriptor, 2**63)
        request = replace(request, deadline=SILENCE, attempts=_TRIES, sink=body)
        while True:
            before = body.received
            try:
                return (await fetch(self._auth, request)).evidence()
            except AuthError:
                # A login may expire during a long transfer: the next request gets a new one.
                if body.received == before:
                    raise


async def deliver(content: bytes, body: BodyBuffer, repository: Repository) -> Evidence:
    """Put content that needs no request into a buffer."""
    body.begin(len(content))
    for start in range(0, len(content), BATCH):
        await body.take(content[start : start + BATCH])
    return Evidence(visible(repository.registry.name))
