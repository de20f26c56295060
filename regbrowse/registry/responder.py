"""Answer requests inside this process as registries do (distribution-spec, Endpoints).

The demo and the images in files answer with these.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol
from urllib.parse import quote, urlencode

ENDPOINT = re.compile(r"/v2/(.+)/(?:(tags)/(list)|(manifests|blobs|referrers)/([^/]+))")
"""The path of a request about a repository: its name, then `tags` and `list`, or what is asked for and its name."""
UNREADABLE = "FILE_UNREADABLE"
"""The error code for a file on this machine that is there and cannot be read; its message says why."""
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


class Answer(NamedTuple):
    """Status, headers and body of one HTTP response."""

    status: int
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes | AsyncIterator[bytes] = b""


class Responder(Protocol):
    """A registry inside this process."""

    async def answer(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        """Answer one request; `target` is the path with its query, header names are in lower case."""
        ...


def json_answer(value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer with a JSON document; `headers` are added to the usual ones or replace them."""
    body = json.dumps(value, separators=(",", ":")).encode()
    usual = {
        "Content-Type": "application/json",
        "Docker-Distribution-API-Version": "registry/2.0",
        "Content-Length": str(len(body)),
    }
    return Answer(status, {**usual, **(headers or {})}, body)


def error_answer(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer with an error (distribution-spec, Error Codes)."""
    return json_answer({"errors": [{"code": code, "message": message}]}, status=status, headers=headers)


def page_answer(
    path: str,
    key: str,
    names: Sequence[str],
    query: Mapping[str, list[str]],
    page_size: int,
    fields: Mapping[str, object] | None = None,
) -> Answer:
    """Answer with a page of sorted names and the Link to the next one (distribution-spec, Listing Tags).

    `page_size` is the largest page; `n` in the query may ask for a smaller one. The names stand under `key`, beside
    the other `fields`.
    """
    requested = query.get("n", [str(page_size)])[0]
    if not re.fullmatch(r"[0-9]{1,9}", requested):
        return error_answer(400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested")
    count = min(int(requested), page_size)
    last = query.get("last", [""])[0]
    rest = [name for name in names if name > last] if last else list(names)
    page: list[str] | None = rest[:count] if names else None
    headers = {}
    if page and len(rest) > count:
        headers["Link"] = f'<{path}?{urlencode({"n": count, "last": page[-1]}, quote_via=quote)}>; rel="next"'
    return json_answer({**(fields or {}), key: page}, headers=headers)


def referrers_answer(descriptors: Sequence[Mapping[str, object]], query: Mapping[str, list[str]]) -> Answer:
    """Answer with an index of the descriptors of referrers (distribution-spec, Listing Referrers)."""
    headers = {"Content-Type": "application/vnd.oci.image.index.v1+json"}
    if "artifactType" in query:
        artifact_type = query["artifactType"][0]
        descriptors = [each for each in descriptors if each.get("artifactType") == artifact_type]
        headers["OCI-Filters-Applied"] = "artifactType"
    value = {"schemaVersion": 2, "mediaType": headers["Content-Type"], "manifests": list(descriptors)}
    return json_answer(value, headers=headers)


def blob_part(digest: str, size: int, range_header: str) -> tuple[Answer, int, int]:
    """Answer without a body for a blob or a range of it; return also where the body starts and stops.

    Several ranges, and units other than bytes, are ignored (RFC 9110, 14.2). The status is 416 for a range behind the
    end.
    """
    start, stop, status = 0, size, 200
    headers = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": digest, "Accept-Ranges": "bytes"}
    match = _RANGE.fullmatch(range_header)
    if match and (match[1] or match[2]):
        start = int(match[1]) if match[1] else max(0, size - int(match[2]))
        stop = min(int(match[2]) + 1, size) if match[1] and match[2] else size
        if start >= stop:
            unsatisfied = {"Content-Range": f"bytes */{size}"}
            return error_answer(416, "RANGE_INVALID", "invalid content range", unsatisfied), 0, 0
        status = 206
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    headers["Content-Length"] = str(stop - start)
    return Answer(status, headers), start, stop
