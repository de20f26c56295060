"""Saved logins: files and helpers that are broken, and registries that want to look like others."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from pathlib import Path

import pytest

from faults.asking import here, listing
from faults.internet import Internet
from faults.machine import helper, keychain, settings
from faults.rows import row
from faults.server import Misbehaving
from faults.trial import trial
from regbrowse.errors import AuthRequired
from regbrowse.reference import Registry
from regbrowse.registry.client import Client
from support.files import write

AREA = "Saved logins"
SECRET = "s3cr3t-canary-1"
ANN = {"auth": b64encode(f"ann:{SECRET}".encode()).decode()}
REAL = "registry.example.com:80"
GIVES = f"""cat >/dev/null; printf '{{"ServerURL":"x","Username":"ann","Secret":"{SECRET}"}}'"""


@pytest.fixture
def private(server: Misbehaving) -> Misbehaving:
    """A registry that may not be read without a login."""
    server.truth.auth, server.truth.public = "basic", False
    server.truth.repository("acme/app").listed = ["1"]
    return server


@row(
    AREA,
    server="its name looks like one that there is a login for: a longer name, another suffix, another port",
    client="sends it no credentials",
)
@pytest.mark.parametrize(
    "name",
    [
        "registry.example.com.attacker.test:80", "evil-registry.example.com:80", "docker.io.attacker.test:80",
        "evil-azurecr.io.attacker.test:80", "example.com:80", "registry.example.com:81", "sub.registry.example.com:80",
    ],
)  # fmt: skip
async def test_lookalikes(private: Misbehaving, net: Internet, tmp_path: Path, name: str) -> None:
    registry = Registry.parse(name)
    net.place(registry.host, registry.port or 443, private.port)
    auths = {REAL: ANN, "docker.io": ANN, "https://index.docker.io/v1/": ANN, "x.azurecr.io": ANN, "azurecr.io": ANN}
    made = settings(keys=keychain(tmp_path, auths), plain=[name])
    seen = await trial(private, listing(name), at_most=3, settings=made)
    assert isinstance(seen.error, AuthRequired)
    assert not any(one.header("authorization") for one in private.asked)


@row(
    AREA,
    server="its name is written in upper case, or the file has scheme, path or upper case",
    client="finds the login",
)
@pytest.mark.parametrize(
    "key", [REAL, f"http://{REAL}", f"https://{REAL}/v2/", "REGISTRY.Example.com:80", "registry.example.com"]
)
@pytest.mark.parametrize("name", [REAL, "REGISTRY.example.COM:80"])
async def test_twins(private: Misbehaving, net: Internet, tmp_path: Path, key: str, name: str) -> None:
    net.place("registry.example.com", 80, private.port)
    made = settings(keys=keychain(tmp_path, {key: ANN}), plain=[REAL])
    seen = await trial(private, listing(name), at_most=3, settings=made)
    assert seen.answer == ["1"]


@row(
    AREA,
    server="docker's config is no JSON, a folder, empty, UTF-16, 5 MB, or a list",
    client="names the file and the place in it, and goes on anonymously",
)
@pytest.mark.parametrize(
    "content", [b'{"auths": {', b"", None, '{"auths":{}}'.encode("utf-16"), b" " * 5_000_000, b"[]", b"[" * 100_000]
)
async def test_broken_files(private: Misbehaving, tmp_path: Path, content: bytes | None) -> None:
    if content is None:
        (tmp_path / ".docker/config.json").mkdir(parents=True)
    else:
        write(tmp_path / ".docker/config.json", content)
    keys = keychain(tmp_path)
    seen = await trial(private, listing(private), at_most=2, settings=settings(keys=keys))
    assert isinstance(seen.error, AuthRequired)
    if content:
        assert any("config.json" in notice for notice in keys.notices)


@row(
    AREA,
    server="an entry of docker's config is a number, has no colon, is no base64, or lies beside a good one",
    client="skips it with a notice that names file and key, never the value; the good one is used",
)
@pytest.mark.parametrize(
    "bad",
    [5, None, [], "x", {"auth": 5}, {"auth": "%%%canary%%%"}, {"auth": b64encode(b"canary-without-colon").decode()},
     {"auth": b64encode(b":canary").decode()}, {"username": "ann", "password": 5}, {"auth": "canary\n\x1b[31m"}],
)  # fmt: skip
async def test_broken_entries(private: Misbehaving, tmp_path: Path, bad: object) -> None:
    keys = keychain(tmp_path, {"other.example.com": bad, private.name: ANN})
    seen = await trial(private, listing(private), at_most=2, settings=settings(keys=keys))
    assert seen.answer == ["1"]
    assert await keys.find(Registry.parse("other.example.com")) is None
    told = " ".join(keys.notices)
    assert "canary" not in told
    assert "\x1b" not in told


@row(AREA, server="the base64 of a login has no padding, line breaks at its end, or NULs behind it", client="reads it")
@pytest.mark.parametrize("raw", [f"ann:{SECRET}".encode(), f"ann:{SECRET}\x00\x00".encode()])
async def test_odd_base64(private: Misbehaving, tmp_path: Path, raw: bytes) -> None:
    keys = keychain(tmp_path, {private.name: {"auth": b64encode(raw).decode().rstrip("=")}})
    seen = await trial(private, listing(private), at_most=2, settings=settings(keys=keys))
    assert seen.answer == ["1"]


@row(AREA, server="the file has an empty entry, and a store", client="asks the store")
async def test_empty_entries(private: Misbehaving, tmp_path: Path) -> None:
    helper(tmp_path, "good", GIVES)
    keys = keychain(tmp_path, {private.name: {}}, credsStore="good")
    seen = await trial(private, listing(private), at_most=2, settings=settings(keys=keys))
    assert seen.answer == ["1"]
    assert seen.states[0].user == "ann"


@row(
    AREA,
    server="podman's file has a login for one repository and another for the registry",
    client="sends each its own",
)
async def test_logins_by_path(private: Misbehaving, tmp_path: Path) -> None:
    private.truth.users = {"ann": SECRET, "app": "s3cr3t-canary-2"}
    app = {"auth": b64encode(b"app:s3cr3t-canary-2").decode()}
    auths = {f"{private.name}/acme/app": app, private.name: ANN}
    write(tmp_path / ".config/containers/auth.json", json.dumps({"auths": auths}))
    seen = await trial(private, listing(private), at_most=2, settings=settings(keys=keychain(tmp_path)))
    assert seen.answer == ["1"]
    sent = next(one.header("authorization") for one in private.asked if one.path != "/v2/")
    assert sent == "Basic " + app["auth"]


@row(
    AREA,
    server="a credential helper is missing, knows nothing, fails, hangs, floods, prints no JSON, wants a terminal",
    client="goes on anonymously, and says what is wrong with it; it neither hangs nor stays behind",
)
@pytest.mark.parametrize(
    ("body", "word"),
    [
        (None, "is not on PATH"),
        ("echo credentials not found in native keychain; exit 1", ""),
        ("printf 'noise \\033[31mred' >&2; exit 1", "failed"),
        ("echo canary-out; echo oops >&2; exit 3", "failed"),
        ("sleep 60", "did not answer"),
        ("sleep 60 & sleep 60", "did not answer"),
        ("trap '' TERM; sleep 60", "did not answer"),
        ("head -c 10000000 /dev/zero | tr '\\0' x", ""),
        ("echo not json canary", ""),
        ("echo '[]'", ""),
        ('printf \'{"Username":5,"Secret":"canary"}\'', ""),
        ('printf \'{"Username":"ann","Secret":""}\'', ""),
        ("echo hello > /dev/tty || exit 1", ""),
        ("exec <&-; exec >&-; exec 2>&-", ""),
        ("kill -9 $$", ""),
    ],
)
async def test_helpers(private: Misbehaving, tmp_path: Path, body: str | None, word: str) -> None:
    if body is not None:
        helper(tmp_path, "bad", body)
    keys = keychain(tmp_path, credHelpers={private.name: "bad"}, limit=0.3)
    made = settings(keys=keys)
    seen = await trial(private, listing(private), at_most=2, settings=made, cancel=False)
    assert isinstance(seen.error, AuthRequired)
    assert seen.seconds < 5
    told = " ".join(keys.notices)
    assert word in told
    if word:
        assert "docker-credential-bad" in told
    assert "canary" not in told
    assert "\x1b" not in told
    if word == "did not answer":
        assert private.name in keys.slow


@row(AREA, server="a config names a helper `../../x`, with spaces, or with a dash in front", client="does not run it")
@pytest.mark.parametrize("suffix", ["../../x", "x; touch owned", "-x", "", "x\x00y", "a/b", 5, None, "$(touch owned)"])
async def test_names_of_helpers(private: Misbehaving, tmp_path: Path, suffix: object) -> None:
    outside = write(tmp_path / "x", "#!/bin/sh\ntouch owned\n")
    outside.chmod(0o755)
    keys = keychain(tmp_path, credsStore=suffix)
    seen = await trial(private, listing(private), at_most=2, settings=settings(keys=keys))
    assert isinstance(seen.error, AuthRequired)
    # Where a shell would have made the file.
    assert not any((folder / "owned").exists() for folder in (Path(), tmp_path, tmp_path / "bin", Path("/")))


@row(AREA, server="a helper gives `<token>` as the user", client="logs in with the identity token")
async def test_identity_tokens_of_helpers(private: Misbehaving, tmp_path: Path) -> None:
    private.truth.auth = "bearer"
    private.truth.identities = {"s3cr3t-canary-identity": "ann"}
    helper(tmp_path, "ids", """cat >/dev/null; printf '{"Username":"<token>","Secret":"s3cr3t-canary-identity"}'""")
    keys = keychain(tmp_path, credHelpers={private.name: "ids"})
    seen = await trial(private, listing(private), at_most=4, settings=settings(keys=keys))
    assert seen.answer == ["1"]
    assert any(one.method == "POST" and b"grant_type=refresh_token" in one.body for one in private.asked)


@row(AREA, server="a helper takes its time, and twenty questions are asked", client="runs it once")
async def test_a_helper_runs_once(private: Misbehaving, tmp_path: Path) -> None:
    helper(tmp_path, "slow", f"echo x >> {tmp_path}/runs; sleep 0.05; {GIVES}")
    keys = keychain(tmp_path, credHelpers={private.name: "slow"})

    async def ask(client: Client) -> None:
        await asyncio.gather(*(listing(private)(client) for _ in range(20)))
        assert client.auth.login_state(here(private).registry).user == "ann"

    await trial(private, ask, at_most=22, settings=settings(keys=keys), cancel=False)
    assert (tmp_path / "runs").read_text().count("x") == 1
