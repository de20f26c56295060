"""Ways that lead through a proxy: a look through it, and its own troubles told apart from those of the registry."""

from __future__ import annotations

import base64
import re

import httpx

from regbrowse.registry.net.guard import Dialer
from regbrowse.registry.net.policy import origin_of
from regbrowse.registry.net.wire import Wire
from regbrowse.settings.proxies import Proxy
from regbrowse.text import visible

_HEAD_LIMIT = 16_384


class ProxyTrouble(httpx.ProxyError):
    """The proxy does not answer, or does not do what it is there for."""

    def __init__(self, proxy: Proxy, status: int = 0, *, reached: bool = True) -> None:
        super().__init__("proxy")
        self.named = name_of(proxy)
        self.status = status
        """What it answered, when it speaks HTTP."""
        self.reached = reached
        self.has_login = bool(proxy.user)


class Tunnel(Dialer):
    """Connects through an http proxy without a request of ours: for a look at who answers behind it."""

    def __init__(self, proxy: Proxy) -> None:
        super().__init__()
        self._proxy = proxy

    async def connect(self, host: str, port: int) -> Wire:
        _, proxy_host, proxy_port = origin_of(self._proxy.url)
        wire = await super().connect(proxy_host, proxy_port)
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}", *_login(self._proxy)]
        try:
            await wire.write("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                # One by one, because what follows is no longer for us to read.
                byte = await wire.read(1)
                head += byte
                if not byte or len(head) > _HEAD_LIMIT:
                    raise ConnectionError("proxy")
            if not re.match(rb"HTTP/1\.[01] 2", head):
                raise ConnectionError("proxy")
        except BaseException:
            wire.close()
            raise
        return wire


def _login(proxy: Proxy) -> list[str]:
    user, password = login_of(proxy)
    shown = base64.b64encode(user + b":" + password).decode()
    return [f"Proxy-Authorization: Basic {shown}"] if user or password else []


def login_of(proxy: Proxy) -> tuple[bytes, bytes]:
    """User and password; both empty when it wants none."""
    return proxy.user.encode(), (proxy.password.reveal() if proxy.password else "").encode()


def name_of(proxy: Proxy) -> str:
    """`proxy.example.com:3128 (from HTTPS_PROXY)`, safe to show."""
    return f"{visible(proxy.address, 260)} (from {visible(proxy.variable)})"
