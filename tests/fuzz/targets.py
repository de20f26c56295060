"""What reads bytes and texts from outside, each as one function that must raise nothing but RegbrowseError."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from fuzz import machine
from fuzz.machine import shown
from regbrowse.errors import RegbrowseError
from regbrowse.oci import mediatype
from regbrowse.oci.comparison import ImageSide, compare_images
from regbrowse.oci.config import parse_config
from regbrowse.oci.decode.document import decode
from regbrowse.oci.dockerfile import dockerfile
from regbrowse.oci.document import Reader, parse_json
from regbrowse.oci.jsonlines import JsonLines
from regbrowse.oci.layers import join
from regbrowse.oci.lint import lint
from regbrowse.oci.manifest import Artifact, Image, Index, Schema1, parse_manifest
from regbrowse.oci.platform import choose
from regbrowse.redact import redact, redact_header
from regbrowse.reference import Digest, Registry, Repository, is_repository_path, is_tag, parse_reference
from regbrowse.reference_input import read_typed
from regbrowse.registry.auth.challenge import choose_challenge, parse_challenges
from regbrowse.registry.auth.token_request import parse_token
from regbrowse.registry.content.manifests import digest_of_tag, parse_response
from regbrowse.registry.content.verify import docker_content_digest
from regbrowse.registry.error_mapping import server_words, status_error
from regbrowse.registry.headers import content_range
from regbrowse.registry.listing.link import next_page, next_target, with_query
from regbrowse.registry.listing.pagination import read_names
from regbrowse.registry.referrers.api import read_page
from regbrowse.registry.requests import Request, Response
from regbrowse.registry.transport.rate_limit import RateLimits
from regbrowse.registry.transport.request_log import warnings_in
from regbrowse.registry.transport.retry import retry_after
from regbrowse.registry.transport.url_policy import is_special, origin_of, problem_with
from regbrowse.registry.vendor import google, harbor, hub, quay, zot
from regbrowse.registry.vendor.vendor_client import read_line, read_milliseconds, read_size, read_time
from regbrowse.text import moment
from regbrowse.tui.manifest_tree import Tree
from support.documents import D

REPOSITORY = Repository(Registry.parse("registry.example.com"), "a/b")
QUESTION = Request(REPOSITORY.registry, "manifest", "/v2/a/b/manifests/1", "Reading a/b:1", "a/b", "1")
Result = TypeVar("Result")
IMAGE = parse_manifest(b'{"schemaVersion":2,"config":{},"layers":[{"size":1}]}')
CONFIG = parse_config(b'{"history":[{"created_by":"RUN x"}],"rootfs":{"diff_ids":["x"]}}')


def reply(body: bytes, status: int = 200, **headers: str) -> Response:
    sent = [(name.replace("_", "-").encode(), value.encode("utf-8", "replace")) for name, value in headers.items()]
    return Response(QUESTION, status, httpx.Headers(sent), body, "https://registry.example.com/v2/", 0.1)


def at_once(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """What it returns; small inputs never wait for anything, so no event loop is needed."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: Result = stop.value
        return result
    raise AssertionError("a small input was waited for")


def manifest(raw: bytes) -> None:
    found = parse_manifest(raw, content_type=mediatype.OCI_MANIFEST)
    shown(*found.anomalies)
    match found:
        case Index():
            choose([entry.platform for entry in found.manifests])
            Tree(found).rows()
        case Image() | Artifact() | Schema1():
            for row in join(found, CONFIG if isinstance(found, Image) else None).rows:
                shown(row.command.whole)


def config(raw: bytes) -> None:
    found = parse_config(raw)
    shown(*found.anomalies, moment(found.created))
    assert isinstance(IMAGE, Image)
    table = join(IMAGE, found)
    shown(*(line.text for line in dockerfile(table, found, {}).lines))
    compared = compare_images(ImageSide(IMAGE, found), ImageSide(IMAGE, CONFIG))
    shown(*(each.path for each in compared.config or ()), *(each.a for each in compared.config or ()))


def statement(raw: bytes) -> None:
    for media_type in ("", mediatype.COSE):
        decoded = decode(raw, media_type, {"dev.sigstore.cosign/bundle": raw.decode("utf-8", "replace")[:4096]})
        shown(decoded.summary, decoded.counted, *decoded.anomalies, *(value for _, value in decoded.facts))
        for row in decoded.part.rows[:200]:
            assert len(row.cells) == len(decoded.part.columns)
            shown(*row.cells, row.value, *(value for _, value in row.more))


def judged(raw: bytes) -> None:
    found = parse_manifest(raw, content_type=mediatype.OCI_MANIFEST)
    with suppress(RegbrowseError):
        read = parse_config(raw)
        shown(*(text for each in lint(found, {found.digest: found}, {found.digest: read}) for text in each[3:6]))
    shown(*(text for each in lint(found, {found.digest: found}, {}) for text in each[3:6]))


