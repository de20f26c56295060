"""Manifests: asked for once, checked against their digest, kept (distribution-spec, Pulling manifests)."""

from __future__ import annotations

from dataclasses import replace

from regbrowse.errors import AuthError, Integrity, NotFound
from regbrowse.oci.manifest import Manifest
from regbrowse.oci.mediatype import ACCEPT_PLAIN, essence
from regbrowse.reference import Digest, Repository
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.content.cache import Kept, SingleFlight
from regbrowse.registry.content.store import Store
from regbrowse.registry.content.verify import (
    claim_note,
    claimed_digest,
    legacy_manifest,
    manifest_of,
    past_caches,
    read_again,
    size_note,
    unverifiable,
    verified,
)
from regbrowse.registry.error_mapping import status_error
from regbrowse.registry.models import TagHead
from regbrowse.registry.requests import Request, Response, manifest_request
from regbrowse.text import visible


class Manifests:
    """Every manifest of one client."""

    def __init__(self, desk: Authenticator, store: Store) -> None:
        self._desk = desk
        self._store = store
        self._flights: SingleFlight[Manifest] = SingleFlight()

    async def get(
        self,
        repository: Repository,
        target: str | Digest,
        *,
        expected: str = "",
        size: int | None = None,
        background: bool = False,
    ) -> Manifest:
        """The manifest of a tag or digest (distribution-spec, Pulling manifests).

        By digest the bytes are verified against it, and never asked for twice; by tag the digest is that
        of the bytes. `expected` and `size` are what a descriptor said of it.
        """
        digest = target if isinstance(target, Digest) else Digest.parse(target) if ":" in target else None
        epoch = self._store.epoch(repository.registry)
        if digest is not None:
            kept = await self._store.get(digest, await self._store.holder(repository.registry, repository.path))
            if kept is not None:
                return await read_again(kept, expected, digest, size)
        key = repository.registry.key, repository.path, str(target), epoch
        question = replace(manifest_request(repository, target, digest), background=background)
        return await self._flights.share(key, lambda: self._fetch(repository, question, digest, expected, size, epoch))

    async def _fetch(
        self,
        repository: Repository,
        question: Request,
        digest: Digest | None,
        expected: str,
        named: int | None,
        epoch: int,
    ) -> Manifest:
        reply = await self._get_manifest(question)
        if digest is None:
            raw = reply.decoded()
            manifest = await manifest_of(reply, raw, expected, None, await claim_note(reply, raw))
            await self._store.put(manifest.digest, Kept(raw, reply.content_type), repository, epoch)
            await self._store.pointed(repository, question.item, manifest.digest, epoch)
            return manifest
        try:
            raw = await verified(reply, digest)
        except Integrity:
            legacy = await legacy_manifest(reply.body, reply.content_type, digest)
            if legacy is not None:
                return legacy
            reply = await self._get_manifest(past_caches(question))
            raw = await verified(reply, digest)
        notes = size_note(named, raw), unverifiable(digest)
        manifest = await manifest_of(reply, raw, expected, digest, *notes)
        if digest.hasher() is None:
            return replace(manifest, verified=False)
        await self._store.put(digest, Kept(raw, reply.content_type), repository, epoch)
        return manifest

    async def _get_manifest(self, question: Request) -> Response:
        reply = await self._desk.send(question)
        if reply.status in (400, 406):
            simple = replace(question, headers={**question.headers, "Accept": ACCEPT_PLAIN})
            second = await self._desk.send(simple)
            reply = second if second.status == 200 else reply
        if reply.status != 200:
            raise status_error(reply, self._desk.login_state(question.registry))
        return reply

    async def remembered(self, repository: Repository, tag: str) -> Digest | None:
        """The digest a tag had when it was read last by whoever asks now, if its content is still kept."""
        holder = await self._store.holder(repository.registry, repository.path)
        seen = (await self._store.known.tags(holder.name, repository.path)).get(tag)
        return seen.digest if seen and await self._store.get(seen.digest, holder) is not None else None

    async def head(self, repository: Repository, tag: str, *, background: bool = False) -> TagHead | None:
        """What the registry says a tag points to; None when there is no such tag.

        A hint, and free of charge on Docker Hub. Servers without HEAD are asked with GET.
        """
        question = replace(manifest_request(repository, tag, None), method="HEAD", background=background)
        try:
            reply = await self._desk.send(question)
        except AuthError as error:
            if error.evidence.status != 403:
                raise
            reply = None
        if reply is not None:
            if reply.status == 200:
                length = reply.headers.get("content-length", "")
                number = int(length) if length.isascii() and length.isdigit() and len(length) < 16 else None
                return TagHead(claimed_digest(reply), visible(essence(reply.content_type)), number)
            if reply.status not in (400, 404, 405, 406, 501):
                raise status_error(reply, self._desk.login_state(repository.registry))
        try:
            manifest = await self.get(repository, tag, background=background)
        except NotFound:
            return None
        return TagHead(manifest.digest, manifest.media_type, len(manifest.raw))
