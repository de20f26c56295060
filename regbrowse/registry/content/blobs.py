"""Blobs: asked for once, checked against digest and size, kept (distribution-spec, Pulling blobs)."""

from __future__ import annotations

from dataclasses import replace

from regbrowse.errors import BadResponse, Evidence, TooLarge
from regbrowse.oci.descriptor import Descriptor
from regbrowse.reference import Digest, Repository
from regbrowse.registry.asking import blob_question
from regbrowse.registry.content.cache import Cache, Flights
from regbrowse.registry.content.checks import mismatch, verified
from regbrowse.registry.errors_from import status_error
from regbrowse.registry.login.desk import Desk
from regbrowse.registry.question import Question
from regbrowse.text import exact, size


class Blobs:
    """Every blob of one client."""

    def __init__(self, desk: Desk, cache: Cache) -> None:
        self._desk = desk
        self._cache = cache
        self._flights: Flights[bytes] = Flights()

    async def get(self, repository: Repository, descriptor: Descriptor, *, limit: int = 4 * 2**20) -> bytes:
        """The verified content of a blob (distribution-spec, Pulling blobs); asked for once."""
        digest, question = blob_question(repository, descriptor, limit)
        if descriptor.data is not None:
            return descriptor.data
        kept = self._cache.get(digest)
        if kept is not None:
            return kept.content
        if descriptor.size is not None and descriptor.size > limit:
            why = f"The content has {exact(descriptor.size)}, more than the limit of {size(limit)}."
            raise TooLarge(why, evidence=Evidence(question.host), wanted=question.wanted)
        return await self._flights.share(digest, lambda: self._fetch(question, digest))

    async def _fetch(self, question: Question, digest: Digest) -> bytes:
        reply = await self._desk.ask(question)
        if reply.status != 200:
            raise status_error(reply, self._desk.state(question.registry))
        content = await verified(reply, digest)
        if question.size is not None and len(content) != question.size:
            if digest.hasher() is None:
                raise mismatch(reply, digest)
            return content
        if digest.hasher():
            self._cache.put(digest, content)
        return content

    async def start(self, repository: Repository, descriptor: Descriptor, count: int) -> bytes:
        """At most the first `count` bytes of a blob, not verified; then the connection is closed."""
        digest, question = blob_question(repository, descriptor, count)
        kept = self._cache.get(digest)
        whole = descriptor.data if descriptor.data is not None else kept.content if kept else None
        if whole is not None or count <= 0:
            return (whole or b"")[: max(0, count)]
        part = replace(question, size=None, take=count, headers={"Range": f"bytes=0-{count - 1}"})
        reply = await self._desk.ask(part)
        if reply.status == 416 and not descriptor.size:
            return b""
        if reply.status == 206 and not reply.headers.get("content-range", "").lower().startswith("bytes 0-"):
            why = f"{question.host} sent another part of the content than the one asked for."
            raise BadResponse(why, evidence=reply.evidence(), wanted=question.wanted)
        if reply.status not in (200, 206):
            raise status_error(reply, self._desk.state(question.registry))
        return reply.body
