"""What the registry for tests holds, answers and records, and the faults it can be given."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from support.images import Made, sha256

Headers = list[tuple[str, str]]


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    status: int = 0
    body: bytes = b""
    """Of a POST."""

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    def field(self, name: str) -> list[str]:
        return parse_qs(self.query, keep_blank_values=True).get(name, [])

    def form(self, name: str) -> list[str]:
        return parse_qs(self.body.decode(), keep_blank_values=True).get(name, [])


@dataclass
class Gate:
    """Holds requests to one path until it is opened."""

    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    """A request is waiting here."""
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """A client went away while it was waiting."""
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    def open(self) -> None:
        self.opened.set()


@dataclass
class Fault:
    """What happens instead of the truth."""

    status: int | None = None
    body: bytes | None = None
    headers: Headers = field(default_factory=list)
    times: int | None = None
    """How often; None is for ever."""
    after: int = 0
    """So many requests are answered truly first."""
    method: str = ""
    """Only this method."""
    truncate: int | None = None
    """The connection is cut after so many bytes of the announced body."""
    stall: int | None = None
    """After so many bytes of the body nothing comes until the gate of the path is opened."""
    endless: bool = False
    """The body is repeated until the client goes away."""


@dataclass
class Answer:
    status: int
    body: bytes = b""
    headers: Headers = field(default_factory=list)


@dataclass
class FakeRepository:
    manifests: dict[str, Made] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    listed: list[object] | None = None
    """What the tag list says instead of the names of `tags`."""

    def add(self, made: Made, *tags: str) -> Made:
        """Holds a manifest and everything below it."""
        self.manifests[made.digest] = made
        for tag in tags:
            self.tags[tag] = made.digest
        for below in made.below:
            if below.manifest:
                self.add(below)
            else:
                self.blobs[below.digest] = below.raw
        return made


def manifest_answer(repository: FakeRepository, target: str) -> Answer:
    made = repository.manifests.get(repository.tags.get(target, target))
    if made is None:
        return error_answer(404, "MANIFEST_UNKNOWN", "manifest unknown")
    headers = [("Content-Type", made.media_type), ("Docker-Content-Digest", made.digest)]
    return Answer(200, made.raw, headers)


def blob_answer(repository: FakeRepository, digest: str, wanted: str) -> Answer:
    content = repository.blobs.get(digest)
    if content is None:
        return error_answer(404, "BLOB_UNKNOWN", "blob unknown to registry")
    headers = [("Content-Type", "application/octet-stream"), ("Docker-Content-Digest", digest)]
    if wanted.startswith("bytes="):
        first, _, end = wanted.removeprefix("bytes=").partition("-")
        start, stop = int(first), min(int(end or len(content) - 1), len(content) - 1)
        if start >= len(content):
            return Answer(416, b"", [("Content-Range", f"bytes */{len(content)}")])
        headers.append(("Content-Range", f"bytes {start}-{stop}/{len(content)}"))
        return Answer(206, content[start : stop + 1], headers)
    return Answer(200, content, headers)


def scope_of(path: str) -> str:
    if path == "/v2/":
        return ""
    if path == "/v2/_catalog":
        return "registry:catalog:*"
    for marker in ("/tags/list", "/manifests/", "/blobs/"):
        head, found, _ = path.removeprefix("/v2/").rpartition(marker)
        if found:
            return f"repository:{head}:pull"
    return ""


def error_answer(status: int, code: str, message: str = "", headers: Headers | None = None) -> Answer:
    body = json.dumps({"errors": [{"code": code, "message": message, "detail": None}]}).encode()
    return Answer(status, body, [("Content-Type", "application/json"), *(headers or [])])


def lie(of: bytes) -> bytes:
    """Other bytes of the same length."""
    other = of[:-1] + bytes([of[-1] ^ 1])
    assert sha256(other) != sha256(of)
    return other
