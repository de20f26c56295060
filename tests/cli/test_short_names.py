"""Names without a registry, for which registries.conf may have an alias, and helpers that it names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.command_line import CommandLine
from support.fake_registry import FakeRegistry
from support.files import write
from support.images import image

CONF = Path(".config") / "containers" / "registries.conf"


async def test_an_alias_is_asked_and_named(registry: FakeRegistry, run: CommandLine, tmp_path: Path) -> None:
    made = image()
    registry.repository("acme/app").add(made, "1")
    conf = write(tmp_path / CONF, f'[aliases]\n"app" = "{registry.name}/acme/app"\n')
    said = await run("digest", "app:1")
    assert (said.code, said.out) == (0, f"{made.digest}\n")
    assert f'"app" means {registry.name}/acme/app:1, an alias in {conf}.' in said.err
    plain = await run("digest", f"{registry.name}/acme/app:1")
    assert (plain.out, plain.err) == (said.out, "")


async def test_a_login_is_for_the_registry_of_the_alias(
    private_registry: FakeRegistry, run: CommandLine, tmp_path: Path
) -> None:
    write(tmp_path / CONF, f'[aliases]\n"app" = "{private_registry.name}/acme/app"\n')
    login = ":".join(next(iter(private_registry.users.items())))
    assert (await run("digest", "app:1", "-u", login)).code == 0


async def test_a_helper_of_registries_conf_is_asked(
    private_registry: FakeRegistry, run: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, password = next(iter(private_registry.users.items()))
    program = write(
        tmp_path / "bin" / "docker-credential-vault",
        f'#!/bin/sh\necho \'{{"Username": "{user}", "Secret": "{password}"}}\'\n',
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    reference = f"{private_registry.name}/acme/app:1"
    assert (await run("digest", reference)).code != 0
    write(tmp_path / CONF, 'credential-helpers = ["vault"]\n')
    assert (await run("digest", reference)).code == 0