def lines(raw: bytes) -> None:
    document = JsonLines(raw)
    while document.advance(500):
        pass


def json_value(raw: bytes) -> None:
    parse_json(raw, limit=2**20)


def error_body(raw: bytes) -> None:
    codes, said = server_words(raw)
    shown(*codes, said)
    for status in (400, 401, 403, 404, 429, 500):
        shown(str(status_error(reply(raw, status))))


def names(raw: bytes) -> None:
    for member, valid in (("tags", is_tag), ("repositories", is_repository_path)):
        found, hidden = at_once(read_names(reply(raw), member, valid))
        assert hidden >= 0
        assert all(valid(name) for name in found)


def token(raw: bytes) -> None:
    answer = reply(raw)
    parse_token(answer)


def delivered(raw: bytes) -> None:
    answer = reply(raw, docker_content_digest=D, content_type="application/json; charset=utf-8")
    shown(at_once(digest_of_tag(answer, raw)).note)
    at_once(parse_response(answer, raw, "", None))


def challenge(text: str) -> None:
    for each in parse_challenges([text, text[:40]]):
        assert each.scheme == each.scheme.lower()
    choose_challenge(parse_challenges([text]))


def link(text: str) -> None:
    next_target([text])
    url = "https://registry.example.com/v2/a/b/tags/list?n=2"
    for headers in ({}, {"x-jfrog-version": "7"}):
        after = next_page([text], url, "/v2/a/b/tags/list", "registry.example.com", headers)
        shown(after.note)
        for target in (after.url, after.fallback):
            assert target is None or origin_of(target) == origin_of(url), target
    with_query(url, last=text[:200].encode("utf-8", "replace").decode())


def header(text: str) -> None:
    seconds = retry_after({"retry-after": text, "x-retry-after": text})
    assert seconds is None or 0 <= seconds <= 3600
    RateLimits().read_rate(Registry("one.example"), {"ratelimit-limit": text, "ratelimit-remaining": text})
    shown(redact_header("Location", text), redact_header("X-Thing", text))
    docker_content_digest(reply(b"", docker_content_digest=text.encode("ascii", "replace").decode()))
    mediatype.essence(text)


def address(text: str) -> None:
    if not problem_with(text):
        origin_of(text)
    is_special(text[:300])
    safe = redact(text)
    shown(safe)
    with suppress(ValueError):
        fields = urlsplit(text).query.split("&")
        assert "X-Amz-Signature=s3cr3t-canary" not in fields or "=s3cr3t-canary" not in safe, safe


def reference(text: str) -> None:
    str(parse_reference(text))


def typed(text: str) -> None:
    shown(read_typed(text).note)


def digest(text: str) -> None:
    Digest.parse(text)


def attached(raw: bytes) -> None:
    for each in read_page(raw) or ():
        shown(each.artifact_type, *each.annotations, *each.annotations.values())


def facts(raw: bytes) -> None:
    value = parse_json(raw).value
    row = Reader(value)
    members = [Reader(each) for each in (value if isinstance(value, list) else row.items("results"))[:20]]
    for each in (row, *members, *(row.reader(name) for name in list(row)[:20])):
        found = [read(each) for read in (hub.read_fact, quay.read_fact, zot.read_fact)]
        found += [*harbor.read_facts(each), *google.read_facts(D, each)]
        for fact in found:
            assert fact is None or (is_tag(fact.tag) and (fact.size is None or fact.size > 0))
        for place in (hub.read_found(each), quay.read_found(each)):
            assert place is None or is_repository_path(place.path)
            shown(place.about if place else "")
        shown(zot.read_errors(each, "zot.example.com"))


def moments(text: str) -> None:
    then = read_time(text)
    assert then is None or then.tzinfo is not None
    read_milliseconds(Reader({"at": text}), "at")
    read_size(Reader({"size": text}), "size")
    shown(read_line(Reader({"about": text}), "about"))


def part(text: str) -> None:
    span = content_range([text])
    assert span is None or 0 <= span.first <= span.last
    assert content_range([text, text]) is None


def warning(text: str) -> None:
    shown(*warnings_in([text, text[:100]]))


DOCUMENT_TARGETS: dict[str, Callable[[bytes], None]] = {
    each.__name__: each
    for each in (
        manifest,
        config,
        statement,
        judged,
        lines,
        json_value,
        error_body,
        names,
        token,
        delivered,
        attached,
        facts,
    )
} | machine.DOCUMENTS
TEXT_TARGETS: dict[str, Callable[[str], None]] = {
    each.__name__: each for each in (challenge, link, header, address, reference, typed, digest, moments, part, warning)
} | machine.TEXTS
