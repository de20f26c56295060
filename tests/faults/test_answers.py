"""Manifests in answers of the wrong size, coding or status, and registries that are particular about the question."""

from __future__ import annotations

import gzip
import json

import pytest

from faults.answers import CHUNKED, chunks, http, problem
from faults.asking import BY_DIGEST, MADE, TAG, digest, here, manifest, sent
from faults.rows import row
from faults.server import End, Endless, Misbehaving, Part, Request
from faults.trial import MIB, trial
from regbrowse.errors import BadResponse, Denied, Integrity, NetError, NotFound, RegbrowseError, ServerError, TooLarge
from regbrowse.oci.manifest import Image, Manifest, Schema1
from regbrowse.oci.mediatype import ACCEPT
from regbrowse.reference import Digest
from regbrowse.registry.client import Client
from support import images
from support.images import DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST

AREA = "Manifests"
LIMIT = 4 * MIB


@row(
    AREA,
    server="schema 1: signed, unsigned, with broken JSON inside of it, asked for by a digest that is not of its bytes",
    client="shows the legacy form, and never claims that the digest is wrong",
)
@pytest.mark.parametrize("kind", ["signed", "unsigned", "broken", "null", "deep"])
@pytest.mark.parametrize("by", ["tag", "digest"])
async def test_schema1(server: Misbehaving, kind: str, by: str) -> None:
    value = json.loads(images.schema1("acme/app", "1").raw)
    if kind != "signed":
        del value["signatures"]
    inside = {"broken": "{", "null": None, "deep": "[" * 100_000}.get(kind)
    if kind not in ("signed", "unsigned"):
        value["history"][0]["v1Compatibility"] = inside
    server.on("/v2/acme/app/manifests/*", sent(images.dump(value), images.SCHEMA1))
    target = Digest.parse(images.sha256(b"payload")) if by == "digest" else "1"
    seen = await trial(server, manifest(server, target), at_most=2)
    assert isinstance(seen.answer, Schema1)
    assert len(seen.answer.layers) == 2
    assert not any("does not match" in anomaly for anomaly in seen.answer.anomalies)


def sized(count: int) -> bytes:
    """A manifest of so many bytes."""
    value = json.loads(MADE.raw) | {"annotations": {"x": ""}}
    return images.dump(value).replace(b'"x": ""', b'"x": "' + b"y" * (count - len(images.dump(value))) + b'"')


@row(AREA, server="a manifest of one byte less than 4 MiB, 4 MiB, one byte more", client="reads up to exactly 4 MiB")
@pytest.mark.parametrize("extra", [-1, 0, 1])
@pytest.mark.parametrize("how", ["length", "closed", "chunked"])
async def test_manifests_at_the_limit(server: Misbehaving, extra: int, how: str) -> None:
    raw = sized(LIMIT + extra)
    assert len(raw) == LIMIT + extra
    scripts: dict[str, list[Part]] = {
        "length": [http(200, raw)],
        "closed": [http(200, raw, length=False), End.CLOSE],
        "chunked": [http(200, b"", [CHUNKED], length=False), chunks(raw)],
    }
    server.on(TAG, scripts[how])
    seen = await trial(server, manifest(server), at_most=2)
    if extra > 0:
        assert isinstance(seen.error, TooLarge)
        assert seen.why == "The manifest is larger than 4.0 MiB."
    else:
        assert seen.answer is not None
        assert seen.answer.size == LIMIT + extra


@row(AREA, server="a manifest without end", client="stops at 4 MiB and closes the connection")
async def test_manifests_without_end(server: Misbehaving) -> None:
    server.on(TAG, [http(200, b"[", length=False), Endless(b" " * 65_536)])
    seen = await trial(server, manifest(server), at_most=2, memory=50 * MIB)
    assert isinstance(seen.error, TooLarge)
    await server.gone.wait()


