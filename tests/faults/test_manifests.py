"""Manifests that are not what was asked for: other bytes, other types, other structures."""

from __future__ import annotations

import asyncio
import hashlib
import json

import pytest

from faults.answers import http, problem
from faults.asking import BY_DIGEST, MADE, TAG, digest, here, manifest, sent
from faults.rows import row
from faults.server import Misbehaving
from faults.trial import trial
from regbrowse.errors import BadResponse, Integrity, NotFound, RegbrowseError, ServerError
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Image, Index, Manifest, Unknown
from regbrowse.reference import Digest
from regbrowse.registry.client import Client
from support import images
from support.fake_registry import lie
from support.images import OCI_INDEX, OCI_MANIFEST

AREA = "Manifests"


@row(
    AREA,
    server="an entry is named by `sha256:../../etc`, upper case, 63 digits, `md5:`, a number, or not at all",
    client="never puts it into an address; the entry is flagged and the others work",
)
@pytest.mark.parametrize(
    "named",
    ["sha256:../../etc/passwd", "sha256:" + "A" * 64, "sha256:" + "a" * 63, "sha256:", "../x", "a:b/c", 5, None, []],
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
    client="uses the digest of the bytes, by the algorithm of the server; says so where the server says otherwise",
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
    algorithm = "sha512" if claims and claims[0].startswith("sha512:") else "sha256"
    assert seen.answer.digest == Digest.of(MADE.raw, algorithm)
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
    server.truth.repository("acme/app").add(MADE, "1")
    config = Descriptor("", Digest.parse(MADE.below[0].digest), None)

    async def ask(client: Client) -> None:
        await asyncio.gather(*(digest(server)(client) for _ in range(20)))
        await digest(server)(client)
        await asyncio.gather(*(client.blob(here(server), config) for _ in range(20)))

    await trial(server, ask, at_most=3)
