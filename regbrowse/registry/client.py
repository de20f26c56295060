"""The questions a registry can be asked."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from types import TracebackType

from regbrowse.errors import (
    AuthError,
    AuthRequired,
    BadResponse,
    Denied,
    Evidence,
    Integrity,
    NotFound,
    ServerError,
    TooLarge,
    Unsupported,
)
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Manifest
from regbrowse.oci.mediatype import ACCEPT_PLAIN, essence
from regbrowse.reference import Digest, Registry, Repository, is_repository_path, is_tag
from regbrowse.registry.asking import blob_question, catalog_question, manifest_question, tags_question
from regbrowse.registry.auth import Desk
from regbrowse.registry.cache import Cache, Flights
from regbrowse.registry.catalog import catalog_error, no_catalog
from regbrowse.registry.content import (
    claim_note,
    claimed_digest,
    manifest_of,
    mismatch,
    read_manifest,
    size_note,
    unsigned_schema1,
    unverifiable,
    verified,
)
from regbrowse.registry.errors_from import status_error
from regbrowse.registry.facts import CatalogPage, Claim, Exchange, Login, LoginState, Rate, Settings, TagPage
from regbrowse.registry.listing import Lister
from regbrowse.registry.question import Question, Reply
from regbrowse.registry.redact import Secret
from regbrowse.registry.transport import Transport
from regbrowse.registry.waiting import rate_of
from regbrowse.text import exact, size, visible

__all__ = [
    "CatalogPage",
    "Claim",
    "Client",
    "Exchange",
    "Login",
    "LoginState",
    "Rate",
    "Secret",
    "Settings",
    "TagPage",
]

LOG_LENGTH = 500


class Client:
    """Asks registries; every answer is bounded, every content verified, every failure a RegbrowseError."""

    def __init__(self, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        self.requests: deque[Exchange] = deque(maxlen=LOG_LENGTH)
        """The request log, oldest first."""
        self._transport = Transport(settings, self.requests)
        self._desk = Desk(self._transport, settings)
        self._lister = Lister(self._desk)
        self._cache = Cache()
        self._manifests: Flights[Manifest] = Flights()
        self._blobs: Flights[bytes] = Flights()
        self._rates: dict[str, Rate] = {}

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes every connection."""
        await self._transport.aclose()

    def login(self, registry: Registry) -> LoginState:
        return self._desk.state(registry)

    def rate(self, registry: Registry) -> Rate | None:
        return self._rates.get(registry.key)

    def cached(self, digest: Digest) -> bytes | None:
        """Verified content, when it is at hand."""
        kept = self._cache.get(digest)
        return kept.content if kept else None

    async def ping(self, registry: Registry) -> None:
        """Raises when there is no registry behind this name."""
        door = await self._desk.door(registry)
        if door.alive or door.status == 429 or door.status >= 500:
            return
        host = visible(registry.name)
        why = f"{host} answers, but not like a container registry."
        evidence = Evidence(host, "GET", f"{door.base}/v2/", door.status or None)
        hint = "Check its name and port; some registries live under a path."
        raise Unsupported(why, evidence=evidence, wanted=f"Connecting to {host}", hint=hint)

    async def tags(self, repository: Repository, after: TagPage | None = None) -> AsyncGenerator[TagPage, None]:
        """The tags, page by page as they come, unsorted (distribution-spec, Listing Tags).

        When a later page fails, the iterator raises and what came before stays good: `after` the last
        page goes on from there, without repeating a tag.
        """
        question = tags_question(repository)
        start, trail = (after.next, after.trail) if after else (None, None)
        async with aclosing(self._lister.pages(question, "tags", is_tag, start, trail)) as pages:
            async for page in pages:
                yield TagPage(page.names, page.total, page.hidden, page.done, page.note, page.next, page.trail)

    async def catalog(self, registry: Registry, after: CatalogPage | None = None) -> AsyncGenerator[CatalogPage, None]:
        """The repositories, page by page. Many registries refuse this: Unsupported, AuthRequired or Denied."""
        question = catalog_question(registry)
        start, trail = (after.next, after.trail) if after else (None, None)
        no_catalog(question)
        try:
            pages = self._lister.pages(question, "repositories", is_repository_path, start, trail)
            async with aclosing(pages):
                async for page in pages:
                    yield CatalogPage(page.names, page.total, page.hidden, page.done, page.note, page.next, page.trail)
        except (AuthRequired, Denied, NotFound, Unsupported, BadResponse, ServerError) as error:
            raise catalog_error(question, error) from None

    async def manifest(
        self, repository: Repository, target: str | Digest, *, expected: str = "", size: int | None = None
    ) -> Manifest:
        """The manifest of a tag or digest (distribution-spec, Pulling manifests).

        By digest the bytes are verified against it, and never asked for twice; by tag the digest is that
        of the bytes. `expected` and `size` are what a descriptor said of it.
        """
        digest = target if isinstance(target, Digest) else Digest.parse(target) if ":" in target else None
        if digest is not None:
            kept = self._cache.get(digest)
            if kept is not None:
                return await read_manifest(kept.content, kept.content_type, expected, digest)
        key = digest or (str(repository), target)
        return await self._manifests.share(key, lambda: self._fetch(repository, target, digest, expected, size))

    async def _fetch(
        self, repository: Repository, target: str | Digest, digest: Digest | None, expected: str, named: int | None
    ) -> Manifest:
        question = manifest_question(repository, target, digest)
        reply = await self._get_manifest(question)
        if digest is None:
            raw = reply.decoded()
            manifest = await manifest_of(reply, raw, expected, None, await claim_note(reply, raw))
            self._cache.put(manifest.digest, raw, reply.content_type)
            return manifest
        try:
            raw = await verified(reply, digest)
        except Integrity:
            legacy = await unsigned_schema1(reply.body, reply.content_type, digest)
            if legacy is not None:
                note = "The digest is as the server reports it; it was not verified."
                return replace(legacy, anomalies=(*legacy.anomalies, note))
            fresh = replace(question, headers={**question.headers, "Cache-Control": "no-cache"})
            reply = await self._get_manifest(fresh)
            raw = await verified(reply, digest)
        notes = size_note(named, raw), unverifiable(digest)
        manifest = await manifest_of(reply, raw, expected, digest, *notes)
        if digest.hasher():
            self._cache.put(digest, raw, reply.content_type)
        return manifest

    async def _get_manifest(self, question: Question) -> Reply:
        reply = await self._desk.ask(question)
        if reply.status in (400, 406):
            simple = replace(question, headers={**question.headers, "Accept": ACCEPT_PLAIN})
            second = await self._desk.ask(simple)
            reply = second if second.status == 200 else reply
        self._note_rate(reply)
        if reply.status != 200:
            raise status_error(reply, self.login(question.registry))
        return reply

    async def head(self, repository: Repository, tag: str) -> Claim | None:
        """What the registry says a tag points to; None when there is no such tag.

        A hint, and free of charge on Docker Hub. Servers without HEAD are asked with GET.
        """
        question = replace(manifest_question(repository, tag, None), method="HEAD")
        try:
            reply = await self._desk.ask(question)
        except AuthError as error:
            if error.evidence.status != 403:
                raise
            reply = None
        if reply is not None:
            self._note_rate(reply)
            if reply.status == 200:
                length = reply.headers.get("content-length", "")
                number = int(length) if length.isascii() and length.isdigit() and len(length) < 16 else None
                return Claim(claimed_digest(reply), visible(essence(reply.content_type)), number)
            if reply.status not in (400, 404, 405, 406, 501):
                raise status_error(reply, self.login(repository.registry))
        try:
            manifest = await self.manifest(repository, tag)
        except NotFound:
            return None
        return Claim(manifest.digest, manifest.media_type, len(manifest.raw))

    async def blob(self, repository: Repository, descriptor: Descriptor, *, limit: int = 4 * 2**20) -> bytes:
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
        return await self._blobs.share(digest, lambda: self._fetch_blob(question, digest))

    async def _fetch_blob(self, question: Question, digest: Digest) -> bytes:
        reply = await self._desk.ask(question)
        if reply.status != 200:
            raise status_error(reply, self.login(question.registry))
        content = await verified(reply, digest)
        if question.size is not None and len(content) != question.size:
            if digest.hasher() is None:
                raise mismatch(reply, digest)
            return content
        if digest.hasher():
            self._cache.put(digest, content)
        return content

    async def blob_start(self, repository: Repository, descriptor: Descriptor, count: int) -> bytes:
        """At most the first `count` bytes of a blob, not verified; then the connection is closed."""
        digest, question = blob_question(repository, descriptor, count)
        whole = descriptor.data if descriptor.data is not None else self.cached(digest)
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
            raise status_error(reply, self.login(question.registry))
        return reply.body

    def _note_rate(self, reply: Reply) -> None:
        rate = rate_of(reply.headers)
        if rate is not None:
            self._rates[reply.question.registry.key] = rate