@row(
    AREA,
    server="`Content-Encoding: gzip` although nobody asked: real, mislabelled, cut off",
    client="takes whichever bytes have the digest; what cannot be read is told",
)
@pytest.mark.parametrize("how", ["real", "mislabelled", "cut", "unknown"])
async def test_content_encodings(server: Misbehaving, how: str) -> None:
    packed = gzip.compress(MADE.raw)
    body = {"real": packed, "mislabelled": MADE.raw, "cut": packed[:50], "unknown": MADE.raw}[how]
    coding = "br" if how == "unknown" else "gzip"
    server.on("/v2/acme/app/manifests/*", sent(body, headers=[("Content-Encoding", coding)]))
    for ask in (manifest(server), digest(server)):
        seen = await trial(server, ask, at_most=3)
        if how == "cut":
            assert isinstance(seen.error, BadResponse | Integrity)
        else:
            assert seen.answer is not None
            assert seen.answer.raw == MADE.raw
    assert {one.header("accept-encoding") for one in server.asked} == {"identity"}


@row(AREA, server="a gzip bomb as `Content-Encoding`", client="unpacks no more than the limit; memory stays bounded")
async def test_bombs_by_content_encoding(server: Misbehaving) -> None:
    packed = gzip.compress(b"[" + b" " * 100_000_000, 9)
    assert len(packed) < LIMIT
    server.on("/v2/acme/app/*", http(200, packed, [("Content-Encoding", "gzip")]))
    for ask in (manifest(server), digest(server)):
        seen = await trial(server, ask, at_most=3, memory=60 * MIB)
        assert isinstance(seen.error, BadResponse | Integrity | TooLarge)


@row(
    AREA,
    server="`MANIFEST_UNKNOWN` unless the OCI types are named; schema 1 when they are not",
    client="names every type it reads, in one line",
)
async def test_registries_that_look_at_accept(server: Misbehaving) -> None:
    def answer(request: Request) -> bytes:
        wanted = [value for name, value in request.headers if name == "accept"]
        if len(wanted) != 1:
            return problem(500)
        if OCI_MANIFEST not in wanted[0] or OCI_INDEX not in wanted[0]:
            return sent(images.schema1().raw, images.SCHEMA1)
        return sent(MADE.raw)

    server.on(TAG, answer)
    seen = await trial(server, manifest(server), at_most=2)
    assert isinstance(seen.answer, Image)


@row(AREA, server="400 or 406 when `Accept` holds `q=`", client="asks once more with the plain types")
@pytest.mark.parametrize("status", [400, 406])
async def test_registries_that_dislike_weights(server: Misbehaving, status: int) -> None:
    server.on(TAG, lambda one: problem(status) if "q=" in one.header("accept") else sent(MADE.raw))
    seen = await trial(server, manifest(server), at_most=3)
    assert isinstance(seen.answer, Image)
    assert OCI_INDEX in server.asked[2].header("accept")


@row(
    AREA,
    server="`Accept` is not split at commas: 404 for what is there",
    client="asks once more for one type, and goes on like that",
)
@pytest.mark.parametrize(
    ("only", "code", "said"),
    [
        (DOCKER_MANIFEST, "MANIFEST_UNKNOWN", "manifest unknown"),
        (OCI_MANIFEST, "MANIFEST_UNKNOWN", "OCI manifest found, but accept header does not support OCI manifests"),
        (OCI_INDEX, "MANIFEST_UNKNOWN", "OCI index found, but accept header does not support OCI indexes"),
        (DOCKER_MANIFEST, "NOT_FOUND", ""),
    ],
)
async def test_registries_that_do_not_split_accept(server: Misbehaving, only: str, code: str, said: str) -> None:
    wanted: list[str] = []

    def answer(request: Request) -> bytes:
        wanted.append(request.header("accept"))
        if request.method == "HEAD":
            return http(200 if wanted[-1] == only else 404, "", [("Docker-Content-Digest", MADE.digest)])
        return sent(MADE.raw) if wanted[-1] == only else problem(404, code, said)

    server.on(TAG, answer)
    server.on(BY_DIGEST, answer)

    async def ask(client: Client) -> list[str]:
        wanted.clear()
        manifest = await client.manifest(here(server), "1")
        assert str(manifest.digest) == MADE.digest
        assert await client.head(here(server), "1") is not None
        await client.uncached(here(server)).manifest(manifest.digest)
        return list(wanted)

    seen = await trial(server, ask, at_most=5, cancel=False)
    assert seen.answer == [ACCEPT, only, only, only]


