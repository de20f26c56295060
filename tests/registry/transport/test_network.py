"""The network backend: names are looked up once, and inner addresses are refused where an outside server named them."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from typing import Any

import aiohappyeyeballs
import httpcore
import httpx
import pytest

from regbrowse.registry.transport.network import Backend, InternalAddress
from regbrowse.registry.transport.pool import PoolTransport
from regbrowse.registry.transport.url_policy import is_special

OUTER, OTHER, SIX = "93.184.216.34", "93.184.216.35", "2606:2800:220:1:248:1893:25c8:1946"


class Sockets:
    """Records the addresses that would be connected to, in order."""

    def __init__(self) -> None:
        self.called: list[str] = []
        self.silent = False

    async def open(self, addresses: list[Any], **_: Any) -> socket.socket:
        self.called += [str(one[4][0]) for one in addresses]
        if self.silent:
            await asyncio.Event().wait()
        raise ConnectionRefusedError(111, "refused")


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> Sockets:
    made = Sockets()
    monkeypatch.setattr(aiohappyeyeballs, "start_connection", made.open)
    return made


def names(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Every name means these addresses."""

    def resolved(*_: Any, **__: Any) -> list[Any]:
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443))
            for one in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)


async def refused(backend: Backend, host: str = "storage.example") -> BaseException | None:
    """The cause of the error that connecting ends in."""
    with pytest.raises(httpcore.ConnectError) as caught:
        await backend.connect_tcp(host, 443)
    return caught.value.__cause__


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1"),
        *("::ffff:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "ff0e::1"),
    ],
)
async def test_a_name_that_leads_inside_is_refused(
    monkeypatch: pytest.MonkeyPatch, sockets: Sockets, address: str
) -> None:
    assert is_special(address)
    names(monkeypatch, address)
    cause = await refused(Backend(guarded=True))
    assert isinstance(cause, InternalAddress)
    assert (cause.host, cause.address) == ("storage.example", address)
    assert sockets.called == []
    assert isinstance(await refused(Backend()), ConnectionRefusedError)
    assert sockets.called == [address]


async def test_of_both_kinds_of_address_only_the_outer_is_called(
    monkeypatch: pytest.MonkeyPatch, sockets: Sockets
) -> None:
    names(monkeypatch, "10.0.0.1", OUTER, "127.0.0.1", OTHER)
    assert isinstance(await refused(Backend(guarded=True)), ConnectionRefusedError)
    assert sockets.called == [OUTER, OTHER]


async def test_the_address_that_was_checked_is_the_one_called(
    monkeypatch: pytest.MonkeyPatch, sockets: Sockets
) -> None:
    answers = iter([OUTER, "127.0.0.1"])
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), 443))]
    )
    reached: list[tuple[str, bool]] = []
    await refused(Backend(guarded=True, resolved=lambda *place: reached.append(place)), "rebinding.example")
    assert sockets.called == [OUTER]
    assert reached == [("rebinding.example", False)]


async def test_the_time_is_for_name_and_connection_together(monkeypatch: pytest.MonkeyPatch, sockets: Sockets) -> None:
    names(monkeypatch, SIX, OUTER)
    sockets.silent = True
    pool = PoolTransport(ssl.create_default_context(), Backend())
    request = httpx.Request("GET", "https://both.example/v2/", extensions={"timeout": {"connect": 0.5}})
    with pytest.raises(httpx.ConnectTimeout):
        await pool.handle_async_request(request)
    assert sockets.called == [SIX, OUTER]
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize("error", [socket.gaierror(-2, "unknown"), UnicodeError("label too long")])
async def test_a_name_nobody_knows(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert isinstance(await refused(Backend(), "no-such-host.example"), socket.gaierror)


async def test_names_that_nobody_answers_for_keep_no_thread_from_other_work(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()

    def silent(*_: object, **__: object) -> list[object]:
        answered.wait(10)
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    asking = [asyncio.ensure_future(Backend().connect_tcp(f"silent{number}.example", 443)) for number in range(64)]
    await asyncio.sleep(0)
    try:
        async with asyncio.timeout(5):
            assert await asyncio.to_thread(lambda: 1) == 1
    finally:
        answered.set()
        await asyncio.gather(*asking, return_exceptions=True)
