"""What is opened ahead and turns out to be slow, in vain, or somewhere else than its name promises."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import ssl
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fake_registry import FakeRegistry
from images import Made
from regbrowse.errors import ConfigError
from regbrowse.reference import Digest, Reference, Registry, Repository
from regbrowse.registry.client import Client, Settings
from regbrowse.registry.net import opening, pool, tls
from regbrowse.registry.net.ahead import Ahead
from regbrowse.registry.net.guard import Dialer
from regbrowse.registry.net.knock import ANYTHING, Then
from regbrowse.registry.net.opening import Opening
from regbrowse.registry.net.policy import Origin, origin_of
from regbrowse.registry.net.pool import Pool
from regbrowse.registry.net.trust import Trusts
from regbrowse.registry.net.wires import request
from tls_world import ANSWER, hashed_system, issue, listening, secure

CA = issue("Example CA", authority=True)
SETTINGS = Settings(pause=0)
RAW = random.Random(5).randbytes(100_000)
DIGEST = Digest.parse(Made(RAW, "application/octet-stream").digest)
SAID = (b"GET /first HTTP/1.1\r\n\r\n", b"GET /second HTTP/1.1\r\n\r\n")
Looked = list[tuple[Any, ...]]


class Slow:
    """Looks names up only when it is let."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.let = threading.Event()
        self._look_up = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self)

    def __call__(self, host: bytes | str, *rest: Any, **more: Any) -> Looked:
        if isinstance(host, bytes):  # as it is asked ahead
            self.let.wait(5)
        return self._look_up(host, *rest, **more)


async def test_a_slow_way_is_not_given_up_while_others_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow line the second connection would be as slow as the first, and begin later."""
    slow = Slow(monkeypatch)
    monkeypatch.setattr(opening, "PATIENCE", 0.01)
    dialed = asyncio.Event()

    async def never(*_: object) -> Any:
        dialed.set()
        await asyncio.Event().wait()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"x")
        await reader.read()

    async with listening(talk) as port, asyncio.timeout(5):
        way = Opening(("http", "localhost", port), SAID[:1], Trusts(SETTINGS))
        dialer = Dialer(ahead=way)
        monkeypatch.setattr(dialer, "_dial", never)
        connecting = asyncio.create_task(dialer.connect("localhost", port))
        await dialed.wait()
        slow.let.set()
        wire = await connecting
        assert (wire.said, await wire.read(1)) == (SAID[:1], b"x")
        wire.close()


async def test_what_comes_too_late_is_hung_up(monkeypatch: pytest.MonkeyPatch) -> None:
    slow, heads = Slow(monkeypatch), []
    monkeypatch.setattr(opening, "PATIENCE", 0.01)

    async def talk(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            heads.append(await reader.readuntil(b"\r\n\r\n"))

    async with listening(talk) as port, asyncio.timeout(5):
        way = Opening(("http", "localhost", port), SAID[:1], Trusts(SETTINGS))
        wire = await Dialer(ahead=way).connect("localhost", port)
        assert wire.said == ()
        slow.let.set()
        with pytest.raises(ConnectionAbortedError):
            await way.greeted()
        wire.close()
    assert heads == []


async def test_whoever_leaves_hangs_up(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(monkeypatch)
    way = Opening(("http", "localhost", 1), SAID[:1], Trusts(SETTINGS))
    connecting = asyncio.create_task(Dialer(ahead=way).connect("localhost", 1))
    await asyncio.sleep(0)
    connecting.cancel()
    await asyncio.wait([connecting])
    slow.let.set()
    async with asyncio.timeout(5):
        with pytest.raises(ConnectionAbortedError, match="not wanted"):
            await way.greeted()


# Names that mean another machine


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_name_of_this_machine_that_leads_to_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """Whoever answers for *.localhost hears nothing in clear, and not what will be wanted."""
    heads: list[bytes] = []
    fake = SimpleNamespace(ip_address=lambda text: SimpleNamespace(is_loopback=not text))
    monkeypatch.setattr(opening, "ipaddress", fake)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*issue(issuer=CA).write(tmp_path, "server"))
    trusts = Trusts(SETTINGS._replace(ca_file=CA.write(tmp_path, "ca")[0]))

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                heads.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(b"x")

    async with listening(talk, context if scheme == "https" else None) as port, asyncio.timeout(5):
        origin: Origin = (scheme, "127.0.0.1", port)
        way = Opening(origin, SAID, trusts)
        assert way.claim()
        if scheme == "http":
            with pytest.raises(ConnectionAbortedError):
                await way.take()
        else:
            wire = await way.take()
            assert (wire.said, await wire.read(1)) == (SAID[:1], b"x")
            wire.close()
    assert heads == list(SAID[:1] if scheme == "https" else ())


async def test_logins_do_not_go_to_it_in_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the name of this machine means another, http is as dangerous as with any other name."""
    registry = Registry.parse("registry.localhost:5000")
    elsewhere = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.2", 5000))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: elsewhere)
    async with Client(SETTINGS) as client:
        schemes = client._transport._schemes
        assert schemes.http_asked(registry)
        assert await schemes.base(registry) == "https://registry.localhost:5000"
        assert not schemes.http_asked(registry)
    async with Client(SETTINGS._replace(plain_http=frozenset({registry.key}))) as client:
        assert client._transport._schemes.http_asked(registry)


