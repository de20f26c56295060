"""Content whose size is known beforehand: a server that announces another size is not listened to."""

from __future__ import annotations

import asyncio

import pytest

from regbrowse.errors import Integrity
from regbrowse.oci.descriptor import Descriptor
from regbrowse.reference import Digest
from regbrowse.registry.client import Client
from support import images
from support.asking import here
from support.fake_registry import FakeRegistry, Fault

BLOB = images.layer()
PATH = f"/v2/acme/app/blobs/{BLOB.digest}"
WHAT = Descriptor(BLOB.media_type, Digest.parse(BLOB.digest), len(BLOB.raw))


@pytest.mark.parametrize("body", [BLOB.raw[:-1], BLOB.raw + b"x"])
async def test_another_size_is_refused_before_anything_is_read(
    registry: FakeRegistry, client: Client, body: bytes
) -> None:
    registry.fault(PATH, Fault(200, body, [("Content-Length", str(len(body)))], stall=0))
    with pytest.raises(Integrity) as caught:
        async with asyncio.timeout(5):
            await client.blob(here(registry), WHAT)
    assert caught.value.why == (
        f"The content should be {len(BLOB.raw):,} B, {registry.name} offers {len(body):,} B. It was not used."
    )
    await asyncio.wait_for(registry.gate(PATH).left.wait(), 5)
    assert client.log[-1].received == 0


async def test_an_encoding_nobody_asked_for_may_be_shorter(registry: FakeRegistry, client: Client) -> None:
    import gzip

    packed = gzip.compress(b"a" * 1000)
    digest = Digest.parse(images.sha256(b"a" * 1000))
    registry.fault(f"/v2/acme/app/blobs/{digest}", Fault(200, packed, [("Content-Encoding", "gzip")]))
    assert await client.blob(here(registry), Descriptor("", digest, 1000)) == b"a" * 1000
