"""What the copy menu offers, and that shells and tools take it as it is."""

from __future__ import annotations

import asyncio
import re
import shlex
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regbrowse.oci.manifest import parse_manifest
from regbrowse.reference import Digest, parse_reference
from regbrowse.tui.copy_forms import COMMAND, LINE, Form, blob_commands, manifest_forms, tag_forms
from regbrowse.tui.manifest_tree import Tree
from support import images
from support.fake_registry import FakeRegistry
from tui.screen_driver import Driven, browsing

AMD64 = images.image()
INDEX = images.index(AMD64, images.image(architecture="arm64", variant="v8"))
SAFE = re.compile(r"[A-Za-z0-9_./:@=,+ -]+")


def parsed(made: images.Made) -> Tree:
    return Tree(parse_manifest(made.raw, digest=Digest.parse(made.digest)))


def platform_forms(name: str, base: str = "https://ghcr.io") -> dict[str, Form]:
    """The forms of linux/amd64 of an index."""
    tree = parsed(INDEX)
    tree.children[Digest.parse(AMD64.digest)] = parsed(AMD64).root
    return {form.label: form for form in manifest_forms(parse_reference(name), tree, tree.rows()[1], base)}


def test_the_forms_of_a_platform() -> None:
    forms = platform_forms("ghcr.io/acme/app:1.0")
    pinned = f"ghcr.io/acme/app@{AMD64.digest}"
    assert forms["docker pull"].value == f"docker pull --platform linux/amd64 {pinned}"
    assert forms["Dockerfile FROM"].value == f"FROM ghcr.io/acme/app:1.0@{AMD64.digest}"
    assert forms["Kubernetes image"].value == f"image: ghcr.io/acme/app:1.0@{AMD64.digest}"
    assert forms["crane"].value == f"crane manifest {pinned}"
    assert forms["skopeo"].value == f"skopeo inspect --raw docker://{pinned}"
    assert forms["regctl"].value == f"regctl manifest get --format raw-body {pinned}"
    assert shlex.split(forms["curl"].value) == [
        "curl", "-sSL", "-H", f"Accept: {AMD64.media_type}", f"https://ghcr.io/v2/acme/app/manifests/{AMD64.digest}",
    ]  # fmt: skip


def test_each_form_has_a_letter_of_its_own() -> None:
    tree = parsed(INDEX)
    reference = parse_reference("ghcr.io/acme/app:1.0")
    for forms in (
        list(platform_forms("ghcr.io/acme/app:1.0").values()),
        manifest_forms(reference, tree, tree.rows()[0], "https://ghcr.io"),
        tag_forms(reference.repository, "1.0", tree.root.digest, tree.root, None, "https://ghcr.io"),
    ):
        letters = [form.key for form in forms]
        assert len(set(letters)) == len(letters)


def test_what_cannot_be_pulled_has_no_such_line() -> None:
    chart = images.artifact("application/vnd.cncf.helm.config.v1+json")
    tree = parsed(chart)
    labels = {each.label for each in manifest_forms(parse_reference("x.io/a:1"), tree, tree.rows()[0], "https://x.io")}
    assert "oras pull" in labels
    assert not labels & {"docker pull", "podman pull", "Dockerfile FROM", "Kubernetes image"}


@given(
    path=st.from_regex(r"[a-z0-9]{1,8}([._-][a-z0-9]{1,4})?(/[a-z0-9]{1,8}){0,2}", fullmatch=True),
    tag=st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True),
)
def test_nothing_that_a_shell_would_read_as_more_than_a_word(path: str, tag: str) -> None:
    for form in platform_forms(f"localhost:5000/{path}:{tag}", "http://localhost:5000").values():
        if form.group in (LINE, COMMAND) and form.label != "curl":
            assert SAFE.fullmatch(form.value), form


@pytest.mark.parametrize("tool", ["curl", "skopeo"])
async def test_the_commands_print_the_manifest(registry: FakeRegistry, tmp_path: Path, tool: str) -> None:
    """Taken from the menu as a person does, and run."""
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    registry.repository("acme/app").add(INDEX, "1.0")
    async with browsing(f"{registry.name}/acme/app:1.0", tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("2", "y")
        assert await printed(driven, {"curl": "u", "skopeo": "s"}[tool]) == AMD64.raw


async def test_the_command_for_a_layer_prints_it(registry: FakeRegistry, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    registry.repository("acme/app").add(AMD64, "1.0")
    async with browsing(f"{registry.name}/acme/app:1.0", tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("3", "y")
        assert await printed(driven, "u") == AMD64.below[1].raw


def test_a_blob_of_files_has_no_commands() -> None:
    repository = parse_reference("ghcr.io/acme/app").repository
    files = repository._replace(registry=repository.registry._replace(alias="oci-1.invalid"))
    assert blob_commands(files, Digest.parse(AMD64.digest), "") == []


async def printed(driven: Driven, letter: str) -> bytes:
    """What the command prints that a letter of the menu copies."""
    await driven.shows("letter copy at once")
    await driven.press(letter)
    await driven.until(lambda: driven.app.clipboard)
    process = await asyncio.create_subprocess_exec(
        *shlex.split(driven.app.clipboard), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    out, _ = await process.communicate()
    return out
