"""Whom we trust, what is said when we do not, and when plain http is spoken."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from regbrowse.errors import AuthRequired, ConfigError, NetError, PolicyError, RegbrowseError, TlsError
from regbrowse.reference import Registry, Repository
from regbrowse.registry import requests
from regbrowse.registry.client import Client, Login, Secret, Settings
from regbrowse.registry.transport import scheme_probe, tls
from regbrowse.registry.transport.tls import TlsSettings, TlsTrust
from regbrowse.settings.certificates import Trust
from support.asking import here, names
from support.fake_registry import FakeRegistry
from support.images import image
from support.tls_world import ANSWER, Machine, Paper, Spoken, issue, listening, secure, strict

CA = issue("Example CA", organisation="Example Inc.", authority=True)
CLIENTS = issue("Client CA", authority=True)


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    return CA.write(tmp_path, "ca")[0]


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Spoken]:
    async with secure(tmp_path, issue(issuer=CA)) as spoken:
        yield spoken


def remote(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes this machine a remote one."""
    monkeypatch.setattr(Registry, "is_loopback", property(lambda _: False))


async def ping(name: str, settings: Settings) -> None:
    async with Client(settings) as client:
        await client.ping(Registry.parse(name))


async def refusal(name: str, settings: Settings) -> RegbrowseError:
    with pytest.raises(RegbrowseError) as caught:
        await ping(name, settings)
    return caught.value


async def test_an_unknown_authority_is_named(server: Spoken, machine: Machine) -> None:
    error = await refusal(server.name, Settings(pause=0))
    assert isinstance(error, TlsError)
    assert error.why == (
        'The certificate of 127.0.0.1 is signed by "Example CA (Example Inc.)", which this computer does not trust.'
    )
    key = "L goes on without checking it."
    assert error.hint == f"Name a file with the CA by --cacert or SSL_CERT_FILE. {key}"
    error = await refusal(server.name, Settings(pause=0, network=machine))
    step = f"Put the CA into /certs.d/127.0.0.1:{server.port}/ca.crt or"
    assert error.hint == f"{step} set SSL_CERT_FILE. {key}"
    assert str(error).endswith(f"{step} name it by --cacert FILE. --insecure goes on without checking it.")
    assert server.heads == []


@pytest.mark.parametrize(
    ("paper", "trusted", "why", "hint"),
    [
        (issue(issuer=CA, days=(-9, -1)), True, r"expired on \d{4}-\d\d-\d\d\.", r"Your clock says \d{4}-\d\d-\d\d\."),
        (issue(issuer=CA, days=(1, 9)), True, r"is not valid before \d{4}-\d\d-\d\d \d\d:\d\d UTC\.", "Check the clo"),
        (issue("alone"), False, r"is signed by nobody but itself\.", "If you trust it, name a file"),
        (issue(issuer=CA, names=["a.example", "b.example"]), True, r"is for a\.example, b\.example\.", "Use the name"),
        (
            issue(issuer=CA, names=[f"h{number}.example" for number in range(9)]),
            True,
            r"is for h0\.example, .*h4\.example and 4 more\.",
            "Use the name",
        ),
    ],
    ids=["expired", "not-yet", "self-signed", "names", "many-names"],
)
async def test_why_a_certificate_is_not_trusted(
    tmp_path: Path, ca_file: Path, paper: Paper, trusted: bool, why: str, hint: str
) -> None:
    async with secure(tmp_path, paper) as server:
        with pytest.raises(TlsError, match=rf"The certificate of 127\.0\.0\.1 {why}") as caught:
            await ping(server.name, Settings(pause=0, ca_file=ca_file if trusted else None))
        assert hint.split("\\", maxsplit=1)[0] in caught.value.hint
    assert len(server.heads) == 0


