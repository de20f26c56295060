"""Requests to registries and their responses: path, auth scope, limits, and the words for when they fail."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from regbrowse.errors import BadResponse, Evidence, NotFound
from regbrowse.oci.document import looks_like_html
from regbrowse.oci.mediatype import ACCEPT, OCI_INDEX
from regbrowse.redact import redact
from regbrowse.reference import Digest, Registry, Repository, is_tag
from regbrowse.registry.secret_echo import repeats
from regbrowse.text import visible

if TYPE_CHECKING:
    import httpx

    from regbrowse.oci.descriptor import Descriptor

Kind = Literal["ping", "tags", "catalog", "manifest", "blob", "token", "referrers", "vendor"]

MANIFEST_LIMIT = 4 * 2**20
BLOB_LIMIT = 4 * 2**20
"""The most bytes of a blob that is read whole when nothing else is said."""
PAGE_LIMIT = 32 * 2**20
PAGE_SIZE = 1000
"""Names that one page of a list is asked for."""
PING_PATH = "/v2/"
PING_SECONDS = 10.0
CONNECT_SECONDS = 8.0
_REQUEST_IDS = (
    "x-request-id",
    "x-amzn-requestid",
    "docker-request-id",
    "x-correlation-id",
    "cf-ray",
    "x-github-request-id",
)


class BodySink(Protocol):
    """Takes the body of a blob while it is received, when it is too long to be held."""

    @property
    def received(self) -> int:
        """Bytes so far; when a transfer breaks, the next request continues there."""
        ...

    @property
    def size(self) -> int | None:
        """Bytes of the whole blob, as far as an answer told."""
        ...

    def begin(self, size: int | None) -> None:
        """Hear that a body begins, and how long the whole blob is."""
        ...

    async def take(self, chunk: bytes) -> None:
        """Take the next bytes; returns when there is room for more."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """One request to a registry, whatever number of HTTP requests it takes."""

    registry: Registry
    kind: Kind
    path: str
    """Path and query, beginning with `/v2/`; of a token request the whole URL; of a vendor's API any path."""
    wanted: str
    """"Listing tags of ghcr.io/acme/app"."""
    about: str
    """What is asked about: the repository as users write it, or the host."""
    item: str = ""
    """Within the repository: a tag or a short digest."""
    method: Literal["GET", "HEAD", "POST"] = "GET"
    """POST only for tokens: nothing is ever changed in a registry."""
    body: bytes = field(default=b"", repr=False)
    """Of a POST; it holds secrets."""
    headers: Mapping[str, str] = field(default_factory=dict)
    scope: str = ""
    """Auth scope, `repository:acme/app:pull`."""
    limit: int = MANIFEST_LIMIT
    """The most bytes that a body may have."""
    size: int | None = None
    """The exact size of the body, when a descriptor names it."""
    stop_after: int | None = None
    """Read so many bytes of the body and close the connection."""
    deadline: float = 60
    """Seconds for all of it; with a sink: seconds without a byte."""
    connect_seconds: float = CONNECT_SECONDS
    """Seconds for name, connection and TLS."""
    attempts: int = 3
    same_origin: bool = False
    """Refuse redirects to another origin."""
    background: bool = False
    """No user waits for it: it stands back for other requests, and is sent again more often."""
    guessed: bool = False
    """It is for a tag that nothing has named: that it is not there is the usual answer."""
    user: str = ""
    """The user of the login that it is sent with, as a registry counts requests; empty for anonymous."""
    sink: BodySink | None = field(default=None, repr=False, compare=False)
    """Takes the body of a success; the response's own body is empty then."""

    @property
    def host(self) -> str:
        return visible(self.registry.name)

    @property
    def max_attempts(self) -> int:
        return max(5, self.attempts) if self.background else self.attempts


