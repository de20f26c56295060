"""The next step is one that somebody at a command line can take."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from regbrowse.reference import Registry
from support import images
from support.command_line import CommandLine
from support.fake_registry import FakeRegistry, Fault
from support.tls_world import issue, secure

APP = images.image()


@pytest.fixture
def name(registry: FakeRegistry) -> str:
    registry.repository("acme/app").add(APP, "1")
    return f"{registry.name}/acme/app:1"


@pytest.mark.parametrize("auth", ["basic", "bearer"])
async def test_a_login_is_given_by_an_option(registry: FakeRegistry, run: CommandLine, name: str, auth: str) -> None:
    registry.auth = "basic" if auth == "basic" else "bearer"
    registry.public = False
    said = await run("digest", name)
    assert said.code == 4
    assert (
        "Give a login with -u USER:PASSWORD or in DOCKER_REGISTRY_CREDENTIALS, or log in with docker login." in said.err
    )
    said = await run("digest", name, "-u", "ann:wrong")
    assert said.code == 4
    assert "They may be wrong, or have expired. Give others with -u USER:PASSWORD, or log in again." in said.err
    assert "press" not in said.err


async def test_a_certificate_is_trusted_by_an_option(run: CommandLine, tmp_path: Path) -> None:
    async with secure(tmp_path, issue(issuer=issue("Example CA", authority=True))) as server:
        said = await run("digest", f"{server.name}/acme/app:1")
    assert said.code == 3
    assert "--cacert" in said.err
    assert "--insecure" in said.err


async def test_http_is_chosen_by_an_option(run: CommandLine, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Registry, "is_loopback", property(lambda _: False))
    said = await run("digest", name)
    assert said.code == 3
    assert said.err.endswith("If it is meant to be unencrypted, use --plain-http.\n")


async def test_that_no_tag_was_written_is_said(run: CommandLine, name: str) -> None:
    given = name.removesuffix(":1")
    said = await run("digest", given)
    assert said.code == 1
    assert said.err.endswith(f'No tag was written, which means latest; "regbrowse tags {given}" lists them.\n')
    assert "No tag was written" not in (await run("digest", f"{given}:2")).err


async def test_what_is_read_of_a_broken_config_is_said(registry: FakeRegistry, run: CommandLine) -> None:
    config = images.Made(b"{]", images.OCI_CONFIG)
    raw = images.dump(
        {"schemaVersion": 2, "mediaType": images.OCI_MANIFEST, "config": config.descriptor(), "layers": []}
    )
    registry.repository("acme/app").add(images.Made(raw, images.OCI_MANIFEST, (config,), True), "broken")
    given = f"{registry.name}/acme/app:broken"
    said = await run("labels", given)
    assert said.code == 3
    assert said.err.startswith(f"regbrowse: Reading the config of {given} failed: The document is not JSON")
    assert '"config" prints it as it is.' in said.err


@pytest.mark.parametrize("verb", ["config", "labels", "history", "layers"])
async def test_a_config_that_fails_is_asked_for_once_with_its_attempts(
    registry: FakeRegistry, run: CommandLine, name: str, verb: str
) -> None:
    path = f"/v2/acme/app/blobs/{APP.below[0].digest}"
    registry.fault(path, Fault(503, b""))
    said = await run(verb, name)
    assert said.code == 3
    assert "has a problem on its side" in said.err
    assert registry.paths(path) == [path] * 3


@pytest.mark.parametrize("closed", ["2>&-", "0<&- 2>&-"])
async def test_without_stderr_nothing_of_it_is_among_the_data(tmp_path: Path, name: str, closed: str) -> None:
    """Python prints to standard output what is meant for a stream that is closed."""

    async def started(*words: str) -> tuple[int | None, bytes]:
        process = await asyncio.create_subprocess_exec(
            "sh", "-c", f'exec "$0" -m regbrowse "$@" {closed}', sys.executable, *words,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)}, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await process.communicate()
        return process.returncode, out

    assert await started("tags", name, "-r") == (0, b'["1"]\n')
    assert await started("-v", "digest", name) == (0, f"{APP.digest}\n".encode())
    assert await started("digest", f"{name}-not") == (1, b"")
    assert await started(name) == (2, b"")
