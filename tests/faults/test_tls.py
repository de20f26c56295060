"""Certificates that cannot be trusted, folders of certificates that are wrong, and TLS that breaks."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from faults.answers import http, redirect
from faults.asking import BLOB, BLOB_PATH, blob, here, ping
from faults.internet import Internet
from faults.machine import CA, OTHER_CA, context, network, settings
from faults.rows import row
from faults.server import End, Misbehaving, Script
from faults.trial import trial
from regbrowse.errors import ConfigError, NetError, PolicyError, RegbrowseError, TlsError
from regbrowse.redact import Secret
from regbrowse.registry.client import Client
from regbrowse.registry.models import Settings
from regbrowse.settings.login import Login
from support.files import write
from support.tls_world import issue

AREA = "TLS"
PAPER = issue("localhost", CA)


def pem(folder: Path) -> Path:
    return CA.write(folder, "ca")[0]


@row(AREA, server="its certificate is signed by an unknown authority, itself, for others, too early or too late",
     client="sends nothing, names the reason and the next step, and never falls back to http")  # fmt: skip
@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: issue("localhost", OTHER_CA), 'is signed by "Other CA", which this computer does not trust'),
        (lambda: issue("localhost"), "is signed by nobody but itself"),
        (lambda: issue("elsewhere", CA, names=["elsewhere.example", "\x1b[31m.example"]), "is for elsewhere.example"),
        (lambda: issue("localhost", CA, days=(-20, -10)), "expired on"),
        (lambda: issue("localhost", CA, days=(5, 10)), "is not valid before"),
    ],
)
async def test_distrusted_certificates(tmp_path: Path, make: Callable[[], object], word: str) -> None:
    login = Login("ann", Secret("s3cr3t-canary-1"))
    async with Misbehaving(tls=context(tmp_path, make())).serve() as server:  # type: ignore[arg-type]
        made = Settings(user=login, pause=0, ca_file=pem(tmp_path))
        seen = await trial(server, ping(server), at_most=0, settings=made, cancel=False)
        assert isinstance(seen.error, TlsError)
        assert word in seen.why
        assert seen.error.hint
        assert "\x1b" not in seen.shown
        assert not server.asked


@row(AREA, server="its authority is in `--cacert`, in a folder of certs.d, or in a bundle of many", client="trusts it")
@pytest.mark.parametrize(
    "where", ["option", "etc/docker/certs.d", ".docker/certs.d", "etc/containers/certs.d", "bundle"]
)
async def test_trusted_certificates(tmp_path: Path, where: str) -> None:
    async with Misbehaving(tls=context(tmp_path, PAPER)).serve() as server:
        content = pem(tmp_path).read_bytes()
        if where == "bundle":
            content = OTHER_CA.write(tmp_path, "other")[0].read_bytes() + b"\n# comment\n" + content
        if where != "option":
            folder = "etc/docker/certs.d" if where == "bundle" else where
            write(tmp_path / f"{folder}/{server.name}/ca.crt", content)
        made = settings(network(tmp_path), ca_file=pem(tmp_path) if where == "option" else None)
        seen = await trial(server, ping(server), at_most=1, settings=made)
        assert seen.error is None


@row(
    AREA,
    server="certs.d holds the wrong authority, half a pair, garbage, a folder named like a file, a key of another",
    client="names the file, goes on without it, and does not trust for it",
)
@pytest.mark.parametrize("kind", ["wrong", "half", "garbage", "folder", "other key"])
async def test_broken_certificate_folders(tmp_path: Path, kind: str) -> None:
    async with Misbehaving(tls=context(tmp_path, PAPER)).serve() as server:
        folder = f"etc/docker/certs.d/{server.name}"
        mine, theirs = issue("me", CA).write(tmp_path, "me"), issue("you", CA).write(tmp_path, "you")
        if kind == "wrong":
            write(tmp_path / f"{folder}/ca.crt", OTHER_CA.write(tmp_path, "other")[0].read_bytes())
        else:
            write(tmp_path / f"{folder}/ca.crt", pem(tmp_path).read_bytes())
        if kind == "half":
            write(tmp_path / f"{folder}/me.cert", mine[0].read_bytes())
        elif kind == "garbage":
            write(tmp_path / f"{folder}/a.crt", b"\x00\x1b[31m garbage")
        elif kind == "folder":
            (tmp_path / folder / "dir.crt").mkdir()
        elif kind == "other key":
            write(tmp_path / f"{folder}/me.cert", mine[0].read_bytes())
            write(tmp_path / f"{folder}/me.key", theirs[1].read_bytes())
        machine = network(tmp_path)
        seen = await trial(server, ping(server), at_most=1, settings=settings(machine), cancel=kind != "wrong")
        if kind == "wrong":
            assert isinstance(seen.error, TlsError)
        else:
            assert seen.error is None
            assert server.name in " ".join(machine.notices)
        assert "\x1b" not in " ".join(machine.notices)


@row(
    AREA,
    server="wants a client certificate, then redirects to another host that takes one, too",
    client="shows it to the registry and never to the other host",
)
async def test_client_certificates(tmp_path: Path) -> None:
    strict = context(tmp_path, PAPER, clients=CA)
    lax = context(tmp_path, PAPER, clients=CA)
    lax.verify_mode = ssl.CERT_OPTIONAL
    async with Misbehaving(tls=strict).serve() as server, Misbehaving(tls=lax).serve() as other:
        pair = issue("me", CA).write(tmp_path, "me")
        for number, file in enumerate(("me.cert", "me.key")):
            write(tmp_path / f"etc/docker/certs.d/{server.name}/{file}", pair[number].read_bytes())
        made = settings(network(tmp_path), ca_file=pem(tmp_path))
        server.on(BLOB_PATH, redirect(f"{other.url}/x"))
        other.on("/x", http(200, BLOB.raw))
        seen = await trial([server, other], blob(server), at_most=4, settings=made)
        assert seen.answer == BLOB.raw
        assert [one.certificate for one in server.asked]
        assert all(one.certificate for one in server.asked)
        assert not any(one.certificate for one in other.asked)


@row(AREA, server="wants a client certificate and none is known", client="says that one is needed")
async def test_missing_client_certificates(tmp_path: Path) -> None:
    async with Misbehaving(tls=context(tmp_path, PAPER, clients=CA)).serve() as server:
        made = settings(network(tmp_path), ca_file=pem(tmp_path))
        seen = await trial(server, ping(server), at_most=0, settings=made, cancel=False)
        assert isinstance(seen.error, TlsError | NetError)


@row(AREA, server="an https registry redirects to http, on the same host too", client="refuses")
async def test_from_https_to_http(other: Misbehaving, tmp_path: Path) -> None:
    async with Misbehaving(tls=context(tmp_path, PAPER)).serve() as server:
        server.on(BLOB_PATH, redirect(f"{other.url}/x"))
        made = Settings(pause=0, ca_file=pem(tmp_path))
        seen = await trial([server, other], blob(server), at_most=2, settings=made)
        assert isinstance(seen.error, PolicyError)
        assert "unencrypted" in seen.why
        assert not other.asked


@row(AREA, server="an https registry names a login service over http", client="refuses: nothing goes there in clear")
async def test_login_over_http_for_https(other: Misbehaving, tmp_path: Path) -> None:
    async with Misbehaving(tls=context(tmp_path, PAPER)).serve() as server:
        realm = f'Bearer realm="{other.url}/token",service="s"'
        server.on("/*", http(401, b"", [("WWW-Authenticate", realm)]))
        made = Settings(user=Login("ann", Secret("s3cr3t-canary-1")), pause=0, ca_file=pem(tmp_path))
        seen = await trial([server, other], blob(server), at_most=3, settings=made)
        assert isinstance(seen.error, PolicyError)
        assert "in clear" in seen.why
        assert not other.asked


@row(
    AREA,
    server="breaks off in the middle of TLS, or speaks no TLS on 443",
    client="says so; a remote name is not asked in clear",
)
@pytest.mark.parametrize(
    "greeting", [End.CLOSE, End.RESET, b"SSH-2.0-x\r\n", b"HTTP/1.1 400 Bad\r\n\r\n", b"\x15\x03\x01\x00\x02\x02\x28"]
)
async def test_no_tls(server: Misbehaving, net: Internet, greeting: Script) -> None:
    net.place("registry.example.com", 443, server.port)
    server.greeting = greeting
    seen = await trial(server, ping("registry.example.com"), at_most=0, cancel=False)
    assert isinstance(seen.error, TlsError | NetError)
    assert not server.asked


@row(
    AREA, server="`SSL_CERT_FILE` or `--cacert` names no file, a folder or garbage", client="names it and sends nothing"
)
@pytest.mark.parametrize("kind", ["missing", "folder", "garbage"])
@pytest.mark.parametrize("by", ["variable", "option"])
async def test_broken_ca_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, by: str) -> None:
    place = tmp_path / "own-ca.pem"
    if kind == "folder":
        place.mkdir()
    elif kind == "garbage":
        place.write_bytes(b"\x00\x1b[31m" * 50)
    if by == "variable":
        monkeypatch.setenv("SSL_CERT_FILE", str(place))
    async with Misbehaving(tls=context(tmp_path, PAPER)).serve() as server:
        made = Settings(pause=0, ca_file=place if by == "option" else None)
        seen = await trial(server, ping(server), at_most=0, settings=made, cancel=False)
    assert isinstance(seen.error, RegbrowseError)
    if by == "option" or kind != "garbage":
        assert isinstance(seen.error, ConfigError)
        assert "own-ca.pem" in seen.why
    assert "\x1b" not in seen.shown


@row(
    AREA,
    server="a file says that a certificate is not to be checked",
    client="asks, and says at all times that it is not checked",
)
async def test_unchecked_certificates(tmp_path: Path) -> None:
    async with Misbehaving(tls=context(tmp_path, issue("x.example"))).serve() as server:
        machine = network(tmp_path, settings=f"[registry.{json.dumps(server.name)}]\ninsecure = true\n")

        async def ask(client: Client) -> tuple[bool, str]:
            await client.ping(here(server).registry)
            connection = client.connection(here(server).registry)
            return connection.verified, " ".join(connection.notes)

        seen = await trial(server, ask, at_most=1, settings=settings(machine))
        assert seen.answer is not None
        verified, notes = seen.answer
        assert verified is False
        assert "not" in notes


@row(
    AREA,
    server="is an IPv6 address with a port, over TLS",
    client="finds its folder, writes the address with brackets, and connects",
)
async def test_ipv6(tmp_path: Path) -> None:
    paper = issue("six", CA, names=["::1"])
    try:
        async with Misbehaving(tls=context(tmp_path, paper)).serve("::1") as server:
            name = f"[::1]:{server.port}"
            write(tmp_path / f"etc/docker/certs.d/{name}/ca.crt", pem(tmp_path).read_bytes())
            seen = await trial(server, ping(name), at_most=1, settings=settings(network(tmp_path)))
            assert seen.error is None
            assert server.asked[0].header("host") == name
    except OSError as error:
        pytest.skip(f"this machine has no IPv6: {error}")
