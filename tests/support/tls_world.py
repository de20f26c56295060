"""Servers that speak TLS, certificates of every kind, and proxies: all on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from regbrowse.reference import Registry, Repository
from regbrowse.settings.certificates import Trust
from regbrowse.settings.network import Network, Resolved
from regbrowse.settings.proxies import Proxy

NAMES = ("localhost", "127.0.0.1")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@dataclass(frozen=True)
class Paper:
    """A certificate with its key."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def write(self, folder: Path, name: str, password: bytes = b"") -> tuple[Path, Path]:
        """The PEM files of certificate and key."""
        sealed = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        pair = folder / f"{name}.cert", folder / f"{name}.key"
        pair[0].write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        pair[1].write_bytes(
            self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed)
        )
        return pair


def issue(
    name: str = "localhost",
    issuer: Paper | None = None,
    *,
    names: Sequence[str] = NAMES,
    days: tuple[float, float] = (-1, 2),
    organisation: str = "",
    authority: bool = False,
) -> Paper:
    """A certificate; signed by itself without `issuer`, valid in `days` from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    about = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    about += [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)] if organisation else []
    subject = x509.Name(about)
    now = datetime.datetime.now(datetime.UTC)
    signer = issuer.key if issuer else key
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only"), False
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=days[0]))
        .not_valid_after(now + datetime.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, key_cert_sign=authority, crl_sign=authority, decipher_only=False, **usage
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if names and not authority:
        builder = builder.add_extension(x509.SubjectAlternativeName([_name(one) for one in names]), critical=False)
    return Paper(key, builder.sign(signer, hashes.SHA256()))


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


@dataclass
class Spoken:
    """What a server heard."""

    port: int = 0
    heads: list[bytes] = field(default_factory=list)
    certificates: list[bool] = field(default_factory=list)
    """Of each request, whether the client showed a certificate."""
    ports: set[int] = field(default_factory=set)
    """The client's ports: one for each connection with a request."""

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.port}"


@contextlib.asynccontextmanager
async def secure(
    folder: Path,
    paper: Paper,
    *,
    answer: bytes = ANSWER,
    clients: Paper | None = None,
    must: bool = False,
    port: int = 0,
) -> AsyncIterator[Spoken]:
    """Answers everything the same over TLS; `clients` signs the certificates that clients may, or must, show."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*paper.write(folder, "server"))
    if clients:
        context.load_verify_locations(cadata=clients.certificate.public_bytes(serialization.Encoding.PEM).decode())
        context.verify_mode = ssl.CERT_REQUIRED if must else ssl.CERT_OPTIONAL
    async with _serving(answer, context, port) as spoken:
        yield spoken


@contextlib.contextmanager
def strict(folder: Path, paper: Paper, clients: Paper) -> Iterator[int]:
    """The port of a server that lets nobody in whose certificate is not signed by `clients`, and says so.

    In a thread, because asyncio forgets to send what OpenSSL has to say when a greeting fails.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*paper.write(folder, "strict"))
    context.load_verify_locations(cadata=clients.certificate.public_bytes(serialization.Encoding.PEM).decode())
    context.verify_mode = ssl.CERT_REQUIRED

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = listener.accept()
                with caller, contextlib.suppress(OSError), context.wrap_socket(caller, server_side=True):
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@contextlib.asynccontextmanager
async def _serving(answer: bytes, context: ssl.SSLContext | None, port: int) -> AsyncIterator[Spoken]:
    spoken = Spoken()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                spoken.heads.append(await reader.readuntil(b"\r\n\r\n"))
                spoken.ports.add(writer.get_extra_info("peername")[1])
                spoken.certificates.append(bool(writer.get_extra_info("peercert")))
                writer.write(answer)
                await writer.drain()
        writer.transport.abort()

    async with listening(talk, context, port) as spoken.port:
        yield spoken


@contextlib.asynccontextmanager
async def listening(talk: object, context: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[int]:
    """The port where `talk` answers; its conversations end with the block."""
    conversations: set[asyncio.Task[None]] = set()

    async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        conversations.add(task)
        try:
            await talk(reader, writer)  # type: ignore[operator]
        except (asyncio.CancelledError, OSError):
            pass
        finally:
            conversations.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(begin, "127.0.0.1", port, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(conversations):
            task.cancel()
        if conversations:
            await asyncio.wait(conversations)


@contextlib.asynccontextmanager
async def proxying(refusal: bytes = b"", *, login: str = "") -> AsyncIterator[Spoken]:
    """A proxy for http and https; every name behind it is this machine. `refusal` is its only answer, if any."""
    spoken = Spoken()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                spoken.heads.append(head)
                if refusal or (login and login.encode() not in head):
                    writer.write(refusal or b"HTTP/1.1 407 Go away\r\nContent-Length: 0\r\n\r\n")
                    await writer.drain()
                    continue
                method, target, _ = head.split(b"\r\n")[0].split()
                if method != b"CONNECT":
                    writer.write(ANSWER)
                    await writer.drain()
                    continue
                there, back = await asyncio.open_connection("127.0.0.1", int(target.rpartition(b":")[2]))
                writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
                try:
                    await asyncio.gather(_pump(reader, back), _pump(there, writer))
                finally:
                    back.transport.abort()
                return

    async with listening(talk) as spoken.port:
        yield spoken


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    writer.transport.abort()


class Machine(Network):
    """What a machine's files say, for tests: plain attributes."""

    def __init__(self) -> None:
        self.trusts: dict[tuple[str, int], Trust] = {}
        self.proxy_to_all: Proxy | None = None
        self.direct: set[tuple[str, int]] = set()
        self.rooms: dict[tuple[str, int], int] = {}
        self.allowed: set[str] = set()
        self.asked: set[str] = set()
        self.forbidden: dict[str, str] = {}

    def trust(self, host: str, port: int) -> Trust:
        return self.trusts.get((host, port), Trust(folder=Path("/certs.d") / f"{host}:{port}"))

    def proxy(self, scheme: str, host: str, port: int) -> Proxy | None:
        return self.proxy_to_all if scheme in ("http", "https") and (host, port) not in self.direct else None

    def connections(self, host: str, port: int) -> int:
        return self.rooms.get((host, port), 4)

    def http_allowed(self, registry: Registry) -> bool:
        return registry.key in self.allowed

    def http_asked(self, registry: Registry) -> bool:
        return registry.key in self.asked

    def resolve(self, repository: Repository) -> Resolved:
        return Resolved(repository)

    def blocked(self, registry: Registry) -> str:
        return self.forbidden.get(registry.key, "")
