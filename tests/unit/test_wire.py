"""Connections on sockets of the system: TLS both ways, large pieces, silence, and ends."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import truststore

from regbrowse.registry.net.trust import bare_context
from regbrowse.registry.net.wire import RECORD, Wire
from tls_world import issue, listening

CA = issue("Example CA", authority=True)
LARGE = bytes(range(256)) * 4096


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    return CA.write(tmp_path, "ca")[0]


@pytest.fixture
def server(tmp_path: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*issue(issuer=CA).write(tmp_path, "server"))
    return context


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(65_536):
        writer.write(chunk)
        await writer.drain()


@contextlib.asynccontextmanager
async def wire_to(
    talk: object, server: ssl.SSLContext | None = None, ca_file: Path | None = None
) -> AsyncIterator[Wire]:
    async with listening(talk, server) as port:
        wire = await Wire.open("127.0.0.1", port)
        if server:
            await wire.start_tls(ssl.create_default_context(cafile=ca_file), "localhost")
        yield wire
        wire.close()


async def until_end(wire: Wire, count: int) -> bytes:
    came = b""
    while len(came) < count and (chunk := await wire.read(100_000)):
        assert len(chunk) <= 100_000
        came += chunk
    return came


@pytest.mark.parametrize("secure", [False, True])
async def test_more_than_fits_into_a_socket_goes_both_ways(secure: bool, server: ssl.SSLContext, ca_file: Path) -> None:
    async with wire_to(echo, server if secure else None, ca_file) as wire:
        sending = asyncio.create_task(wire.write(LARGE * 8))
        assert await until_end(wire, len(LARGE) * 8) == LARGE * 8
        await sending
        assert (wire.secured is not None) == secure
        assert (wire.certificate() is not None) == secure


async def test_several_records_come_at_once(server: ssl.SSLContext, ca_file: Path) -> None:
    sent = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(LARGE[: 4 * RECORD])
        await writer.drain()
        sent.set()
        await reader.read()

    async with wire_to(talk, server, ca_file) as wire:
        await wire.write(b"x")
        await sent.wait()
        came = b""
        pieces = []
        while len(came) < 4 * RECORD:
            pieces.append(await wire.read(10 * RECORD))
            came += pieces[-1]
        assert came == LARGE[: 4 * RECORD]
        assert max(map(len, pieces)) > RECORD


async def test_who_asks_for_one_byte_gets_one() -> None:
    """A tunnel is read byte by byte, because what follows its head belongs to somebody else."""
    async with wire_to(echo) as wire:
        await wire.write(b"abc")
        assert [await wire.read(1) for _ in range(3)] == [b"a", b"b", b"c"]


@pytest.mark.parametrize("secure", [False, True])
async def test_the_end_is_an_empty_read_and_seen_before_one(
    secure: bool, server: ssl.SSLContext, ca_file: Path
) -> None:
    over = asyncio.Event()

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    async with wire_to(talk, server if secure else None, ca_file) as wire:
        # Tickets for another session have come by now, which are no end.
        await asyncio.sleep(0.05)
        assert not wire.ended()
        over.set()
        async with asyncio.timeout(5):
            while not wire.ended():
                await asyncio.sleep(0.001)
            assert await wire.read(10) == b""


async def test_what_comes_unasked_makes_a_connection_useless() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
        await reader.read()

    async with wire_to(talk) as wire, asyncio.timeout(5):
        while not wire.ended():
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("secure", [False, True])
async def test_closing_wakes_who_reads(secure: bool, server: ssl.SSLContext, ca_file: Path) -> None:
    async with wire_to(echo, server if secure else None, ca_file) as wire:
        reading = asyncio.create_task(wire.read(1))
        await asyncio.sleep(0.01)
        wire.close()
        with pytest.raises(ConnectionAbortedError):
            await asyncio.wait_for(reading, 5)
        assert wire.ended()


def default(ca_file: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


def of_the_system(ca_file: Path) -> ssl.SSLContext:
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cafile=ca_file)
    return context


KINDS = pytest.mark.parametrize("kind", [default, of_the_system])


@KINDS
async def test_who_is_trusted(kind: Callable[[Path], ssl.SSLContext], server: ssl.SSLContext, ca_file: Path) -> None:
    context = kind(ca_file)
    async with listening(echo, server) as port:
        wire = await Wire.open("127.0.0.1", port)
        await wire.start_tls(context, "localhost")
        assert wire.secured == (context, "localhost")
        await wire.write(LARGE)
        assert await until_end(wire, len(LARGE)) == LARGE
        wire.close()


@KINDS
@pytest.mark.parametrize("name", ["localhost", "other.example"])
async def test_who_is_not(
    kind: Callable[[Path], ssl.SSLContext], name: str, server: ssl.SSLContext, ca_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    known = ca_file if name != "localhost" else issue("Other CA", authority=True).write(tmp_path / "other", "ca")[0]
    async with listening(echo, server) as port:
        wire = await Wire.open("127.0.0.1", port)
        with pytest.raises(ssl.SSLCertVerificationError):
            await wire.start_tls(kind(known), name)
        assert wire.ended()


@KINDS
async def test_a_greeting_that_is_given_up_is_hung_up(kind: Callable[[Path], ssl.SSLContext], ca_file: Path) -> None:
    left = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        while await reader.read(65_536):
            pass
        left.set()

    async with listening(silent) as port:
        wire = await Wire.open("127.0.0.1", port)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await wire.start_tls(kind(ca_file), "localhost")
        await asyncio.wait_for(left.wait(), 5)


async def test_who_is_silent_keeps_nobody_else_waiting(server: ssl.SSLContext, ca_file: Path) -> None:
    """truststore's contexts are used by one greeting at a time, and shared by everybody who needs nothing special."""
    context, called = of_the_system(ca_file), asyncio.Event()

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        called.set()
        await reader.read()

    async with listening(silent) as nobody, listening(echo, server) as somebody:
        waiting, other = await Wire.open("127.0.0.1", nobody), await Wire.open("127.0.0.1", somebody)
        greeting = asyncio.create_task(waiting.start_tls(context, "localhost"))
        await called.wait()
        async with asyncio.timeout(5):
            await other.start_tls(context, "localhost")
            await other.write(b"x")
            assert await other.read(1) == b"x"
        other.close()
        greeting.cancel()
        await asyncio.wait([greeting])


