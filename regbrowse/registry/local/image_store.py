"""Serve the images of a folder or archive as a registry (distribution-spec, Endpoints)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from regbrowse.reference import Digest
from regbrowse.registry.local.byte_range import ByteRange, UnreadableFile
from regbrowse.registry.local.image_names import ImageNames
from regbrowse.registry.responder import (
    ENDPOINT,
    UNREADABLE,
    Answer,
    blob_part,
    error_answer,
    json_answer,
    page_answer,
    referrers_answer,
)

PAGE_SIZE = 1000
"""Most entries of one page, whatever was requested."""


class ImageStore(Protocol):
    """The images of a folder or archive. Every method may read files and be called from several threads; OSError."""

    @property
    def names(self) -> ImageNames: ...

    def entry_digest(self, number: int) -> Digest | None:
        """Find the digest of the manifest of an entry in the list of images; -1 stands for the list itself."""
        ...

    def manifest(self, digest: Digest) -> tuple[str, ByteRange] | None:
        """Find the media type and the bytes of a manifest."""
        ...

    def blob(self, digest: Digest) -> ByteRange | None: ...

    def referrers(self, digest: Digest) -> Sequence[Mapping[str, object]]:
        """Find the descriptors of the manifests whose subject is `digest`."""
        ...


class LocalRegistry:
    """Implements Responder for an image store. Files are read in threads; what cannot be read is not found."""

    def __init__(self, store: ImageStore) -> None:
        self._store = store

    async def answer(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        """Answer one request."""
        if method not in ("GET", "HEAD"):
            return error_answer(405, "UNSUPPORTED", "files are only read")
        url = urlsplit(target)
        path, query = unquote(url.path), parse_qs(url.query, keep_blank_values=True)
        if path in ("/v2", "/v2/"):
            answer = json_answer({})
        elif path == "/v2/_catalog":
            answer = page_answer(path, "repositories", sorted(self._store.names.tags), query, PAGE_SIZE)
        else:
            answer = await self._repository(path, query, headers)
        return Answer(answer.status, answer.headers) if method == "HEAD" else answer

    async def _repository(self, path: str, query: Mapping[str, list[str]], headers: Mapping[str, str]) -> Answer:
        match = ENDPOINT.fullmatch(path)
        if not match:
            return error_answer(404, "NOT_FOUND", "no such endpoint")
        name, kind, target = match[1], match[2] or match[4], match[5] or ""
        tags = self._store.names.tags.get(name)
        if tags is None:
            return error_answer(404, "NAME_UNKNOWN", "no such name in these files")
        if kind == "tags":
            return page_answer(f"/v2/{name}/tags/list", "tags", sorted(tags), query, PAGE_SIZE, {"name": name})
        if kind == "manifests":
            return await self._manifest(tags, target)
        digest = Digest.read(target)
        if digest is None:
            return error_answer(400, "DIGEST_INVALID", "not a digest")
        if kind == "referrers":
            return referrers_answer(await asyncio.to_thread(self._store.referrers, digest), query)
        return await self._blob(digest, headers.get("range", ""))

    async def _manifest(self, tags: Mapping[str, int], target: str) -> Answer:
        try:
            if target in tags:
                digest = await asyncio.to_thread(self._store.entry_digest, tags[target])
            else:
                digest = Digest.read(target)
            found = await asyncio.to_thread(self._store.manifest, digest) if digest else None
        except UnreadableFile as error:
            return error_answer(404, UNREADABLE, str(error))
        except OSError:
            found = None
        if found is None:
            return error_answer(404, "MANIFEST_UNKNOWN", "no such manifest in these files")
        media_type, content = found
        response_headers = {
            "Content-Type": media_type,
            "Docker-Content-Digest": str(digest),
            "Content-Length": str(content.size),
        }
        return Answer(200, response_headers, content.stream(0, content.size))

    async def _blob(self, digest: Digest, range_header: str) -> Answer:
        try:
            content = await asyncio.to_thread(self._store.blob, digest)
        except UnreadableFile as error:
            return error_answer(404, UNREADABLE, str(error))
        except OSError:
            content = None
        if content is None:
            return error_answer(404, "BLOB_UNKNOWN", "no such content in these files")
        answer, start, stop = blob_part(str(digest), content.size, range_header)
        return answer if answer.status == 416 else Answer(answer.status, answer.headers, content.stream(start, stop))
