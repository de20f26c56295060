"""What is asked of folders and archives on this machine is answered as by a registry."""

from __future__ import annotations

from pathlib import Path

import pytest

import images
from archives import layout_files, tagged, write
from flow.command_line import CommandLine, command_line

APP = images.image()
INDEX = images.index(APP, images.attestation(APP))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CommandLine:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "out", layout_files(tagged(INDEX, "1.0"), tagged(INDEX, "latest"), tagged(APP, "amd64")))
    return command_line(monkeypatch, tmp_path)


async def test_aliases(run: CommandLine) -> None:
    said = await run("aliases", "-r", "oci:out:1.0")
    assert (said.code, sorted(said.lines)) == (0, ["1.0", "latest"])


async def test_identify(run: CommandLine) -> None:
    said = await run("identify", "--format", "table", "oci:out:1.0", APP.below[1].digest)
    assert said.lines == [f"{APP.below[1].digest} is layer 1 of linux/amd64, in oci:out:1.0."]


async def test_referrers(run: CommandLine) -> None:
    said = await run("referrers", "oci:out:1.0")
    assert [each["kind"] for each in said.json] == ["SBOM SPDX"]
