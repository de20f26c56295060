"""What is asked ahead on this machine: by http where TLS is slow to answer, and a blob together with the knock."""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
from pathlib import Path
from typing import Any, cast

import pytest

from fake_login import FakeKeychain
from fake_registry import FakeRegistry, Fault
from flow.command_line import command_line
from images import Made, image
from regbrowse.errors import AuthRequired, TlsError
from regbrowse.reference import Digest, Reference, Registry, Repository
from regbrowse.registry.client import Client, Login, Secret, Settings
from regbrowse.registry.net import ahead as room
from regbrowse.registry.net.ahead import Ahead
from regbrowse.registry.net.knock import ANYTHING, Then
from regbrowse.registry.net.opening import Opening
from regbrowse.registry.net.policy import Origin
from tls_world import ANSWER, issue, listening

CA = issue("Example CA", authority=True)
RAW = random.Random(3).randbytes(700_001)
MADE = Made(RAW, "application/octet-stream")
DIGEST = Digest.parse(MADE.digest)
PATH = f"/v2/acme/app/blobs/{DIGEST}"
SETTINGS = Settings(pause=0)
THEN = Then(PATH, ANYTHING)


@pytest.fixture
def place(registry: FakeRegistry) -> Reference:
    repository = registry.repository("acme/app")
    repository.add(image(), "1")
    repository.blobs[MADE.digest] = RAW
    return Reference(Repository(Registry.parse(registry.name), "acme/app"), None, DIGEST)


async def layer(client: Client, place: Reference) -> bytes:
    content = bytearray()
    await client.blob_stream(place.repository, DIGEST).into(lambda piece: content.extend(b"".join(piece)))
    return bytes(content)


def way(ahead: Ahead, scheme: str, port: int) -> Opening | None:
    return ahead.to((scheme, "127.0.0.1", port))


def paths(registry: FakeRegistry) -> list[str]:
    return [one.path for one in registry.asked]


# http beside https


async def test_a_registry_that_is_slow_to_refuse_tls_is_knocked_at_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """As through a tunnel, where each of the three round trips that this saves takes its time."""
    monkeypatch.setattr(room, "STAGGER", 0)
    knocked = asyncio.Event()
    heads: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        start = await reader.readexactly(1)
        if start == b"\x16":
            await knocked.wait()  # it hangs up on the greeting only now
            return
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                heads.append(start + await reader.readuntil(b"\r\n\r\n"))
                knocked.set()
                writer.write(ANSWER)
                start = b""

    async with listening(talk) as port:
        here = Registry.parse(f"127.0.0.1:{port}")
        ahead = Ahead(SETTINGS)
        assert ahead.begin(here)
        async with asyncio.timeout(5), Client(SETTINGS, ahead) as client:
            await client.ping(here)
            assert client.connection(here).base == f"http://127.0.0.1:{port}"
            assert way(ahead, "http", port) is None
    assert [head.partition(b" HTTP")[0] for head in heads] == [b"GET /v2/"]


@pytest.mark.parametrize("stagger", [5, 0], ids=["https alone", "both begun"])
async def test_https_wins_where_it_is_spoken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stagger: float) -> None:
    monkeypatch.setattr(room, "STAGGER", stagger)
    settings = SETTINGS._replace(ca_file=CA.write(tmp_path, "ca")[0])
    async with secured(tmp_path) as (port, opened):
        here = Registry.parse(f"127.0.0.1:{port}")
        ahead = Ahead(settings)
        ahead.begin(here)
        async with asyncio.timeout(5), Client(settings, ahead) as client:
            await client.ping(here)
            assert client.connection(here).base == f"https://127.0.0.1:{port}"
            assert way(ahead, "http", port) is None
        assert opened == ["GET /v2/"]


async def test_a_certificate_that_is_not_trusted_is_no_reason_for_http(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "STAGGER", 0)
    async with secured(tmp_path) as (port, opened):
        here = Registry.parse(f"127.0.0.1:{port}")
        ahead = Ahead(SETTINGS)
        ahead.begin(here)
        async with asyncio.timeout(5), Client(SETTINGS, ahead) as client:
            with pytest.raises(TlsError, match="does not trust"):
                await client.ping(here)
        assert opened == []


async def test_elsewhere_nothing_is_said_by_http() -> None:
    ahead = Ahead(SETTINGS._replace(plain_http=frozenset({"registry.invalid:5000"})))
    ahead.begin(Registry.parse("registry.invalid:5000"))
    assert ahead.to(("https", "registry.invalid", 5000)) is not None
    assert ahead.to(("http", "registry.invalid", 5000)) is None
    ahead.close()


@contextlib.asynccontextmanager
async def secured(folder: Path) -> Any:
    """A server with TLS: its port, and what it was asked."""
    heads: list[str] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*issue(issuer=CA).write(folder, "server"))

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                heads.append(head.partition(b" HTTP")[0].decode())
                writer.write(ANSWER)

    async with listening(talk, context) as port:
        yield port, heads


# A blob with the knock


async def test_a_blob_is_asked_for_together_with_the_knock(registry: FakeRegistry, place: Reference) -> None:
    ahead = Ahead(SETTINGS)
    assert ahead.begin(place, THEN)
    async with Client(SETTINGS, ahead) as client:
        assert await layer(client, place) == RAW
        assert await layer(client, place) == RAW
    assert paths(registry) == ["/v2/", PATH, PATH]
    assert len(registry.connections) == 1


