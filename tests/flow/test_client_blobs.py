from __future__ import annotations

import pytest

import images
from fake_registry import FakeRegistry, FakeRepository, Fault, lie
from images import Made
from regbrowse.errors import BadResponse, Integrity, NotFound, TooLarge
from regbrowse.oci.descriptor import Descriptor
from regbrowse.reference import Digest, Registry, Repository
from regbrowse.registry.client import Client

MANIFESTS = "/v2/acme/app/manifests/"
BLOBS = "/v2/acme/app/blobs/"


def here(registry: FakeRegistry) -> Repository:
    return Repository(Registry.parse(registry.name), "acme/app")


def stock(registry: FakeRegistry) -> FakeRepository:
    return registry.repository("acme/app")


def described(made: Made, size: int | None = None) -> Descriptor:
    return Descriptor(made.media_type, Digest.parse(made.digest), len(made.raw) if size is None else size)


async def test_a_blob_that_is_not_there(registry: FakeRegistry, client: Client) -> None:
    stock(registry)
    with pytest.raises(NotFound, match="but does not hold it"):
        await client.blob(here(registry), described(images.layer()))


async def test_an_altered_blob_is_not_used(registry: FakeRegistry, client: Client) -> None:
    made = images.layer()
    stock(registry).blobs[made.digest] = lie(made.raw)
    with pytest.raises(Integrity, match="does not match it"):
        await client.blob(here(registry), described(made))


async def test_a_blob_of_another_size_is_not_used(registry: FakeRegistry, client: Client) -> None:
    made = images.layer()
    stock(registry).blobs[made.digest] = made.raw
    with pytest.raises(Integrity, match="The content should be 5 B"):
        await client.blob(here(registry), described(made, 5))


async def test_a_blob_above_the_limit_is_not_even_asked_for(registry: FakeRegistry, client: Client) -> None:
    with pytest.raises(TooLarge):
        await client.blob(here(registry), described(images.layer()), limit=10)
    assert registry.asked == []


async def test_content_inside_the_descriptor_is_not_asked_for(registry: FakeRegistry, client: Client) -> None:
    inside = Descriptor(images.OCI_EMPTY, Digest.of(b"{}"), 2, data=b"{}")
    assert await client.blob(here(registry), inside) == b"{}"
    assert await client.blob_start(here(registry), inside, 1) == b"{"
    assert registry.asked == []


@pytest.mark.parametrize("ranges", [True, False])
async def test_the_start_of_a_blob(registry: FakeRegistry, client: Client, ranges: bool) -> None:
    made = images.layer()
    stock(registry).blobs[made.digest] = made.raw
    if not ranges:
        registry.fault(f"{BLOBS}{made.digest}", Fault(200, made.raw * 1000, endless=True))
    assert await client.blob_start(here(registry), described(made), 10) == made.raw[:10]
    assert registry.asked[-1].headers["range"] == "bytes=0-9"
    assert client.cached(Digest.parse(made.digest)) is None


async def test_another_part_than_the_start_is_refused(registry: FakeRegistry, client: Client) -> None:
    made = images.layer()
    registry.fault(f"{BLOBS}{made.digest}", Fault(206, b"x" * 10, [("Content-Range", "bytes 5-14/100")]))
    with pytest.raises(BadResponse, match="another part"):
        await client.blob_start(here(registry), described(made), 10)
