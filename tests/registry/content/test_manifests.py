from __future__ import annotations

import asyncio

import pytest

from regbrowse.errors import BadResponse, Integrity, NotFound, ServerError
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Artifact, Image, Index, Schema1
from regbrowse.reference import Digest
from regbrowse.registry.client import Client
from support import images
from support.asking import here
from support.fake_registry import FakeRegistry, FakeRepository, Fault, lie
from support.images import Made

MANIFESTS = "/v2/acme/app/manifests/"
BLOBS = "/v2/acme/app/blobs/"


def stock(registry: FakeRegistry) -> FakeRepository:
    return registry.repository("acme/app")


def described(made: Made, size: int | None = None) -> Descriptor:
    return Descriptor(made.media_type, Digest.parse(made.digest), len(made.raw) if size is None else size)


async def test_tag_index_platform_and_config_cost_one_question_each(registry: FakeRegistry, client: Client) -> None:
    amd64, arm64 = images.image(), images.image(architecture="arm64", variant="v8")
    made = stock(registry).add(images.index(amd64, arm64, images.attestation(amd64)), "1.0")
    index = await client.manifest(here(registry), "1.0")
    assert isinstance(index, Index)
    assert str(index.digest) == made.digest
    assert index.anomalies == ()
    assert [str(child.platform) for child in index.manifests] == ["linux/amd64", "linux/arm64/v8", "unknown/unknown"]
    child = index.manifests[1]
    assert child.digest is not None
    image = await client.manifest(here(registry), child.digest, expected=child.media_type, size=child.size)
    assert isinstance(image, Image)
    config = await client.blob(here(registry), image.config)
    assert b'"arm64"' in config
    assert len(registry.paths(ping=True)) == 4
    assert len(registry.connections) == 1


async def test_what_is_known_by_its_digest_is_never_asked_for_again(registry: FakeRegistry, client: Client) -> None:
    made = stock(registry).add(images.image(), "1.0")
    digest = Digest.parse(made.digest)
    first = await client.manifest(here(registry), "1.0")
    assert await client.manifest(here(registry), digest) == first
    assert client.cached(digest) == made.raw
    config = described(made.below[0])
    assert await client.blob(here(registry), config) == await client.blob(here(registry), config)
    assert len(registry.paths()) == 2


async def test_the_same_question_at_once_is_one_request(registry: FakeRegistry, client: Client) -> None:
    made = stock(registry).add(images.image(), "1.0")
    digest, config = Digest.parse(made.digest), described(made.below[0])
    gates = registry.gate(f"{MANIFESTS}{digest}"), registry.gate(f"{BLOBS}{config.digest}")
    asking = [asyncio.create_task(client.manifest(here(registry), digest)) for _ in range(20)]
    asking_blobs = [asyncio.create_task(client.blob(here(registry), config)) for _ in range(20)]
    for gate in gates:
        await gate.arrived.wait()
        gate.open()
    assert len({one.raw for one in await asyncio.gather(*asking)}) == 1
    assert len(set(await asyncio.gather(*asking_blobs))) == 1
    assert len(registry.paths()) == 2


async def test_one_of_two_who_ask_the_same_may_leave(registry: FakeRegistry, client: Client) -> None:
    made = stock(registry).add(images.image(), "1.0")
    digest = Digest.parse(made.digest)
    gate = registry.gate(f"{MANIFESTS}{digest}")
    leaving = asyncio.create_task(client.manifest(here(registry), digest))
    staying = asyncio.create_task(client.manifest(here(registry), digest))
    await gate.arrived.wait()
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    gate.open()
    assert (await staying).raw == made.raw
    assert not gate.left.is_set()


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (images.image(), Image),
        (images.image(docker=True), Image),
        (images.index(images.image()), Index),
        (images.index(images.image(docker=True), docker=True), Index),
        (images.artifact("application/vnd.acme.thing"), Artifact),
        (images.schema1(), Schema1),
    ],
)
async def test_every_kind_of_manifest(registry: FakeRegistry, client: Client, made: Made, kind: type) -> None:
    stock(registry).add(made, "1.0")
    assert isinstance(await client.manifest(here(registry), "1.0"), kind)


