"""One question on its way out and the reply on its way back."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import httpx

from regbrowse.errors import Evidence
from regbrowse.redact import redact
from regbrowse.reference import Registry
from regbrowse.registry.secret_echo import repeats
from regbrowse.text import visible

Kind = Literal["ping", "tags", "catalog", "manifest", "blob", "token", "referrers", "native"]

MANIFEST_LIMIT = 4 * 2**20
PAGE_LIMIT = 32 * 2**20
_REQUEST_IDS = (
    "x-request-id",
    "x-amzn-requestid",
    "docker-request-id",
    "x-correlation-id",
    "cf-ray",
    "x-github-request-id",
)


class BodySink(Protocol):
    """Where the content of a blob goes as it comes, when it is too long to be held."""

    @property
    def received(self) -> int:
        """Bytes so far; when a transfer breaks, the next one goes on from there."""
        ...

    @property
    def size(self) -> int | None:
        """Bytes of the whole, as far as an answer told."""
        ...

    def begin(self, size: int | None) -> None:
        """An answer is there, and says how long the whole is."""
        ...

    async def take(self, chunk: bytes) -> None:
        """The next bytes; returns when there is room for more."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a registry, and the words for when it fails."""

    registry: Registry
    kind: Kind
    path: str
    """Path and query, beginning with `/v2/`; of a token request the whole URL; of a registry's own API any path."""
    wanted: str
    """"Listing tags of ghcr.io/acme/app"."""
    about: str
    """What is asked about: the repository as people write it, or the host."""
    item: str = ""
    """Within the repository: a tag or a short digest."""
    method: Literal["GET", "HEAD", "POST"] = "GET"
    """POST only for tokens: nothing is ever changed in a registry."""
    body: bytes = field(default=b"", repr=False)
    """Of a POST; it holds secrets."""
    headers: Mapping[str, str] = field(default_factory=dict)
    scope: str = ""
    limit: int = MANIFEST_LIMIT
    size: int | None = None
    """The exact size of the body, when a descriptor names it."""
    take: int | None = None
    """Stop after so many bytes and close the connection."""
    deadline: float = 60
    tries: int = 3
    stay: bool = False
    """Whether redirects to another origin are refused."""
    background: bool = False
    """Whether nobody waits for it: it stands back for other questions, and is tried more often."""
    identity: str = ""
    """Who is asking, as far as the registry counts: the user of the login; empty for nobody."""
    intake: BodySink | None = field(default=None, repr=False, compare=False)
    """Takes the content of a success, whose body is empty then; the deadline is one for every silence, not for all."""

    @property
    def host(self) -> str:
        return visible(self.registry.name)

    @property
    def attempts(self) -> int:
        """How often it is asked at most."""
        return max(5, self.tries) if self.background else self.tries


@dataclass(frozen=True, slots=True)
class Response:
    """An answer with its bounded body."""

    question: Request
    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)
    """It may be a token."""
    url: str = field(repr=False)
    """It may be signed."""
    seconds: float
    foreign: bool = False
    """Whether it came from another origin than the one that was asked."""
    authorization: str = field(default="", repr=False)
    """What it was asked with."""

    @property
    def content_type(self) -> str:
        return str(self.headers.get("content-type", ""))

    @property
    def looks_like_html(self) -> bool:
        return self.body[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")

    def decoded(self) -> bytes:
        """The body without a Content-Encoding that nobody asked for; as it is when that does not work.

        At most one byte more than the limit, so that the reader sees that it is too long.
        """
        if self.headers.get("content-encoding", "").lower() not in ("gzip", "x-gzip", "deflate"):
            return self.body
        try:
            return zlib.decompressobj(47).decompress(self.body, self.question.limit + 1)
        except zlib.error:
            return self.body

    def evidence(self, codes: tuple[str, ...] = (), said: str = "") -> Evidence:
        """The request as it may be shown; words of the server that repeat our login are left out."""
        if repeats(" ".join([said, *codes]), self.authorization, self.question.body):
            codes, said = (), ""
        request_id = next((self.headers[name] for name in _REQUEST_IDS if name in self.headers), "")
        return Evidence(
            host=self.question.host,
            method=self.question.method,
            url=redact(self.url),
            status=self.status,
            codes=codes,
            said=said,
            request_id="" if repeats(request_id, self.authorization, self.question.body) else visible(request_id, 100),
            seconds=round(self.seconds, 3),
        )
