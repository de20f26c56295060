"""Names, proxies and files of this machine that lead elsewhere, or nowhere."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.answers import as_json, http, problem
from faults.asking import BLOB, BLOB_PATH, LIST, MADE, TAG, blob, here, listing, manifest, ping, sent
from faults.internet import Internet
from faults.machine import keychain, network, settings
from faults.rows import row
from faults.server import TRUTH, Drip, End, Gate, Misbehaving, Script
from faults.trial import trial
from regbrowse.errors import ConfigError, NetError, PolicyError, RegbrowseError, TlsError
from regbrowse.reference import Registry, Repository
from regbrowse.registry.client import Client
from regbrowse.registry.models import Settings

AREA = "Network"
PUBLIC = "registry.example.com:80"


@pytest.fixture
def closed() -> Iterator[int]:
    """A port where nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield unused.getsockname()[1]


@row(AREA, server="a registry on this machine speaks http only", client="works, without a question")
async def test_http_on_this_machine(server: Misbehaving) -> None:
    server.truth.repository("acme/app").listed = ["1"]
    seen = await trial(server, listing(server), at_most=2)
    assert seen.answer == ["1"]


@row(
    AREA, server="a remote registry speaks http only", client="sends nothing, says so, and offers http for this session"
)
async def test_http_far_away(server: Misbehaving, net: Internet) -> None:
    net.place("registry.example.com", 80, server.port)
    server.truth.repository("acme/app").listed = ["1"]

    async def ask(client: Client) -> list[str]:
        with pytest.raises(TlsError, match="does not speak TLS on port 80") as caught:
            await listing(PUBLIC)(client)
        assert "press H" in caught.value.hint
        assert not [one for one in server.asked if one.path == LIST]
        client.allow_http(Registry.parse(PUBLIC))
        return await listing(PUBLIC)(client)

    seen = await trial(server, ask, at_most=2, cancel=False)
    assert seen.answer == ["1"]


@row(AREA, server="nobody listens; the name is unknown; there is no way there", client="says which of them it is")
async def test_nobody_there(server: Misbehaving, net: Internet, closed: int) -> None:
    net.place("registry.example.com", 443, closed)
    net.unknown.add("nowhere.example.com")
    net.place("unrouted.example.com", 1, server.port)
    for name, word in [
        (f"127.0.0.1:{closed}", "Nothing answers at"),
        ("registry.example.com", "Nothing answers at"),
        ("nowhere.example.com", "is not known (DNS)"),
        ("unrouted.example.com", "There is no way to"),
    ]:
        seen = await trial(server, ping(name), at_most=0, settings=Settings(pause=0), cancel=False)
        assert isinstance(seen.error, NetError)
        assert word in seen.why


@row(AREA, server="the network is lost after the first answers", client="says so, keeps what it has, and recovers")
async def test_network_lost(server: Misbehaving, net: Internet) -> None:
    net.place("registry.example.com", 80, server.port)
    server.truth.repository("acme/app").add(MADE, "1")

    async def ask(client: Client) -> bytes:
        made = await manifest(PUBLIC)(client)
        net.place("registry.example.com", 80, 1)
        for task in list(server.tasks):
            task.cancel()
        with pytest.raises(NetError):
            await client.head(here(PUBLIC), "1")
        kept = await client.manifest(here(PUBLIC), made.digest)
        net.place("registry.example.com", 80, server.port)
        assert await client.head(here(PUBLIC), "1")
        return kept.raw

    seen = await trial(server, ask, at_most=3, settings=settings(plain=[PUBLIC]), cancel=False)
    assert seen.answer == MADE.raw


@row(AREA, server="an origin fails five times in a row", client="leaves it alone for a while; a key asks at once")
async def test_circuit(server: Misbehaving) -> None:
    server.on(TAG, End.RESET)

    async def ask(client: Client) -> int:
        for _ in range(5):
            with pytest.raises(NetError):
                await manifest(server)(client)
        asked = server.count(TAG)
        assert client.limits.wait(here(server).registry) is not None
        server.on(TAG, sent(MADE.raw))
        client.limits.retry_now(here(server).registry)
        await manifest(server)(client)
        return asked

    seen = await trial(server, ask, at_most=8, cancel=False)
    assert seen.answer is not None
    assert seen.answer <= 6