async def test_a_reset_is_told_after_what_came_before_it(server: ssl.SSLContext, ca_file: Path) -> None:
    """The system tells it once; after that it looks like an end, and content that lasts until then like whole."""

    class Reset(ssl.SSLSocket):
        records: list[bytes | OSError]

        def recv(self, _most: int = 0, _flags: int = 0) -> bytes:
            record = self.records.pop(0)
            if isinstance(record, OSError):
                raise record
            return record

    async with wire_to(echo, server, ca_file) as wire:
        assert isinstance(wire._socket, ssl.SSLSocket)
        wire._socket.__class__ = Reset
        wire._socket.records = [bytes(RECORD), ConnectionResetError(104, "reset"), b""]  # type: ignore[attr-defined]
        assert await wire.read(4 * RECORD) == bytes(RECORD)
        assert wire.ended()
        with pytest.raises(ConnectionResetError):
            await wire.read(4 * RECORD)


@pytest.mark.parametrize("secure", [False, True])
async def test_pouring_that_is_given_up_hands_nothing_on_that_is_no_content(
    secure: bool, server: ssl.SSLContext, ca_file: Path
) -> None:
    begun, strange = asyncio.Event(), bytearray()
    loop = asyncio.get_running_loop()

    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"x" * 2**20)
                await writer.drain()

    def into(piece: list[bytes]) -> None:
        loop.call_soon_threadsafe(begun.set)
        strange.extend(b"".join(piece).replace(b"x", b""))

    async with wire_to(flood, server if secure else None, ca_file) as wire:
        pouring = asyncio.create_task(wire.pour(2**40, into, 5))
        await begun.wait()
        pouring.cancel()
        await asyncio.wait([pouring])
        async with asyncio.timeout(5):
            while wire._lent:
                await asyncio.sleep(0.001)
    assert not strange


async def test_what_is_no_tls() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.0 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with listening(plain) as port:
        wire = await Wire.open("127.0.0.1", port)
        with pytest.raises(ssl.SSLError):
            await wire.start_tls(bare_context(), "localhost")
        assert wire.ended()


async def test_others_get_their_turn_while_much_is_read() -> None:
    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(LARGE)
            await writer.drain()

    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with wire_to(flood) as wire:
        beside = asyncio.create_task(other())
        for _ in range(200):
            await wire.read(4096)
        beside.cancel()
    assert turns
