"""The ping as the probe: https first, http only where nothing speaks TLS, and a line in the log for each."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from regbrowse.errors import NetError, RegbrowseError, TlsError
from regbrowse.reference import Registry, Repository
from regbrowse.registry.client import Client, Settings
from regbrowse.registry.transport.early_connection import EarlyConnection
from regbrowse.registry.transport.url_policy import origin_of
from support import images
from support.command_line import command_line
from support.fake_registry import FakeRegistry, Fault
from support.tls_world import Paper, issue, listening, secure, strict

CA = issue("Example CA", authority=True)


class Wire:
    """A TLS server on loopback that notes the first bytes of every connection."""

    def __init__(self, folder: Path, paper: Paper) -> None:
        self.first: list[bytes] = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*paper.write(folder, "wire"))

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = self._context.wrap_bio(incoming, outgoing, server_side=True)
        self.first.append(b"")
        at = len(self.first) - 1
        while True:
            data = await reader.read(65_536)
            if not data:
                return
            self.first[at] += data[: 16 - len(self.first[at])] if len(self.first[at]) < 16 else b""
            incoming.write(data)
            try:
                server.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                writer.write(outgoing.read())
                await writer.drain()
                return
            writer.write(outgoing.read())
            await writer.drain()


def is_client_hello(first: bytes) -> bool:
    """Whether the first bytes are a TLS handshake record (RFC 8446, 5.1), which holds nothing in clear."""
    return first[:2] == b"\x16\x03"


@pytest.mark.parametrize("plain_http", [False, True])
@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize(
    "paper",
    [issue("alone"), issue(issuer=CA), issue(issuer=CA, days=(-9, -1)), issue(names=["other.example"])],
    ids=["self-signed", "unknown CA", "expired", "another name"],
)
async def test_after_distrust_not_one_byte_goes_out_in_clear(
    tmp_path: Path, paper: Paper, early: bool, plain_http: bool
) -> None:
    wire = Wire(tmp_path, paper)
    async with listening(wire.talk) as port:
        registry = Registry.parse(f"127.0.0.1:{port}")
        settings = Settings(pause=0, plain_http=frozenset({registry.key}) if plain_http else frozenset())
        ahead = EarlyConnection(settings) if early else None
        if ahead is not None:
            ahead.begin(origin_of(f"https://{registry.authority}"))
        async with Client(settings, ahead) as client:
            for _ in range(2):
                with pytest.raises(TlsError):
                    await client.ping(registry)
                with pytest.raises(TlsError):
                    await client.head(Repository(registry, "acme/app"), "1")
            assert {one.url.partition(":")[0] for one in client.log} == {"https"}
    assert len(wire.first) >= 4
    assert all(is_client_hello(first) for first in wire.first)


async def test_a_demand_for_a_client_certificate_is_no_reason_for_http(tmp_path: Path) -> None:
    ca_file = CA.write(tmp_path, "ca")[0]
    with strict(tmp_path, issue(issuer=CA), issue("Client CA", authority=True)) as port:
        registry = Registry.parse(f"127.0.0.1:{port}")
        async with Client(Settings(pause=0, ca_file=ca_file)) as client:
            with pytest.raises(RegbrowseError):
                await client.ping(registry)
            assert {one.url.partition(":")[0] for one in client.log} == {"https"}


async def test_each_scheme_that_was_tried_is_in_the_log_once(registry: FakeRegistry) -> None:
    async with Client(Settings(pause=0)) as client:
        await client.ping(Registry.parse(registry.name))
        assert [(one.url, one.status, one.note) for one in client.log] == [
            (f"https://{registry.name}/v2/", None, "no answer"),
            (f"http://{registry.name}/v2/", 200, ""),
        ]


async def test_a_registry_that_was_named_by_https_is_never_asked_in_clear(
    registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    registry.repository("acme/app").add(images.image(), "1")
    run = command_line(monkeypatch, tmp_path)
    said = await run("tags", f"https://{registry.name}/acme/app", "-u", "ann:s3cr3t-canary", "-v")
    assert said.code == 3
    assert "does not speak TLS" in said.err
    assert "http://" not in said.err.replace("https://", "")
    assert registry.asked == []
    assert (await run("tags", f"https://{registry.name}/acme/app", "--plain-http")).code == 0


@pytest.mark.parametrize("begun", [False, True])
async def test_a_ping_by_http_that_is_on_its_way_counts_for_nothing_once_https_is_required(
    registry: FakeRegistry, begun: bool
) -> None:
    registry.repository("acme/app").add(images.image(), "1")
    here, gate = Registry.parse(registry.name), registry.gate("/v2/")
    async with Client(Settings(pause=0)) as client:
        if begun:
            client.begin(here)
        listing = asyncio.ensure_future(anext(client.tags(Repository(here, "acme/app"))))
        await asyncio.wait_for(gate.arrived.wait(), 5)
        client.require_https(here)
        gate.open()
        with pytest.raises(RegbrowseError) as caught:
            await listing
        assert caught.value.slug == "no-tls"
        assert client.connection(here).base == ""
    assert registry.paths(ping=True) == ["/v2/"]


async def test_a_ping_by_http_that_was_begun_before_https_is_required_is_not_used(registry: FakeRegistry) -> None:
    here = Registry.parse(registry.name)
    async with Client(Settings(pause=0)) as client:
        client.begin(here)
        await asyncio.wait_for(client.auth.pings._begun[here.key], 5)
        assert client.connection(here).base == f"http://{registry.name}"
        client.require_https(here)
        assert client.connection(here).base == ""
        with pytest.raises(RegbrowseError) as caught:
            await client.head(Repository(here, "acme/app"), "1")
        assert caught.value.slug == "no-tls"
    assert registry.paths(ping=True) == ["/v2/"]


async def test_http_is_not_tried_when_https_was_required_while_it_failed() -> None:
    first: list[bytes] = []
    arrived, opened = asyncio.Event(), asyncio.Event()

    async def hang_up(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        first.append(await reader.read(16))
        arrived.set()
        await opened.wait()

    async with listening(hang_up) as port, Client(Settings(pause=0)) as client:
        registry = Registry.parse(f"127.0.0.1:{port}")
        ping = asyncio.ensure_future(client.ping(registry))
        await asyncio.wait_for(arrived.wait(), 5)
        client.require_https(registry)
        opened.set()
        with pytest.raises(RegbrowseError) as caught:
            await ping
        assert caught.value.slug == "no-tls"
    assert all(is_client_hello(one) for one in first)


@pytest.mark.parametrize("answered", [False, True], ids=["nothing", "headers"])
async def test_a_ping_that_is_not_answered_in_time_ends_nothing(registry: FakeRegistry, answered: bool) -> None:
    registry.repository("acme/app").add(images.image(), "1")
    registry.gate("/v2/")
    if answered:
        registry.fault("/v2/", Fault(stall=0))
    here = Registry.parse(registry.name)
    async with Client(Settings(pause=0, deadline=1)) as client:
        pages = [page async for page in client.tags(Repository(here, "acme/app"))]
        assert [tag for page in pages for tag in page.tags] == ["1"]
        assert client.connection(here).base == f"http://{registry.name}"
        assert [one.note for one in client.log if one.url.endswith("/v2/")][1:] == [
            "too slow" if answered else "no answer"
        ]


async def test_a_registry_that_answers_nothing_is_said_not_to_answer(registry: FakeRegistry) -> None:
    for path in ("/v2/", "/v2/acme/app/tags/list"):
        registry.gate(path)
    async with Client(Settings(pause=0, deadline=0.5)) as client:
        with pytest.raises(NetError, match="did not answer within 1 s") as caught:
            await anext(client.tags(Repository(Registry.parse(registry.name), "acme/app")))
    assert "slowly" not in str(caught.value)


async def test_the_first_request_takes_the_early_connection_and_opens_no_other(tmp_path: Path) -> None:
    ca_file = CA.write(tmp_path, "ca")[0]
    async with secure(tmp_path, issue(issuer=CA)) as server:
        registry = Registry.parse(server.name)
        settings = Settings(pause=0, ca_file=ca_file)
        early = EarlyConnection(settings)
        early.begin(origin_of(f"https://{registry.authority}"))
        async with Client(settings, early) as client:
            await client.ping(registry)
            await client.ping(registry)
            await client.head(Repository(registry, "acme/app"), "1")
        assert len(server.heads) == 2
        assert len(server.ports) == 1


async def test_an_early_connection_that_no_request_took_is_closed(tmp_path: Path) -> None:
    ca_file, arrived, left = CA.write(tmp_path, "ca")[0], asyncio.Event(), asyncio.Event()

    async def talk(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        arrived.set()
        while await reader.read(65_536):
            pass
        left.set()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*issue(issuer=CA).write(tmp_path, "server"))
    async with listening(talk, context) as port:
        settings = Settings(pause=0, ca_file=ca_file)
        early = EarlyConnection(settings)
        early.begin(("https", "127.0.0.1", port))
        await asyncio.wait_for(arrived.wait(), 5)
        async with Client(settings, early):
            pass
        await asyncio.wait_for(left.wait(), 5)


async def test_an_early_connection_to_a_closed_port_is_told_as_ever(unused_tcp_port: int) -> None:
    settings = Settings(pause=0)
    early = EarlyConnection(settings)
    early.begin(("https", "127.0.0.1", unused_tcp_port))
    async with Client(settings, early) as client:
        with pytest.raises(NetError, match="Nothing answers at"):
            await client.ping(Registry.parse(f"127.0.0.1:{unused_tcp_port}"))
