from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from typing import Any

import httpx
import pytest

from regbrowse.registry.net import addresses
from regbrowse.registry.net.addresses import addresses_of
from regbrowse.registry.net.guard import Dialer, InnerAddress
from regbrowse.registry.net.policy import is_special
from regbrowse.registry.net.pool import Pool
from regbrowse.registry.net.wire import Wire

OUTER, OTHER, SIX = "93.184.216.34", "93.184.216.35", "2606:2800:220:1:248:1893:25c8:1946"


class Line(Wire):
    """A connection that leads nowhere."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.closed = False

    def close(self) -> None:
        self.closed = True


class Sockets:
    """Addresses that answer, refuse, or stay silent until they are let go."""

    def __init__(self) -> None:
        self.called: list[str] = []
        self.streams: list[Line] = []
        self.silent: dict[str, asyncio.Event] = {}
        self.refusing: set[str] = set()

    async def open(self, address: str, _: int) -> Wire:
        self.called.append(address)
        if address in self.silent:
            await self.silent[address].wait()
        if address in self.refusing:
            raise ConnectionRefusedError(111, "refused")
        self.streams.append(Line(address))
        return self.streams[-1]


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> Sockets:
    made = Sockets()
    monkeypatch.setattr(Wire, "open", made.open)
    return made


def names(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Every name means these addresses."""

    def resolved(*_: Any, **__: Any) -> list[Any]:
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443))
            for one in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)


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
    with pytest.raises(InnerAddress) as caught:
        await Dialer(guarded=True).connect("storage.example", 443)
    assert (caught.value.host, caught.value.address) == ("storage.example", address)
    assert sockets.called == []
    await Dialer().connect("storage.example", 443)
    assert sockets.called == [address]


async def test_of_both_kinds_of_address_only_the_outer_is_called(
    monkeypatch: pytest.MonkeyPatch, sockets: Sockets
) -> None:
    names(monkeypatch, "10.0.0.1", OUTER, "127.0.0.1")
    sockets.refusing.add(OUTER)
    with pytest.raises(ConnectionRefusedError):
        await Dialer(guarded=True).connect("storage.example", 443)
    assert sockets.called == [OUTER]


async def test_the_address_that_was_checked_is_the_one_called(
    monkeypatch: pytest.MonkeyPatch, sockets: Sockets
) -> None:
    answers = iter([OUTER, "127.0.0.1"])
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), 443))]
    )
    reached: list[tuple[str, str]] = []
    await Dialer(guarded=True, reached=lambda *place: reached.append(place)).connect("rebinding.example", 443)
    assert sockets.called == [OUTER]
    assert reached == [("rebinding.example", OUTER)]


async def test_both_kinds_of_address_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, SIX, "2606::2", "2606::3", OUTER, OTHER, OUTER)
    assert await addresses_of("both.example", 443) == [SIX, OUTER, "2606::2", OTHER, "2606::3"]
    assert await addresses_of("::1", 443) == ["::1"]


async def test_a_silent_address_costs_a_moment_and_is_hung_up(
    monkeypatch: pytest.MonkeyPatch, sockets: Sockets
) -> None:
    monkeypatch.setattr(addresses, "STAGGER", 0.001)
    names(monkeypatch, SIX, OUTER)
    sockets.silent[SIX] = asyncio.Event()
    await asyncio.wait_for(Dialer().connect("both.example", 443), 5)
    assert [one.address for one in sockets.streams if not one.closed] == [OUTER]
    assert sockets.called == [SIX, OUTER]
    assert len(asyncio.all_tasks()) == 1


async def test_a_refusal_goes_on_to_the_next_address_at_once(
    monkeypatch: pytest.MonkeyPatch, sockets: Sockets
) -> None:
    monkeypatch.setattr(addresses, "STAGGER", 3600)
    names(monkeypatch, SIX, OUTER)
    sockets.refusing.add(SIX)
    await asyncio.wait_for(Dialer().connect("both.example", 443), 5)
    assert [one.address for one in sockets.streams if not one.closed] == [OUTER]


async def test_two_that_answer_at_once_leave_one_connection(
    monkeypatch: pytest.MonkeyPatch, sockets: Sockets
) -> None:
    monkeypatch.setattr(addresses, "STAGGER", 0.001)
    names(monkeypatch, SIX, OUTER)
    sockets.silent[SIX] = sockets.silent[OUTER] = asyncio.Event()
    dialling = asyncio.create_task(Dialer().connect("both.example", 443))
    async with asyncio.timeout(5):
        while len(sockets.called) < 2:
            await asyncio.sleep(0.001)
    sockets.silent[SIX].set()
    stream = await asyncio.wait_for(dialling, 5)
    assert [one.closed for one in sockets.streams].count(False) == 1
    await stream.aclose()
    assert [one.closed for one in sockets.streams] == [True, True]


async def test_when_all_refuse_the_causes_are_told(monkeypatch: pytest.MonkeyPatch, sockets: Sockets) -> None:
    names(monkeypatch, SIX, OUTER)
    sockets.refusing.update((SIX, OUTER))
    with pytest.raises(ExceptionGroup) as caught:
        await Dialer().connect("both.example", 443)
    assert [type(one) for one in caught.value.exceptions] == [ConnectionRefusedError, ConnectionRefusedError]


async def test_the_time_is_for_name_and_connection_together(
    monkeypatch: pytest.MonkeyPatch, sockets: Sockets
) -> None:
    names(monkeypatch, SIX, OUTER)
    sockets.silent[SIX] = sockets.silent[OUTER] = asyncio.Event()
    pool = Pool(ssl.create_default_context(), Dialer())
    request = httpx.Request("GET", "https://both.example/v2/", extensions={"timeout": {"connect": 0.01}})
    with pytest.raises(httpx.ConnectTimeout):
        await pool.handle_async_request(request)
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize("error", [socket.gaierror(-2, "unknown"), UnicodeError("label too long")])
async def test_a_name_nobody_knows(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(socket.gaierror):
        await Dialer().connect("no-such-host.example", 443)


async def test_names_that_nobody_answers_for_keep_no_thread_from_other_work(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()

    def silent(*_: object, **__: object) -> list[object]:
        answered.wait(10)
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    asking = [asyncio.ensure_future(addresses_of(f"silent{number}.example", 443)) for number in range(64)]
    await asyncio.sleep(0)
    try:
        async with asyncio.timeout(5):
            assert await asyncio.to_thread(lambda: 1) == 1
    finally:
        answered.set()
        await asyncio.gather(*asking, return_exceptions=True)
