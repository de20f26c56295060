"""A registry made of what a folder or archive holds (distribution-spec, Endpoints)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote, urlsplit

from regbrowse.errors import BadReference
from regbrowse.reference import Digest
from regbrowse.registry.local.holdings import Holdings
from regbrowse.registry.responder import (
    Answer,
    blob_part,
    error_answer,
    json_answer,
    page_answer,
    referrers_answer,
)

PAGE = 1000
"""Most entries of one page, whatever was asked for."""
_ENDPOINT = re.compile(r"/v2/(.+)/(?:(tags)/(list)|(manifests|blobs|referrers)/([^/]+))")


class LocalRegistry:
    """Implements Responder. Files are read in threads; what cannot be read is not there."""

    def __init__(self, held: Holdings) -> None:
        self._held = held

    async def answer(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        """Answers one request."""
        if method not in ("GET", "HEAD"):
            return error_answer(405, "UNSUPPORTED", "files are only read")
        url = urlsplit(target)
        path, query = unquote(url.path), parse_qs(url.query, keep_blank_values=True)
        if path in ("/v2", "/v2/"):
            answer = json_answer({})
        elif path == "/v2/_catalog":
            answer = page_answer(path, "repositories", sorted(self._held.names.tags), query, PAGE)
        else:
            answer = await self._repository(path, query, headers)
        return Answer(answer.status, answer.headers) if method == "HEAD" else answer

    async def _repository(self, path: str, query: Mapping[str, list[str]], headers: Mapping[str, str]) -> Answer:
        match = _ENDPOINT.fullmatch(path)
        if not match:
            return error_answer(404, "NOT_FOUND", "no such endpoint")
        name, kind, target = match[1], match[2] or match[4], match[5] or ""
        tags = self._held.names.tags.get(name)
        if tags is None:
            return error_answer(404, "NAME_UNKNOWN", "no such name in these files")
        if kind == "tags":
            return page_answer(f"/v2/{name}/tags/list", "tags", sorted(tags), query, PAGE, {"name": name})
        if kind == "manifests":
            return await self._manifest(name, target)
        digest = _digest(target)
        if digest is None:
            return error_answer(400, "DIGEST_INVALID", "not a digest")
        if kind == "referrers":
            return referrers_answer(await asyncio.to_thread(self._held.referrers, digest), query)
        return await self._blob(digest, headers.get("range", ""))

    async def _manifest(self, name: str, target: str) -> Answer:
        try:
            if ":" in target:
                digest = _digest(target)
            else:
                digest = await asyncio.to_thread(self._held.tagged, name, target)
            found = await asyncio.to_thread(self._held.manifest, digest) if digest else None
        except OSError:
            found = None
        if found is None:
            return error_answer(404, "MANIFEST_UNKNOWN", "no such manifest in these files")
        media_type, piece = found
        about = {
            "Content-Type": media_type,
            "Docker-Content-Digest": str(digest),
            "Content-Length": str(piece.size),
        }
        return Answer(200, about, piece.stream(0, piece.size))

    async def _blob(self, digest: Digest, asked: str) -> Answer:
        try:
            piece = await asyncio.to_thread(self._held.blob, digest)
        except OSError:
            piece = None
        if piece is None:
            return error_answer(404, "BLOB_UNKNOWN", "no such content in these files")
        answer, start, stop = blob_part(str(digest), piece.size, asked)
        return answer if answer.status == 416 else Answer(answer.status, answer.headers, piece.stream(start, stop))


def _digest(text: str) -> Digest | None:
    try:
        return Digest.parse(text)
    except BadReference:
        return None
