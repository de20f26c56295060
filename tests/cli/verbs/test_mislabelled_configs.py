"""Images whose manifest names their config by a type that says nothing, as clients of 2015 to 2017 pushed them."""

from __future__ import annotations

import json

import pytest

from support import images
from support.asking import hold
from support.command_line import CommandLine
from support.fake_registry import FakeRegistry

TYPES = ["application/octet-stream", "text/html", "application/json; charset=utf-8"]
VERBS = ["config", "id", "labels", "history", "layers", "platforms", "verifytool"]


def no_config(raw: bytes) -> images.Made:
    """Something with a layer of an image's type, whose config is none of an image."""
    config, layer = images.Made(raw, "application/json"), images.layer()
    value = {
        "schemaVersion": 2,
        "mediaType": images.OCI_MANIFEST,
        "config": config.descriptor(),
        "layers": [layer.descriptor()],
    }
    return images.Made(images.dump(value), images.OCI_MANIFEST, (config, layer), True)


@pytest.mark.parametrize("config_type", TYPES)
@pytest.mark.parametrize("docker", [True, False])
@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("verb", VERBS)
async def test_what_runs_as_an_image_is_one(
    registry: FakeRegistry, run: CommandLine, verb: str, docker: bool, config_type: str, listed: bool
) -> None:
    usual, odd = (images.image(docker=docker), images.image(docker=docker, config_type=config_type))
    expected, made = (images.index(usual), images.index(odd)) if listed else (usual, odd)
    wanted = await run(verb, hold(registry, expected))
    said = await run(verb, hold(registry, made))
    assert said.code == wanted.code == 0
    if verb in ("platforms", "verifytool"):
        assert ("amd64" in said.out) == ("amd64" in wanted.out)
        assert len(said.lines) == len(wanted.lines)
    else:
        assert said.out == wanted.out
    if verb != "platforms" or not listed:
        assert f"the config is typed {config_type.partition(';')[0]}" in said.err.lower()


async def test_other_tools_name_it_an_image_too(registry: FakeRegistry, run: CommandLine) -> None:
    made = images.image(docker=True, config_type=TYPES[0])
    reference = hold(registry, made)
    assert (await run("identify", reference, made.digest)).json["what"] == "image"
    assert (await run("layers", reference, "--format", "table")).out.count("COPY") == 1


@pytest.mark.parametrize("raw", [b'{"a":1}', json.dumps({"architecture": "amd64", "os": "linux"}).encode()])
@pytest.mark.parametrize("verb", ["labels", "history"])
async def test_a_config_of_something_else(registry: FakeRegistry, run: CommandLine, verb: str, raw: bytes) -> None:
    said = await run(verb, hold(registry, no_config(raw)))
    assert (said.code, said.out) == (3, "")
    assert "typed application/json, and it is none of an image" in said.err


async def test_the_layers_of_something_else_are_listed_and_checked(registry: FakeRegistry, run: CommandLine) -> None:
    reference = hold(registry, no_config(b'{"a":1}'))
    said = await run("layers", reference)
    assert (said.code, len(said.json)) == (0, 1)
    assert "it is none of an image" in said.err
    said = await run("verifytool", reference)
    assert said.code == 0
    assert "SKIPPED  diff_ids" in said.out