@row(
    AREA,
    server="`NO_PROXY` holds CIDR, IPv6, a leading dot, a port and `*.`; `HTTP_PROXY` is set",
    client="goes directly to those and through the proxy to the others",
)
async def test_no_proxy(server: Misbehaving, other: Misbehaving, net: Internet, tmp_path: Path) -> None:
    proxy = f"http://ann:s3cr3t-canary@{other.name}"
    environ = {
        "HTTP_PROXY": proxy,
        "HTTPS_PROXY": proxy,
        "NO_PROXY": "::1/128,10.0.0.0/8, .corp,x.example:81",
    }
    machine = network(tmp_path, environ)
    direct = {"10.1.2.3": "10.1.2.3", "registry.corp": "", "deep.registry.corp": ""}
    for name, address in direct.items():
        net.place(name, 80, server.port, address)
    other.on("http://*", as_json({"tags": ["through"]}))
    server.on(LIST, as_json({"tags": ["direct"]}))
    for name, expected in [
        *((name, "direct") for name in direct),
        ("x.example", "through"),
        ("corp.example", "through"),
    ]:
        made = settings(machine, plain=[f"{name}:80"])
        seen = await trial([server, other], listing(f"{name}:80"), at_most=3, settings=made, cancel=False)
        assert seen.answer == [expected], name
    assert not machine.notices
    assert all(one.header("proxy-authorization") for one in other.asked)
    assert not any(one.header("proxy-authorization") for one in server.asked)


@row(
    AREA,
    server="`HTTPS_PROXY` is no address, of an unknown kind, or SOCKS without its package; `NO_PROXY` is garbage",
    client="starts, names the variable, and goes on without it or says what is missing",
)
@pytest.mark.parametrize(
    "value",
    [
        "http://[bad",
        "ftp://proxy.example:1",
        "://",
        "http://",
        "proxy.example:99999",
        "socks5://127.0.0.1:1",
        "\x1b[31m",
    ],
)
async def test_bad_proxies(server: Misbehaving, net: Internet, tmp_path: Path, value: str) -> None:
    environ = {"HTTPS_PROXY": value, "HTTP_PROXY": value, "NO_PROXY": "[::1,\x1b,10.0.0.0/99,::/0/0,*.,,"}
    machine = network(tmp_path, environ)
    net.place("registry.example.com", 80, server.port)
    server.truth.repository("acme/app").listed = ["1"]
    made = settings(machine, plain=[PUBLIC])
    seen = await trial(server, listing(PUBLIC), at_most=2, settings=made, cancel=False)
    assert seen.answer == ["1"] or isinstance(seen.error, ConfigError | NetError)
    told = " ".join(machine.notices) + (str(seen.error) if seen.error else "")
    assert "HTTP_PROXY" in told
    assert "\x1b" not in told


@row(
    AREA,
    server="the proxy wants a login, refuses, is down, drips, or answers garbage",
    client="names the proxy, its variable and the reason; the password is nowhere",
)
@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (http(407), "wants a login"),
        (http(403, "no"), "refused to connect"),
        (http(502), "refused to connect"),
        (End.CLOSE, ""),
        (b"garbage\r\n\r\n", ""),
        (Gate(), ""),
        (Drip(b"HTTP/1.1 200 " + b"x" * 9000), ""),
        ("down", "does not answer"),
    ],
)
async def test_proxies_that_misbehave(
    other: Misbehaving, tmp_path: Path, closed: int, answer: Script, word: str
) -> None:
    place = f"127.0.0.1:{closed}" if answer == "down" else other.name
    machine = network(tmp_path, {"HTTPS_PROXY": f"http://{place}"})
    other.on("registry.example.com:443", answer)
    made = settings(machine, deadline=0.3)
    seen = await trial(other, ping("registry.example.com"), at_most=4, settings=made, cancel=False)
    assert isinstance(seen.error, NetError)
    assert word in seen.why
    if word:
        assert "HTTPS_PROXY" in seen.why
        assert place in seen.why
    assert not [one for one in other.asked if one.method != "CONNECT"]


@row(
    AREA,
    server="registries.conf blocks the registry, one of its repositories, or a wildcard of names",
    client="sends no request, and names the file",
)
@pytest.mark.parametrize(
    "prefix", ["registry.example.com:80", "registry.example.com:80/acme", "*.example.com:80", "*.example.com"]
)
async def test_blocked(server: Misbehaving, net: Internet, tmp_path: Path, prefix: str) -> None:
    net.place("registry.example.com", 80, server.port)
    machine = network(
        tmp_path, registries=f'[[registry]]\nprefix = "{prefix}"\nlocation = "x.example"\nblocked = true\n'
    )
    made = settings(machine, plain=[PUBLIC])
    if prefix == "*.example.com":
        # As in the tools that own the file, a prefix without a port is another host than one with it.
        seen = await trial(server, listing(PUBLIC), at_most=2, settings=made, cancel=False)
        return
    seen = await trial(server, listing(PUBLIC), at_most=0, settings=made, cancel=False)
    assert isinstance(seen.error, PolicyError)
    assert "registries.conf" in seen.why