async def test_distrust_is_no_reason_for_http(monkeypatch: pytest.MonkeyPatch, server: Spoken) -> None:
    remote(monkeypatch)
    settings = Settings(pause=0, plain_http=frozenset({server.name}))
    assert isinstance(await refusal(server.name, settings), TlsError)
    assert server.heads == []


async def test_an_authority_of_a_folder_counts_for_its_host_alone(
    tmp_path: Path, ca_file: Path, server: Spoken, machine: Machine
) -> None:
    machine.trusts["127.0.0.1", server.port] = Trust((ca_file,))
    settings = Settings(pause=0, network=machine)
    await ping(server.name, settings)
    async with secure(tmp_path, issue(issuer=CA)) as other:
        assert isinstance(await refusal(other.name, settings), TlsError)


@pytest.mark.parametrize("by_file", [False, True])
async def test_not_verified_is_said(tmp_path: Path, server: Spoken, machine: Machine, by_file: bool) -> None:
    if by_file:
        machine.trusts["127.0.0.1", server.port] = Trust(verify=False, unverified_by="/etc/registries.conf")
    insecure = frozenset[str]() if by_file else frozenset({server.name})
    async with Client(Settings(pause=0, network=machine, insecure=insecure)) as client:
        registry = Registry.parse(server.name)
        await client.ping(registry)
        connection = client.connection(registry)
        assert not connection.verified
        (note,) = connection.notes
        by = " (asked for by /etc/registries.conf)" if by_file else ""
        assert note == f"Its certificate is not verified{by}: anybody in between could read along and answer."
        async with secure(tmp_path, issue(issuer=CA)) as other:
            with pytest.raises(TlsError):
                await client.ping(Registry.parse(other.name))
            assert client.connection(Registry.parse(other.name)).notes == ()


async def test_a_client_certificate_is_shown_to_its_host_and_to_nobody_else(
    tmp_path: Path, ca_file: Path, machine: Machine
) -> None:
    pair = issue("ann", CLIENTS).write(tmp_path, "ann")
    async with secure(tmp_path, issue(issuer=CA), clients=CLIENTS) as storage:
        moved = f"HTTP/1.1 307 Moved\r\nLocation: https://{storage.name}/v2/\r\nContent-Length: 0\r\n\r\n".encode()
        async with secure(tmp_path, issue(issuer=CA), answer=moved, clients=CLIENTS, must=True) as server:
            machine.trusts["127.0.0.1", server.port] = Trust((), pair)
            async with Client(Settings(pause=0, ca_file=ca_file, network=machine)) as client:
                await client.ping(Registry.parse(server.name))
                (note,) = client.connection(Registry.parse(server.name)).notes
    assert server.certificates == [True]
    assert storage.certificates == [False]
    assert note == f"The client certificate {pair[0]} is shown to it."


async def test_a_client_certificate_that_is_missing(tmp_path: Path, ca_file: Path, machine: Machine) -> None:
    with strict(tmp_path, issue(issuer=CA), CLIENTS) as port:
        error = await refusal(f"127.0.0.1:{port}", Settings(pause=0, ca_file=ca_file, network=machine))
    folder = f"/certs.d/127.0.0.1:{port}"
    assert error.why == f"127.0.0.1 requires a client certificate ({folder}/*.cert + *.key)."


async def test_a_client_certificate_that_is_not_liked(tmp_path: Path, ca_file: Path, machine: Machine) -> None:
    pair = issue("eve").write(tmp_path, "eve")
    with strict(tmp_path, issue(issuer=CA), CLIENTS) as port:
        machine.trusts["127.0.0.1", port] = Trust((), pair)
        error = await refusal(f"127.0.0.1:{port}", Settings(pause=0, ca_file=ca_file, network=machine))
    assert error.why == "127.0.0.1 refused the client certificate."


