"""What the machine that a client runs on says: its environment and its files, all in a folder of the test."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path

from regbrowse.registry.models import Settings
from regbrowse.settings.keychain import Keychain
from regbrowse.settings.network import Network
from support.files import write
from support.tls_world import Paper, issue

CA = issue("Example CA", authority=True)
OTHER_CA = issue("Other CA", authority=True)


def network(folder: Path, environ: Mapping[str, str] | None = None, /, **files: str) -> Network:
    """Reads the machine; `files` are contents of `settings`, `registries` (registries.conf) and `daemon`."""
    places = {
        "settings": "settings.toml",
        "registries": "etc/containers/registries.conf",
        "daemon": "etc/docker/daemon.json",
    }
    for name, content in files.items():
        write(folder / places[name], content)
    return Network.read(environ or {}, folder, config=folder / "settings.toml", etc=folder / "etc", platform="linux")


def keychain(folder: Path, auths: Mapping[str, object] | None = None, *, limit: float = 5, **more: object) -> Keychain:
    """Docker's config with these logins, and whatever else stands in it."""
    if auths is not None or more:
        write(folder / ".docker/config.json", json.dumps({"auths": auths or {}, **more}))
    path = f"{folder / 'bin'}:/usr/bin:/bin"
    return Keychain({"PATH": path, "HOME": str(folder)}, folder, uid=99_999, platform="linux", limit=limit)


def helper(folder: Path, suffix: str, body: str) -> None:
    """Puts a credential helper on PATH."""
    program = write(folder / f"bin/docker-credential-{suffix}", f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)


def settings(
    net: Network | None = None, keys: Keychain | None = None, plain: Sequence[str] = (), **more: object
) -> Settings:
    return Settings(pause=0, network=net, keychain=keys, plain_http=frozenset(plain), **more)  # type: ignore[arg-type]


def context(folder: Path, paper: Paper, *, clients: Paper | None = None) -> ssl.SSLContext:
    """For a server; `clients` has signed whoever is let in."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*paper.write(folder, "server"))
    if clients is not None:
        made.load_verify_locations(cafile=str(clients.write(folder, "clients")[0]))
        made.verify_mode = ssl.CERT_REQUIRED
    return made
