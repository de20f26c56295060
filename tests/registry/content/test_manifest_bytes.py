"""Manifests as bytes: how many there may be, how they are wrapped, and which digest they have."""

from __future__ import annotations

import gzip
import tracemalloc

import pytest

from regbrowse.errors import BadResponse, Integrity, TooLarge
from regbrowse.oci.manifest import Image
from regbrowse.reference import Digest
from regbrowse.registry.client import Client
from support import images
from support.asking import here
from support.fake_registry import FakeRegistry, FakeRepository, Fault, lie
from support.images import Made

MANIFESTS = "/v2/acme/app/manifests/"


def stock(registry: FakeRegistry) -> FakeRepository:
    return registry.repository("acme/app")


@pytest.mark.parametrize("over", [0, 1])
async def test_a_manifest_may_have_four_mebibytes(registry: FakeRegistry, client: Client, over: int) -> None:
    small = images.image().raw
    raw = small[:-1] + b" " * (4 * 2**20 - len(small) + over) + b"}"
    stock(registry).add(Made(raw, images.OCI_MANIFEST, manifest=True), "1.0")
    if not over:
        assert isinstance(await client.manifest(here(registry), "1.0"), Image)
        return
    with pytest.raises(TooLarge, match="larger than"):
        await client.manifest(here(registry), "1.0")


async def test_a_compressed_answer_is_hashed_as_what_it_means(registry: FakeRegistry, client: Client) -> None:
    made = stock(registry).add(images.image(), "1.0")
    packed = gzip.compress(made.raw)
    registry.fault(f"{MANIFESTS}{made.digest}", Fault(200, packed, [("Content-Encoding", "gzip")]))
    assert (await client.manifest(here(registry), made.digest)).raw == made.raw
    assert registry.asked[-1].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("by", ["tag", "digest"])
@pytest.mark.parametrize("label", ["gzip", "x-gzip", "deflate", "GZIP", "br", "identity", "nonsense"])
async def test_a_wrong_content_encoding_harms_nothing(
    registry: FakeRegistry, client: Client, by: str, label: str
) -> None:
    made = stock(registry).add(images.image(), "1.0")
    target = "1.0" if by == "tag" else made.digest
    registry.fault(f"{MANIFESTS}{target}", Fault(200, made.raw, [("Content-Encoding", label)]))
    manifest = await client.manifest(here(registry), target)
    assert (manifest.raw, str(manifest.digest)) == (made.raw, made.digest)


async def test_the_digest_of_a_tag_is_that_of_what_a_compressed_answer_means(
    registry: FakeRegistry, client: Client
) -> None:
    made = stock(registry).add(images.image(), "1.0")
    packed = Fault(200, gzip.compress(made.raw), [("Content-Encoding", "gzip"), ("Docker-Content-Digest", made.digest)])
    registry.fault(f"{MANIFESTS}1.0", packed)
    manifest = await client.manifest(here(registry), "1.0")
    assert (str(manifest.digest), manifest.anomalies) == (made.digest, ())


@pytest.mark.parametrize("by", ["tag", "digest"])
async def test_a_bomb_is_not_unpacked(registry: FakeRegistry, client: Client, by: str) -> None:
    bomb = gzip.compress(b"{" + b" " * (64 * 2**20) + b"}")
    target = "1.0" if by == "tag" else images.sha256(b"x")
    registry.fault(f"{MANIFESTS}{target}", Fault(200, bomb, [("Content-Encoding", "gzip")]))
    tracemalloc.start()
    try:
        with pytest.raises((Integrity, BadResponse, TooLarge)):
            await client.manifest(here(registry), target)
        assert tracemalloc.get_traced_memory()[1] < 24 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
async def test_altered_content_of_every_algorithm(registry: FakeRegistry, client: Client, algorithm: str) -> None:
    made = images.image()
    digest = Digest.of(made.raw, algorithm)
    stock(registry).manifests[str(digest)] = Made(lie(made.raw), made.media_type)
    with pytest.raises(Integrity):
        await client.manifest(here(registry), digest)
    stock(registry).manifests[str(digest)] = made
    assert (await client.manifest(here(registry), digest)).raw == made.raw


async def test_a_registry_that_names_its_digests_otherwise(registry: FakeRegistry, client: Client) -> None:
    made = stock(registry).add(images.image(), "1.0")
    for raw, noted in ((made.raw, False), (b"other", True)):
        claimed = ("Docker-Content-Digest", str(Digest.of(raw, "sha512")))
        registry.faults.clear()
        registry.fault(f"{MANIFESTS}1.0", Fault(200, made.raw, [claimed]))
        manifest = await client.manifest(here(registry), "1.0")
        assert manifest.digest == Digest.of(made.raw, "sha512")
        assert bool(manifest.anomalies) is noted


async def test_a_registry_that_names_its_digests_by_an_unknown_algorithm(
    registry: FakeRegistry, client: Client
) -> None:
    made = stock(registry).add(images.image(), "1.0")
    registry.fault(f"{MANIFESTS}1.0", Fault(200, made.raw, [("Docker-Content-Digest", f"blake3:{'0' * 64}")]))
    manifest = await client.manifest(here(registry), "1.0")
    assert str(manifest.digest) == made.digest
    assert manifest.anomalies == (
        "The registry names it by blake3, which cannot be computed here. Its SHA-256 is told instead, which the "
        "registry may not know.",
    )


@pytest.mark.parametrize("others", [["layers"], ["config"], ["fsLayers"], ["History"]])
async def test_what_can_be_read_in_two_ways_is_refused_and_not_kept(
    registry: FakeRegistry, client: Client, others: list[str]
) -> None:
    both: images.Json = {"schemaVersion": 2, "mediaType": images.OCI_INDEX, "manifests": []}
    for key in others:
        both[key] = {} if key == "config" else []
    made = stock(registry).add(Made(images.dump(both), images.OCI_INDEX, manifest=True), "1.0")
    for target in ("1.0", made.digest):
        with pytest.raises(BadResponse, match=r"CVE-2021-41190"):
            await client.manifest(here(registry), target)
    assert client.cached(Digest.parse(made.digest)) is None
