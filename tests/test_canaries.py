"""Every kind of secret at once, in one run of the program: none of them is seen, kept or copied anywhere.

A registry behind a proxy with a password, a login from a credential helper, tokens that are renewed, and storage
behind signed addresses that refuses what it is asked.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
import traceback
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest

from regbrowse.errors import RegbrowseError
from regbrowse.exchange import answer_lines, asked_for, curl_command
from regbrowse.oci.descriptor import Descriptor
from regbrowse.reference import Digest, Registry, Repository
from regbrowse.registry.client import Client
from regbrowse.registry.models import Settings
from regbrowse.settings.keychain import Keychain
from regbrowse.settings.network import Network
from support import images
from support.command_line import CommandLine
from support.fake_registry import FakeRegistry, Fault
from support.tls_world import listening
from tui.screen_driver import browsing

CANARY = "canary"
PASSWORD = "s3cr3t-canary-helper"
PROXY = "s3cr3t-canary-proxy"
IMAGE = images.image()
SIGNED = "X-Amz-Credential=s3cr3t-canary-key&X-Amz-Signature=s3cr3t-canary-signature&n=5"
HIDDEN = tuple(
    base64.b64encode(f"{user}:{secret}".encode()).decode().rstrip("=")
    for user, secret in (("ann", PASSWORD), ("proxy", PROXY))
)


def leaks(text: str) -> list[str]:
    """What of the secrets stands in a text, in plain or as it goes into a header; lines may be broken anywhere."""
    joined = "".join(text.split())
    return [secret for secret in (CANARY, *HIDDEN) if secret in joined]


@dataclass
class Forwarder:
    """A proxy for http; every name behind it is this machine."""

    port: int = 0
    logins: list[bytes] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        method, url, version = first.split()
        parts = urlsplit(url.decode())
        self.logins += [line for line in lines if line.lower().startswith(b"proxy-authorization:")]
        kept = [line for line in lines if line and not line.lower().startswith((b"proxy-", b"connection:"))]
        target = (parts.path + (f"?{parts.query}" if parts.query else "")).encode()
        there, back = await asyncio.open_connection("127.0.0.1", parts.port)
        back.write(b"\r\n".join([b" ".join([method, target, version]), *kept, b"Connection: close", b"", b""]))
        try:
            while chunk := await there.read(65_536):
                writer.write(chunk)
                await writer.drain()
        finally:
            back.transport.abort()

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator[Forwarder]:
        async with listening(self.talk) as self.port:
            yield self


@dataclass
class World:
    """Everything that takes part, and what has been said of it."""

    registry: FakeRegistry
    storage: FakeRegistry
    proxy: Forwarder
    settings: Settings
    home: Path

    @property
    def repository(self) -> Repository:
        return Repository(Registry.parse(f"registry.example:{self.registry.port}"), "acme/app")

    def kept(self) -> str:
        """Every byte that was written, and the names of the files."""
        files = [path for name in ("cache", "state", "memory") for path in (self.home / name).rglob("*")]
        assert any(path.is_file() for path in files)
        return "\n".join(f"{path} {path.read_bytes()!r}" if path.is_file() else str(path) for path in files)


@contextlib.asynccontextmanager
async def world(home: Path) -> AsyncIterator[World]:
    async with FakeRegistry().serve() as registry, FakeRegistry().serve() as storage, Forwarder().serve() as proxy:
        name = f"registry.example:{registry.port}"
        registry.auth, registry.public, registry.users = "bearer", False, {"ann": PASSWORD}
        registry.realm = f"http://{name}/token"
        registry.token_fields = {"refresh_token": "s3cr3t-canary-refresh"}
        registry.extra_headers = [("Set-Cookie", "session=s3cr3t-canary-cookie")]
        registry.repository("acme/app").add(IMAGE, "1.0")
        for digest in registry.repository("acme/app").blobs:
            path = f"/v2/acme/app/blobs/{digest}"
            there = f"http://storage.example:{storage.port}{path}?{SIGNED}"
            registry.fault(path, Fault(307, b"", [("Location", there)]))
            said = f"<Error><Code>AccessDenied</Code><Message>Expired: {there}</Message></Error>"
            storage.fault(path, Fault(403, said.encode(), [("Content-Type", "application/xml")]))
        yield World(registry, storage, proxy, machine(home, name, proxy.port), home)


def machine(home: Path, name: str, port: int) -> Settings:
    """The settings of a machine with a helper, a proxy, and entries in its files that cannot be used."""
    (home / "bin").mkdir()
    helper = home / "bin" / "docker-credential-bird"
    said = json.dumps({"ServerURL": name, "Username": "ann", "Secret": PASSWORD})
    helper.write_text(f"#!/bin/sh\ncat >/dev/null\necho 'password is {PASSWORD}' >&2\necho '{said}'\n")
    helper.chmod(0o755)
    (home / ".docker").mkdir()
    broken = {"one.example": {"auth": base64.b64encode(b"s3cr3t-canary-no-colon").decode()},
              "two.example": {"auth": "s3cr3t-canary-not-base64!"}, "three.example": {"password": "s3cr3t-canary-3"},
              "https://ann:s3cr3t-canary-key@four.example": {"auth": 4}}  # fmt: skip
    config = {"auths": broken, "credHelpers": {name: "bird"}}
    (home / ".docker" / "config.json").write_text(json.dumps(config))
    environ = {
        "PATH": f"{home / 'bin'}:/usr/bin:/bin",
        "HTTP_PROXY": f"http://proxy:{PROXY}@127.0.0.1:{port}",
        "HTTPS_PROXY": f"http://proxy:{PROXY}@127.0.0.1:{port}",
        "ALL_PROXY": "http://proxy:s3cr3t-canary-proxy@[bad",
        "NO_PROXY": "ann:s3cr3t-canary-no@proxy",
        "DOCKER_AUTH_CONFIG": '{"auths": {"x": {"auth": "s3cr3t-canary-environment"}}',
    }
    return Settings(
        pause=0,
        plain_http=frozenset({name}),
        keychain=Keychain(environ, home, uid=4_000_000),
        network=Network.read(environ, home, config=home / "settings.toml", etc=home / "etc"),
        cache_folder=home / "cache",
        state_folder=home / "state",
    )


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


async def test_errors_logs_and_files(tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    async with world(tmp_path) as here:
        said: list[object] = [here.settings]
        registry, config = here.repository.registry, IMAGE.below[0]
        what = Descriptor(config.media_type, Digest.parse(config.digest), len(config.raw))
        async with Client(here.settings) as client:
            manifest = await client.manifest(here.repository, "1.0")
            assert manifest.raw == IMAGE.raw
            here.registry.tokens.clear()
            assert [page.tags async for page in client.tags(here.repository)] == [("1.0",)]
            with pytest.raises(RegbrowseError) as refused:
                await client.blob(here.repository, what)
            assert "storage behind" in str(refused.value)
            echo = f"you sent Basic {base64.b64encode(f'ann:{PASSWORD}'.encode()).decode()}, that is {PASSWORD}"
            here.registry.fault("/token", Fault(401, echo.encode(), [("X-Request-Id", "1")]))
            here.registry.tokens.clear()
            with pytest.raises(RegbrowseError) as rejected:
                [page async for page in client.tags(here.repository)]
            assert "refused the credentials" in str(rejected.value)
            for error in (refused.value, rejected.value):
                said += [error, vars(error), "".join(traceback.format_exception(error))]
            said += [
                *client.log,
                *(show(one) for one in client.log for show in (curl_command, asked_for, answer_lines)),
            ]
            said += [
                client.notices(),
                client.connection(registry, "acme/app"),
                client.auth.login_state(registry),
            ]
            said += [await client.auth.login_sources(registry, "acme/app"), client.limits.wait(registry), vars(client)]
            assert len(client.notices()) >= 6
        assert here.proxy.logins
        assert any(SIGNED in one.target for one in here.storage.asked)
        assert sum(one.path == "/token" for one in here.registry.asked) >= 3
        for one in here.storage.asked:
            assert not {"authorization", "cookie", "proxy-authorization"} & set(one.headers)
        for thing in said:
            assert leaks(f"{thing} {thing!r}") == [], thing
        assert leaks(here.kept()) == []
    told = [record.getMessage() for record in log.records]
    assert leaks("\n".join(told)) == []


@pytest.mark.parametrize("auth", ["basic", "bearer"])
async def test_what_verbs_say_of_every_request(
    registry: FakeRegistry, run: CommandLine, auth: Literal["basic", "bearer"]
) -> None:
    registry.auth, registry.public, registry.users = auth, False, {"ann": PASSWORD}
    registry.token_fields = {"refresh_token": "s3cr3t-canary-refresh"}
    registry.extra_headers = [("Set-Cookie", "session=s3cr3t-canary-cookie")]
    registry.repository("acme/app").add(IMAGE, "1.0")
    async with FakeRegistry().serve() as storage:
        for digest in registry.repository("acme/app").blobs:
            path = f"/v2/acme/app/blobs/{digest}"
            registry.fault(path, Fault(307, b"", [("Location", f"{storage.url}{path}?{SIGNED}")]))
            storage.fault(path, Fault(403, b"Expired"))
        ended = await run("-vv", "-u", f"ann:{PASSWORD}", "config", f"{registry.name}/acme/app:1.0")
    assert ended.code == 3
    assert leaks(ended.err + ended.out) == []
    assert f"-H 'Authorization: {auth.title()} ***'" in ended.err
    assert "X-Amz-Signature=REDACTED" in ended.err


async def test_screen_and_clipboard(tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    (tmp_path / "memory").mkdir()
    async with world(tmp_path) as here:
        seen: list[str] = []
        place = f"registry.example:{here.registry.port}/acme/app:1.0"
        async with browsing(place, tmp_path / "memory", settings=here.settings, size=(140, 45)) as driven:

            def look() -> None:
                seen.extend([driven.text(), driven.app.export_screenshot(), driven.app.clipboard])

            await driven.shows("refused the download")
            look()
            await driven.press("L")
            await driven.shows("docker-credential-bird")
            look()
            await driven.press("escape")
            for key in ("1", "2", "3", "4"):
                await driven.press(key, "y")
                await driven.pilot.pause()
                look()
                await driven.press("enter")
                await driven.pilot.pause()
                look()
                await driven.press("escape")
            await driven.press("l", "g")
            for _ in range(12):
                await driven.press("y")
                await driven.pilot.pause()
                look()
                await driven.press("enter")
                await driven.pilot.pause()
                look()
                await driven.press("escape", "j")
            assert "X-Amz-Signature=REDACTED" in "".join(seen)
        assert any(SIGNED in one.target for one in here.storage.asked)
        assert any("ann" in text for text in seen)
        assert len({text for text in seen[2::3] if text}) > 1, "nothing was copied"
        for text in seen:
            assert leaks(text) == []
        assert leaks(here.kept()) == []
    assert leaks("\n".join(record.getMessage() for record in log.records)) == []
