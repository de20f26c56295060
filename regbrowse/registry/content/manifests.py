"""Read manifests: by digest from the cache or verified, by tag with the digest of their bytes.

See distribution-spec, Pulling manifests.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import NamedTuple

from regbrowse.errors import (
    AuthError,
    BadResponse,
    Integrity,
    NotFound,
    RegbrowseError,
    ServerError,
    TooLarge,
    Unsupported,
)
from regbrowse.oci.manifest import Manifest, Schema1, Unknown, parse_manifest
from regbrowse.oci.mediatype import essence
from regbrowse.reference import Digest, Repository
from regbrowse.registry.content.cache import ContentCache
from regbrowse.registry.content.disk_cache import CachedContent
from regbrowse.registry.content.manifest_fetcher import ManifestFetcher
from regbrowse.registry.content.verify import (
    bypass_caches,
    docker_content_digest,
    matches,
    matches_signed,
    size_note,
    unverifiable_note,
    verified_body,
)
from regbrowse.registry.error_mapping import not_json, server_words
from regbrowse.registry.fetch import LARGE_BODY, in_thread_if_large
from regbrowse.registry.headers import content_length
from regbrowse.registry.models import TagHead
from regbrowse.registry.requests import Request, Response, manifest_request
from regbrowse.registry.single_flight import SingleFlight
from regbrowse.registry.transport.connection_errors import too_large
from regbrowse.text import visible

UNVERIFIED_SCHEMA1 = "The digest is as the server reports it; it was not verified."


class Manifests:
    """The manifests of one client."""

    def __init__(self, fetcher: ManifestFetcher, cache: ContentCache) -> None:
        self._fetcher = fetcher
        self._cache = cache
        self._in_flight: SingleFlight[Manifest] = SingleFlight()
        self._without_head: set[str] = set()
        """Registries that answer HEAD by 500 and GET as they should."""
        self.heads_are_gets: set[str] = set()
        """Registries where a GET has told what a HEAD did not."""

    async def get(
        self,
        repository: Repository,
        target: str | Digest,
        *,
        expected: str = "",
        size: int | None = None,
        background: bool = False,
        guessed: bool = False,
    ) -> Manifest:
        """Read the manifest of a tag or a digest; `expected` and `size` are media type and size in its descriptor.

        `guessed` is a tag that nothing has named, and that may well not be there.
        Content of a digest is requested once. Raises RegistryError, and NotFound for what is no valid tag.
        """
        digest = digest_in(target)
        epoch = self._cache.epoch(repository.registry)
        if digest is not None:
            cached = await self._cache.get(digest, repository)
            if cached is not None:
                self._fetcher.note_cached(manifest_request(repository, target, digest))
                return await parse_cached(cached, expected, digest, size)
        key = repository.registry.key, repository.path, str(target), epoch
        request = replace(manifest_request(repository, target, digest), background=background, guessed=guessed)

        async def read() -> Manifest:
            if digest is None:
                return await self._read_tag(repository, request, expected, epoch)
            return await self._read_digest(repository, request, digest, expected, size, epoch)

        return await self._in_flight.share(key, read)

    async def head(
        self, repository: Repository, tag: str, *, background: bool = False, by_get: bool = True
    ) -> TagHead | None:
        """Request what a tag points to, unverified; None when there is no such tag.

        Servers that do not answer HEAD for manifests are sent a GET; if not `by_get`, Unsupported is raised.
        """
        request = replace(manifest_request(repository, tag, None), method="HEAD", background=background)
        registry, fails = repository.registry.key, False
        if registry not in self._without_head:
            try:
                response = await self._fetcher.head(request, statuses=(200, 400, 404, 405, 406, 501))
                if response.status == 200:
                    media_type = visible(essence(response.content_type))
                    return TagHead(docker_content_digest(response), media_type, content_length(response.headers))
                if response.status == 404 and not by_get:
                    return None
            except AuthError as error:
                if error.evidence.status != 403 or not by_get:
                    raise
            except ServerError as error:
                # Other statuses are those of a registry that is out of order, also for GET.
                fails = error.evidence.status == 500
                if not fails or not by_get:
                    raise
        if not by_get:
            raise Unsupported(f"{request.host} does not answer HEAD for a manifest.", wanted=request.wanted)
        try:
            manifest = await self.get(repository, tag, background=background)
        except NotFound:
            return None
        self.heads_are_gets.add(registry)
        if fails:
            self._without_head.add(registry)
        return TagHead(manifest.digest, manifest.media_type, len(manifest.raw))

    async def last_digest(self, repository: Repository, tag: str) -> Digest | None:
        """Return what a tag pointed to when the current user read it last, if that manifest is still cached."""
        scope = await self._cache.scope(repository.registry, repository.path)
        record = (await self._cache.history.tags(scope.name, repository.path)).get(tag)
        cached = await self._cache.get(record.digest, repository) if record else None
        return record.digest if record and cached else None

    async def _read_tag(self, repository: Repository, request: Request, expected: str, epoch: int) -> Manifest:
        response = await self._fetcher.get(request, expected)
        raw = response.decoded()
        found = await digest_of_tag(response, raw)
        manifest = await parse_response(response, raw, expected, found.digest, found.note)
        if found.reported is not None:
            manifest = replace(manifest, reported=found.reported)
        await self._cache.put(manifest.digest, CachedContent(raw, response.content_type), repository, epoch)
        await self._cache.record_tag(repository, request.item, manifest.digest, epoch)
        return manifest

    async def _read_digest(
        self, repository: Repository, request: Request, digest: Digest, expected: str, size: int | None, epoch: int
    ) -> Manifest:
        response = await self._fetcher.get(request, expected)
        try:
            raw = await verified_body(response, digest)
        except Integrity:
            schema1 = await parse_schema1(response.body, response.content_type, digest)
            if schema1 is not None:
                return schema1
            response = await self._fetcher.get(bypass_caches(request), expected)
            raw = await verified_body(response, digest)
        notes = size_note(size, raw), unverifiable_note(digest)
        manifest = await parse_response(response, raw, expected, digest, *notes)
        if digest.hasher() is None:
            return replace(manifest, verified=False)
        await self._cache.put(digest, CachedContent(raw, response.content_type), repository, epoch)
        return manifest


def digest_in(target: str | Digest) -> Digest | None:
    """Return the digest that a target of a manifest request is; None for a tag. Raises BadReference."""
    if isinstance(target, Digest):
        return target
    return Digest.parse(target) if ":" in target else None


async def parse(raw: bytes, content_type: str = "", expected: str = "", digest: Digest | None = None) -> Manifest:
    """Parse a manifest as `parse_manifest` does, a large one in a thread."""
    parsing = partial(parse_manifest, content_type=content_type, expected=expected, digest=digest)
    return await in_thread_if_large(parsing, raw)


async def parse_cached(cached: CachedContent, expected: str, digest: Digest, size: int | None) -> Manifest:
    """Parse cached content; `expected` and `size` are media type and size in a descriptor."""
    manifest = await parse(cached.content, cached.content_type, expected, digest)
    return _with_notes(manifest, size_note(size, cached.content))


async def parse_response(response: Response, raw: bytes, expected: str, digest: Digest | None, *notes: str) -> Manifest:
    """Parse the body `raw` of a response; `notes` that are not empty become anomalies.

    Raises BadResponse for what is no manifest, TooLarge for a decoded body above the limit.
    """
    if response.looks_like_html:
        raise not_json(response, "a manifest")
    wanted = response.request.wanted
    try:
        manifest = await parse(raw, response.content_type, expected, digest)
    except BadResponse as error:
        codes, said = server_words(response.body) if len(raw) < LARGE_BODY else ((), "")
        evidence = response.evidence(codes, said)
        raise BadResponse(error.why, evidence=evidence, wanted=wanted, hint=error.hint) from None
    except TooLarge:
        raise too_large(replace(response.request, size=None), response.url, None) from None
    if isinstance(manifest, Unknown) and b'"errors"' in raw[:200]:
        codes, said = server_words(raw)
        why = f"{response.request.host} answered with an error instead of a manifest."
        raise BadResponse(why, evidence=response.evidence(codes, said), wanted=wanted)
    return _with_notes(manifest, *notes)


async def parse_schema1(raw: bytes, content_type: str, digest: Digest) -> Schema1 | None:
    """Parse a schema 1 manifest whose bytes do not match its digest; None for any other document.

    Its digest is that of the part that was signed; a note says so when it does not match that part either.
    """
    if b"fsLayers" not in raw:
        return None
    try:
        manifest = await parse(raw, content_type, "", digest)
    except RegbrowseError:
        return None
    if not isinstance(manifest, Schema1):
        return None
    if matches_signed(raw, digest):
        return manifest
    return replace(manifest, verified=False, anomalies=(*manifest.anomalies, UNVERIFIED_SCHEMA1))


class TagDigest(NamedTuple):
    """The digest of what a tag points to."""

    digest: Digest | None = None
    """Computed, by the algorithm that the registry names it with; None: the SHA-256."""
    reported: Digest | None = None
    """The `Docker-Content-Digest` that the bytes do not have."""
    note: str = ""
    """What is strange about it; empty when nothing is."""


async def digest_of_tag(response: Response, raw: bytes) -> TagDigest:
    """Compute the digest of a tag, by which everything else about its content is asked for.

    The registry may know the content by one algorithm only, that of its `Docker-Content-Digest`. A schema 1 manifest
    has the digest of the part that was signed; nothing but an anomaly when that cannot be verified.
    """
    reported = docker_content_digest(response)
    if reported is None:
        return TagDigest()
    verified = await matches(raw, reported)
    if verified:
        return TagDigest(reported)
    if verified is None:
        algorithm = visible(reported.algorithm)
        return TagDigest(
            note=f"The registry names it by {algorithm}, which cannot be computed here. Its SHA-256 is told instead, "
            "which the registry may not know."
        )
    schema1 = await parse_schema1(raw, response.content_type, reported)
    if schema1 is not None:
        return TagDigest(reported) if schema1.verified else TagDigest(note=UNVERIFIED_SCHEMA1)
    computed = await in_thread_if_large(partial(Digest.of, algorithm=reported.algorithm), raw)
    return TagDigest(computed, reported, f"The server reports the digest {reported}; the content is {computed}.")


def _with_notes(manifest: Manifest, *notes: str) -> Manifest:
    added = [note for note in notes if note]
    return replace(manifest, anomalies=(*manifest.anomalies, *added)) if added else manifest
