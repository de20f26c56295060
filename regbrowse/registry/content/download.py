"""Blobs of any length, read while they come, in constant memory (distribution-spec, Pulling blobs)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from regbrowse.errors import AuthError, Evidence, Integrity, RegistryError
from regbrowse.oci.descriptor import Descriptor
from regbrowse.reference import Digest, Repository
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.content.hashing import Hashing
from regbrowse.registry.content.store import Store
from regbrowse.registry.error_mapping import status_error
from regbrowse.registry.requests import Request, blob_request
from regbrowse.text import exact

PIECE = 2**20
"""Bytes that are handed on at once."""
SILENCE = 30.0
"""Seconds without a byte after which a transfer is given up."""
_SOON = 0.05
"""Seconds after which fewer are handed on, too."""
_MOST = 8 * PIECE
"""Bytes that may wait to be read."""
_TRIES = 4
START = 1024
"""Bytes of the beginning that are kept, to tell what it is."""


class Pieces:
    """Bytes on their way from whoever brings them to whoever reads them; implements BodySink."""

    def __init__(self) -> None:
        self.received = 0
        self.size: int | None = None
        self.begun = False
        self.start = b""
        """The first bytes, for telling what it is."""
        self._chunks: list[bytes] = []
        self._held = 0
        self._due: asyncio.TimerHandle | None = None
        self.sink: Callable[[list[bytes]], None] | None = None
        """Takes everything from now on, if set before anything was taken."""
        self._room = asyncio.Event()
        self._news = asyncio.Event()
        self._over = False

    def begin(self, size: int | None) -> None:
        self.begun, self.size = True, size
        self._news.set()

    async def take(self, chunk: bytes) -> None:
        """Waits while much is unread."""
        self.sink = None  # it would overtake what is still to be read
        self.count(chunk)
        if not self._held:
            self._due = asyncio.get_running_loop().call_later(_SOON, self._tell)
        self._held += len(chunk)
        self._chunks.append(chunk)
        if self._held >= PIECE:
            self._tell()
        while self._held >= _MOST:
            self._room.clear()
            await self._room.wait()

    def count(self, chunk: bytes) -> None:
        """It came."""
        if len(self.start) < START:
            self.start = (self.start + chunk[:START])[:START]
        self.received += len(chunk)

    def end(self) -> None:
        """Nothing more will come."""
        self._over = True
        self._tell()

    async def beginning(self) -> bool:
        """Waits for the first answer; False when there was none."""
        while not (self.begun or self._over):
            await self._wait()
        self._news.clear()
        return self.begun

    async def next(self) -> list[bytes]:
        """What came since; empty at the end. Not every chunk alone, because every waking costs time."""
        while not (self._held and self._due is None) and not self._over:
            await self._wait()
        chunks, self._chunks, self._held = self._chunks, [], 0
        self._room.set()
        return chunks

    async def _wait(self) -> None:
        self._news.clear()
        await self._news.wait()

    def _tell(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        self._news.set()


class BlobStream:
    """One blob while it comes: `async with` asks for it, iterating reads it, and the last step verifies it.

    Entering raises RegistryError when it cannot be had. Iterating gives pieces, each a list of chunks as they
    came, as stored, together 1 to 8 MiB of a fast transfer. It raises RegistryError when they end too early, and
    Integrity when they are not what the digest names.
    """

    def __init__(self, digest: Digest, size: int | None, bring: Callable[[Pieces], Awaitable[Evidence]]) -> None:
        self.digest = digest
        self._size = size
        self._bring = bring
        self._hashing: Hashing | None = None
        self._pieces = Pieces()
        self.verified: bool | None = None
        """None before the end, and for an algorithm that cannot be computed here."""

    @property
    def received(self) -> int:
        """Bytes that came so far."""
        return self._pieces.received

    @property
    def size(self) -> int | None:
        """Bytes in all; None when neither a descriptor nor the answer told."""
        return self._size if self._size is not None else self._pieces.size

    async def __aenter__(self) -> Self:
        hasher = self.digest.hasher()
        self._hashing = Hashing(hasher) if hasher is not None else None
        self._task = asyncio.create_task(self._run())
        try:
            if not await self._pieces.beginning():
                await self._task
        except BaseException:
            await self._stop()
            raise
        return self

    @property
    def start(self) -> bytes:
        """The first bytes, at most a kibibyte."""
        return self._pieces.start

    async def into(self, write: Callable[[list[bytes]], None]) -> None:
        """Instead of entering and iterating: everything is handed to `write`, in threads. Raises what both raise.

        Where the connection is our own, the thread that receives hands on, which is far less work.
        """

        def sink(piece: list[bytes]) -> None:
            if self._hashing is not None:
                self._hashing.put(piece)
            write(piece)
            for chunk in piece:
                self._pieces.count(chunk)

        self._pieces.sink = sink
        async with self:
            async for piece in self:
                await asyncio.to_thread(write, piece)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> list[bytes]:
        piece = await self._pieces.next()
        if not piece:
            await self._verify(await self._task)
            raise StopAsyncIteration
        if self._hashing is not None:
            await self._hashing.add(piece)
        return piece

    async def _run(self) -> Evidence:
        try:
            return await self._bring(self._pieces)
        finally:
            self._pieces.end()

    async def _stop(self) -> None:
        if self._hashing is not None:
            self._hashing.close()
        self._task.cancel()
        await asyncio.wait([self._task])
        if not self._task.cancelled():
            self._task.exception()  # it was raised, or nobody wants to know any more

    async def _verify(self, evidence: Evidence) -> None:
        wanted, came = f"Reading {self.digest.short}", self._pieces.received
        if self._hashing is not None:
            got = await self._hashing.result()
            self.verified = got == self.digest.encoded
            if not self.verified:
                raise self._mismatch(Digest(self.digest.algorithm, got), evidence, wanted)
        if self._size not in (None, came):
            why = f"The content should be {exact(self._size or 0)}, {exact(came)} came."
            raise Integrity(why, evidence=evidence, wanted=wanted)

    def _mismatch(self, got: Digest, evidence: Evidence, wanted: str) -> Integrity:
        why = f"The content served for {self.digest.short} does not match it (got {got.short})."
        hint = f"The registry {evidence.host}, a cache or a proxy has altered it."
        if self._pieces.start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            why = f"{evidence.host} sent a web page instead of {self.digest.short}."
            hint = "A login page or proxy is probably in between."
        error = Integrity(why, evidence=evidence, wanted=wanted, hint=hint)
        error.got = str(got)
        return error


class Streams:
    """Every stream of one client."""

    def __init__(self, desk: Authenticator, store: Store) -> None:
        self._desk = desk
        self._store = store

    def open(self, places: Sequence[Repository], descriptor: Descriptor) -> BlobStream:
        """A blob from the first of these places that has it; where one breaks off, the next goes on.

        Raises BadResponse when the descriptor names no usable digest.
        """
        digest, _ = blob_request(places[0], descriptor, 0)

        async def bring(pieces: Pieces) -> Evidence:
            repository = places[-1]
            content = descriptor.data
            if content is None:
                holder = await self._store.holder(repository.registry, repository.path)
                kept = await self._store.get(digest, holder)
                content = kept.content if kept else None
            if content is not None:
                return await hand_on(content, pieces, repository)
            for at, place in enumerate(places, 1):
                _, question = blob_request(place, descriptor, 2**63)
                question = replace(question, deadline=SILENCE, attempts=_TRIES, sink=pieces)
                try:
                    return await self._ask(question, pieces)
                except RegistryError:
                    if at == len(places):
                        raise
            raise AssertionError("no place to ask")

        return BlobStream(digest, descriptor.size, bring)

    async def _ask(self, question: Request, pieces: Pieces) -> Evidence:
        while True:
            before = pieces.received
            try:
                reply = await self._desk.send(question)
            except AuthError:
                # A login may expire during a long transfer; whoever got this far gets another one.
                if pieces.received == before:
                    raise
            else:
                if reply.status != 200:
                    raise status_error(reply, self._desk.login_state(question.registry))
                return reply.evidence()


async def hand_on(content: bytes, pieces: Pieces, repository: Repository) -> Evidence:
    """What is at hand, as if it came."""
    pieces.begin(len(content))
    for start in range(0, len(content), PIECE):
        await pieces.take(content[start : start + PIECE])
    return Evidence(repository.registry.name)
