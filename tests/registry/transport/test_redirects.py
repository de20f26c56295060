"""Storage behind redirects: signed addresses, inner addresses, and transfers that break."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from faults.internet import Internet, fenced
from regbrowse.errors import PolicyError, ServerError
from regbrowse.oci.descriptor import Descriptor
from regbrowse.reference import Digest, Registry, Repository
from regbrowse.registry.client import Client, Settings
from regbrowse.registry.requests import blob_request
from regbrowse.registry.transport import redirects, transport
from regbrowse.registry.transport.transport import Transport
from support import images
from support.asking import here
from support.fake_registry import FakeRegistry, Fault
from support.tls_world import listening

BLOB = images.layer()
PATH = f"/v2/acme/app/blobs/{BLOB.digest}"
WHAT = Descriptor(BLOB.media_type, Digest.parse(BLOB.digest), len(BLOB.raw))


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    with fenced(monkeypatch) as internet:
        yield internet


def redirect(location: str) -> Fault:
    return Fault(307, b"", [("Location", location)])


def settings(*names: str) -> Settings:
    return Settings(pause=0, plain_http=frozenset(names))


@pytest.mark.parametrize(
    ("registry_at", "storage_at", "works"),
    [
        ("93.184.216.34", "93.184.216.35", True),
        ("93.184.216.34", "10.0.0.5", False),
        ("93.184.216.34", "127.0.0.1", False),
        ("10.0.0.4", "10.0.0.5", True),
        ("10.0.0.4", "93.184.216.35", True),
    ],
)
async def test_a_public_registry_may_not_point_inside(
    net: Internet, registry: FakeRegistry, registry_at: str, storage_at: str, works: bool
) -> None:
    async with FakeRegistry().serve() as storage:
        net.place("registry.example", 5000, registry.port, registry_at)
        net.place("storage.example", 5001, storage.port, storage_at)
        storage.repository("acme/app").blobs[BLOB.digest] = BLOB.raw
        registry.fault(PATH, redirect(f"http://storage.example:5001{PATH}"))
        repository = Repository(Registry.parse("registry.example:5000"), "acme/app")
        async with Client(settings("registry.example:5000")) as client:
            if works:
                assert await client.blob(repository, WHAT) == BLOB.raw
                return
            with pytest.raises(PolicyError) as caught:
                await client.blob(repository, WHAT)
        assert caught.value.why == (
            f"registry.example:5000 redirected to the internal address storage.example ({storage_at}). Refused."
        )
        assert storage.asked == []
        assert (storage_at, 5001) not in net.called


async def test_a_login_may_not_be_sent_inside(net: Internet, registry: FakeRegistry) -> None:
    net.place("registry.example", 5000, registry.port)
    net.place("login.example", 5000, registry.port, "192.168.0.7")
    transport = Transport(settings("registry.example:5000"))
    asked = Registry.parse("registry.example:5000")
    question = blob_request(Repository(asked, "acme/app"), WHAT, 2**20)[1]
    await transport.send(replace(question, kind="ping", size=None), "http://registry.example:5000/v2/")
    with pytest.raises(PolicyError) as caught:
        await transport.send(replace(question, kind="token", size=None), "http://login.example:5000/token")
    await transport.aclose()
    assert caught.value.why == (
        "registry.example:5000 wants the login sent to the internal address login.example (192.168.0.7). Refused."
    )


async def test_where_a_blob_lies_is_remembered_for_its_parts(
    monkeypatch: pytest.MonkeyPatch, registry: FakeRegistry, client: Client
) -> None:
    async with FakeRegistry().serve() as storage:
        storage.repository("acme/app").blobs[BLOB.digest] = BLOB.raw
        registry.fault(PATH, redirect(f"{storage.url}{PATH}?X-Amz-Signature=s3cr3t-canary-2"))
        for count in (2, 3, 4):
            assert await client.blob_start(here(registry), WHAT, count) == BLOB.raw[:count]
        assert len(registry.paths()) == 1
        assert [one.headers["range"] for one in storage.asked] == ["bytes=0-1", "bytes=0-2", "bytes=0-3"]
        storage.fault(PATH, Fault(403, b"expired", times=1))
        assert await client.blob_start(here(registry), WHAT, 5) == BLOB.raw[:5]
        assert len(registry.paths()) == 2
        monkeypatch.setattr(redirects, "RESOLVED_SECONDS", -1.0)
        async with Client(Settings(pause=0)) as another:
            assert await another.blob_start(here(registry), WHAT, 6) == BLOB.raw[:6]
            assert await another.blob_start(here(registry), WHAT, 7) == BLOB.raw[:7]
        assert len(registry.paths()) == 4
    assert "canary" not in repr(list(client.log))


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_storage_that_stays_closed_is_asked_twice(registry: FakeRegistry, client: Client, status: int) -> None:
    async with FakeRegistry().serve() as storage:
        storage.fault(PATH, Fault(status, b""))
        registry.fault(PATH, redirect(f"{storage.url}{PATH}"))
        with pytest.raises(ServerError, match="refused the download"):
            await client.blob(here(registry), WHAT)
        assert len(storage.asked) == 2
    assert len(registry.paths()) == 2


@pytest.mark.parametrize("status", [403, 405])
async def test_storage_that_refuses_head_is_asked_for_one_byte(registry: FakeRegistry, status: int) -> None:
    async with FakeRegistry().serve() as storage:
        storage.repository("acme/app").blobs[BLOB.digest] = BLOB.raw
        storage.fault(PATH, Fault(status, b"", method="HEAD"))
        registry.fault(PATH, redirect(f"{storage.url}{PATH}"))
        transport = Transport(Settings(pause=0))
        question = replace(blob_request(here(registry), WHAT, 2**20)[1], method="HEAD")
        reply = await transport.send(question, f"{registry.url}{PATH}")
        await transport.aclose()
        assert (reply.status, reply.body) == (200, b"")
        assert int(reply.headers["content-length"]) == len(BLOB.raw)
        assert [(one.method, one.headers.get("range")) for one in storage.asked] == [
            ("HEAD", None),
            ("GET", "bytes=0-0"),
        ]


async def test_a_server_that_was_not_meant_gets_one_new_connection(registry: FakeRegistry, client: Client) -> None:
    registry.repository("acme/app").blobs[BLOB.digest] = BLOB.raw
    registry.fault(PATH, Fault(421, b"", times=1))
    assert await client.blob(here(registry), WHAT) == BLOB.raw
    assert len(registry.connections) == 2
    registry.fault("/v2/acme/app/tags/list", Fault(421, b""))
    with pytest.raises(Exception, match="did not accept"):
        await anext(client.tags(here(registry)))
    assert len([one for one in registry.paths() if "tags" in one]) == 2


async def test_a_broken_transfer_goes_on_where_it_broke(registry: FakeRegistry, client: Client) -> None:
    registry.repository("acme/app").blobs[BLOB.digest] = BLOB.raw
    registry.fault(PATH, Fault(truncate=20, times=2))
    assert await client.blob(here(registry), WHAT) == BLOB.raw
    assert [one.headers.get("range") for one in registry.asked if one.path == PATH] == [None, "bytes=20-", "bytes=40-"]
    assert [one.received for one in client.log][-3:] == [20, 20, len(BLOB.raw) - 40]


async def test_a_server_that_starts_anew_is_read_anew(registry: FakeRegistry, client: Client) -> None:
    registry.repository("acme/app").blobs[BLOB.digest] = BLOB.raw
    registry.fault(PATH, Fault(truncate=20, times=1))
    registry.fault(PATH, Fault(200, BLOB.raw, times=1))
    assert await client.blob(here(registry), WHAT) == BLOB.raw


@pytest.mark.parametrize("part", ["bytes 0-19/100", "bytes 21-99/100", "", "nonsense"])
async def test_another_part_than_the_one_missing_is_not_put_behind(
    registry: FakeRegistry, client: Client, part: str
) -> None:
    registry.repository("acme/app").blobs[BLOB.digest] = BLOB.raw
    registry.fault(PATH, Fault(truncate=20, times=1))
    registry.fault(PATH, Fault(206, BLOB.raw[20:], [("Content-Range", part)], times=1))
    assert await client.blob(here(registry), WHAT) == BLOB.raw
    assert [one.headers.get("range") for one in registry.asked if one.path == PATH] == [None, "bytes=20-", None]


async def test_a_range_that_is_refused_starts_anew(registry: FakeRegistry, client: Client) -> None:
    registry.repository("acme/app").blobs[BLOB.digest] = BLOB.raw
    registry.fault(PATH, Fault(truncate=20, times=1))
    registry.fault(PATH, Fault(416, b"", times=1))
    assert await client.blob(here(registry), WHAT) == BLOB.raw


async def test_what_makes_progress_gets_its_tries_back(
    monkeypatch: pytest.MonkeyPatch, registry: FakeRegistry, client: Client
) -> None:
    registry.repository("acme/app").blobs[BLOB.digest] = BLOB.raw
    registry.fault(PATH, Fault(truncate=20, times=4))
    monkeypatch.setattr(transport, "PROGRESS", 20)
    assert await client.blob(here(registry), WHAT) == BLOB.raw
    assert len(registry.paths()) == 5


async def test_many_origins_do_not_keep_many_connections(registry: FakeRegistry, client: Client) -> None:
    open_connections: set[int] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = writer.get_extra_info("sockname")[1]
        open_connections.add(port)
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n%d" % port)
        open_connections.remove(port)

    async with contextlib.AsyncExitStack() as stack:
        for _ in range(30):
            port = await stack.enter_async_context(listening(talk))
            content = str(port).encode()
            digest = Digest.of(content)
            registry.faults[f"/v2/acme/app/blobs/{digest}"] = [redirect(f"http://127.0.0.1:{port}/")]
            assert await client.blob(here(registry), Descriptor("", digest, 5)) == content
        async with asyncio.timeout(5):
            # One of the twenty that are kept is that to the registry.
            while len(open_connections) > 19:
                await asyncio.sleep(0)
        assert len(open_connections) == 19


@pytest.mark.parametrize(
    "headers",
    [
        [(f"X-{number}", "y") for number in range(201)],
        [(f"X-{number}", "y" * 1000) for number in range(80)],
        [("X-Long", "y" * 70_000)],
    ],
)
async def test_too_many_header_bytes(registry: FakeRegistry, client: Client, headers: list[tuple[str, str]]) -> None:
    registry.fault(PATH, Fault(200, BLOB.raw, headers))
    with pytest.raises(Exception, match="too many headers"):
        await client.blob(here(registry), WHAT)
