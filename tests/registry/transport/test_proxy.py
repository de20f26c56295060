"""Ways through a proxy."""

from __future__ import annotations

import base64
import socket
from pathlib import Path

import pytest

from faults.internet import fenced
from regbrowse.errors import ConfigError, NetError, TlsError
from regbrowse.redact import Secret
from regbrowse.reference import Registry
from regbrowse.registry.client import Client, Settings
from regbrowse.settings.proxies import Proxy
from support.fake_registry import FakeRegistry
from support.tls_world import Machine, issue, proxying, secure

CA = issue("Example CA", authority=True)


def machine(port: int, *, scheme: str = "http", user: str = "", password: str = "") -> Machine:
    made = Machine()
    secret = Secret(password) if password else None
    made.proxy_to_all = Proxy(f"{scheme}://127.0.0.1:{port}", user, secret, "HTTPS_PROXY")
    return made


def settings(made: Machine, *plain: str, ca_file: Path | None = None) -> Settings:
    return Settings(pause=0, network=made, plain_http=frozenset(plain), ca_file=ca_file)


async def test_https_goes_through_a_tunnel_and_the_proxy_resolves(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ca_file = CA.write(tmp_path, "ca")[0]
    with fenced(monkeypatch) as net:
        async with secure(tmp_path, issue(issuer=CA, names=["registry.example"])) as server, proxying() as proxy:
            registry = Registry.parse(f"registry.example:{server.port}")
            async with Client(settings(machine(proxy.port), ca_file=ca_file)) as client:
                await client.ping(registry)
                notes = client.connection(registry).notes
                assert client.connection(registry).verified
        assert net.looked_up == []
        assert {port for _, port in net.called} == {proxy.port, server.port}
    assert proxy.heads[0].startswith(f"CONNECT registry.example:{server.port} HTTP/1.1\r\n".encode())
    assert b"GET /v2/" not in b"".join(proxy.heads)
    assert server.heads[0].startswith(b"GET /v2/ HTTP/1.1\r\n")
    assert b"proxy" not in server.heads[0].lower()
    assert notes == (f"Reached through the proxy 127.0.0.1:{proxy.port} (from HTTPS_PROXY).",)


async def test_http_that_was_asked_for_is_not_probed_past_the_proxy(registry: FakeRegistry) -> None:
    async with proxying() as proxy, Client(settings(machine(proxy.port), "registry.example:5000")) as client:
        await client.ping(Registry.parse("registry.example:5000"))
    assert proxy.heads[0].startswith(b"GET http://registry.example:5000/v2/ HTTP/1.1\r\n")
    assert registry.asked == []


async def test_a_proxy_with_a_login_gets_it_and_nobody_else(tmp_path: Path) -> None:
    ca_file = CA.write(tmp_path, "ca")[0]
    login = base64.b64encode(b"ann:s3cr3t-canary").decode()
    async with secure(tmp_path, issue(issuer=CA, names=["registry.example"])) as server, proxying(login=login) as proxy:
        registry = Registry.parse(f"registry.example:{server.port}")
        made = machine(proxy.port, user="ann", password="s3cr3t-canary")
        async with Client(settings(made, ca_file=ca_file)) as client:
            await client.ping(registry)
            assert "canary" not in repr(list(client.log))
            assert "canary" not in repr(client.connection(registry).notes)
        assert login.encode() not in server.heads[0]
        async with Client(settings(machine(proxy.port), ca_file=ca_file)) as client:
            with pytest.raises(NetError) as caught:
                await client.ping(registry)
        assert caught.value.why == f"The proxy 127.0.0.1:{proxy.port} (from HTTPS_PROXY) wants a login."
        made = machine(proxy.port, user="ann", password="s3cr3t-canary-wrong")
        async with Client(settings(made, ca_file=ca_file)) as client:
            with pytest.raises(NetError) as caught:
                await client.ping(registry)
        assert caught.value.why == f"The proxy 127.0.0.1:{proxy.port} (from HTTPS_PROXY) refused the login."
        assert "canary" not in str(caught.value)


async def test_a_login_that_is_wanted_for_plain_http() -> None:
    async with proxying(login="another") as proxy, Client(settings(machine(proxy.port), "registry.example")) as client:
        with pytest.raises(NetError, match="wants a login"):
            await client.ping(Registry.parse("registry.example"))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 403 \x1b[2J no\r\nContent-Length: 0\r\n\r\n", " (403)"),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", " (502)"),
    ],
)
async def test_a_proxy_that_refuses_to_connect(answer: bytes, said: str) -> None:
    async with proxying(answer) as proxy, Client(settings(machine(proxy.port))) as client:
        with pytest.raises(NetError) as caught:
            await client.ping(Registry.parse("registry.example"))
    named = f"127.0.0.1:{proxy.port} (from HTTPS_PROXY)"
    assert caught.value.why == f"The proxy {named} refused to connect to registry.example{said}."
    assert len(proxy.heads) == 1


async def test_a_proxy_that_is_not_there() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        async with Client(settings(machine(port))) as client:
            with pytest.raises(NetError) as caught:
                await client.ping(Registry.parse("registry.example"))
    assert caught.value.why == f"The proxy 127.0.0.1:{port} (from HTTPS_PROXY) does not answer."
    assert caught.value.hint == "Check the proxy setting and that the proxy is running."


async def test_a_proxy_that_speaks_tls_is_trusted_like_anybody(tmp_path: Path) -> None:
    ca_file = CA.write(tmp_path, "ca")[0]
    answer = b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n"
    async with secure(tmp_path, issue(issuer=CA), answer=answer) as proxy:
        made = machine(proxy.port, scheme="https")
        async with Client(settings(made, ca_file=ca_file)) as client:
            with pytest.raises(NetError, match="wants a login"):
                await client.ping(Registry.parse("registry.example"))
    assert proxy.heads[0].startswith(b"CONNECT registry.example:443")


@pytest.mark.parametrize("login", ["", "YW5uOnMzY3IzdC1jYW5hcnk="])
async def test_who_reads_along_is_named(tmp_path: Path, login: str) -> None:
    async with secure(tmp_path, issue(issuer=CA)) as server, proxying(login=login) as proxy:
        made = machine(proxy.port, user="ann" if login else "", password="s3cr3t-canary" if login else "")
        async with Client(settings(made)) as client:
            with pytest.raises(TlsError) as caught:
                await client.ping(Registry.parse(f"registry.example:{server.port}"))
    assert caught.value.why == (
        'The certificate of registry.example is signed by "Example CA", which this computer does not trust.'
    )
    assert server.heads == []


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
async def test_a_socks_proxy_without_its_package(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    async with Client(settings(machine(1080, scheme=scheme))) as client:
        with pytest.raises(ConfigError) as caught:
            await client.ping(Registry.parse("registry.example"))
    assert caught.value.why == "HTTPS_PROXY names a SOCKS proxy, and the package socksio is not installed."
    assert caught.value.command == 'pip install "httpx[socks]"'
