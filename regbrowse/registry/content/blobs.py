"""Blobs: asked for once, checked against digest and size, kept (distribution-spec, Pulling blobs)."""

from __future__ import annotations

from regbrowse.errors import Evidence, Integrity, TooLarge
from regbrowse.oci.descriptor import Descriptor
from regbrowse.reference import Digest, Repository
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.content.cache import Kept, SingleFlight
from regbrowse.registry.content.ranges import Ranges
from regbrowse.registry.content.store import Store
from regbrowse.registry.content.verify import past_caches, verified
from regbrowse.registry.error_mapping import status_error
from regbrowse.registry.requests import Request, Response, blob_request
from regbrowse.registry.transport.failures import too_large
from regbrowse.text import exact, size


class Blobs:
    """Every blob of one client."""

    def __init__(self, desk: Authenticator, store: Store) -> None:
        self._desk = desk
        self._store = store
        self._flights: SingleFlight[bytes] = SingleFlight()
        self._ranges = Ranges(desk)

    async def get(self, repository: Repository, descriptor: Descriptor, *, limit: int = 4 * 2**20) -> bytes:
        """The verified content of a blob (distribution-spec, Pulling blobs); asked for once."""
        digest, question = blob_request(repository, descriptor, limit)
        if descriptor.data is not None:
            return descriptor.data
        registry = repository.registry
        epoch = self._store.epoch(registry)
        kept = await self._store.get(digest, await self._store.holder(registry, repository.path))
        if kept is not None:
            return kept.content
        if descriptor.size is not None and descriptor.size > limit:
            why = f"The content has {exact(descriptor.size)}, more than the limit of {size(limit)}."
            raise TooLarge(why, evidence=Evidence(question.host), wanted=question.wanted)
        key = registry.key, repository.path, digest, descriptor.size, limit, epoch
        return await self._flights.share(key, lambda: self._fetch(repository, question, digest, epoch))

    async def _fetch(self, repository: Repository, question: Request, digest: Digest, epoch: int) -> bytes:
        reply = await self._ask(question)
        try:
            content = await verified(reply, digest)
        except Integrity:
            reply = await self._ask(past_caches(question))
            content = await verified(reply, digest)
        if question.size is not None and len(content) != question.size:
            raise too_large(question, reply.url, len(content))
        if digest.hasher():
            await self._store.put(digest, Kept(content), repository, epoch)
        return content

    async def _ask(self, question: Request) -> Response:
        reply = await self._desk.send(question)
        if reply.status != 200:
            raise status_error(reply, self._desk.login_state(question.registry))
        return reply

    async def start(self, repository: Repository, descriptor: Descriptor, count: int) -> bytes:
        """At most the first `count` bytes of a blob, not verified; then the connection is closed."""
        digest, question = blob_request(repository, descriptor, count)
        if descriptor.data is not None or count <= 0:
            return (descriptor.data or b"")[: max(0, count)]
        kept = await self._store.get(digest, await self._store.holder(repository.registry, repository.path))
        if kept is not None:
            return kept.content[:count]
        return await self._ranges.start(question, count)
