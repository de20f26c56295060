"""What a registry says and serves just now, side by side: past everything kept, and without believing any of it."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from regbrowse.oci.config import CONFIG_LIMIT
from regbrowse.oci.descriptor import Descriptor
from regbrowse.reference import Digest, Repository
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.content.verify import claimed_digest
from regbrowse.registry.error_mapping import status_error
from regbrowse.registry.requests import Request, Response, blob_request, manifest_request


class Told(NamedTuple):
    """Content as it was served, and what the answer says of it."""

    raw: bytes
    content_type: str
    header: Digest | None
    """`Docker-Content-Digest`; None when there is none that can be read."""


class UncachedReader:
    """Asks one repository anew. Every question raises RegistryError when there is no answer, and none for lies."""

    def __init__(self, desk: Authenticator, repository: Repository) -> None:
        self._desk = desk
        self._repository = repository

    async def manifest(self, target: str | Digest) -> Told:
        """The manifest of a tag or a digest (distribution-spec, Pulling manifests)."""
        digest = target if isinstance(target, Digest) else None
        reply = await self._ask(manifest_request(self._repository, target, digest))
        return Told(_plain(reply, digest), reply.content_type, claimed_digest(reply))

    async def blob(self, descriptor: Descriptor) -> Told:
        """A config or another blob of at most 32 MiB, whatever size was named for it."""
        digest, question = blob_request(self._repository, descriptor, CONFIG_LIMIT)
        reply = await self._ask(replace(question, size=None))
        return Told(_plain(reply, digest), reply.content_type, claimed_digest(reply))

    async def holds(self, descriptor: Descriptor) -> int | None:
        """The size of a blob as the registry says, None when it does not; raises NotFound without the blob.

        Servers that know no HEAD for blobs, or say 404 to it, are asked for the first byte.
        """
        _, question = blob_request(self._repository, descriptor, 1)
        question = replace(question, size=None)
        reply = await self._desk.send(replace(question, method="HEAD"))
        if reply.status == 200:
            return _number(reply.headers.get("content-length", ""))
        if reply.status not in (400, 404, 405, 501):
            raise status_error(reply, self._desk.login_state(question.registry))
        first = replace(question, stop_after=1, headers={**question.headers, "Range": "bytes=0-0"})
        reply = await self._desk.send(first)
        if reply.status == 206:
            return _number(reply.headers.get("content-range", "").rpartition("/")[2])
        if reply.status in (200, 416):
            return _number(reply.headers.get("content-length", "")) if reply.status == 200 else 0
        raise status_error(reply, self._desk.login_state(question.registry))

    async def _ask(self, question: Request) -> Response:
        reply = await self._desk.send(question)
        if reply.status != 200:
            raise status_error(reply, self._desk.login_state(question.registry))
        return reply




def _plain(reply: Response, digest: Digest | None) -> bytes:
    """The body, decoded when it is encoded without having been asked to and only that makes it right."""
    if digest is not None and digest.matches(reply.body):
        return reply.body
    return reply.decoded()


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
