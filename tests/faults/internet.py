"""The world outside, played by this machine: names and public addresses lead to servers of ours, or nowhere."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from asyncio.selector_events import BaseSelectorEventLoop
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest


@dataclass
class Internet:
    """Who was looked up and called. Whoever leaves this machine for a place that is not ours is a stray."""

    called: list[tuple[str, int]] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    """Names that may be asked for and are not known; `*` stands for all."""
    _names: dict[str, str] = field(default_factory=dict)
    _places: dict[tuple[str, int], int] = field(default_factory=dict)

    def place(self, name: str, port: int, server_port: int, address: str = "") -> str:
        """Lets a public name and port lead to a server of ours; its address is public, too."""
        address = address or self._names.get(name) or f"93.184.{len(self._names) // 250}.{len(self._names) % 250 + 1}"
        self._names[name] = address
        self._places[address, port] = server_port
        return address

    def reach(self, address: str, port: int) -> tuple[str, int]:
        """Where a call really goes. Raises OSError when it goes nowhere."""
        self.called.append((address, port))
        ours = self._places.get((address, port))
        if ours is not None:
            return "127.0.0.1", ours
        if not ipaddress.ip_address(address).is_loopback:
            if address not in self._names.values():
                self.strays.append(f"{address}:{port}")
            raise OSError(101, "Network is unreachable")
        return address, port

    def resolve(self, name: str) -> str | None:
        """None for what the real resolver may answer: names of this machine."""
        plain = name.rstrip(".").lower()
        if plain in self._names:
            self.looked_up.append(plain)
            return self._names[plain]
        if plain == "localhost" or plain.endswith(".localhost"):
            return "127.0.0.1"
        try:
            ipaddress.ip_address(plain)
        except ValueError:
            self.looked_up.append(plain)
            if not self.unknown & {plain, "*"}:
                self.strays.append(plain)
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known") from None
        return None


@contextmanager
def fenced(monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    """Nothing leaves this machine in this block; what tried to is known."""
    net = Internet()
    really = socket.getaddrinfo
    connect = BaseSelectorEventLoop.sock_connect

    def getaddrinfo(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        address = net.resolve(name) if isinstance(name, str) else None
        return really(address or host, port, *more, **named)

    async def sock_connect(loop: BaseSelectorEventLoop, sock: socket.socket, address: Any) -> None:
        if sock.family in (socket.AF_INET, socket.AF_INET6):
            there = net.reach(*address[:2])
            address = there if sock.family == socket.AF_INET else (*there, *address[2:])
        await connect(loop, sock, address)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(BaseSelectorEventLoop, "sock_connect", sock_connect)
    yield net
    assert not net.strays, f"left this machine for {net.strays}"


async def settled() -> None:
    """Lets everything that is ready run."""
    for _ in range(5):
        await asyncio.sleep(0)
