"""What an in-process registry has to be, and the answers that all of them give alike.

The demo and the images in files answer through this (distribution-spec, Endpoints).
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol
from urllib.parse import quote, urlencode

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


class Answer(NamedTuple):
    """One HTTP answer, without the HTTP."""

    status: int
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes | AsyncIterator[bytes] = b""


class Responder(Protocol):
    """A registry inside this process."""

    async def answer(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        """Answers one request; `target` is the path with its query, header names are lower case."""
        ...


def json_answer(value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    body = json.dumps(value, separators=(",", ":")).encode()
    about = {
        "Content-Type": "application/json",
        "Docker-Distribution-API-Version": "registry/2.0",
        "Content-Length": str(len(body)),
    }
    return Answer(status, {**about, **(headers or {})}, body)


def error_answer(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    """An error in the form of the distribution-spec, Error Codes."""
    return json_answer({"errors": [{"code": code, "message": message}]}, status=status, headers=headers)


def page_answer(
    path: str,
    key: str,
    names: Sequence[str],
    query: Mapping[str, list[str]],
    most: int,
    more: Mapping[str, object] | None = None,
) -> Answer:
    """A page of at most `most` sorted names and the Link to the next one (distribution-spec, Listing Tags)."""
    wanted = query.get("n", [str(most)])[0]
    if not re.fullmatch(r"[0-9]{1,9}", wanted):
        return error_answer(400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested")
    count = min(int(wanted), most)
    last = query.get("last", [""])[0]
    left = [name for name in names if name > last] if last else list(names)
    shown: list[str] | None = left[:count] if names else None
    headers = {}
    if shown and len(left) > count:
        headers["Link"] = f'<{path}?{urlencode({"n": count, "last": shown[-1]}, quote_via=quote)}>; rel="next"'
    return json_answer({**(more or {}), key: shown}, headers=headers)


def referrers_answer(found: Sequence[Mapping[str, object]], query: Mapping[str, list[str]]) -> Answer:
    """The descriptors of what refers to a manifest, as an index (distribution-spec, Listing Referrers)."""
    headers = {"Content-Type": "application/vnd.oci.image.index.v1+json"}
    if "artifactType" in query:
        found = [descriptor for descriptor in found if descriptor.get("artifactType") == query["artifactType"][0]]
        headers["OCI-Filters-Applied"] = "artifactType"
    value = {"schemaVersion": 2, "mediaType": headers["Content-Type"], "manifests": list(found)}
    return json_answer(value, headers=headers)


def blob_part(digest: str, size: int, asked: str) -> tuple[Answer, int, int]:
    """Status and headers for a blob or the part of it that a Range header asks for, and where it starts and stops.

    Several ranges at once, and units that are not bytes, count as none (RFC 9110, 14.2).
    """
    start, stop, status = 0, size, 200
    headers = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": digest, "Accept-Ranges": "bytes"}
    match = _RANGE.fullmatch(asked)
    if match and (match[1] or match[2]):
        start = int(match[1]) if match[1] else max(0, size - int(match[2]))
        stop = min(int(match[2]) + 1, size) if match[1] and match[2] else size
        if start >= stop:
            about = {"Content-Range": f"bytes */{size}"}
            return error_answer(416, "RANGE_INVALID", "invalid content range", about), 0, 0
        status = 206
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    headers["Content-Length"] = str(stop - start)
    return Answer(status, headers), start, stop