async def test_files_that_cannot_be_used_are_named(tmp_path: Path, server: Spoken, machine: Machine) -> None:
    nonsense = tmp_path / "nonsense.crt"
    nonsense.write_text("nothing")
    one, other = issue().write(tmp_path, "one"), issue().write(tmp_path, "other")
    sealed = issue().write(tmp_path, "sealed", b"canary")
    none = tmp_path / "none.crt"
    for trust, why in [
        (Trust((none,)), f"The CA file {none} cannot be used: No such file or directory."),
        (Trust((nonsense,)), f"The CA file {nonsense} cannot be used: not a PEM file."),
        (
            Trust((), (one[0], other[1])),
            f"The client certificate {one[0]} with {other[1]} cannot be used: the key belongs to another certificate.",
        ),
        (
            Trust((), sealed),
            f"The client certificate {sealed[0]} with {sealed[1]} cannot be used: its key is protected by a password.",
        ),
    ]:
        machine.trusts["127.0.0.1", server.port] = trust
        error = await refusal(server.name, Settings(pause=0, network=machine))
        assert isinstance(error, ConfigError)
        assert error.why == why


async def test_origins_that_need_nothing_special_share_what_was_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ca_file: Path, server: Spoken
) -> None:
    built: list[TlsTrust] = []
    build = tls.build_context

    def counted(trusted: TlsTrust) -> ssl.SSLContext:
        built.append(trusted)
        return build(trusted)

    monkeypatch.setattr(tls, "build_context", counted)
    async with secure(tmp_path, issue(issuer=CA)) as other, Client(Settings(pause=0, ca_file=ca_file)) as client:
        await asyncio.gather(*(client.ping(Registry.parse(name)) for name in (server.name, other.name)))
    assert len(built) == 1


@pytest.mark.parametrize("how", ["allowed", "asked", "by hand"])
async def test_http_where_it_is_tolerable(
    monkeypatch: pytest.MonkeyPatch, registry: FakeRegistry, machine: Machine, how: str
) -> None:
    remote(monkeypatch)
    there = Registry.parse(registry.name)
    if how == "allowed":
        machine.allowed.add(there.key)
    if how == "asked":
        machine.asked.add(there.key)
    registry.auth, registry.public = "basic", False
    registry.repository("acme/app").add(image(), "1")
    login = Login("ann", Secret("s3cr3t-canary-1"))
    async with Client(Settings(login, there, pause=0, network=machine)) as client:
        if how == "by hand":
            with pytest.raises(TlsError) as caught:
                await client.ping(there)
            assert caught.value.slug == "no-tls"
            assert "press H" in caught.value.hint
            client.allow_http(there)
        await client.ping(there)
        assert [one.url for one in client.log][-2:] == [f"https://{registry.name}/v2/", f"http://{registry.name}/v2/"]
        connection = client.connection(there)
        assert connection.base == f"http://{registry.name}"
        assert not connection.verified
        if how == "allowed":
            with pytest.raises(AuthRequired):
                await names(client, here(registry))
        else:
            assert await names(client, here(registry)) == ["1"]
    assert any("authorization" in one.headers for one in registry.asked) == (how != "allowed")


async def test_a_closed_port_may_be_one_that_speaks_http(monkeypatch: pytest.MonkeyPatch) -> None:
    remote(monkeypatch)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        error = await refusal(f"127.0.0.1:{port}", Settings(pause=0))
    assert isinstance(error, NetError)
    assert error.why == f"Nothing answers at 127.0.0.1:{port}."
    assert error.slug == "no-tls"
    assert "press H" in error.hint


async def test_https_is_taken_where_it_works_even_if_http_was_allowed(
    monkeypatch: pytest.MonkeyPatch, ca_file: Path, server: Spoken
) -> None:
    remote(monkeypatch)
    async with Client(Settings(pause=0, ca_file=ca_file)) as client:
        registry = Registry.parse(server.name)
        client.allow_http(registry)
        await client.ping(registry)
        assert client.connection(registry).base == f"https://{server.name}"
        assert client.connection(registry).verified


