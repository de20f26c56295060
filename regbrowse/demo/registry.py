"""The demo registry: the distribution API over the demo's shelves, inside this process."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from regbrowse.demo.layers import by_digest, measure_of
from regbrowse.demo.shelf import OCI_INDEX, Content, Json, Shelf
from regbrowse.reference import Registry
from regbrowse.registry.responder import Answer

REGISTRY = Registry("registry.demo")
PAGE = 250
"""Most entries of one page, whatever was asked for."""
USER, PASSWORD = "demo", "demo"
"""What `private/vault` lets in."""
_ENDPOINT = re.compile(r"/v2/(.+)/(?:(tags)/(list)|(manifests|blobs|referrers)/([^/]+))")
_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")


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
            return _error(405, "UNSUPPORTED", "the demo is read only")
        given = {name.lower(): value for name, value in headers.items()}
        url = urlsplit(target)
        path, query = unquote(url.path), parse_qs(url.query, keep_blank_values=True)
        if path in ("/v2", "/v2/"):
            answer = _json({})
        elif path == "/v2/_catalog":
            answer = _page("/v2/_catalog", "repositories", sorted(self.shelves), query, {})
        else:
            answer = await self._repository(path, query, given)
        if method == "HEAD":
            return Answer(answer.status, answer.headers)
        return answer

    async def _repository(self, path: str, query: Mapping[str, list[str]], headers: Mapping[str, str]) -> Answer:
        match = _ENDPOINT.fullmatch(path)
        if not match:
            return _error(404, "NOT_FOUND", "no such endpoint")
        name, kind, target = match[1], match[2] or match[4], match[5] or ""
        shelf = self.shelves.get(name)
        if shelf is None:
            return _error(404, "NAME_UNKNOWN", f"repository name not known to registry: {name}")
        if shelf.login and headers.get("authorization") != _basic():
            challenge = {"WWW-Authenticate": f'Basic realm="{REGISTRY}"'}
            return _error(401, "UNAUTHORIZED", "authentication required: the demo lets in demo:demo", challenge)
        if shelf.failure == 429:
            wait = {"Retry-After": "840", "ratelimit-limit": "100;w=21600", "ratelimit-remaining": "0;w=21600"}
            return _error(429, "TOOMANYREQUESTS", "You have reached your pull rate limit.", wait)
        if shelf.failure:
            return _error(shelf.failure, "UNKNOWN", "the storage behind this repository is broken")
        if kind == "tags":
            return _page(f"/v2/{name}/tags/list", "tags", list(shelf.tags), query, {"name": name})
        if kind == "manifests":
            return await _manifest(shelf, target)
        if kind == "referrers":
            return _referrers(shelf, target, query)
        return await _blob(shelf, target, headers.get("range", ""))


async def _manifest(shelf: Shelf, target: str) -> Answer:
    if ":" not in target:
        content = shelf.tagged(target)
        digest = content.root if content else ""
    else:
        content, digest = await _holder(shelf, target, lambda held: target in held.manifests), target
    if content is None:
        return _error(404, "MANIFEST_UNKNOWN", f"manifest unknown: {target}", shelf.headers)
    media_type, body = content.manifests[digest]
    about = {"Content-Type": media_type, "Docker-Content-Digest": digest, "Content-Length": str(len(body))}
    return Answer(200, {**about, **shelf.headers}, body)


def _referrers(shelf: Shelf, digest: str, query: Mapping[str, list[str]]) -> Answer:
    found = shelf.referrers(digest)
    headers = {}
    if "artifactType" in query:
        found = [descriptor for descriptor in found if descriptor.get("artifactType") == query["artifactType"][0]]
        headers["OCI-Filters-Applied"] = "artifactType"
    value = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": found}
    return _json(value, headers={**headers, "Content-Type": OCI_INDEX})


async def _blob(shelf: Shelf, digest: str, asked: str) -> Answer:
    content = await _holder(shelf, digest, lambda held: digest in held.blobs or digest in held.layers)
    if content is None:
        return _error(404, "BLOB_UNKNOWN", f"blob unknown to registry: {digest}")
    body = content.blobs.get(digest)
    size = measure_of(by_digest()[digest]).size if body is None else len(body)
    start, stop, status = 0, size, 200
    headers = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": digest, "Accept-Ranges": "bytes"}
    match = _RANGE.fullmatch(asked)
    if match and (match[1] or match[2]):
        start = int(match[1]) if match[1] else max(0, size - int(match[2]))
        stop = min(int(match[2]) + 1, size) if match[1] and match[2] else size
        if start >= stop:
            return _error(416, "RANGE_INVALID", "invalid content range", {"Content-Range": f"bytes */{size}"})
        status = 206
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    headers["Content-Length"] = str(stop - start)
    return Answer(status, headers, _stream(digest, start, stop) if body is None else body[start:stop])


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


def _page(path: str, key: str, names: list[str], query: Mapping[str, list[str]], more: Json) -> Answer:
    """A page of a list and the Link to the next one (distribution-spec, Listing Tags)."""
    wanted = query.get("n", [str(PAGE)])[0]
    if not re.fullmatch(r"[0-9]{1,9}", wanted):
        return _error(400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested")
    count = min(int(wanted), PAGE)
    last = query.get("last", [""])[0]
    left = [name for name in names if name > last] if last else names
    shown: list[str] | None = left[:count] if names else None
    headers = {}
    if shown and len(left) > count:
        headers["Link"] = f'<{path}?{urlencode({"n": count, "last": shown[-1]}, quote_via=quote)}>; rel="next"'
    return _json({**more, key: shown}, headers=headers)


def _json(value: Json, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    body = json.dumps(value, separators=(",", ":")).encode()
    about = {
        "Content-Type": "application/json",
        "Docker-Distribution-API-Version": "registry/2.0",
        "Content-Length": str(len(body)),
    }
    return Answer(status, {**about, **(headers or {})}, body)


def _error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    return _json({"errors": [{"code": code, "message": message}]}, status=status, headers=headers)


def _basic() -> str:
    return "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
