"""Is it what it should be? Bytes against the digest and size that named them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from regbrowse.errors import BadReference, BadResponse, Integrity, RegbrowseError, TooLarge
from regbrowse.oci.manifest import Manifest, Schema1, parse_manifest
from regbrowse.oci.schema1 import signed_payload
from regbrowse.reference import Digest
from regbrowse.registry.content.cache import Kept
from regbrowse.registry.error_mapping import not_json, server_words
from regbrowse.registry.requests import Request, Response
from regbrowse.registry.transport.failures import too_large
from regbrowse.text import exact, visible

BIG = 128 * 1024
"""Above this hashing and parsing happen in a thread."""
UNVERIFIED_LEGACY = "The digest is as the server reports it; it was not verified."


async def read_manifest(
    raw: bytes, content_type: str = "", expected: str = "", digest: Digest | None = None
) -> Manifest:
    """`parse_manifest`, away from the screen's thread when it takes long."""
    if len(raw) > BIG:
        return await asyncio.to_thread(
            parse_manifest, raw, content_type=content_type, expected=expected, digest=digest
        )
    return parse_manifest(raw, content_type=content_type, expected=expected, digest=digest)


async def read_again(kept: Kept, expected: str, digest: Digest, size: int | None) -> Manifest:
    """The manifest in verified content; `size` is what a descriptor said of it."""
    manifest = await read_manifest(kept.content, kept.content_type, expected, digest)
    note = size_note(size, kept.content)
    return replace(manifest, anomalies=(*manifest.anomalies, note)) if note else manifest


async def verified(reply: Response, digest: Digest) -> bytes:
    """The body when it hashes to the digest, decoded if only that does. Raises Integrity.

    Content of an algorithm that cannot be checked here passes; the caller says so.
    """
    if await matches(reply.body, digest) is not False:
        return reply.body
    plain = reply.decoded()
    if plain is not reply.body and await matches(plain, digest):
        return plain
    raise mismatch(reply, digest)


async def matches(content: bytes, digest: Digest) -> bool | None:
    return await asyncio.to_thread(digest.matches, content) if len(content) > BIG else digest.matches(content)


def past_caches(question: Request) -> Request:
    """The same question for whoever altered the content on the way to leave it alone (RFC 9111, no-cache)."""
    return replace(question, headers={**question.headers, "Cache-Control": "no-cache"})


def mismatch(reply: Response, digest: Digest) -> Integrity:
    """Somebody altered it on the way."""
    got = Digest.of(reply.body, digest.algorithm)
    host = reply.request.host
    why = f"The content served for {digest.short} does not match it (got {got.short}). It was not used."
    hint = f"The registry {host}, a cache or a proxy has altered it."
    if reply.looks_like_html:
        why = f"{host} sent a web page instead of {digest.short}."
        hint = "A login page or proxy is probably in between."
    error = Integrity(why, evidence=reply.evidence(), wanted=reply.request.wanted, hint=hint)
    error.content, error.got = reply.body, str(got)
    return error


async def manifest_of(reply: Response, raw: bytes, expected: str, digest: Digest | None, *notes: str) -> Manifest:
    """The manifest in a reply, with what was strange about its delivery among its anomalies."""
    if reply.looks_like_html:
        raise not_json(reply, "a manifest")
    try:
        manifest = await read_manifest(raw, reply.content_type, expected, digest)
    except BadResponse as error:
        codes, said = server_words(reply.body) if len(raw) < BIG else ((), "")
        raise BadResponse(
            error.why, evidence=reply.evidence(codes, said), wanted=reply.request.wanted, hint=error.hint
        ) from None
    except TooLarge:
        raise too_large(replace(reply.request, size=None), reply.url, None) from None
    if type(manifest).__name__ == "Unknown" and b'"errors"' in raw[:200]:
        codes, said = server_words(raw)
        why = f"{reply.request.host} answered with an error instead of a manifest."
        raise BadResponse(why, evidence=reply.evidence(codes, said), wanted=reply.request.wanted)
    said_notes = [note for note in notes if note]
    return replace(manifest, anomalies=(*manifest.anomalies, *said_notes)) if said_notes else manifest


def claimed_digest(reply: Response) -> Digest | None:
    """`Docker-Content-Digest`, when there is exactly one and it is one."""
    lines = reply.headers.get_list("docker-content-digest")
    try:
        return Digest.parse(lines[0]) if len(lines) == 1 else None
    except BadReference:
        return None


async def claim_note(reply: Response, raw: bytes) -> str:
    """What to say when the server's own digest is not that of the bytes; empty when it is, or says nothing."""
    claimed = claimed_digest(reply)
    if claimed is None or await matches(raw, claimed) is not False:
        return ""
    legacy = await legacy_manifest(raw, reply.content_type, claimed)
    if legacy is not None:
        return "" if legacy.verified else UNVERIFIED_LEGACY
    return f"The server reports the digest {claimed.short}; the content is {Digest.of(raw).short}."


def size_note(named: int | None, raw: bytes) -> str:
    if named is None or named == len(raw):
        return ""
    return f"The size is wrong: {exact(named)} were named, {exact(len(raw))} came. The content is verified."


async def legacy_manifest(raw: bytes, content_type: str, digest: Digest) -> Schema1 | None:
    """A schema 1 manifest with a digest that is not that of its bytes; None for everything else.

    The digest is that of the payload that was signed. A note says so when that is not it, or cannot be found.
    """
    if b"fsLayers" not in raw:
        return None
    try:
        manifest = await read_manifest(raw, content_type, "", digest)
    except RegbrowseError:
        return None
    if not isinstance(manifest, Schema1):
        return None
    payload = signed_payload(raw)
    if payload is not None and digest.matches(payload):
        return manifest
    return replace(manifest, verified=False, anomalies=(*manifest.anomalies, UNVERIFIED_LEGACY))


def unverifiable(digest: Digest) -> str:
    """The anomaly of content whose algorithm is not known here."""
    return "" if digest.hasher() else f"Not verified: {visible(digest.algorithm)} cannot be computed here."