@row(AREA, server="registries.conf moves a prefix to another location", client="asks there, and says so")
async def test_moved(server: Misbehaving, other: Misbehaving, tmp_path: Path) -> None:
    text = f'[[registry]]\nprefix = "registry.example.com/acme"\nlocation = "{other.name}/hub/acme"\n'
    machine = network(tmp_path, registries=text)
    other.truth.repository("hub/acme/app").listed = ["moved"]
    seen = await trial([other, server], listing("registry.example.com"), at_most=2, settings=settings(machine))
    assert seen.answer == ["moved"]
    resolved = machine.resolve(Repository(Registry.parse("registry.example.com"), "acme/app"))
    assert other.name in resolved.note


@row(
    AREA,
    server="a mirror is down, answers 404, 500, a web page, or other bytes than asked for",
    client="takes manifests and blobs from the registry itself; lists never come from the mirror",
)
@pytest.mark.parametrize(
    "answer", [problem(404), problem(500), problem(401), http(200, "<html>"), http(200, "stale"), End.RESET]
)
async def test_mirrors(server: Misbehaving, other: Misbehaving, tmp_path: Path, answer: Script) -> None:
    machine = network(tmp_path, settings=f'[registry."{server.name}"]\nmirror = "{other.name}/hub"\n')
    repository = server.truth.repository("acme/app")
    repository.add(MADE, "1")
    repository.blobs[BLOB.digest] = BLOB.raw
    other.on("/*", answer)

    async def ask(client: Client) -> tuple[bytes, bytes, list[str]]:
        names = await listing(server)(client)
        made = await client.manifest(here(server), repository.tags["1"])
        return made.raw, await blob(server)(client), names

    seen = await trial([server, other], ask, at_most=14, settings=settings(machine), cancel=False)
    assert seen.answer == (MADE.raw, BLOB.raw, ["1"])
    assert not [one for one in other.asked if "tags/list" in one.path]
    assert other.asked
    assert server.count(BLOB_PATH) == 1


@row(
    AREA,
    server="registries.conf, daemon.json or our own settings are no TOML or JSON, or hold wrong kinds",
    client="names the file and the line or the key, uses the rest, and starts",
)
@pytest.mark.parametrize(
    "files",
    [
        {"registries": '[[registry]]\nprefix = "x"\nblocked = maybe\n'},
        {"registries": "\x00\xff" * 50},
        {"registries": "registry = 5\nunqualified-search-registries = 7\n"},
        {"daemon": '{"insecure-registries": [5, "10.0.0.0/99"'},
        {"settings": 'platform = "linux/arm64"\n[registry."h"]\nconnections = "many"\nca = \n'},
        {"settings": "[" * 5000},
        {"settings": '[registry."h"]\nplain_http = "yes"\n'},
    ],
)
async def test_broken_files(server: Misbehaving, tmp_path: Path, files: dict[str, str]) -> None:
    machine = network(tmp_path, {}, **files)
    server.truth.repository("acme/app").listed = ["1"]
    seen = await trial(server, listing(server), at_most=2, settings=settings(machine))
    assert seen.answer == ["1"]
    name = next(iter(files))
    told = " ".join(machine.notices)
    assert {"registries": "registries.conf", "daemon": "daemon.json", "settings": "settings.toml"}[name] in told
    assert "\x00" not in told


@row(
    AREA, server="a file calls a remote registry insecure", client="tries https first, then http, and never for logins"
)
async def test_insecure_by_file(server: Misbehaving, net: Internet, tmp_path: Path) -> None:
    net.place("registry.example.com", 80, server.port)
    machine = network(tmp_path, daemon='{"insecure-registries": ["registry.example.com:80"]}')
    keys = keychain(tmp_path, {"registry.example.com:80": {"username": "ann", "password": "s3cr3t-canary-1"}})
    server.truth.auth = "basic"
    server.on(TAG, TRUTH)
    seen = await trial(server, manifest(PUBLIC), at_most=3, settings=settings(machine, keys), cancel=False)
    assert isinstance(seen.error, RegbrowseError)
    assert server.asked
    assert not any(one.header("authorization") for one in server.asked)
