"""Starts the CNCF distribution registry (docs: about/configuration.md) on a free loopback port."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import ssl
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import httpx

from real import certificates, tokens
from real.push import Pusher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Auth = Literal["open", "htpasswd", "token"]
AUTHS: tuple[Auth, ...] = get_args(Auth)
PROGRAM = shutil.which("docker-registry")
USER, PASSWORD = "ada", "correct-horse"
_HTPASSWD = "ada:$2y$05$XOY01ImdU1VB2ArGe.WnXOvFk4YeUULTDDWjFmeShBpgF3L06RBry\n"
"""USER and PASSWORD by `htpasswd -nbB -C 5`."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running registry."""

    port: int
    auth: Auth
    storage: Path
    ca_file: Path | None
    """The authority that signed its certificate; None means plain http."""
    tokens: tokens.TokenServer | None

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self.ca_file else 'http'}://{self.name}"

    @contextlib.contextmanager
    def pusher(self, path: str) -> Iterator[Pusher]:
        """Writes to one repository, logged in as this registry wants it."""
        headers = {}
        if self.tokens:
            headers["Authorization"] = "Bearer " + self.tokens.issue([f"repository:{path}:pull,push"])
        login = (USER, PASSWORD) if self.auth == "htpasswd" else None
        with self.http(headers=headers, auth=login) as http:
            yield Pusher(http, path)

    def http(self, headers: dict[str, str] | None = None, auth: tuple[str, str] | None = None) -> httpx.Client:
        """A bare client that trusts this registry's certificate."""
        return _http(self.url, self.ca_file, headers, auth)


@contextlib.contextmanager
def running(
    folder: Path,
    auth: Auth = "open",
    *,
    tls: bool = False,
    between: Callable[[int], contextlib.AbstractContextManager[int]] = contextlib.nullcontext,
) -> Iterator[Server]:
    """A registry with its files in an empty folder, until the block ends. It listens on the loopback address alone.

    `between` stands between the client and the token server: from the port of the one to that of the other.
    """
    authority = certificates.authority()
    ca_file, _ = authority.write(folder, "ca")
    pair = certificates.for_this_machine(authority).write(folder, "server")
    storage = folder / "storage"
    storage.mkdir()
    with contextlib.ExitStack() as stack:
        token_server = None
        settings: dict[str, object] = {}
        if auth == "htpasswd":
            (folder / "htpasswd").write_text(_HTPASSWD)
            settings = {"htpasswd": {"realm": "regbrowse tests", "path": str(folder / "htpasswd")}}
        elif auth == "token":
            token_server = tokens.TokenServer(certificates.authority("token signer"), USER, PASSWORD)
            bundle, _ = token_server.signer.write(folder, "tokens")
            port = stack.enter_context(tokens.serving(token_server, pair if tls else None))
            port = stack.enter_context(between(port))
            settings = {
                "token": {
                    "realm": f"{'https' if tls else 'http'}://127.0.0.1:{port}/token",
                    "service": tokens.SERVICE,
                    "issuer": tokens.ISSUER,
                    "rootcertbundle": str(bundle),
                }
            }
        config: dict[str, object] = {
            "version": "0.1",
            "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {
                "filesystem": {"rootdirectory": str(storage)},
                "maintenance": {"uploadpurging": {"enabled": False}},
            },
            **({"auth": settings} if settings else {}),
        }
        port = stack.enter_context(_process(folder, config, pair if tls else None, ca_file if tls else None))
        yield Server(port, auth, storage, ca_file if tls else None, token_server)


@contextlib.contextmanager
def _process(
    folder: Path, config: dict[str, object], pair: tuple[Path, Path] | None, ca_file: Path | None
) -> Iterator[int]:
    """Somebody may take a free port between finding and using it: three tries."""
    log = folder / "log.txt"
    for _ in range(3):
        port = _free_port()
        http: dict[str, object] = {"addr": f"127.0.0.1:{port}", "secret": "made up, for these tests only"}
        if pair:
            http["tls"] = {"certificate": str(pair[0]), "key": str(pair[1])}
        # JSON is YAML.
        (folder / "config.yml").write_text(json.dumps({**config, "http": http}))
        with log.open("wb") as output:
            process = subprocess.Popen(
                [PROGRAM or "docker-registry", "serve", str(folder / "config.yml")],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
            )
        try:
            if _answers(process, port, ca_file):
                yield port
                return
        finally:
            process.terminate()
            process.wait(10)
    raise RuntimeError("docker-registry did not start:\n" + log.read_text())


def _answers(process: subprocess.Popen[bytes], port: int, ca_file: Path | None) -> bool:
    end = time.monotonic() + 15
    with _http(f"{'https' if ca_file else 'http'}://127.0.0.1:{port}", ca_file) as http:
        while process.poll() is None and time.monotonic() < end:
            with contextlib.suppress(httpx.TransportError):
                http.get("/v2/")
                return True
            time.sleep(0.02)
    return False


def _http(
    url: str, ca_file: Path | None, headers: dict[str, str] | None = None, auth: tuple[str, str] | None = None
) -> httpx.Client:
    trusted = ssl.create_default_context(cafile=ca_file) if ca_file else False
    return httpx.Client(base_url=url, verify=trusted, headers=headers, auth=auth, trust_env=False, timeout=30)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port
