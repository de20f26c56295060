from __future__ import annotations

import gzip

import pytest

from regbrowse.errors import BadResponse, Integrity
from regbrowse.oci.descriptor import Descriptor
from regbrowse.reference import Digest
from regbrowse.registry.client import Client
from support import images
from support.asking import here
from support.fake_registry import FakeRegistry, Fault
from support.images import Made

MADE = images.layer()
RAW = MADE.raw
SIZE = len(RAW)
PATH = f"/v2/acme/app/blobs/{MADE.digest}"


def described(made: Made, size: int | None = SIZE) -> Descriptor:
    return Descriptor(made.media_type, Digest.parse(made.digest), size)


def ranges(registry: FakeRegistry) -> list[str | None]:
    return [one.headers.get("range") for one in registry.asked if one.path == PATH]


def piece(first: int, last: int, total: object = SIZE) -> Fault:
    return Fault(206, RAW[first : last + 1], [("Content-Range", f"bytes {first}-{last}/{total}")], times=1)


async def test_a_part_in_pieces_is_put_together(registry: FakeRegistry, client: Client) -> None:
    for each in (piece(0, 3), piece(4, 4, "*"), piece(5, 9)):
        registry.fault(PATH, each)
    assert await client.blob_start(here(registry), described(MADE), 10) == RAW[:10]
    assert ranges(registry) == ["bytes=0-9", "bytes=4-9", "bytes=5-9"]


async def test_more_than_there_is_is_not_asked_for(registry: FakeRegistry, client: Client) -> None:
    registry.repository("acme/app").blobs[MADE.digest] = RAW
    assert await client.blob_start(here(registry), described(MADE), 10 * SIZE) == RAW
    assert ranges(registry) == [f"bytes=0-{SIZE - 1}"]


async def test_the_end_of_content_of_unknown_size(registry: FakeRegistry, client: Client) -> None:
    registry.fault(PATH, piece(0, SIZE - 1, "*"))
    registry.fault(PATH, Fault(416, b"", [("Content-Range", f"bytes */{SIZE}")]))
    assert await client.blob_start(here(registry), described(MADE, None), 10 * SIZE) == RAW


@pytest.mark.parametrize(
    "fault",
    [
        piece(1, 9),
        Fault(206, RAW[:10], times=1),
        Fault(206, RAW[:10], [("Content-Range", f"bytes 0-9/{SIZE}"), ("Content-Encoding", "gzip")], times=1),
    ],
)
async def test_who_cannot_serve_parts_is_asked_for_the_whole_from_then_on(
    registry: FakeRegistry, client: Client, fault: Fault
) -> None:
    registry.repository("acme/app").blobs[MADE.digest] = RAW
    registry.fault(PATH, fault)
    assert await client.blob_start(here(registry), described(MADE), 10) == RAW[:10]
    assert await client.blob_start(here(registry), described(MADE), 11) == RAW[:11]
    assert ranges(registry) == ["bytes=0-9", None, None]


async def test_a_whole_in_the_middle_of_pieces_is_read_from_the_start(registry: FakeRegistry, client: Client) -> None:
    registry.fault(PATH, piece(0, 3))
    registry.fault(PATH, Fault(200, RAW))
    assert await client.blob_start(here(registry), described(MADE), 10) == RAW[:10]
    assert ranges(registry) == ["bytes=0-9", "bytes=4-9", None]


async def test_drops_are_not_asked_for_without_end(registry: FakeRegistry, client: Client) -> None:
    for at in range(20):
        registry.fault(PATH, piece(at, at))
    registry.repository("acme/app").blobs[MADE.digest] = RAW
    with pytest.raises(BadResponse, match="another part"):
        await client.blob_start(here(registry), described(MADE), 30)
    assert len(ranges(registry)) == 17


@pytest.mark.parametrize(
    "fault",
    [
        piece(0, 9, SIZE + 1),
        Fault(200, RAW + b"x"),
        Fault(200, RAW[:5]),
        Fault(200, RAW[:5], [("Transfer-Encoding", "chunked")]),
    ],
)
async def test_a_whole_of_another_size_is_not_used(registry: FakeRegistry, client: Client, fault: Fault) -> None:
    registry.fault(PATH, fault)
    with pytest.raises(Integrity, match=f"The content should be {SIZE} B"):
        await client.blob_start(here(registry), described(MADE), 10)


async def test_a_whole_that_was_packed_for_the_way(registry: FakeRegistry, client: Client) -> None:
    registry.fault(PATH, Fault(200, gzip.compress(RAW), [("Content-Encoding", "gzip")]))
    content = await client.blob_start(here(registry), described(MADE), 30)
    assert content
    assert RAW.startswith(content)


async def test_a_part_where_all_was_asked_for(registry: FakeRegistry, client: Client) -> None:
    registry.fault(PATH, Fault(206, b"x" * 10, [("Content-Range", "bytes 0-9/10")]))
    with pytest.raises(BadResponse):
        await client.blob_start(here(registry), described(MADE, None), 5)
