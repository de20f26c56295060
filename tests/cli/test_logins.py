"""What a command says of the saved logins of this machine, when a registry asks for one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.command_line import CommandLine
from support.fake_registry import FakeRegistry
from support.files import write

BROKEN = "#!/bin/sh\necho 'the keychain is locked' >&2\nexit 1\n"


@pytest.mark.parametrize("verbose", [(), ("-vv",)], ids=["plain", "-vv"])
@pytest.mark.parametrize(
    ("config", "said"),
    [
        ('{"credsStore": "absent"}', 'names the credential helper "docker-credential-absent", which is not on PATH.'),
        ('{"credHelpers": {"HOST": "broken"}}', "docker-credential-broken failed"),
        ("{bad", "config.json: the document is not JSON at line 1, column 2."),
    ],
    ids=["no such helper", "a helper that fails", "no JSON"],
)
async def test_why_a_saved_login_was_of_no_use_is_said(
    private_registry: FakeRegistry,
    run: CommandLine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    config: str,
    said: str,
    verbose: tuple[str, ...],
) -> None:
    helper = tmp_path / "bin" / "docker-credential-broken"
    write(helper, BROKEN)
    helper.chmod(0o700)
    write(tmp_path / "docker" / "config.json", config.replace("HOST", private_registry.name))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setenv("PATH", f"{helper.parent}:{os.environ['PATH']}")
    ended = await run(*verbose, "tags", f"{private_registry.name}/acme/app")
    assert ended.code == 4
    assert ended.out == ""
    assert [line for line in ended.err.splitlines() if said in line] != []
    assert "needs a login" in ended.err