@row(
    AREA,
    server="404 for a manifest that is not there",
    client="asks twice at the most; once where there is no repository, or where the header was understood before",
)
@pytest.mark.parametrize(("code", "times"), [("MANIFEST_UNKNOWN", 2), ("NAME_UNKNOWN", 1)])
async def test_manifests_that_do_not_exist(server: Misbehaving, code: str, times: int) -> None:
    server.on(TAG, problem(404, code))
    seen = await trial(server, manifest(server), at_most=1 + times)
    assert isinstance(seen.error, NotFound)
    assert [one.url.rpartition("/")[2] for one in seen.log if one.status == 404] == ["1"] * times


@row(AREA, server="404 for a manifest beside one that is there", client="asks once")
async def test_a_manifest_that_does_not_exist_beside_one_that_does(server: Misbehaving) -> None:
    server.on(TAG, problem(404, "MANIFEST_UNKNOWN"))
    server.on("/v2/acme/app/manifests/2", sent(MADE.raw))

    async def ask(client: Client) -> Manifest:
        await client.manifest(here(server), "2")
        return await client.manifest(here(server), "1")

    seen = await trial(server, ask, at_most=3)
    assert isinstance(seen.error, NotFound)
    assert [one.url.rpartition("/")[2] for one in seen.log if one.status == 404] == ["1"]


@row(
    AREA,
    server="HEAD: 405, 501, 404, 403, no headers at all, a body, a claimed digest that is none",
    client="asks with GET where HEAD does not work; a HEAD is only a claim",
)
@pytest.mark.parametrize("status", [200, 400, 403, 404, 405, 501])
async def test_heads(server: Misbehaving, status: int) -> None:
    server.on(TAG, http(status, length=status != 200), method="HEAD")
    server.on(TAG, sent(MADE.raw), method="GET")

    async def ask(client: Client) -> str:
        claim = await client.head(here(server), "1")
        assert claim is not None
        return str(claim.digest)

    seen = await trial(server, ask, at_most=3)
    assert seen.answer == ("None" if status == 200 else MADE.digest)
    assert server.count(TAG, "GET") == (0 if status == 200 else 1)


@row(
    AREA,
    server="an error answers 200; 404 with HTML, nothing, XML, other JSON, 1 MB of text, escapes; 410; 451; 204",
    client="says what it means, with the server's words made harmless and short",
)
@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (http(200, '{"errors":[{"code":"X","message":"nothing here"}]}'), BadResponse, "nothing here"),
        (http(404, "<html><title>404 Not Found</title><h1>x"), NotFound, "404 Not Found"),
        (http(404), NotFound, ""),
        (http(404, "<Error><Code>NoSuchKey</Code><Message>gone &amp; lost</Message></Error>"), NotFound, "gone & lost"),
        (http(404, '{"detail":"not found"}'), NotFound, "not found"),
        (http(404, '{"errors":["text only"]}'), NotFound, "text only"),
        (http(404, '{"errors":[{"status":404,"message":"artifactory"}]}'), NotFound, "artifactory"),
        (http(404, "x" * MIB), NotFound, "xxx"),
        (http(404, "\x1b]52;c;aGk=\x07\u202eevil"), NotFound, "\\x1b]52"),
        (http(404, "[" * 60_000), NotFound, ""),
        (http(410), NotFound, ""),
        (http(451, '{"message":"by order"}'), Denied, "by order"),
        (http(204), RegbrowseError, ""),
        (http(300), BadResponse, ""),
        (http(304), BadResponse, ""),
        (http(418, "short and stout"), BadResponse, "short and stout"),
        (http(502, "<html><title>Bad Gateway</title>"), ServerError, "Bad Gateway"),
        ([http(404, b"x", [("Content-Length", "90")], length=False), End.CLOSE], NetError, ""),
    ],
)
async def test_error_bodies(server: Misbehaving, answer: bytes, kind: type[RegbrowseError], said: str) -> None:
    server.on(TAG, answer)
    seen = await trial(server, manifest(server), at_most=4)
    assert isinstance(seen.error, kind)
    evidence = getattr(seen.error, "evidence").said  # noqa: B009
    assert said in evidence
    assert len(evidence) <= 500
    assert not {"\x1b", "\x07", "\u202e"} & set(seen.shown)
