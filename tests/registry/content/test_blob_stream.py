"""Blobs that are read while they come: whatever happens on the way, the bytes are right or an error says so."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from regbrowse.errors import AuthRequired, ConfigError, Integrity, NetError, NotFound, Offline, ServerError
from regbrowse.oci.descriptor import Descriptor
from regbrowse.reference import Digest, Registry, Repository
from regbrowse.registry.client import Client, Settings
from regbrowse.registry.content import download
from regbrowse.registry.content.download import BATCH
from support.fake_registry import FakeRegistry, Fault, lie
from support.images import Made
from support.tls_world import issue, secure

RAW = random.Random(1).randbytes(5 * BATCH + 17)
MADE = Made(RAW, "application/octet-stream")
DIGEST = Digest.parse(MADE.digest)
PATH = f"/v2/acme/app/blobs/{DIGEST}"
SIZE = len(RAW)


def here(registry: FakeRegistry) -> Repository:
    registry.repository("acme/app").blobs[MADE.digest] = RAW
    return Repository(Registry.parse(registry.name), "acme/app")


def ranges(registry: FakeRegistry) -> list[str | None]:
    return [one.headers.get("range") for one in registry.asked if one.path == PATH]


Read = Callable[..., Awaitable[bytes]]


async def by_iterating(client: Client, repository: Repository, blob: Digest | Descriptor = DIGEST) -> bytes:
    async with client.blob_stream(repository, blob) as stream:
        content = b"".join([chunk async for piece in stream for chunk in piece])
        assert stream.verified
        assert stream.received == stream.size == len(content)
        return content


async def by_threads(client: Client, repository: Repository, blob: Digest | Descriptor = DIGEST) -> bytes:
    stream, content = client.blob_stream(repository, blob), bytearray()
    await stream.into(lambda piece: content.extend(b"".join(piece)))
    assert stream.verified
    assert stream.received == stream.size == len(content)
    assert stream.start == content[:1024]
    return bytes(content)


@pytest.fixture(params=[by_iterating, by_threads])
def read(request: pytest.FixtureRequest) -> Read:
    way: Read = request.param
    return way


async def test_all_of_it_comes_verified_and_is_asked_for_once(
    registry: FakeRegistry, client: Client, read: Read
) -> None:
    assert await read(client, here(registry)) == RAW
    assert ranges(registry) == [None]
    asked = [one for one in registry.asked if one.path == PATH]
    assert asked[0].headers["accept-encoding"] == "identity"
    assert client.log[-1].received == SIZE


async def test_the_size_is_known_before_the_first_byte(registry: FakeRegistry, client: Client) -> None:
    registry.fault(PATH, Fault(stall=0))
    async with client.blob_stream(here(registry), DIGEST) as stream:
        assert (stream.size, stream.received, stream.verified) == (SIZE, 0, None)


async def test_a_broken_transfer_goes_on_where_it_broke(registry: FakeRegistry, client: Client, read: Read) -> None:
    for at in (100, 2 * BATCH):
        registry.fault(PATH, Fault(truncate=at, times=1))
    assert await read(client, here(registry)) == RAW
    assert ranges(registry) == [None, "bytes=100-", f"bytes={2 * BATCH + 100}-"]
    assert [one.received for one in client.log if one.url.endswith(str(DIGEST))] == [
        100,
        2 * BATCH,
        SIZE - 2 * BATCH - 100,
    ]


async def test_progress_pays_for_further_tries(registry: FakeRegistry, client: Client, read: Read) -> None:
    for _ in range(5):
        registry.fault(PATH, Fault(truncate=BATCH, times=1))
    assert await read(client, here(registry)) == RAW
    assert len(ranges(registry)) == 6


async def test_without_progress_three_more_tries_are_all(registry: FakeRegistry, client: Client, read: Read) -> None:
    registry.fault(PATH, Fault(truncate=1000))
    with pytest.raises(NetError, match="broke off"):
        await read(client, here(registry))
    assert ranges(registry) == [None, "bytes=1000-", "bytes=2000-", "bytes=3000-"]


async def test_who_sends_everything_again_is_listened_to_from_where_it_broke(
    registry: FakeRegistry, client: Client, read: Read
) -> None:
    registry.fault(PATH, Fault(truncate=BATCH + 5, times=1))
    registry.fault(PATH, Fault(200, RAW, times=1))
    assert await read(client, here(registry)) == RAW
    assert ranges(registry) == [None, f"bytes={BATCH + 5}-"]


async def test_another_part_than_the_one_asked_for_is_not_used(
    registry: FakeRegistry, client: Client, read: Read
) -> None:
    registry.fault(PATH, Fault(truncate=10, times=1))
    registry.fault(PATH, Fault(206, RAW[20:], [("Content-Range", f"bytes 20-{SIZE - 1}/{SIZE}")], times=1))
    assert await read(client, here(registry)) == RAW
    assert ranges(registry) == [None, "bytes=10-", None]


async def test_the_rest_of_something_longer_is_refused(registry: FakeRegistry, client: Client, read: Read) -> None:
    registry.fault(PATH, Fault(truncate=10, times=1))
    part = [("Content-Range", f"bytes 10-{SIZE - 1}/{SIZE + 1}")]
    registry.fault(PATH, Fault(206, RAW[10:], part, times=1))
    with pytest.raises(Integrity, match=f"should be {SIZE:,} B, .* offers {SIZE + 1:,} B"):
        await read(client, here(registry))


async def test_another_size_than_the_descriptor_is_refused_before_reading(
    registry: FakeRegistry, client: Client, read: Read
) -> None:
    with pytest.raises(Integrity, match="should be 7 B"):
        await read(client, here(registry), Descriptor("", DIGEST, 7))


@pytest.mark.parametrize("served", [lie(RAW), RAW[:-1], RAW + b"x", b""], ids=["other", "less", "more", "nothing"])
async def test_wrong_bytes_are_told_at_the_end(
    registry: FakeRegistry, client: Client, served: bytes, read: Read
) -> None:
    registry.fault(PATH, Fault(200, served))
    with pytest.raises(Integrity, match="does not match it") as raised:
        await read(client, here(registry))
    assert raised.value.got == Made(served, "").digest


async def test_a_web_page_is_called_one(registry: FakeRegistry, client: Client, read: Read) -> None:
    registry.fault(PATH, Fault(200, b"<html>log in</html>"))
    with pytest.raises(Integrity, match="sent a web page instead of"):
        await read(client, here(registry))


async def test_pieces_that_do_not_fit_together_are_found_out(
    registry: FakeRegistry, client: Client, read: Read
) -> None:
    registry.fault(PATH, Fault(200, lie(RAW[:50]) + RAW[50:], truncate=50, times=1))
    with pytest.raises(Integrity):
        await read(client, here(registry))


async def test_silence_ends_it_after_three_more_requests_for_the_rest(registry: FakeRegistry, read: Read) -> None:
    registry.fault(PATH, Fault(stall=1000))
    async with Client(Settings(pause=0, deadline=0.5)) as client:
        with pytest.raises(NetError, match="sent nothing for"):
            await read(client, here(registry))
    assert ranges(registry) == [None, "bytes=1000-", "bytes=2000-", "bytes=3000-"]
    await registry.gate(PATH).left.wait()


async def test_a_transfer_that_stalls_is_resumed(registry: FakeRegistry, read: Read) -> None:
    registry.fault(PATH, Fault(stall=1000, times=1))

    async def open_when_left() -> None:
        await registry.gate(PATH).left.wait()
        registry.gate(PATH).open()

    opening = asyncio.create_task(open_when_left())
    async with Client(Settings(pause=0, deadline=1)) as client:
        assert await read(client, here(registry)) == RAW
    await opening
    assert ranges(registry) == [None, "bytes=1000-"]


async def test_a_reader_may_take_its_time(registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MAX_BUFFERED", BATCH)
    async with Client(Settings(deadline=0.5)) as client, client.blob_stream(here(registry), DIGEST) as stream:
        pieces = aiter(stream)
        content = b"".join(await anext(pieces))
        await asyncio.sleep(0.8)
        async for piece in pieces:
            content += b"".join(piece)
        assert content == RAW


async def test_no_more_is_fetched_than_somebody_reads(registry: FakeRegistry, client: Client) -> None:
    gate = registry.gate(PATH)
    registry.fault(PATH, Fault(body=bytes(BATCH), endless=True))
    gate.open()
    async with client.blob_stream(here(registry), DIGEST) as stream:
        await anext(stream)
        before = -1
        while stream.received != before:
            before = stream.received
            await asyncio.sleep(0.1)
        assert before < 2 * download.MAX_BUFFERED + BATCH


async def test_leaving_the_stream_closes_the_connection(registry: FakeRegistry, client: Client) -> None:
    registry.fault(PATH, Fault(stall=2 * BATCH))
    async with client.blob_stream(here(registry), DIGEST) as stream:
        await anext(stream)
    await registry.gate(PATH).left.wait()
    assert client.log[-1].note == "cancelled"


async def test_what_is_not_there_is_told_on_entering(registry: FakeRegistry, client: Client) -> None:
    other = Digest.of(b"other")
    with pytest.raises(NotFound):
        async with client.blob_stream(here(registry), other):
            pytest.fail("there is nothing to read")


async def test_trouble_on_the_other_side_is_waited_out(registry: FakeRegistry, client: Client, read: Read) -> None:
    registry.fault(PATH, Fault(503, b"", times=2))
    assert await read(client, here(registry)) == RAW
    registry.fault(PATH, Fault(503, b""))
    with pytest.raises(ServerError):
        await read(client, here(registry))


async def test_a_login_that_expires_on_the_way_is_renewed(registry: FakeRegistry, client: Client, read: Read) -> None:
    registry.auth = "bearer"
    registry.fault(PATH, Fault(truncate=2 * BATCH, times=1))
    challenge = f'Bearer realm="http://{registry.name}/token",service="test"'
    registry.fault(PATH, Fault(401, b"", [("WWW-Authenticate", challenge)], times=1))
    assert await read(client, here(registry)) == RAW
    assert ranges(registry) == [None, *2 * [f"bytes={2 * BATCH}-"]]
    assert len(registry.paths("/token")) == 2


async def test_what_nobody_may_read_is_told(registry: FakeRegistry, client: Client, read: Read) -> None:
    registry.fault(PATH, Fault(401, b"", [("WWW-Authenticate", 'Basic realm="x"')]))
    with pytest.raises(AuthRequired):
        await read(client, here(registry))


async def test_what_is_at_hand_is_not_asked_for(registry: FakeRegistry, client: Client, read: Read) -> None:
    small = Made(b"{}", "")
    repository = here(registry)
    registry.repository("acme/app").blobs[small.digest] = small.raw
    descriptor = Descriptor("", Digest.parse(small.digest), 2)
    await client.blob(repository, descriptor)
    asked = len(registry.asked)
    assert await read(client, repository, descriptor) == b"{}"
    embedded = Descriptor("", DIGEST, SIZE, data=RAW)
    assert await read(client, repository, embedded) == RAW
    assert len(registry.asked) == asked


async def test_offline_only_what_was_kept_is_there(registry: FakeRegistry, read: Read) -> None:
    async with Client(Settings(offline=True)) as client:
        with pytest.raises(Offline):
            await read(client, here(registry))


async def test_a_redirect_is_followed_without_the_login(registry: FakeRegistry, client: Client, read: Read) -> None:
    registry.auth = "bearer"
    repository = here(registry)
    async with FakeRegistry().serve() as storage:
        storage.repository("acme/app").blobs[MADE.digest] = RAW
        storage.fault(PATH, Fault(truncate=BATCH, times=1))
        registry.fault(PATH, Fault(307, b"", [("Location", f"http://{storage.name}{PATH}")]))
        assert await read(client, repository) == RAW
        assert ranges(storage) == [None, f"bytes={BATCH}-"]
        assert not any("authorization" in one.headers for one in storage.asked)


async def test_cancelling_writes_no_more_and_closes_the_connection(registry: FakeRegistry, client: Client) -> None:
    registry.fault(PATH, Fault(stall=2 * BATCH))
    stream, content, enough = client.blob_stream(here(registry), DIGEST), bytearray(), asyncio.Event()
    loop, threads = asyncio.get_running_loop(), set[int]()

    def write(piece: list[bytes]) -> None:
        threads.add(threading.get_ident())
        content.extend(b"".join(piece))
        if len(content) == 2 * BATCH:
            loop.call_soon_threadsafe(enough.set)

    task = asyncio.create_task(stream.into(write))
    await asyncio.wait_for(enough.wait(), 5)
    assert threading.get_ident() not in threads
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    await asyncio.wait_for(registry.gate(PATH).left.wait(), 5)
    assert content == RAW[: 2 * BATCH]


async def test_cancelling_does_not_wait_for_a_slow_disk(registry: FakeRegistry, client: Client) -> None:
    disk, begun = threading.Event(), asyncio.Event()
    stream, loop = client.blob_stream(here(registry), DIGEST), asyncio.get_running_loop()

    def write(_: list[bytes]) -> None:
        loop.call_soon_threadsafe(begun.set)
        disk.wait(10)

    task = asyncio.create_task(stream.into(write))
    try:
        await asyncio.wait_for(begun.wait(), 5)
        task.cancel()
        await asyncio.wait_for(asyncio.wait([task]), 5)
        assert task.cancelled()
    finally:
        disk.set()


async def test_what_cannot_be_written_ends_it(registry: FakeRegistry, client: Client) -> None:
    def write(_: list[bytes]) -> None:
        raise ConfigError("The disk is full.")

    with pytest.raises(ConfigError, match="The disk is full"):
        await client.blob_stream(here(registry), DIGEST).into(write)
    assert len(ranges(registry)) == 1


async def test_a_response_with_a_length_continues_one_without(registry: FakeRegistry, client: Client) -> None:
    registry.fault(PATH, Fault(200, RAW, [("Transfer-Encoding", "chunked")], truncate=BATCH, times=1))
    content = bytearray()
    await client.blob_stream(here(registry), DIGEST).into(lambda piece: content.extend(b"".join(piece)))
    assert content == RAW
    assert len(ranges(registry)) == 2


async def test_over_tls_too(tmp_path: Path) -> None:
    authority = issue("Example CA", authority=True)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE
    async with secure(tmp_path, issue(issuer=authority), answer=head + RAW) as server:
        settings = Settings(ca_file=authority.write(tmp_path, "ca")[0])
        async with Client(settings) as client:
            repository = Repository(Registry.parse(server.name), "acme/app")
            assert await by_threads(client, repository) == RAW
            assert await by_iterating(client, repository) == RAW
