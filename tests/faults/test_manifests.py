"""Manifests that are not what was asked for: other bytes, other types, other sizes, other answers."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Awaitable, Callable

import pytest

import images
from fake_registry import lie
from faults.rows import row
from faults.server import CHUNKED, TRUTH, End, Endless, Headers, Misbehaving, Part, Request, chunks, http, problem
from faults.trial import MIB, trial
from images import OCI_INDEX, OCI_MANIFEST
from regbrowse.errors import (
    BadResponse,
    Denied,
    Integrity,
    NetError,
    NotFound,
    RegbrowseError,
    ServerError,
    TooLarge,
)
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Image, Index, Manifest, Schema1, Unknown
from regbrowse.reference import Digest, Registry, Repository
from regbrowse.registry.client import Client

AREA = "Manifests"
MADE = images.image()
TAG = "/v2/acme/app/manifests/1"
BY_DIGEST = f"/v2/acme/app/manifests/{MADE.digest}"
LIMIT = 4 * MIB


def here(server: Misbehaving) -> Repository:
    return Repository(Registry.parse(server.name), "acme/app")


def manifest(server: Misbehaving, target: str | Digest = "1") -> Callable[[Client], Awaitable[Manifest]]:
    async def ask(client: Client) -> Manifest:
        return await client.manifest(here(server), target)

    return ask


def digest(server: Misbehaving) -> Callable[[Client], Awaitable[Manifest]]:
    return manifest(server, Digest.parse(MADE.digest))


def sent(raw: bytes, media_type: str = OCI_MANIFEST, headers: Headers = ()) -> bytes:
    return http(200, raw, [("Content-Type", media_type), *headers])


@row(
    AREA,
    server="an entry is named by `sha256:../../etc`, upper case, 63 digits, `md5:`, a number, or not at all",
    client="never puts it into an address; the entry is flagged and the others work",
)
@pytest.mark.parametrize(
    "named",
    ["sha256:../../etc/passwd", "sha256:" + "A" * 64, "sha256:" + "a" * 63, "sha256:", "../x", "a:b/c", 5, None, [], {}],
)
async def test_digests_that_are_none(server: Misbehaving, named: object) -> None:
    server.truth.repository("acme/app").add(MADE)
    value = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [{"digest": named, "size": 5}, MADE.descriptor()]}
    server.on(TAG, sent(images.dump(value), OCI_INDEX))

    async def ask(client: Client) -> Manifest:
        index = await client.manifest(here(server), "1")
        assert isinstance(index, Index)
        bad, good = index.manifests
        assert bad.digest is None
        assert good.digest is not None
        if named is not None:
            assert index.anomalies
        with pytest.raises(RegbrowseError):
            await client.blob(here(server), bad)
        return await client.manifest(here(server), good.digest)

    seen = await trial(server, ask, at_most=3)
    assert isinstance(seen.answer, Image)
    assert {one.path for one in server.asked} == {"/v2/", TAG, BY_DIGEST}


@row(
    AREA,
    server="an entry is named by an algorithm that exists nowhere here: `blake3:`, `md5:`, `foo+bar:`",
    client="asks for it and shows it as not verified",
)
@pytest.mark.parametrize("named", ["blake3:" + "a" * 64, "foo+bar:xyz", "md5:" + "0" * 32])
async def test_digests_of_unknown_algorithms(server: Misbehaving, named: str) -> None:
    server.on("/v2/acme/app/manifests/*", sent(MADE.raw))
    seen = await trial(server, manifest(server, Digest.parse(named)), at_most=2)
    assert seen.answer is not None
    assert any("Not verified" in anomaly for anomaly in seen.answer.anomalies)


@row(
    AREA,
    server="other bytes than the digest that was asked for, always",
    client="asks once more past caches, then says that the content does not match; it is not used",
)
async def test_other_bytes(server: Misbehaving) -> None:
    server.on(BY_DIGEST, sent(lie(MADE.raw), headers=[("Docker-Content-Digest", MADE.digest)]))
    seen = await trial(server, digest(server), at_most=3)
    assert isinstance(seen.error, Integrity)
    assert "does not match it" in seen.why
    assert [one.header("cache-control") for one in server.asked if one.path == BY_DIGEST][:2] == ["", "no-cache"]


@row(AREA, server="other bytes once, from a cache in between", client="succeeds with the second answer")
async def test_other_bytes_once(server: Misbehaving) -> None:
    server.on(BY_DIGEST, sent(lie(MADE.raw)), lambda one: sent(MADE.raw if one.header("cache-control") else b"{}"))
    seen = await trial(server, digest(server), at_most=3)
    assert seen.answer is not None
    assert seen.answer.raw == MADE.raw


@row(
    AREA,
    server="`Docker-Content-Digest` is missing, wrong, garbage, of another algorithm, or there twice",
    client="uses the digest of the bytes, and says so where the server says otherwise",
)
@pytest.mark.parametrize(
    ("claims", "strange"),
    [
        ([], False),
        ([images.sha256(b"other")], True),
        (["garbage"], False),
        (["sha512:" + hashlib.sha512(MADE.raw).hexdigest()], False),
        (["sha512:" + "0" * 128], True),
        ([images.sha256(b"x"), images.sha256(b"y")], False),
        (["\x1b[31msha256:"], False),
    ],
)
async def test_claimed_digests(server: Misbehaving, claims: list[str], strange: bool) -> None:
    server.on(TAG, sent(MADE.raw, headers=[("Docker-Content-Digest", claim) for claim in claims]))
    seen = await trial(server, manifest(server), at_most=2)
    assert seen.answer is not None
    assert str(seen.answer.digest) == MADE.digest
    assert any("server reports the digest" in anomaly for anomaly in seen.answer.anomalies) is strange


@row(AREA, server="one document that can be read as image and as index", client="refuses it (CVE-2021-41190)")
@pytest.mark.parametrize("other", ["layers", "config", "fsLayers", "Layers"])
async def test_ambiguous_documents(server: Misbehaving, other: str) -> None:
    value = {"schemaVersion": 2, "manifests": [MADE.descriptor()], other: [MADE.descriptor()]}
    server.on(TAG, sent(images.dump(value), OCI_INDEX))
    seen = await trial(server, manifest(server), at_most=2)
    assert isinstance(seen.error, BadResponse)
    assert "both as an image and as an index" in seen.why


@row(
    AREA,
    server="`Content-Type`, `mediaType` and the structure of a document contradict each other",
    client="reads it by its structure and says that the types do not match",
)
@pytest.mark.parametrize(("header", "body"), [(OCI_INDEX, OCI_MANIFEST), (OCI_MANIFEST, OCI_INDEX)])
async def test_contradicting_types(server: Misbehaving, header: str, body: str) -> None:
    value = json.loads(MADE.raw) | {"mediaType": body}
    server.on(TAG, sent(images.dump(value), header))
    seen = await trial(server, manifest(server), at_most=2)
    assert isinstance(seen.answer, Image)
    assert any("Type mismatch" in anomaly for anomaly in seen.answer.anomalies)


@row(
    AREA,
    server="`Content-Type` is missing, text/plain, JSON, octet-stream, has a charset, or says HTML over a manifest",
    client="reads the body for what it is",
)
@pytest.mark.parametrize(
    "header",
    ["", "text/plain", "application/json", "application/octet-stream", f"{OCI_MANIFEST}; charset=utf-8", "text/html",
     "application/vnd.docker.distribution.manifest.v1+prettyjws", ";;;", "\x1b[31m", "x" * 9000],
)  # fmt: skip
async def test_content_types(server: Misbehaving, header: str) -> None:
    server.on(TAG, http(200, MADE.raw, [("Content-Type", header)] if header else []))
    seen = await trial(server, manifest(server), at_most=2)
    assert isinstance(seen.answer, Image)
    assert seen.answer.media_type == OCI_MANIFEST


@row(AREA, server="a web page with the type of a manifest", client="says that it is a web page")
async def test_web_pages(server: Misbehaving) -> None:
    server.on(TAG, sent(b"\xef\xbb\xbf \n<!DOCTYPE html><title>Log in</title>"))
    seen = await trial(server, manifest(server), at_most=2)
    assert isinstance(seen.error, BadResponse)
    assert "a web page instead of a manifest" in seen.why


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
        assert "larger than 4.0 MiB" in seen.why
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
    packed = gzip.compress(b"[" + b" " * 300_000_000, 9)
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


@row(AREA, server="only sha512, or sha384, and a sha512 that is wrong", client="verifies it; refuses the wrong one")
@pytest.mark.parametrize("algorithm", ["sha512", "sha384"])
@pytest.mark.parametrize("right", [True, False])
async def test_other_algorithms(server: Misbehaving, algorithm: str, right: bool) -> None:
    target = Digest.of(MADE.raw if right else b"else", algorithm)
    server.on(f"/v2/acme/app/manifests/{target}", sent(MADE.raw))
    seen = await trial(server, manifest(server, target), at_most=3)
    if right:
        assert seen.answer is not None
        assert seen.answer.digest == target
        assert not seen.answer.anomalies
    else:
        assert isinstance(seen.error, Integrity)


@row(AREA, server="a sparse index: children are 404, 403 or 500", client="tells each, and the others work")
@pytest.mark.parametrize(("status", "kind"), [(404, NotFound), (403, RegbrowseError), (500, ServerError)])
async def test_sparse_indexes(server: Misbehaving, status: int, kind: type[RegbrowseError]) -> None:
    other = images.image(architecture="arm64")
    server.truth.repository("acme/app").add(images.index(MADE, other), "1")
    server.on(f"/v2/acme/app/manifests/{other.digest}", problem(status, "X"))

    async def ask(client: Client) -> Manifest:
        index = await client.manifest(here(server), "1")
        assert isinstance(index, Index)
        first, second = index.manifests
        assert first.digest is not None
        assert second.digest is not None
        with pytest.raises(kind):
            await client.manifest(here(server), second.digest)
        return await client.manifest(here(server), first.digest)

    seen = await trial(server, ask, at_most=6)
    assert isinstance(seen.answer, Image)


@row(AREA, server="the size in a descriptor is wrong, the digest is right", client="says so; the content is verified")
@pytest.mark.parametrize("size", [1, 10**9])
async def test_wrong_sizes_of_manifests(server: Misbehaving, size: int) -> None:
    server.on(BY_DIGEST, sent(MADE.raw))

    async def ask(client: Client) -> Manifest:
        return await client.manifest(here(server), Digest.parse(MADE.digest), size=size)

    seen = await trial(server, ask, at_most=2)
    assert seen.answer is not None
    assert any("size is wrong" in anomaly for anomaly in seen.answer.anomalies)


@row(AREA, server="a document of a kind nobody knows", client="shows it as it is, with whatever it points to")
async def test_unknown_documents(server: Misbehaving) -> None:
    value = {"mediaType": "application/vnd.new+json", "parts": [{"digest": MADE.digest, "size": 5, "mediaType": "x/y"}]}
    server.on(TAG, sent(images.dump(value), "application/vnd.new+json"))
    seen = await trial(server, manifest(server), at_most=2)
    assert isinstance(seen.answer, Unknown)
    assert [str(found.digest) for found in seen.answer.descriptors] == [MADE.digest]


@row(AREA, server="the same digest is asked for again and again, also at once", client="asks the registry once")
async def test_never_twice(server: Misbehaving) -> None:
    import asyncio

    server.truth.repository("acme/app").add(MADE, "1")
    config = Descriptor("", Digest.parse(MADE.below[0].digest), None)

    async def ask(client: Client) -> None:
        await asyncio.gather(*(digest(server)(client) for _ in range(20)))
        await digest(server)(client)
        await asyncio.gather(*(client.blob(here(server), config) for _ in range(20)))

    server.on("/v2/acme/app/manifests/none", TRUTH)
    await trial(server, ask, at_most=3)
