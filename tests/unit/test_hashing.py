"""A digest that is computed in a thread of its own."""

from __future__ import annotations

import asyncio
import hashlib

from regbrowse.digest import Digest
from regbrowse.registry.content.hashing import BEHIND, Hashing


def hashing() -> Hashing:
    hasher = Digest("sha256", "0" * 64).hasher()
    assert hasher is not None
    return Hashing(hasher)


def put_all(made: Hashing, pieces: list[list[bytes]]) -> None:
    for piece in pieces:
        made.put(piece)


async def test_everything_that_was_added_counts_in_order() -> None:
    made, pieces = hashing(), [[bytes([number]) * 100_000, b"x"] for number in range(5 * BEHIND)]
    for piece in pieces[::2]:
        await made.add(piece)
    await asyncio.to_thread(put_all, made, pieces[1::2])
    content = b"".join(b"".join(piece) for piece in pieces[::2] + pieces[1::2])
    assert await made.result() == hashlib.sha256(content).hexdigest()


async def test_after_the_end_nobody_is_held_up() -> None:
    """A thread that still brings content must come to its end, however much it is."""
    made = hashing()
    made.close()
    async with asyncio.timeout(5):
        await asyncio.to_thread(put_all, made, [[b"late"]] * 20 * BEHIND)
