"""Read what a registry serves now, past every cache and without verifying it, to compare it with what it reports."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from regbrowse.oci.config import CONFIG_LIMIT
from regbrowse.oci.descriptor import Descriptor
from regbrowse.reference import Digest, Repository
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.content.manifest_fetcher import ManifestFetcher
from regbrowse.registry.content.verify import docker_content_digest, matches
from regbrowse.registry.fetch import fetch
from regbrowse.registry.headers import content_length, content_range
from regbrowse.registry.requests import Response, blob_request, manifest_request


class ServedContent(NamedTuple):
    """Content as it was served, and what the headers of the response say of it."""

    raw: bytes
    content_type: str
    header: Digest | None
    """`Docker-Content-Digest`; None when there is no valid one."""


class UncachedReader:
    """Reads from one repository. Every method sends requests and raises RegistryError."""

    def __init__(self, auth: Authenticator, fetcher: ManifestFetcher, repository: Repository) -> None:
        self._auth = auth
        self._fetcher = fetcher
        self._repository = repository

    async def manifest(self, target: str | Digest) -> ServedContent:
        """Read the manifest of a tag or a digest (distribution-spec, Pulling manifests)."""
        digest = target if isinstance(target, Digest) else None
        return await _served(await self._fetcher.get(manifest_request(self._repository, target, digest)), digest)

    async def blob(self, descriptor: Descriptor) -> ServedContent:
        """Read a blob of at most 32 MiB, whatever size its descriptor names."""
        digest, request = blob_request(self._repository, descriptor, CONFIG_LIMIT)
        return await _served(await fetch(self._auth, replace(request, size=None)), digest)

    async def blob_size(self, descriptor: Descriptor) -> int | None:
        """Return the size of a blob that the registry reports, None when it reports none.

        Raises NotFound without the blob. Servers that do not answer HEAD for blobs are sent a GET for the first byte.
        """
        _, request = blob_request(self._repository, descriptor, 1)
        request = replace(request, size=None)
        head = await fetch(self._auth, replace(request, method="HEAD"), statuses=(200, 400, 404, 405, 501))
        if head.status == 200:
            return content_length(head.headers)
        first_byte = replace(request, stop_after=1, headers={**request.headers, "Range": "bytes=0-0"})
        response = await fetch(self._auth, first_byte, statuses=(200, 206, 416))
        if response.status == 206:
            found = content_range(response.headers.get_list("content-range"))
            return found.total if found else None
        return content_length(response.headers) if response.status == 200 else 0


async def _served(response: Response, digest: Digest | None) -> ServedContent:
    """Take a body; one that does not match the digest is decoded, when it is encoded without being asked to."""
    right = digest is not None and await matches(response.body, digest)
    raw = response.body if right else response.decoded()
    return ServedContent(raw, response.content_type, docker_content_digest(response))
