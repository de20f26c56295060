"""A body between the transport and its reader, and its verification by batches."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from regbrowse.errors import Evidence, Integrity
from regbrowse.reference import Digest
from regbrowse.registry.content import download
from regbrowse.registry.content.download import BATCH, BodyBuffer
from regbrowse.registry.content.verify import BodyVerifier

BATCHES = [[bytes([number]) * 100_000, b"x"] for number in range(40)]
CONTENT = b"".join(b"".join(batch) for batch in BATCHES)


async def verify(digest: Digest, size: int | None, batches: list[list[bytes]]) -> bool | None:
    verifier = BodyVerifier(digest, size)
    for batch in batches:
        await verifier.update(batch)
    content = b"".join(b"".join(batch) for batch in batches)
    return await verifier.finish(len(content), content[:10], Evidence("registry.example.com"))


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
async def test_every_batch_counts_in_its_order(algorithm: str) -> None:
    digest = Digest.of(CONTENT, algorithm)
    assert await verify(digest, len(CONTENT), BATCHES) is True
    with pytest.raises(Integrity, match="does not match it") as raised:
        await verify(digest, len(CONTENT), BATCHES[1:] + BATCHES[:1])
    swapped = b"".join(b"".join(batch) for batch in BATCHES[1:] + BATCHES[:1])
    assert raised.value.got == f"{algorithm}:{hashlib.new(algorithm, swapped).hexdigest()}"


async def test_content_of_an_unknown_algorithm_is_compared_by_size_only() -> None:
    digest = Digest("blake3", "0" * 64)
    assert await verify(digest, len(CONTENT), BATCHES) is None
    with pytest.raises(Integrity, match=r"should be 5 B, 4,000,040 B came"):
        await verify(digest, 5, BATCHES)


async def test_few_bytes_are_handed_on_after_a_while() -> None:
    body = BodyBuffer()
    await body.take(b"a")
    async with asyncio.timeout(5):
        assert await body.read() == [b"a"]
        reading = asyncio.create_task(body.read())
        await asyncio.sleep(0)
        await body.take(b"b")
        assert await reading == [b"b"]
        body.end()
        assert await body.read() == []
        assert await body.read() == []


async def test_receiving_stops_until_something_is_read() -> None:
    body = BodyBuffer()
    for _ in range(download.MAX_BUFFERED // BATCH - 1):
        await body.take(bytes(BATCH))
    taking = asyncio.create_task(body.take(b"x"))
    await asyncio.wait_for(taking, 5)
    taking = asyncio.create_task(body.take(bytes(BATCH)))
    done, _ = await asyncio.wait([taking], timeout=0.05)
    assert not done
    assert sum(map(len, await body.read())) == body.received == download.MAX_BUFFERED + 1
    await asyncio.wait_for(taking, 5)


async def test_tiny_chunks_leave_others_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "TURN", 0)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    body, counting = BodyBuffer(), asyncio.create_task(count())
    for _ in range(1000):
        await body.take(b"x")
    counting.cancel()
    assert turns > 900