async def test_a_signed_legacy_manifest_is_no_mismatch(registry: FakeRegistry, client: Client) -> None:
    made = images.schema1()
    digest = Digest("sha256", "0" * 64)
    stock(registry).manifests[str(digest)] = made
    manifest = await client.manifest(here(registry), digest)
    assert isinstance(manifest, Schema1)
    assert "was not verified" in manifest.anomalies[-1]
    assert not manifest.verified
    assert client.cached(digest) is None


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/json", "application/octet-stream; charset=x"])
async def test_the_bytes_decide_whatever_the_header_says(
    registry: FakeRegistry, client: Client, content_type: str
) -> None:
    made = stock(registry).add(images.index(images.image()), "1.0")
    headers = [("Content-Type", content_type)] if content_type else []
    registry.fault(f"{MANIFESTS}1.0", Fault(200, made.raw, headers))
    assert isinstance(await client.manifest(here(registry), "1.0"), Index)


async def test_altered_content_is_not_used(registry: FakeRegistry, client: Client) -> None:
    made = stock(registry).add(images.image(), "1.0")
    other = lie(made.raw)
    registry.fault(f"{MANIFESTS}{made.digest}", Fault(200, other))
    with pytest.raises(Integrity) as caught:
        await client.manifest(here(registry), made.digest)
    error = caught.value
    assert error.why.startswith(f"The content served for {Digest.parse(made.digest).short} does not match it (got ")
    assert error.content == other
    assert error.got == images.sha256(other)
    assert client.cached(Digest.parse(made.digest)) is None
    assert [one.headers.get("cache-control") for one in registry.asked[1:]] == [None, "no-cache"]


async def test_content_altered_by_a_cache_is_fetched_past_it(registry: FakeRegistry, client: Client) -> None:
    made = stock(registry).add(images.image(), "1.0")
    registry.fault(f"{MANIFESTS}{made.digest}", Fault(200, lie(made.raw), times=1))
    assert (await client.manifest(here(registry), made.digest)).raw == made.raw


async def test_a_wrong_digest_header_of_a_tag_is_told_and_not_believed(registry: FakeRegistry, client: Client) -> None:
    made = stock(registry).add(images.image(), "1.0")
    claimed = "sha256:" + "0" * 64
    registry.fault(f"{MANIFESTS}1.0", Fault(200, made.raw, [("Docker-Content-Digest", claimed)]))
    manifest = await client.manifest(here(registry), "1.0")
    assert str(manifest.digest) == made.digest
    assert str(manifest.reported) == claimed
    assert manifest.anomalies[-1] == f"The server reports the digest {claimed}; the content is {made.digest}."


@pytest.mark.parametrize("lines", [["garbage"], ["sha256:" + "0" * 64, "sha256:" + "1" * 64]])
async def test_a_digest_header_that_is_none_is_ignored(
    registry: FakeRegistry, client: Client, lines: list[str]
) -> None:
    made = stock(registry).add(images.image(), "1.0")
    registry.fault(f"{MANIFESTS}1.0", Fault(200, made.raw, [("Docker-Content-Digest", line) for line in lines]))
    assert (await client.manifest(here(registry), "1.0")).anomalies == ()


async def test_other_algorithms(registry: FakeRegistry, client: Client) -> None:
    made = stock(registry).add(images.image(), "1.0")
    long, unknown = Digest.of(made.raw, "sha512"), Digest("blake3", "0" * 64)
    for digest in (long, unknown):
        stock(registry).manifests[str(digest)] = made
    found = await client.manifest(here(registry), long)
    assert (found.verified, found.anomalies) == (True, ())
    found = await client.manifest(here(registry), unknown)
    assert (found.verified, found.anomalies) == (False, ("Not verified: blake3 cannot be computed here.",))
    assert client.cached(unknown) is None


async def test_a_wrong_size_of_a_manifest_is_told(registry: FakeRegistry, client: Client) -> None:
    made = stock(registry).add(images.image(), "1.0")
    manifest = await client.manifest(here(registry), made.digest, size=5)
    assert manifest.anomalies[-1].startswith("The size is wrong: 5 B were named, ")