# Certificates


async def test_a_broken_setting_for_tls_does_not_matter_to_who_speaks_http(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    here, settings = Registry.parse(registry.name), SETTINGS._replace(ca_file=tmp_path / "absent.pem")
    ahead = Ahead(settings)
    ahead.begin(here)
    async with Client(settings, ahead) as client:
        await client.ping(here)
        assert client.connection(here).base == f"http://{registry.name}"


async def test_it_is_told_where_tls_is_spoken(tmp_path: Path) -> None:
    settings = SETTINGS._replace(ca_file=tmp_path / "absent.pem")
    async with secure(tmp_path, issue(issuer=CA)) as server:
        here = Registry.parse(server.name)
        ahead = Ahead(settings)
        ahead.begin(here)
        async with Client(settings, ahead) as client:
            with pytest.raises(ConfigError, match=r"The CA file .*absent.pem cannot be used"):
                await client.ping(here)


async def test_everybody_waits_while_the_bundle_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several questions at once to a registry that only the bundle knows: none of them is told to distrust it."""
    ca_file = CA.write(tmp_path, "ca")[0]
    bundle = hashed_system(monkeypatch, tmp_path, ca_file)
    load = ssl.SSLContext.load_default_certs

    def slowly(context: ssl.SSLContext) -> None:
        time.sleep(0.2)
        load(context)

    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", slowly)
    async with secure(tmp_path, issue(issuer=CA)) as server:
        pool = Pool(Trusts(SETTINGS).context_now(origin_of(f"https://{server.name}")), Dialer())
        asked = request("GET", f"https://{server.name}/v2/", {})
        answers = await asyncio.gather(*(pool.handle_async_request(asked) for _ in range(4)))
        for answer in answers:
            await answer.aclose()
        await pool.aclose()
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len(bundle) == 1


# Servers with peculiarities


async def layer_ahead(port: int) -> tuple[bytes, list[int | None]]:
    """A layer that was asked for together with the knock, and the status of every request."""
    place = Reference(Repository(Registry.parse(f"127.0.0.1:{port}"), "acme/app"), None, DIGEST)
    ahead, content = Ahead(SETTINGS), bytearray()
    ahead.begin(place, Then(f"/v2/acme/app/blobs/{DIGEST}", ANYTHING))
    async with Client(SETTINGS, ahead) as client:
        await client.blob_stream(place.repository, DIGEST).into(lambda piece: content.extend(b"".join(piece)))
        return bytes(content), [one.status for one in client.requests]


async def test_one_that_talks_to_one_at_a_time_is_left_in_peace(monkeypatch: pytest.MonkeyPatch) -> None:
    """The greeting that was in vain is hung up before it is asked by http."""
    monkeypatch.setattr(tls, "PROBE_SECONDS", 0.05)
    left = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.read(1) != b"G":
            with contextlib.suppress(ConnectionError):
                await reader.read()
            left.set()
            return
        await left.wait()
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(ANSWER)

    async with listening(talk) as port, asyncio.timeout(5):
        here = Registry.parse(f"127.0.0.1:{port}")
        ahead = Ahead(SETTINGS)
        ahead.begin(here)
        async with Client(SETTINGS, ahead) as client:
            await client.ping(here)


@pytest.mark.parametrize("loses", ["the second request", "the connection"])
async def test_one_that_reads_no_more_than_a_request_at_a_time_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, loses: str
) -> None:
    monkeypatch.setattr(pool, "AGAIN", 0.05)
    asked: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (came := await reader.read(65_536)).startswith(b"GET"):
            asked.append(came.split()[1].decode())
            body = RAW if "blobs" in asked[-1] else b""
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            if loses == "the connection":
                writer.close()
                return

    async with listening(talk) as port, asyncio.timeout(5):
        assert await layer_ahead(port) == (RAW, [200, 200])
    assert asked == ["/v2/", f"/v2/acme/app/blobs/{DIGEST}"]


async def test_an_answer_that_comes_late_counts_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind some registries is a storage that takes its time: to begin anew would take as long again."""
    monkeypatch.setattr(pool, "AGAIN", 0.05)
    waiting, asked = asyncio.Event(), 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        if await reader.read(1) != b"G":
            return
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                asked += b"blobs" in head
                if b"blobs" not in head:
                    writer.write(ANSWER)
                elif asked == 1:
                    await waiting.wait()
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(RAW) + RAW)
                else:
                    waiting.set()
                    await asyncio.Event().wait()

    async with listening(talk) as port, asyncio.timeout(5):
        assert (await layer_ahead(port))[0] == RAW
    assert asked == 2
