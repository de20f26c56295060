"""A connection that is opened before anybody asks: taken once, never in the way, and nowhere it was not wanted."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h11
import httpx
import pytest

from fake_registry import FakeRegistry
from regbrowse.demo.registry import DemoRegistry
from regbrowse.errors import NetError, TlsError
from regbrowse.oci.descriptor import Descriptor
from regbrowse.reference import Digest, Reference, Registry, Repository, parse_reference
from regbrowse.registry.asking import blob_question, tags_question
from regbrowse.registry.client import Client, Settings
from regbrowse.registry.content.disk import Disk
from regbrowse.registry.lists.link import with_query
from regbrowse.registry.net.ahead import Ahead
from regbrowse.registry.net.guard import Dialer
from regbrowse.registry.net.http1 import Line
from regbrowse.registry.net.knock import ANYTHING, PAGE, Then, blob_path, knock, tags_path
from regbrowse.registry.net.opening import Opening
from regbrowse.registry.net.wires import request
from regbrowse.settings.network import Network
from tls_world import ANSWER, issue, listening

CA = issue("Example CA", authority=True)
DIGEST = f"sha256:{'0' * 64}"


@dataclass
class Calls:
    """A server with TLS, and who called it."""

    port: int = 0
    opened: int = 0
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    heads: list[bytes] = field(default_factory=list)

    @property
    def place(self) -> Reference:
        return Reference(Repository(Registry.parse(f"127.0.0.1:{self.port}"), "acme/app"), "1")

    def way(self, ahead: Ahead, scheme: str = "https") -> Opening:
        way = ahead.to((scheme, "127.0.0.1", self.port))
        assert way is not None
        return way


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    return CA.write(tmp_path, "ca")[0]


@contextlib.asynccontextmanager
async def calls(folder: Path, *, secure: bool = True) -> AsyncIterator[Calls]:
    heard = Calls()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*issue(issuer=CA).write(folder, "server"))

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.opened += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                heard.heads.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(ANSWER)
                await writer.drain()
        heard.closed.set()

    async with listening(talk, context if secure else None) as heard.port:
        yield heard


async def test_the_first_question_takes_it_and_no_other_is_opened(tmp_path: Path, ca_file: Path) -> None:
    settings = Settings(pause=0, ca_file=ca_file)
    async with calls(tmp_path) as heard:
        ahead = Ahead(settings)
        assert ahead.begin(heard.place)
        await heard.way(ahead).greeted()
        async with Client(settings, ahead) as client:
            await client.ping(heard.place.repository.registry)
            assert ahead.to(("https", "127.0.0.1", heard.port)) is None
            await client.head(heard.place.repository, "1")
        assert heard.opened == 1
        assert [head.partition(b" HTTP")[0] for head in heard.heads] == [
            b"GET /v2/",
            b"HEAD /v2/acme/app/manifests/1",
        ]


async def test_a_registry_without_tls_is_asked_by_http_all_the_same(registry: FakeRegistry) -> None:
    here = Registry.parse(registry.name)
    ahead = Ahead(Settings(pause=0))
    assert ahead.begin(here)
    async with Client(Settings(pause=0), ahead) as client:
        await client.ping(here)
        assert client.connection(here).base == f"http://{registry.name}"


async def test_a_certificate_that_is_not_trusted_is_told_as_ever(tmp_path: Path) -> None:
    async with calls(tmp_path) as heard:
        ahead = Ahead(Settings(pause=0))
        ahead.begin(heard.place)
        async with Client(Settings(pause=0), ahead) as client:
            with pytest.raises(TlsError, match='signed by "Example CA", which this computer does not trust'):
                await client.ping(heard.place.repository.registry)
        assert heard.heads == []


async def test_nobody_there(unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Registry, "is_loopback", property(lambda _: False))
    here = Registry.parse(f"127.0.0.1:{unused_tcp_port}")
    ahead = Ahead(Settings(pause=0))
    ahead.begin(here)
    async with Client(Settings(pause=0), ahead) as client:
        with pytest.raises(NetError, match="Nothing answers"):
            await client.ping(here)


async def test_what_nobody_took_is_hung_up(tmp_path: Path, ca_file: Path) -> None:
    settings = Settings(ca_file=ca_file)
    async with calls(tmp_path) as heard:
        ahead = Ahead(settings)
        ahead.begin(heard.place)
        client = Client(settings, ahead)
        await heard.way(ahead).greeted()
        await client.aclose()
        await asyncio.wait_for(heard.closed.wait(), 5)
        await client.aclose()
    assert len(asyncio.all_tasks()) == 1


async def test_who_gives_up_waiting_hangs_up(tmp_path: Path) -> None:
    async with calls(tmp_path, secure=False) as heard:  # it never answers the greeting
        ahead = Ahead(Settings())
        ahead.begin(heard.place)
        async with asyncio.timeout(5):
            while not heard.opened:
                await asyncio.sleep(0.001)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await heard.way(ahead).take()
        await asyncio.wait_for(heard.closed.wait(), 5)
        ahead.close()


async def test_two_that_want_it_get_two_connections(tmp_path: Path, ca_file: Path) -> None:
    settings = Settings(pause=0, ca_file=ca_file)
    async with calls(tmp_path) as heard:
        ahead = Ahead(settings)
        ahead.begin(heard.place)
        dialer = Dialer(ahead=heard.way(ahead))
        wires = await asyncio.gather(*(dialer.connect("127.0.0.1", heard.port) for _ in range(3)))
        assert sorted(wire.secured is None for wire in wires) == [False, True, True]
        for wire in wires:
            wire.close()
        ahead.close()


async def test_an_address_that_does_not_answer_keeps_nobody_waiting(
    tmp_path: Path, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it is waiting for, others are tried after a moment, and it is of no account when it comes late."""
    let, settings = threading.Event(), Settings(pause=0, ca_file=ca_file)
    silent = socket.getaddrinfo

    def slow(host: bytes | str, *rest: Any, **more: Any) -> Any:
        if isinstance(host, bytes):
            let.wait(5)
        return silent(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    async with calls(tmp_path) as heard:
        ahead = Ahead(settings)
        ahead.begin(heard.place)
        way = heard.way(ahead)
        async with Client(settings, ahead) as client:
            here = heard.place.repository.registry
            client._transport._schemes._bases[here.key] = f"https://{here.authority}"
            await client.ping(here)
            assert heard.opened == 1
            let.set()
            async with asyncio.timeout(5):
                while not way._over.is_set():
                    await asyncio.sleep(0.001)
        assert len(heard.heads) == 1


async def test_a_name_whose_first_address_is_not_the_registry(
    tmp_path: Path, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As localhost means ::1 first, and many registries listen at 127.0.0.1 alone."""
    settings, both = Settings(pause=0, ca_file=ca_file), ("127.0.0.2", "127.0.0.1")
    kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, port, **__: [(*kind, (one, port)) for one in both])
    async with calls(tmp_path) as heard:
        here = Registry.parse(f"localhost:{heard.port}")
        ahead = Ahead(settings)
        assert ahead.begin(here)
        async with Client(settings, ahead) as client:
            await client.ping(here)
            assert client.connection(here).base == f"https://localhost:{heard.port}"


@pytest.mark.parametrize(
    "name", ["alpine", "registry.example.com/x", "registry.example.com:443/x", "127.0.0.1:80/x", "[::1]:05000/x"]
)
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_what_is_said_ahead_is_what_the_transport_would_write(name: str, scheme: str) -> None:
    """Byte for byte: else it would not be taken for the first question, and asked again on another connection."""
    repository, digest, secure = parse_reference(name).repository, Digest.parse(DIGEST), scheme == "https"
    _, question = blob_question(repository, Descriptor("", digest, None), 0)
    listing = with_query(tags_question(repository).path, n=PAGE)
    thens = {
        question.path: (Then(blob_path(repository, digest), ANYTHING), question.headers),
        listing: (Then(f"{tags_path(repository)}?n={PAGE}"), {}),
    }
    said: list[tuple[str, Mapping[str, str], bytes]] = []
    for path, (then, headers) in thens.items():
        first, second = knock(repository.registry, then, secure=secure)
        said += [("/v2/", {}, first), (path, headers, second)]
    for path, headers, written in said:
        asked = request("GET", f"{scheme}://{repository.registry.authority}{path}", headers)
        sent = h11.Request(method=asked.method, target=asked.url.raw_path, headers=asked.headers.raw)
        line = h11.Connection(h11.CLIENT)
        assert written == (line.send(sent) or b"") + (line.send(h11.EndOfMessage()) or b"")


async def test_what_was_asked_ahead_is_no_answer_to_another_question(tmp_path: Path, ca_file: Path) -> None:
    settings = Settings(pause=0, ca_file=ca_file)
    async with calls(tmp_path) as heard:
        ahead = Ahead(settings)
        ahead.begin(heard.place)
        way = heard.way(ahead)
        assert way.claim()
        line = Line(await way.take())
        with pytest.raises(httpx.WriteError):
            await line.ask(httpx.Request("GET", "https://x/v2/y", extensions={"timeout": {"write": 5, "read": 5}}))
        line.close()
        ahead.close()


@pytest.mark.parametrize(
    "why",
    [
        *("offline", "blocked", "moved", "mirrored", "proxied", "on disk"),
        *("blocked registry", "blocked but for others", "searched", "in here"),
    ],
)
async def test_where_it_is_not_certain_that_the_first_question_goes_there(tmp_path: Path, why: str) -> None:
    repository = Repository(Registry.parse("registry.example.com"), "acme/app")
    place: Reference | Registry = Reference(repository, "1")
    conf, own, environ = "", "", {}
    settings = Settings(cache_folder=tmp_path / "cache", offline=why == "offline")
    if why in ("blocked", "blocked registry"):
        conf = '[[registry]]\nprefix = "registry.example.com"\nblocked = true\n'
        place = repository.registry if why == "blocked registry" else place
    elif why == "blocked but for others":
        conf = '[[registry]]\nprefix = "registry.example.com"\nblocked = true\n'
        conf += '[[registry]]\nprefix = "registry.example.com/acme"\n'
    elif why == "moved":
        conf = '[[registry]]\nprefix = "registry.example.com/acme"\nlocation = "other.example.com/acme"\n'
    elif why == "mirrored":
        own = '[registry."registry.example.com"]\nmirror = "mirror.example.com/hub"\n'
    elif why == "proxied":
        environ = {"HTTPS_PROXY": "http://proxy.example.com:3128"}
    elif why == "on disk":
        place = parse_reference(f"{repository}@{DIGEST}")
        Disk(tmp_path / "cache", 2**20, []).write("somebody", Digest.parse(DIGEST), b"{}")
    elif why == "searched":
        place = Registry.parse("docker.io")
    elif why == "in here":
        settings = settings._replace(local={repository.registry.key: DemoRegistry()})
    (tmp_path / "registries.conf").write_text(conf)
    (tmp_path / "settings.toml").write_text(own)
    environ |= {"CONTAINERS_REGISTRIES_CONF": str(tmp_path / "registries.conf")}
    network = Network.read(environ, tmp_path, config=tmp_path / "settings.toml", etc=tmp_path)
    assert not network.notices
    ahead = Ahead(settings._replace(network=network))
    assert not ahead.begin(place)
    assert ahead.to(("https", "registry.example.com", 443)) is None
    ahead.close()


@pytest.mark.parametrize("cache", ["absent", "of others", "unusable"])
async def test_what_is_not_on_disk_is_asked_for(tmp_path: Path, cache: str) -> None:
    place = parse_reference(f"127.0.0.1:1/acme/app@{DIGEST}")
    if cache == "of others":
        Disk(tmp_path / "cache", 2**20, []).write("somebody", Digest.parse(DIGEST.replace("0", "1")), b"{}")
    elif cache == "unusable":
        (tmp_path / "cache").write_bytes(b"")
    ahead = Ahead(Settings(cache_folder=tmp_path / "cache"))
    assert ahead.begin(place)
    ahead.close()
