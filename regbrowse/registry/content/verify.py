"""Compare content with the digest and the size that named it: manifests, blobs and downloads alike.

Content of an algorithm that cannot be computed here passes, and the caller marks it as unverified. The disk cache,
which is loaded before the network, calls Digest.matches itself for what it reads.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from regbrowse.digest import Verification
from regbrowse.errors import Evidence, Integrity
from regbrowse.oci.document import looks_like_html
from regbrowse.oci.schema1 import signed_payload
from regbrowse.reference import Digest
from regbrowse.registry.fetch import in_thread_if_large
from regbrowse.registry.requests import Request, Response
from regbrowse.text import exact, visible

if TYPE_CHECKING:
    from regbrowse.digest import Hasher


async def matches(content: bytes, digest: Digest) -> bool | None:
    """Return whether the content hashes to the digest; None when that cannot be computed here."""
    return await in_thread_if_large(digest.matches, content)


def matches_signed(content: bytes, digest: Digest) -> bool:
    """Return whether the digest is that of the signed part of a schema 1 manifest (manifest-v2-1.md)."""
    payload = signed_payload(content)
    return payload is not None and bool(digest.matches(payload))


async def verified_body(response: Response, digest: Digest) -> bytes:
    """Return the body when it matches the digest, decoded when only that matches. Raises Integrity."""
    verification = await in_thread_if_large(lambda body: Verification.of(body, digest), response.body)
    got = verification.computed
    if got is None or verification.digest_matches:
        return response.body
    decoded = response.decoded()
    if decoded is not response.body and await matches(decoded, digest):
        return decoded
    wanted = response.request.wanted
    error = _digest_error(digest, got, response.body, response.evidence(), wanted, " It was not used.")
    error.content = response.body
    raise error


def bypass_caches(request: Request) -> Request:
    """Return the request to repeat when a cache may have altered the content (RFC 9111, no-cache)."""
    return replace(request, headers={**request.headers, "Cache-Control": "no-cache"})


def check_size(response: Response, size: int | None, offered: int | None) -> None:
    """Compare the size that a descriptor named with the one that was offered, where both are known.

    Raises Integrity.
    """
    if size is not None and offered is not None and offered != size:
        host = response.request.host
        why = f"The content should be {exact(size)}, {host} offers {exact(offered)}. It was not used."
        raise Integrity(why, evidence=response.evidence(), wanted=response.request.wanted)


class BodyVerifier:
    """Hash a long body in threads, one batch at a time, and compare its digest and its size at the end."""

    def __init__(self, digest: Digest, size: int | None) -> None:
        self._digest = digest
        self._size = size
        self._hasher = digest.hasher()
        self._hashing: asyncio.Future[None] | None = None

    async def update(self, chunks: list[bytes]) -> None:
        """Wait until the previous batch is hashed; return while this one is being hashed."""
        if self._hashing is not None:
            await self._hashing
        if self._hasher is not None:
            self._hashing = asyncio.get_running_loop().run_in_executor(None, _hash, self._hasher, chunks)

    async def finish(self, received: int, start: bytes, evidence: Evidence) -> bool | None:
        """Return True for a body that is right, None when its algorithm cannot be computed here.

        `received` is its size, `start` are its first bytes. Raises Integrity.
        """
        wanted = f"Reading {self._digest.short}"
        if self._hashing is not None:
            await self._hashing
        if self._hasher is not None and self._hasher.hexdigest() != self._digest.encoded:
            got = Digest(self._digest.algorithm, self._hasher.hexdigest())
            raise _digest_error(self._digest, got, start, evidence, wanted)
        if self._size not in (None, received):
            why = f"The content should be {exact(self._size or 0)}, {exact(received)} came."
            raise Integrity(why, evidence=evidence, wanted=wanted)
        return True if self._hasher is not None else None


def docker_content_digest(response: Response) -> Digest | None:
    """Return the digest that the server reports; None unless there is exactly one valid header."""
    lines = response.headers.get_list("docker-content-digest")
    return Digest.read(lines[0]) if len(lines) == 1 else None


def size_note(size: int | None, content: bytes) -> str:
    """Return the anomaly of verified content whose descriptor named another size; empty when it did not."""
    if size is None or size == len(content):
        return ""
    return f"The size is wrong: {exact(size)} were named, {exact(len(content))} came. The content is verified."


def unverifiable_note(digest: Digest) -> str:
    """Return the anomaly of content whose digest cannot be computed here; empty when it can."""
    return "" if digest.hasher() else f"Not verified: {visible(digest.algorithm)} cannot be computed here."


def _hash(hasher: Hasher, chunks: list[bytes]) -> None:
    for chunk in chunks:
        hasher.update(chunk)


def _digest_error(
    digest: Digest, got: Digest, start: bytes, evidence: Evidence, wanted: str, outcome: str = ""
) -> Integrity:
    """Make the error for content that does not match; `start` tells a web page by its first bytes."""
    why = f"The content served for {digest.short} does not match it (got {got.short}).{outcome}"
    hint = f"The registry {evidence.host}, a cache or a proxy has altered it."
    if looks_like_html(start):
        why = f"{evidence.host} sent a web page instead of {digest.short}."
        hint = "A login page or proxy is probably in between."
    error = Integrity(why, evidence=evidence, wanted=wanted, hint=hint)
    error.got = str(got)
    return error