async def test_it_is_not_waited_for_that_anybody_wants_it(registry: FakeRegistry, place: Reference) -> None:
    ahead = Ahead(SETTINGS)
    ahead.begin(place, THEN)
    async with asyncio.timeout(5):
        while paths(registry) != ["/v2/", PATH]:
            await asyncio.sleep(0.001)
    async with Client(SETTINGS, ahead) as client:
        assert await layer(client, place) == RAW
    assert paths(registry) == ["/v2/", PATH]


@pytest.mark.parametrize("auth", ["basic", "bearer"])
async def test_where_a_login_is_wanted_it_is_asked_for_again(
    registry: FakeRegistry, place: Reference, auth: str
) -> None:
    registry.auth = "basic" if auth == "basic" else "bearer"
    registry.public, registry.users = False, {"ann": "s3cr3t-canary-1"}
    login = cast("Any", FakeKeychain({"": Login("ann", Secret("s3cr3t-canary-1"))}))
    settings = SETTINGS._replace(keychain=login)
    ahead = Ahead(settings)
    ahead.begin(place, THEN)
    async with asyncio.timeout(5), Client(settings, ahead) as client:
        assert await layer(client, place) == RAW
    asked = [one for one in registry.asked if one.path == PATH]
    assert [("authorization" in one.headers, one.status) for one in asked] == [(False, 401), (True, 200)]
    assert len(registry.connections) == 1, "the refusal is read past, and the connection used again"


async def test_where_nobody_gets_it_that_is_told(registry: FakeRegistry, place: Reference) -> None:
    registry.auth, registry.public, registry.users = "basic", False, {"ann": "s3cr3t-canary-1"}
    ahead = Ahead(SETTINGS)
    ahead.begin(place, THEN)
    async with asyncio.timeout(5), Client(SETTINGS, ahead) as client:
        with pytest.raises(AuthRequired):
            await layer(client, place)


async def test_other_questions_are_answered_as_ever(registry: FakeRegistry, place: Reference) -> None:
    ahead = Ahead(SETTINGS)
    ahead.begin(place, THEN)
    async with asyncio.timeout(5), Client(SETTINGS, ahead) as client:
        assert await client.head(place.repository, "1") is not None
        assert await layer(client, place) == RAW
    assert paths(registry) == ["/v2/", PATH, "/v2/acme/app/manifests/1", PATH]
    assert len(registry.connections) == 2, "so much that nobody wants is not read"


async def test_what_is_short_and_not_wanted_is_read_past(registry: FakeRegistry, place: Reference) -> None:
    ahead = Ahead(SETTINGS)
    ahead.begin(place, Then("/v2/acme/app/tags/list?n=1000"))
    async with asyncio.timeout(5), Client(SETTINGS, ahead) as client:
        assert await client.head(place.repository, "1") is not None
        assert await layer(client, place) == RAW
    assert paths(registry) == ["/v2/", "/v2/acme/app/tags/list", "/v2/acme/app/manifests/1", PATH]
    assert len(registry.connections) == 1


@pytest.mark.parametrize("words", [["tags"], ["tags", "-l"], ["-r", "tags"]])
async def test_tags_are_asked_for_together_with_the_knock(
    registry: FakeRegistry, place: Reference, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[tuple[bytes, ...]] = []
    made = Opening

    def opening(origin: Origin, what: tuple[bytes, ...], *rest: Any, **more: Any) -> Opening:
        said.append(what)
        return made(origin, what, *rest, **more)

    monkeypatch.setattr(room, "Opening", opening)
    done = await command_line(monkeypatch, tmp_path)(*words, str(place.repository))
    assert done.code == 0
    assert {len(one) for one in said} == {2}
    assert [one.target for one in registry.asked][:2] == ["/v2/", "/v2/acme/app/tags/list?n=1000"]
    assert len(registry.connections) == 1
    assert len([one for one in registry.asked if "tags/list" in one.path]) == 1


async def test_who_hangs_up_after_the_knock_is_asked_again(place: Reference) -> None:
    """Some close the connection after each answer, and not all of them say so."""
    heads: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        start = await reader.readexactly(1)
        if start == b"G":
            heads.append((await reader.readuntil(b"\r\n\r\n")).split()[1].decode())
            body = RAW if "blobs" in heads[-1] else b""
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()

    async with listening(talk) as port:
        place = Reference(Repository(Registry.parse(f"127.0.0.1:{port}"), "acme/app"), None, DIGEST)
        ahead = Ahead(SETTINGS)
        ahead.begin(place, THEN)
        async with asyncio.timeout(5), Client(SETTINGS, ahead) as client:
            assert await layer(client, place) == RAW
    assert heads == ["/v2/", PATH]


@pytest.mark.parametrize("fault", [Fault(503, times=1), Fault(truncate=300_000, times=1)], ids=["503", "cut off"])
async def test_trouble_with_it_is_waited_out_as_ever(registry: FakeRegistry, place: Reference, fault: Fault) -> None:
    registry.fault(PATH, fault)
    ahead = Ahead(SETTINGS)
    ahead.begin(place, THEN)
    async with asyncio.timeout(5), Client(SETTINGS, ahead) as client:
        assert await layer(client, place) == RAW
    assert paths(registry) == ["/v2/", PATH, PATH]


async def test_elsewhere_a_login_is_likely_and_nothing_but_the_knock_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[bytes, ...]] = []
    monkeypatch.setattr(room, "Opening", lambda _, what, *__, **___: said.append(what))
    place = Reference(Repository(Registry.parse("registry.invalid"), "acme/app"), None, DIGEST)
    assert Ahead(SETTINGS).begin(place, THEN)
    assert [len(one) for one in said] == [1]