@dataclass(frozen=True, slots=True)
class Response:
    """An answer with its bounded body."""

    request: Request
    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)
    """As it was sent, encoded or not; it may be a token."""
    url: str = field(repr=False)
    """After redirects; it may be signed."""
    seconds: float
    other_origin: bool = False
    """Whether it came, by redirects, from another origin than the one that was asked."""
    authorization: str = field(default="", repr=False)
    """What it was asked with."""

    @property
    def content_type(self) -> str:
        return str(self.headers.get("content-type", ""))

    @property
    def looks_like_html(self) -> bool:
        return looks_like_html(self.body)

    def decoded(self) -> bytes:
        """Decode a Content-Encoding that was not asked for; the body as it is when that does not work.

        At most one byte more than the limit, so that the reader sees that it is too long.
        """
        if self.headers.get("content-encoding", "").lower() not in ("gzip", "x-gzip", "deflate"):
            return self.body
        try:
            return zlib.decompressobj(47).decompress(self.body, self.request.limit + 1)
        except zlib.error:
            return self.body

    def evidence(self, codes: tuple[str, ...] = (), said: str = "") -> Evidence:
        """Describe the exchange as it may be shown; server's words that repeat our login are left out."""
        if repeats(" ".join([said, *codes]), self.authorization, self.request.body):
            codes, said = (), ""
        request_id = next((self.headers[name] for name in _REQUEST_IDS if name in self.headers), "")
        return Evidence(
            host=self.request.host,
            method=self.request.method,
            url=redact(self.url),
            status=self.status,
            codes=codes,
            said=said,
            request_id="" if repeats(request_id, self.authorization, self.request.body) else visible(request_id, 100),
            seconds=round(self.seconds, 3),
        )


def ping_request(registry: Registry) -> Request:
    """Ask whether there is a registry (distribution-spec, Determining Support)."""
    host = visible(registry.name)
    return Request(
        registry,
        "ping",
        PING_PATH,
        f"Connecting to {host}",
        host,
        deadline=PING_SECONDS,
        connect_seconds=CONNECT_SECONDS,
        attempts=2,
    )


def tags_request(repository: Repository) -> Request:
    """Ask for the tags of a repository (distribution-spec, Listing Tags)."""
    return Request(
        repository.registry,
        "tags",
        f"/v2/{repository.path}/tags/list",
        f"Listing tags of {repository.familiar}",
        repository.familiar,
        scope=pull_scope(repository),
        limit=PAGE_LIMIT,
    )


def catalog_request(registry: Registry) -> Request:
    """Ask for the repositories of a registry (distribution, docs/content/spec/api.md, Listing Repositories)."""
    return Request(
        registry,
        "catalog",
        "/v2/_catalog",
        f"Listing repositories of {visible(registry.name)}",
        "the list of repositories",
        scope="registry:catalog:*",
        limit=PAGE_LIMIT,
        same_origin=True,
    )


def manifest_request(repository: Repository, target: str | Digest, digest: Digest | None) -> Request:
    """Ask for a manifest by tag or digest. Raises NotFound for a tag that may not stand in a URL."""
    if digest is None and not is_tag(str(target)):
        raise NotFound(f'"{visible(str(target))}" is not a valid tag.', wanted=f"Reading {repository.familiar}")
    name = digest.short if digest else str(target)
    return Request(
        repository.registry,
        "manifest",
        f"/v2/{repository.path}/manifests/{target}",
        f"Reading {repository.familiar}{'@' if digest else ':'}{name}",
        repository.familiar,
        name,
        headers={"Accept": ACCEPT},
        scope=pull_scope(repository),
        limit=MANIFEST_LIMIT,
    )


def blob_request(repository: Repository, descriptor: Descriptor, limit: int) -> tuple[Digest, Request]:
    """Ask for a blob of at most `limit` bytes. Raises BadResponse when the descriptor names no usable digest."""
    digest = descriptor.digest
    if digest is None:
        wanted = f"Reading content of {repository.familiar}"
        raise BadResponse("The manifest names no valid digest for this content.", wanted=wanted)
    request = Request(
        repository.registry,
        "blob",
        f"/v2/{repository.path}/blobs/{digest}",
        f"Reading {repository.familiar}@{digest.short}",
        repository.familiar,
        digest.short,
        headers={"Accept": "*/*"},
        scope=pull_scope(repository),
        limit=limit,
        size=descriptor.size,
    )
    return digest, request


def referrers_request(repository: Repository, subject: Digest) -> Request:
    """Ask for the referrers of a manifest (distribution-spec, Listing Referrers); redirects lead to login pages."""
    return Request(
        repository.registry,
        "referrers",
        f"/v2/{repository.path}/referrers/{subject}",
        f"Looking for what is attached to {repository.familiar}@{subject.short}",
        repository.familiar,
        subject.short,
        headers={"Accept": f"{OCI_INDEX}, application/json;q=0.5"},
        scope=pull_scope(repository),
        limit=MANIFEST_LIMIT,
        attempts=2,
        same_origin=True,
    )


def pull_scope(repository: Repository) -> str:
    """Name the auth scope for reading a repository (distribution, docs/content/spec/auth/scope.md)."""
    return f"repository:{repository.path}:pull"