async def test_no_such_tag(registry: FakeRegistry, client: Client) -> None:
    stock(registry)
    with pytest.raises(NotFound) as caught:
        await client.manifest(here(registry), "9.9")
    assert caught.value.why == f'{registry.name}/acme/app has no "9.9".'
    assert caught.value.hint == "It may have been deleted, or never been there: the list of tags tells."
    assert caught.value.evidence.short == "404 MANIFEST_UNKNOWN"


async def test_a_missing_child_of_an_index(registry: FakeRegistry, client: Client) -> None:
    stock(registry)
    with pytest.raises(NotFound):
        await client.manifest(here(registry), Digest("sha256", "0" * 64))


async def test_something_that_is_no_tag_never_becomes_a_path(registry: FakeRegistry, client: Client) -> None:
    with pytest.raises(NotFound, match="not a valid tag"):
        await client.manifest(here(registry), "../../x")
    assert registry.asked == []


@pytest.mark.parametrize("kind", ["application/json", "application/vnd.oci.image.manifest.v1+json", "text/html"])
async def test_a_web_page_instead_of_a_manifest(registry: FakeRegistry, client: Client, kind: str) -> None:
    registry.fault(f"{MANIFESTS}1.0", Fault(200, b" <html><title>Log in</title>", [("Content-Type", kind)]))
    with pytest.raises(BadResponse, match="a web page instead of a manifest") as caught:
        await client.manifest(here(registry), "1.0")
    assert caught.value.evidence.said == "Log in"


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"a"', b'{"manifests":[],"layers":[],"config":{}}'])
async def test_a_document_that_is_no_manifest(registry: FakeRegistry, client: Client, body: bytes) -> None:
    registry.fault(f"{MANIFESTS}1.0", Fault(200, body))
    with pytest.raises(BadResponse) as caught:
        await client.manifest(here(registry), "1.0")
    assert caught.value.evidence.url == f"{registry.url}{MANIFESTS}1.0"


async def test_a_registry_that_dislikes_the_accept_header_is_asked_plainly(
    registry: FakeRegistry, client: Client
) -> None:
    stock(registry).add(images.image(), "1.0")
    registry.fault(f"{MANIFESTS}1.0", Fault(406, b"", times=1))
    assert isinstance(await client.manifest(here(registry), "1.0"), Image)
    assert "q=" in registry.asked[-2].headers["accept"]
    assert "q=" not in registry.asked[-1].headers["accept"]


async def test_head_is_a_claim(registry: FakeRegistry, client: Client) -> None:
    made = stock(registry).add(images.image(), "1.0")
    registry.extra_headers = [("RateLimit-Limit", "100;w=21600"), ("RateLimit-Remaining", "76;w=21600")]
    claim = await client.head(here(registry), "1.0")
    assert claim is not None
    assert (str(claim.digest), claim.media_type, claim.size) == (made.digest, images.OCI_MANIFEST, len(made.raw))
    rate = client.limits.rate(here(registry).registry)
    assert rate is not None
    assert (rate.limit, rate.remaining, rate.window) == (100, 76, 21600)
    assert await client.head(here(registry), "9.9") is None


@pytest.mark.parametrize("status", [502, 503])
async def test_a_registry_that_is_out_of_order_is_not_asked_with_get_too(
    registry: FakeRegistry, client: Client, status: int
) -> None:
    registry.fault(f"{MANIFESTS}1.0", Fault(status, b""))
    with pytest.raises(ServerError):
        await client.head(here(registry), "1.0")
    assert {one.method for one in registry.asked if one.path.startswith(MANIFESTS)} == {"HEAD"}


@pytest.mark.parametrize("status", [403, 404, 405, 500, 501])
async def test_a_server_without_head_is_asked_with_get(registry: FakeRegistry, client: Client, status: int) -> None:
    made = stock(registry).add(images.image(), "1.0")
    registry.fault(f"{MANIFESTS}1.0", Fault(status, b"", method="HEAD"))
    claim = await client.head(here(registry), "1.0")
    assert claim is not None
    assert str(claim.digest) == made.digest
