"""Registries and layouts that know their content by SHA-512: what is told can be asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from regbrowse.reference import Digest
from support import images
from support.archives import layout_files, tagged, write
from support.asking import hold
from support.command_line import CommandLine
from support.fake_registry import FakeRegistry, Fault

APP = images.named_by("sha512", images.image())
MANY = images.named_by("sha512", images.index(images.image(), images.image(architecture="arm64")))


@pytest.fixture(params=["registry", "layout"])
def name(request: pytest.FixtureRequest, registry: FakeRegistry, tmp_path: Path) -> str:
    """The name of what holds both, without a tag."""
    hold(registry, MANY)
    registry.repository("acme/app").add(APP, "one")
    if request.param == "registry":
        return f"{registry.name}/acme/app"
    write(tmp_path / "out", layout_files(tagged(MANY, "it"), tagged(APP, "one")))
    return f"oci:{tmp_path / 'out'}"


async def test_digests_are_told_as_they_are_known(run: CommandLine, name: str) -> None:
    said = await run("digestlist", f"{name}:it")
    assert said.out == f"{MANY.digest}\n"
    assert said.out.startswith("sha512:")
    assert (await run("digest", f"{name}:it", "--arch", "arm64")).out == f"{MANY.below[1].digest}\n"
    said = await run("digest", f"{name}:one")
    assert (said.out, said.err) == (f"{APP.digest}\n", "")
    assert (await run("digest", f"{name}@{APP.digest}")).out == said.out
    assert [each["digest"] for each in (await run("platforms", f"{name}:one")).json] == [APP.digest]
    assert (await run("id", f"{name}:one")).out == f"{APP.below[0].digest}\n"
    assert (await run("aliases", f"{name}:one")).lines != []


async def test_it_is_verified_by_the_same(run: CommandLine, name: str) -> None:
    said = await run("verifytool", f"{name}:one")
    assert said.code == 0
    assert f"OK  manifest header  {APP.digest}" in said.out
    assert "sha256" not in said.out
    assert (await run("verifytool", f"{name}@{APP.digest}")).code == 0


async def test_what_is_attached_is_asked_for_by_the_same(registry: FakeRegistry, run: CommandLine) -> None:
    hold(registry, APP)
    assert (await run("--no-cache", "referrers", f"{registry.name}/acme/app:it")).code == 0
    digest = Digest.parse(APP.digest)
    assert f"/v2/acme/app/referrers/{digest}" in registry.paths()
    assert f"/v2/acme/app/manifests/sha512-{digest.encoded[:64]}" in registry.paths()
    assert not [path for path in registry.paths() if "sha256" in path]


async def test_an_image_list_of_files_has_the_algorithm_of_what_it_lists(run: CommandLine, tmp_path: Path) -> None:
    write(tmp_path / "out", layout_files((APP, {}), (MANY, {})))
    said = await run("digestlist", f"oci:{tmp_path / 'out'}")
    assert said.out.startswith("sha512:"), said.err


async def test_an_algorithm_that_cannot_be_computed(registry: FakeRegistry, run: CommandLine) -> None:
    made = images.image()
    reference = hold(registry, made)
    named = [("Docker-Content-Digest", f"blake3:{'0' * 64}"), ("Content-Type", made.media_type)]
    registry.fault("/v2/acme/app/manifests/it", Fault(200, made.raw, named))
    said = await run("digest", reference)
    assert (said.code, said.out) == (0, f"{made.digest}\n")
    assert "The registry names it by blake3, which cannot be computed here." in said.err
    said = await run("verifytool", reference)
    assert "blake3 cannot be computed here" in said.out
