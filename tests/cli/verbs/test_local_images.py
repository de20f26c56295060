"""What is asked of folders and archives on this machine is answered as by a registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import images
from support.archives import dir_files, layout_files, tagged, write
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


NAME = "host:5000/Team/app:v2+build"
"""As buildah writes it into `org.opencontainers.image.ref.name`."""


async def test_a_name_beyond_the_grammar(run: CommandLine, tmp_path: Path) -> None:
    other = images.image(files=({"v": b"3"},))
    write(tmp_path / "built", layout_files(tagged(APP, NAME), tagged(other, NAME.replace("2", "3"))))
    for name, made in ((NAME, APP), (NAME.replace("2", "3"), other)):
        said = await run("digest", f"oci:built:{name}")
        assert (said.code, said.out) == (0, f"{made.digest}\n")
        assert f'"{NAME}" in index.json is shown as "host-5000/team/app:v2_build".' in said.err
    assert (await run("tags", "oci:built")).json == ["v2_build", "v3_build"]
    said = await run("digest", "oci:built")
    assert (said.code, said.raw) == (2, b"")
    assert "oci:built:host-5000/team/app holds 2 images." in said.err
    assert "with one of v2_build, v3_build." in said.err


async def test_a_link_that_leads_nowhere(run: CommandLine, tmp_path: Path) -> None:
    config = tmp_path / "out" / "blobs" / "sha256" / APP.below[0].digest[7:]
    content = config.read_bytes()
    config.unlink()
    config.symlink_to(tmp_path / "store")
    said = await run("-r", "config", "oci:out:amd64")
    assert (said.code, said.raw) == (3, b"")
    assert f"is a symbolic link to {tmp_path}/store, which is not there" in said.err
    assert "hold" not in said.err
    (tmp_path / "store").write_bytes(content)
    assert (await run("-r", "config", "oci:out:amd64")).raw == content


async def test_a_named_index_of_one_image_stays_an_index(run: CommandLine, tmp_path: Path) -> None:
    one = images.index(APP)
    write(tmp_path / "one", layout_files(tagged(one, "1.0")))
    for reference in ("oci:one", "oci:one:1.0"):
        assert (await run("-r", "manifestlist", reference)).raw == one.raw


async def test_a_folder_of_the_dir_transport(run: CommandLine, tmp_path: Path) -> None:
    """An index of one image stays an index."""
    write(tmp_path / "one", dir_files(images.index(APP)))
    assert (await run("-r", "manifestlist", "dir:one")).raw == images.index(APP).raw
    said = await run("digest", "dir:one", "--arch", "amd64")
    assert (said.code, said.out, said.err) == (0, f"{APP.digest}\n", "")
    assert (await run("-r", "config", "dir:one", "--arch", "amd64")).raw == APP.below[0].raw
    said = await run("digest", "docker-daemon:alpine:1")
    assert (said.code, said.raw) == (2, b"")
    assert "docker save -o image.tar alpine:1" in said.err


async def test_names_of_several_repositories_are_listed(run: CommandLine, tmp_path: Path) -> None:
    write(tmp_path / "built", layout_files(tagged(APP, NAME), tagged(INDEX, "b/c:1"), tagged(INDEX, "2")))
    said = await run("digest", "oci:built")
    assert (said.code, said.raw) == (2, b"")
    assert said.err.endswith(
        "oci:built holds more than one image. Write oci:built:NAME with one of b/c:1, host-5000/team/app:v2_build, 2.\n"
    )


async def test_images_without_a_name_are_not_taken_for_each_other(run: CommandLine, tmp_path: Path) -> None:
    others = [images.image(files=({"v": version},)) for version in (b"1", b"2")]
    arm = images.image(architecture="arm64")
    write(tmp_path / "bare", layout_files(*((made, {}) for made in (APP, *others, arm))))
    said = await run("digest", "oci:bare", "--platform", "linux/amd64")
    assert (said.code, said.raw) == (2, b"")
    assert "oci:bare holds 3 images for linux/amd64 that have no name of their own." in said.err
    for made in (APP, *others):
        assert made.digest in said.err
        assert (await run("digest", f"oci:bare@{made.digest}")).out == f"{made.digest}\n"
    assert (await run("digest", "oci:bare", "--platform", "linux/arm64")).out == f"{arm.digest}\n"
    assert len((await run("platforms", "oci:bare")).json) == 4


@pytest.mark.parametrize(("verb", "made"), [("digestlist", INDEX), ("digest", APP)])
async def test_the_only_image_that_nobody_has_named(
    run: CommandLine, tmp_path: Path, verb: str, made: images.Made
) -> None:
    """As `skopeo copy --all docker://... oci:DIR` writes it."""
    write(tmp_path / "bare", layout_files((INDEX, {})))
    said = await run(verb, "oci:bare", *(("--arch", "amd64") if verb == "digest" else ()))
    assert (said.code, said.out) == (0, f"{made.digest}\n")
