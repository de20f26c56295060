"""Every kind of login x every kind of connection x every kind of credentials, against the CNCF distribution server.

Credentials come from a docker config and the authority from a certs.d folder, as on a machine in use.
"""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

import pytest

from real.content import APP, Content
from real.server import AUTHS, PASSWORD, USER, Auth, Server
from regbrowse.errors import AuthRejected, AuthRequired, RegbrowseError, TlsError
from regbrowse.reference import Registry, Repository
from regbrowse.registry.client import Client
from regbrowse.registry.models import Settings
from regbrowse.settings.keychain import Keychain
from regbrowse.settings.network import Network

Filled = Callable[[Auth, bool], tuple[Server, Content]]
Way = Literal["http", "own-ca", "untrusted"]
Who = Literal["right", "wrong", "none"]
WRONG = "s3cr3t-canary-not-this-horse"


def expected(auth: Auth, way: Way, who: Who) -> type[RegbrowseError] | None:
    """What must come of it; None: the image is read."""
    if way == "untrusted":
        return TlsError
    if auth == "open" or who == "right":
        return None
    return AuthRejected if who == "wrong" else AuthRequired


def settings(server: Server, way: Way, who: Who, home: Path) -> Settings:
    environ = {"HOME": str(home)}
    if who != "none":
        password = PASSWORD if who == "right" else WRONG
        secret = base64.b64encode(f"{USER}:{password}".encode()).decode()
        folder = home / ".docker"
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps({"auths": {server.name: {"auth": secret}}}))
        (folder / "config.json").chmod(0o600)
    if way == "own-ca":
        assert server.ca_file is not None
        folder = home / ".config" / "containers" / "certs.d" / server.name
        folder.mkdir(parents=True)
        shutil.copy(server.ca_file, folder / "ca.crt")
    nowhere = home / "nowhere"
    return Settings(
        registry=Registry.parse(server.name),
        keychain=Keychain(environ, home, uid=4_000_000),
        network=Network.read(environ, home, config=nowhere / "settings.toml", etc=nowhere),
        state_folder=home / "state",
        cache_folder=home / "cache",
        pause=0.01,
    )


@pytest.mark.parametrize("who", get_args(Who))
@pytest.mark.parametrize("way", get_args(Way))
@pytest.mark.parametrize("auth", AUTHS)
async def test_login_connection_credentials(filled: Filled, tmp_path: Path, auth: Auth, way: Way, who: Who) -> None:
    server, content = filled(auth, way != "http")
    registry = Registry.parse(server.name)
    wanted = expected(auth, way, who)
    async with Client(settings(server, way, who, tmp_path)) as client:
        if wanted is None:
            index = await client.manifest(Repository(registry, APP), "latest")
            assert index.raw == content.index.content
            state = client.auth.login_state(registry)
            if auth != "open":
                assert (state.user, state.source) == (USER, "docker config")
        else:
            with pytest.raises(wanted) as caught:
                await client.manifest(Repository(registry, APP), "latest")
            assert type(caught.value) is wanted
            said = f"{caught.value} {vars(caught.value)}"
            assert caught.value.hint or caught.value.command
            assert WRONG not in said
        log = list(client.log)
    assert len(log) <= 8
    assert WRONG not in repr(log)
    answered = {one.url.partition(":")[0] for one in log if one.status is not None}
    assert answered <= ({"http"} if way == "http" else {"https"})
    kept = b"".join(path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file())
    kept += b"".join(path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert WRONG.encode() not in kept
    assert PASSWORD.encode() not in kept
