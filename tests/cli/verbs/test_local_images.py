"""What is asked of folders and archives on this machine is answered as by a registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import images
from support.archives import layout_files, tagged, write
from support.command_line import CommandLine

APP = images.image()
INDEX = images.index(APP, images.attestation(APP))


@pytest.fixture
def run(run: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CommandLine:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "out", layout_files(tagged(INDEX, "1.0"), tagged(INDEX, "latest"), tagged(APP, "amd64")))
    return run


async def test_aliases(run: CommandLine) -> None:
    said = await run("aliases", "--format", "table", "oci:out:1.0")
    assert (said.code, sorted(said.lines)) == (0, ["1.0", "latest"])


async def test_identify(run: CommandLine) -> None:
    said = await run("identify", "--format", "table", "oci:out:1.0", APP.below[1].digest)
    assert said.lines == [f"{APP.below[1].digest} is layer 1 of linux/amd64, in oci:out:1.0."]


async def test_referrers(run: CommandLine) -> None:
    said = await run("referrers", "oci:out:1.0")
    assert [each["kind"] for each in said.json] == ["SBOM SPDX"]


async def test_what_is_not_in_a_file_is_not_found(run: CommandLine) -> None:
    said = await run("digest", "oci:out:2.0")
    assert (said.code, said.raw) == (1, b"")
    assert '"2.0" is not in oci:out. It holds ' in said.err


@pytest.mark.parametrize(("verb", "made"), [("digestlist", INDEX), ("digest", APP)])
async def test_the_only_image_that_nobody_has_named(
    run: CommandLine, tmp_path: Path, verb: str, made: images.Made
) -> None:
    """As `skopeo copy --all docker://... oci:DIR` writes it."""
    write(tmp_path / "bare", layout_files((INDEX, {})))
    said = await run(verb, "oci:bare", *(("--arch", "amd64") if verb == "digest" else ()))
    assert (said.code, said.out) == (0, f"{made.digest}\n")