async def test_silence_is_no_reason_for_http_far_away_and_is_one_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheme_probe, "SILENCE", 0.05)
    monkeypatch.setattr(requests, "CONNECT_SECONDS", 0.05)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (await reader.read(1)) == b"G":
            writer.write(ANSWER)
        await reader.read()

    async with listening(silent) as port, Client(Settings(pause=0, deadline=1)) as client:
        registry = Registry.parse(f"127.0.0.1:{port}")
        await client.ping(registry)
        assert client.connection(registry).base == f"http://127.0.0.1:{port}"
        remote(monkeypatch)
        client.allow_http(registry)
        with pytest.raises(NetError, match="did not answer within"):
            await client.ping(registry)
        assert [one.url.partition(":")[0] for one in client.log] == ["https", "http", "https"]


async def test_a_greeting_that_hangs_is_cut_by_the_time_to_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    remote(monkeypatch)
    monkeypatch.setattr(requests, "CONNECT_SECONDS", 0.1)

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(silent) as port:
        error = await refusal(f"127.0.0.1:{port}", Settings(pause=0))
    assert isinstance(error, NetError)
    assert error.why == "127.0.0.1 did not answer within 1 s."
    assert error.slug == "net"


async def test_a_greeting_that_is_given_up_is_hung_up(monkeypatch: pytest.MonkeyPatch) -> None:
    remote(monkeypatch)
    left = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        while await reader.read(65_536):
            pass
        left.set()

    async with listening(silent) as port, Client(Settings(pause=0, deadline=1)) as client:
        with pytest.raises(NetError, match="did not answer within 1 s"):
            await anext(client.tags(Repository(Registry.parse(f"127.0.0.1:{port}"), "acme/app")))
        await asyncio.wait_for(left.wait(), 5)


async def test_a_reset_greeting(monkeypatch: pytest.MonkeyPatch) -> None:
    remote(monkeypatch)

    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.transport.abort()

    async with listening(rude) as port:
        error = await refusal(f"127.0.0.1:{port}", Settings(pause=0))
        assert error.why == "The connection to 127.0.0.1 broke off."
        assert error.slug == "no-tls"
        async with Client(Settings(pause=0)) as client:
            registry = Registry.parse(f"127.0.0.1:{port}")
            client.allow_http(registry)
            with pytest.raises(NetError):
                await client.ping(registry)
            assert [one.url for one in client.log] == [
                f"{way}://127.0.0.1:{port}/v2/" for way in ("https", "http", "http")
            ]


async def test_what_is_blocked_here_is_not_asked(registry: FakeRegistry, machine: Machine) -> None:
    machine.forbidden[registry.name] = "registry.example is blocked by /etc/containers/registries.conf."
    error = await refusal(registry.name, Settings(pause=0, network=machine))
    assert isinstance(error, PolicyError)
    assert error.why == "registry.example is blocked by /etc/containers/registries.conf."
    assert registry.asked == []


async def test_a_registry_that_came_up_later_is_found(tmp_path: Path, ca_file: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        registry = Registry.parse(f"127.0.0.1:{unused.getsockname()[1]}")
    async with Client(Settings(pause=0, ca_file=ca_file)) as client:
        with pytest.raises(NetError):
            await client.ping(registry)
        assert client.connection(registry).base == ""
        async with secure(tmp_path, issue(issuer=CA), port=registry.port or 0):
            await client.ping(registry)
        assert client.connection(registry).verified


def test_docker_hub_is_insecure_by_its_own_address() -> None:
    trusts = TlsSettings(Settings(insecure=frozenset({"docker.io", "[::1]:5000", "x.example"})))
    assert not trusts.known(("https", "registry-1.docker.io", 443)).verify
    assert not trusts.known(("https", "::1", 5000)).verify
    assert not trusts.known(("https", "x.example", 443)).verify
    assert trusts.known(("https", "x.example", 5000)).verify
