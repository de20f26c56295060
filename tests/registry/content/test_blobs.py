from __future__ import annotations

import gzip

import pytest

from regbrowse.errors import BadResponse, Integrity, NotFound, TooLarge
from regbrowse.oci.descriptor import Descriptor
from regbrowse.reference import Digest
from regbrowse.registry.client import Client
from support import images
from support.asking import here
from support.fake_registry import FakeRegistry, FakeRepository, Fault, lie
from support.images import Made

BLOBS = "/v2/acme/app/blobs/"


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


async def test_a_blob_altered_by_a_cache_is_fetched_past_it(registry: FakeRegistry, client: Client) -> None:
    made = images.layer()
    stock(registry).blobs[made.digest] = made.raw
    registry.fault(f"{BLOBS}{made.digest}", Fault(200, lie(made.raw), times=1))
    assert await client.blob(here(registry), described(made)) == made.raw
    assert [one.headers.get("cache-control") for one in registry.asked[1:]] == [None, "no-cache"]


async def test_an_altered_blob_is_asked_for_once_more_and_no_more(registry: FakeRegistry, client: Client) -> None:
    made = images.layer()
    stock(registry).blobs[made.digest] = lie(made.raw)
    for count in (2, 4):
        with pytest.raises(Integrity):
            await client.blob(here(registry), described(made))
        assert len(registry.paths()) == count


@pytest.mark.parametrize("size", [5, 5000])
@pytest.mark.parametrize("length", [True, False])
async def test_a_blob_of_another_size_is_not_used(
    registry: FakeRegistry, client: Client, size: int, length: bool
) -> None:
    made = images.layer()
    stock(registry).blobs[made.digest] = made.raw
    if not length:
        registry.fault(f"{BLOBS}{made.digest}", Fault(200, made.raw, [("Transfer-Encoding", "chunked")]))
    with pytest.raises(Integrity, match="The content should be 5"):
        await client.blob(here(registry), described(made, size))
    assert client.cached(Digest.parse(made.digest)) is None


async def test_a_blob_of_no_known_size(registry: FakeRegistry, client: Client) -> None:
    made = images.layer()
    stock(registry).blobs[made.digest] = made.raw
    assert await client.blob(here(registry), Descriptor(made.media_type, Digest.parse(made.digest), None)) == made.raw


@pytest.mark.parametrize("over", [0, 1])
@pytest.mark.parametrize("known", [True, False])
async def test_a_blob_may_have_as_much_as_was_allowed(
    registry: FakeRegistry, client: Client, over: int, known: bool
) -> None:
    raw = bytes(4 * 2**20 + over)
    digest = Digest.of(raw)
    stock(registry).blobs[str(digest)] = raw
    asking = client.blob(here(registry), Descriptor("", digest, len(raw) if known else None))
    if not over:
        assert await asking == raw
        return
    with pytest.raises(TooLarge):
        await asking
    assert client.cached(digest) is None
    assert await client.blob(here(registry), Descriptor("", digest, len(raw)), limit=len(raw)) == raw


async def test_a_blob_of_an_algorithm_that_cannot_be_checked_is_not_kept(
    registry: FakeRegistry, client: Client
) -> None:
    digest = Digest("blake3", "0" * 64)
    stock(registry).blobs[str(digest)] = b"content"
    assert await client.blob(here(registry), Descriptor("", digest, 7)) == b"content"
    assert client.cached(digest) is None
    with pytest.raises(Integrity, match="The content should be 8 B"):
        await client.blob(here(registry), Descriptor("", digest, 8))


async def test_a_compressed_answer_is_unpacked_when_only_that_is_the_content(
    registry: FakeRegistry, client: Client
) -> None:
    layer, config = images.layer(), images.config()
    for made, raw in ((layer, layer.raw), (config, gzip.compress(config.raw))):
        registry.fault(f"{BLOBS}{made.digest}", Fault(200, raw, [("Content-Encoding", "gzip")]))
        assert await client.blob(here(registry), described(made)) == made.raw


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
