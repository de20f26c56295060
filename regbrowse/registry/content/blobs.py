"""Read blobs whole and verified, or only their first bytes (distribution-spec, Pulling blobs; RFC 9110, 14)."""

from __future__ import annotations

from dataclasses import replace

from regbrowse.errors import BadResponse, Evidence, Integrity, TooLarge
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.mediatype import essence
from regbrowse.reference import Digest, Repository
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.content.cache import ContentCache
from regbrowse.registry.content.disk_cache import CachedContent
from regbrowse.registry.content.verify import bypass_caches, check_size, verified_body
from regbrowse.registry.fetch import fetch
from regbrowse.registry.headers import ContentRange, content_length, content_range
from regbrowse.registry.requests import BLOB_LIMIT, Request, Response, blob_request
from regbrowse.registry.single_flight import SingleFlight
from regbrowse.text import exact, size

MAX_RANGES = 16
"""Range requests for the start of one blob; a server that needs more is sent a request for the whole instead."""


class Blobs:
    """The blobs of one client, and which registries cannot serve ranges."""

    def __init__(self, auth: Authenticator, cache: ContentCache) -> None:
        self._auth = auth
        self._cache = cache
        self._in_flight: SingleFlight[bytes] = SingleFlight()
        self._without_ranges: set[str] = set()

    async def get(self, repository: Repository, descriptor: Descriptor, *, limit: int = BLOB_LIMIT) -> bytes:
        """Read a blob of at most `limit` bytes and verify it; it is requested once. Raises RegistryError."""
        digest, request = blob_request(repository, descriptor, limit)
        if descriptor.data is not None:
            return descriptor.data
        registry = repository.registry
        epoch = self._cache.epoch(registry)
        cached = await self._cache.get(digest, repository)
        if cached is not None:
            self._auth.note_cached(request)
            return cached.content
        if descriptor.size is not None and descriptor.size > limit:
            why = f"The content has {exact(descriptor.size)}, more than the limit of {size(limit)}."
            raise TooLarge(why, evidence=Evidence(request.host), wanted=request.wanted)
        key = registry.key, repository.path, digest, descriptor.size, limit, epoch
        return await self._in_flight.share(key, lambda: self._read(repository, request, digest, epoch))

    async def start(self, repository: Repository, descriptor: Descriptor, count: int) -> bytes:
        """Read at most the first `count` bytes of a blob, unverified unless they are cached.

        No more is received, also from servers that ignore the range. Raises RegistryError: Integrity when the blob
        has another size than its descriptor says, BadResponse when no response can be used.
        """
        digest, request = blob_request(repository, descriptor, count)
        if descriptor.data is not None or count <= 0:
            return (descriptor.data or b"")[: max(0, count)]
        cached = await self._cache.get(digest, repository)
        if cached is not None:
            self._auth.note_cached(request)
            return cached.content[:count]
        if descriptor.size:
            count = min(count, descriptor.size)
        request = replace(request, size=None)
        registry = repository.registry.key
        if registry not in self._without_ranges:
            content = await self._read_ranges(request, count, descriptor.size)
            if content is not None:
                return content
            self._without_ranges.add(registry)
        response = await fetch(self._auth, replace(request, stop_after=count), statuses=(200, 206))
        if response.status == 206:
            found = served_range(response, 0, count - 1)
            why = found if isinstance(found, str) else f"{request.host} sent a part where all was asked for."
            raise BadResponse(why, evidence=response.evidence(), wanted=request.wanted)
        return _first_bytes(response, count, descriptor.size)

    async def _read(self, repository: Repository, request: Request, digest: Digest, epoch: int) -> bytes:
        response = await fetch(self._auth, request)
        try:
            content = await verified_body(response, digest)
        except Integrity:
            response = await fetch(self._auth, bypass_caches(request))
            content = await verified_body(response, digest)
        check_size(response, request.size, len(content))
        if digest.hasher():
            await self._cache.put(digest, CachedContent(content), repository, epoch)
        return content

    async def _read_ranges(self, request: Request, count: int, blob_size: int | None) -> bytes | None:
        """Read the first `count` bytes by ranges; None when the server does not serve ranges as it should."""
        content = bytearray()
        statuses = (200, 206) if blob_size else (200, 206, 416)
        for _ in range(MAX_RANGES):
            first = len(content)
            headers = {**request.headers, "Range": f"bytes={first}-{count - 1}"}
            response = await fetch(
                self._auth, replace(request, stop_after=count - first, headers=headers), statuses=statuses
            )
            if response.status == 416:
                return bytes(content)
            if response.status == 200:
                return None if first else _first_bytes(response, count, blob_size)
            served = served_range(response, first, count - 1)
            if isinstance(served, str):
                return None
            check_size(response, blob_size, served.total)
            content += response.body
            if len(content) in (count, served.total):
                return bytes(content)
        return None


def served_range(response: Response, first: int, last: int) -> ContentRange | str:
    """Return which of the requested bytes a 206 response holds; a sentence when it cannot be used.

    A shorter range is legal when it begins with the first byte.
    """
    host = response.request.host
    if essence(response.content_type).startswith("multipart/") or _is_encoded(response):
        return f"{host} sent a part of the content in a form that cannot be used."
    found = content_range(response.headers.get_list("content-range"))
    if found is None or found.first != first or found.last > last:
        return f"{host} sent another part of the content than the one asked for."
    if len(response.body) != found.last - first + 1:
        return f"{host} sent a part of the content that is not as long as it says."
    return found


def _first_bytes(response: Response, count: int, blob_size: int | None) -> bytes:
    """Return what was received of a whole blob. Raises Integrity when it has another size than its descriptor says."""
    offered = content_length(response.headers)
    if _is_encoded(response) and (blob_size is None or offered != blob_size):
        return response.decoded()[:count]
    check_size(response, blob_size, offered)
    if blob_size is not None and len(response.body) < min(count, blob_size):
        check_size(response, blob_size, len(response.body))
    return response.body


def _is_encoded(response: Response) -> bool:
    return response.headers.get("content-encoding", "").strip().lower() not in ("", "identity")
