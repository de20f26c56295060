"""The demo registry: the distribution API over the demo's shelves, inside this process."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Callable, Mapping
from urllib.parse import parse_qs, unquote, urlsplit

from regbrowse.demo.layers import by_digest, measure_of
from regbrowse.demo.shelf import Content, Shelf
from regbrowse.reference import Registry
from regbrowse.registry.responder import (
    Answer,
    blob_part,
    error_answer,
    json_answer,
    page_answer,
    referrers_answer,
)

REGISTRY = Registry("registry.demo")
PAGE = 250
"""Most entries of one page, whatever was asked for."""
USER, PASSWORD = "demo", "demo"
"""What `private/vault` lets in."""
_ENDPOINT = re.compile(r"/v2/(.+)/(?:(tags)/(list)|(manifests|blobs|referrers)/([^/]+))")


class DemoRegistry:
    """Implements Responder. Making one is cheap: a repository is built when a question is about it."""

    def __init__(self) -> None:
        self._shelves: dict[str, Shelf] | None = None

    @property
    def shelves(self) -> dict[str, Shelf]:
        """The repositories by name."""
        if self._shelves is None:
            from regbrowse.demo.repositories import repositories

            self._shelves = repositories()
        return self._shelves

    async def answer(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        """Answers one request (distribution-spec, Endpoints)."""
        if method not in ("GET", "HEAD"):
            return error_answer(405, "UNSUPPORTED", "the demo is read only")
        given = {name.lower(): value for name, value in headers.items()}
        url = urlsplit(target)
        path, query = unquote(url.path), parse_qs(url.query, keep_blank_values=True)
        if path in ("/v2", "/v2/"):
            answer = json_answer({})
        elif path == "/v2/_catalog":
            answer = page_answer("/v2/_catalog", "repositories", sorted(self.shelves), query, PAGE)
        else:
            answer = await self._repository(path, query, given)
        if method == "HEAD":
            return Answer(answer.status, answer.headers)
        return answer

    async def _repository(self, path: str, query: Mapping[str, list[str]], headers: Mapping[str, str]) -> Answer:
        match = _ENDPOINT.fullmatch(path)
        if not match:
            return error_answer(404, "NOT_FOUND", "no such endpoint")
        name, kind, target = match[1], match[2] or match[4], match[5] or ""
        shelf = self.shelves.get(name)
        if shelf is None:
            return error_answer(404, "NAME_UNKNOWN", f"repository name not known to registry: {name}")
        if shelf.login and headers.get("authorization") != _basic():
            challenge = {"WWW-Authenticate": f'Basic realm="{REGISTRY}"'}
            return error_answer(401, "UNAUTHORIZED", "authentication required: the demo lets in demo:demo", challenge)
        if shelf.failure == 429:
            wait = {"Retry-After": "840", "ratelimit-limit": "100;w=21600", "ratelimit-remaining": "0;w=21600"}
            return error_answer(429, "TOOMANYREQUESTS", "You have reached your pull rate limit.", wait)
        if shelf.failure:
            return error_answer(shelf.failure, "UNKNOWN", "the storage behind this repository is broken")
        if kind == "tags":
            return page_answer(f"/v2/{name}/tags/list", "tags", list(shelf.tags), query, PAGE, {"name": name})
        if kind == "manifests":
            return await _manifest(shelf, target)
        if kind == "referrers":
            return referrers_answer(shelf.referrers(target), query)
        return await _blob(shelf, target, headers.get("range", ""))


async def _manifest(shelf: Shelf, target: str) -> Answer:
    if ":" not in target:
        content = shelf.tagged(target)
        digest = content.root if content else ""
    else:
        content, digest = await _holder(shelf, target, lambda held: target in held.manifests), target
    if content is None:
        return error_answer(404, "MANIFEST_UNKNOWN", f"manifest unknown: {target}", shelf.headers)
    media_type, body = content.manifests[digest]
    about = {"Content-Type": media_type, "Docker-Content-Digest": digest, "Content-Length": str(len(body))}
    return Answer(200, {**about, **shelf.headers}, body)


async def _blob(shelf: Shelf, digest: str, asked: str) -> Answer:
    content = await _holder(shelf, digest, lambda held: digest in held.blobs or digest in held.layers)
    if content is None:
        return error_answer(404, "BLOB_UNKNOWN", f"blob unknown to registry: {digest}")
    body = content.blobs.get(digest)
    size = measure_of(by_digest()[digest]).size if body is None else len(body)
    answer, start, stop = blob_part(digest, size, asked)
    if answer.status == 416:
        return answer
    return Answer(answer.status, answer.headers, _stream(digest, start, stop) if body is None else body[start:stop])


async def _stream(digest: str, start: int, stop: int) -> AsyncIterator[bytes]:
    from regbrowse.demo.layer_plans import plans
    from regbrowse.demo.layers import blob_runs, cut

    name = by_digest()[digest]
    for piece in cut(blob_runs(plans()[name], measure_of(name).crc), start, stop):
        yield piece
        await asyncio.sleep(0)


async def _holder(shelf: Shelf, digest: str, holds: Callable[[Content], bool]) -> Content | None:
    for content in shelf.holders(digest):
        if holds(content):
            return content
        if digest in content.absent:
            return None
        await asyncio.sleep(0)
    return None


def _basic() -> str:
    return "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
