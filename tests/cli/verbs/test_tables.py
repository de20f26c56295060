"""`platforms` and `layers`: objects for scripts, tables for people."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from support import images
from support.asking import hold
from support.command_line import CommandLine
from support.fake_registry import FakeRegistry, Fault, lie

REPOSITORY = "acme/app"
AMD64 = images.image()
ARM64 = images.image(architecture="arm64", variant="v8", files=({"a": b"1"}, {"b": b"2"}))

ATTESTATION = {"vnd.docker.reference.type": "attestation-manifest"}


def row(made: images.Made, architecture: str, variant: str | None = None, attestations: int = 0) -> dict[str, object]:
    return {
        "os": "linux",
        "architecture": architecture,
        "variant": variant,
        "os.version": None,
        "digest": made.digest,
        "size": len(made.raw),
        "layersSize": sum(len(each.raw) for each in made.below[1:]),
        "attestations": attestations,
    }


async def test_platforms(registry: FakeRegistry, run: CommandLine) -> None:
    about = images.attestation(AMD64), images.attestation(AMD64, "https://slsa.dev/provenance/v1")
    reference = hold(registry, images.index(AMD64, *about, images.index(ARM64)))
    expected = [row(AMD64, "amd64", attestations=2), row(ARM64, "arm64", "v8")]
    said = await run("platforms", reference, "--sizes")
    assert (said.code, said.json, said.err) == (0, expected, "")
    said = await run("platforms", reference, "--sizes", "-r")
    assert said.json == expected
    assert said.out.count("\n") == 1
    asked = [path for path in registry.paths() if path.endswith(about[0].digest)]
    assert not asked, "attestations are counted, not read"


@pytest.mark.parametrize("words", [["--format", "table"], []])
async def test_platforms_for_people(registry: FakeRegistry, run: CommandLine, words: list[str]) -> None:
    reference = hold(registry, images.index(AMD64, ARM64, images.attestation(AMD64)))
    said = await run("platforms", reference, "--sizes", *words, terminal=not words)
    header, first, second = said.lines
    assert header.split() == ["PLATFORM", "DIGEST", "MANIFEST", "LAYERS", "ATTESTATIONS"]
    assert first.split() == ["linux/amd64", AMD64.digest, f"{len(AMD64.raw)}", "B", *_size(AMD64), "1"]
    assert second.split() == ["linux/arm64/v8", ARM64.digest, f"{len(ARM64.raw)}", "B", *_size(ARM64)]
    assert header.index("DIGEST") == first.index("sha256:") == second.index("sha256:")
    assert (await run("platforms", reference, "--format", "json", terminal=True)).json


def _size(made: images.Made) -> list[str]:
    return [str(sum(len(each.raw) for each in made.below[1:])), "B"]


async def test_platforms_are_told_by_the_list_alone(registry: FakeRegistry, run: CommandLine) -> None:
    reference = hold(registry, images.index(AMD64, ARM64))
    for made in (AMD64, ARM64):
        registry.fault(f"/v2/{REPOSITORY}/manifests/{made.digest}", Fault(403, b"{}"))
    said = await run("platforms", reference)
    expected = [{**row(AMD64, "amd64"), "layersSize": None}, {**row(ARM64, "arm64", "v8"), "layersSize": None}]
    assert (said.code, said.json, said.err) == (0, expected, "")
    assert not [path for path in registry.paths() if "/manifests/sha256:" in path]
    header, first, _ = (await run("platforms", reference, "--format", "table")).lines
    assert header.split() == ["PLATFORM", "DIGEST", "MANIFEST", "ATTESTATIONS"]
    assert first.split() == ["linux/amd64", AMD64.digest, f"{len(AMD64.raw)}", "B"]


async def test_platforms_stand_where_their_sizes_cannot_be_read(registry: FakeRegistry, run: CommandLine) -> None:
    many = [images.image(architecture=f"a{number}") for number in range(20)]
    reference = hold(registry, images.index(*many))
    for made in many:
        registry.fault(f"/v2/{REPOSITORY}/manifests/{made.digest}", Fault(403, b"{}"))
    said = await run("platforms", reference, "--sizes")
    assert said.code == 4
    assert [each["architecture"] for each in said.json] == [f"a{number}" for number in range(20)]
    assert said.err.count("regbrowse: ") == 1
    assert len([path for path in registry.paths() if "/manifests/sha256:" in path]) <= 8


async def test_entries_without_a_platform_are_read_up_to_a_limit(registry: FakeRegistry, run: CommandLine) -> None:
    many = [images.image(architecture=f"a{number}") for number in range(20)]
    bare = [images.Made(each.raw, each.media_type, each.below, True) for each in many]
    said = await run("platforms", hold(registry, images.index(*bare)))
    assert [each["architecture"] for each in said.json] == [f"a{number}" for number in range(16)]
    assert "4 more of the list tell no platform, and were not read for it." in said.err


async def test_platforms_that_are_not_held(registry: FakeRegistry, run: CommandLine) -> None:
    reference = hold(registry, images.index(AMD64, ARM64))
    del registry.repository(REPOSITORY).manifests[AMD64.digest]
    said = await run("platforms", reference, "--sizes")
    assert said.code == 0
    assert said.json == [{**row(AMD64, "amd64"), "layersSize": None}, row(ARM64, "arm64", "v8")]
    assert said.err.startswith("linux/amd64 is listed, but this registry does not hold it")
    assert "?" in (await run("platforms", reference, "--sizes", "--format", "table")).lines[1]


async def test_platforms_of_which_one_is_wrong(registry: FakeRegistry, run: CommandLine) -> None:
    """The others are not withheld, and it is told which one it is."""
    reference = hold(registry, images.index(AMD64, ARM64))
    registry.fault(f"/v2/{REPOSITORY}/manifests/{AMD64.digest}", Fault(200, lie(AMD64.raw)))
    said = await run("platforms", reference, "--sizes")
    assert (said.code, said.json) == (5, [{**row(AMD64, "amd64"), "layersSize": None}, row(ARM64, "arm64", "v8")])
    assert said.err.startswith(f"regbrowse: Reading {reference.rpartition(':')[0]}@{AMD64.digest[:19]}")


@pytest.mark.parametrize("words", [[], ["--sizes"]])
async def test_entries_without_a_usable_digest_are_named(
    registry: FakeRegistry, run: CommandLine, words: list[str]
) -> None:
    """They stand as rows, in one sentence, and what attestations say about no digest is not counted for them."""
    about = [
        {**images.attestation(AMD64).descriptor(), "annotations": {**ATTESTATION, **subject}}
        for subject in ({}, {"vnd.docker.reference.digest": ""}, {"vnd.docker.reference.digest": "nothing"})
    ]
    platform = [{"os": "linux", "architecture": name} for name in ("s390x", "riscv64")]
    nameless: list[dict[str, object]] = [
        {**ARM64.descriptor(), "digest": "nothing", "platform": platform[0]},
        {"mediaType": images.OCI_MANIFEST, "platform": platform[1]},
        {"mediaType": images.OCI_MANIFEST},
        {"mediaType": images.OCI_INDEX},
    ]
    value = {"schemaVersion": 2, "manifests": [AMD64.descriptor(), *nameless, *about]}
    reference = hold(registry, images.Made(images.dump(value), images.OCI_INDEX, (AMD64,), True))
    said = await run("platforms", reference, *words)
    assert said.code == 0
    assert [(each["architecture"], each["digest"], each["attestations"]) for each in said.json] == [
        ("amd64", AMD64.digest, 0),
        ("s390x", None, 0),
        ("riscv64", None, 0),
    ]
    names = "linux/s390x, linux/riscv64, one without a platform, one without a platform"
    sentence = f"4 entries of the list cannot be asked for, without a usable digest: {names}."
    assert said.err.count("without a usable digest") == said.err.count(sentence) == 1
    table = await run("platforms", reference, *words, "--format", "table")
    assert "no usable digest" in table.lines[2]
    said = await run("digest", reference, "--platform", "linux/s390x")
    assert (said.code, said.raw) == (3, b"")
    assert "names linux/s390x without a usable digest" in said.err


async def test_platforms_that_are_missing_twice_are_told_once(registry: FakeRegistry, run: CommandLine) -> None:
    again = images.image(files=({"other": b"1"},))
    reference = hold(registry, images.index(AMD64, again))
    for made in (AMD64, again):
        del registry.repository(REPOSITORY).manifests[made.digest]
    said = await run("platforms", reference, "--sizes")
    assert [each["digest"] for each in said.json] == [AMD64.digest, again.digest]
    assert said.err.count("is listed, but this registry does not hold it") == 1


async def test_platforms_that_only_the_config_knows(registry: FakeRegistry, run: CommandLine) -> None:
    bare = images.Made(ARM64.raw, ARM64.media_type, ARM64.below, True)
    other = images.artifact("text/spdx")
    said = await run("platforms", hold(registry, images.index(bare, AMD64, other)))
    assert said.json == [row(ARM64, "arm64", "v8"), {**row(AMD64, "amd64"), "layersSize": None}]
    assert (await run("platforms", hold(registry, bare))).json == [row(ARM64, "arm64", "v8")]


async def test_platforms_are_read_four_at_a_time(registry: FakeRegistry, run: CommandLine) -> None:
    many = [images.image(architecture=f"a{number}") for number in range(6)]
    gates = [registry.gate(f"/v2/{REPOSITORY}/manifests/{each.digest}") for each in many]
    asking = asyncio.create_task(run("platforms", hold(registry, images.index(*many)), "--sizes"))
    async with asyncio.timeout(10):
        for gate in gates[:4]:
            await gate.arrived.wait()
        assert not gates[4].arrived.is_set()
        for gate in gates:
            gate.open()
        assert [each["architecture"] for each in (await asking).json] == [f"a{number}" for number in range(6)]


async def test_platforms_of_what_has_none(registry: FakeRegistry, run: CommandLine) -> None:
    said = await run("platforms", hold(registry, images.artifact("application/vnd.cncf.helm.config.v1+json")))
    assert (said.code, said.raw) == (1, b"")
    assert "is an artifact (Helm chart), which has no platforms." in said.err
    said = await run("platforms", hold(registry, images.index()))
    assert (said.code, said.out) == (0, "[]\n")
    assert "names no platform" in said.err
    legacy: Any = (await run("platforms", hold(registry, images.schema1(REPOSITORY, "it")))).json
    assert [(each["os"], each["architecture"], each["layersSize"]) for each in legacy] == [("linux", "amd64", None)]


async def test_platforms_mean_no_platform(run: CommandLine) -> None:
    said = await run("platforms", "demo", "--arch", "arm64")
    assert (said.code, said.raw) == (2, b"")
    assert '--arch means nothing to "platforms".' in said.err


async def test_layers(registry: FakeRegistry, run: CommandLine) -> None:
    reference = hold(registry, images.index(AMD64, ARM64))
    first, second = ARM64.below[1:]
    expected = [
        {
            "number": number,
            "digest": layer.digest,
            "mediaType": images.OCI_LAYER,
            "size": len(layer.raw),
            "command": f"COPY part{number - 1} / # buildkit",
            "empty": False,
        }
        for number, layer in enumerate((first, second), 1)
    ]
    nothing: dict[str, object] = dict.fromkeys(("number", "digest", "mediaType", "size"))
    expected.append({**nothing, "command": 'CMD ["/bin/sh"]', "empty": True})
    said = await run("layers", reference, "--arch", "arm64")
    assert (said.code, said.json, said.err) == (0, expected, "")
    said = await run("-r", "layers", reference, "--arch", "arm64")
    assert said.json == expected
    assert said.out.count("\n") == 1
    table = (await run("layers", reference, "--arch", "arm64", terminal=True)).lines
    assert table[0].split() == ["#", "SIZE", "KIND", "DIGEST", "COMMAND"]
    assert table[1].split() == ["1", str(len(first.raw)), "B", "gzip", first.digest, "COPY", "part0", "/"]
    assert table[3].split() == ["empty", "CMD", '["/bin/sh"]']
    assert table[0].index("COMMAND") == table[1].index("COPY") == table[3].index("CMD")


async def test_layers_without_their_commands(registry: FakeRegistry, run: CommandLine) -> None:
    reference = hold(registry, AMD64)
    del registry.repository(REPOSITORY).blobs[AMD64.below[0].digest]
    said = await run("layers", reference)
    assert said.code == 0
    assert [(each["digest"], each["command"]) for each in said.json] == [(AMD64.below[1].digest, None)]
    assert "The commands are not known: " in said.err


async def test_history_that_does_not_fit(registry: FakeRegistry, run: CommandLine) -> None:
    config = images.config("linux", "amd64", history=[{"created_by": "squash"}])
    layers = [images.layer({"a": b"1"}), images.layer({"b": b"2"})]
    value = {
        "schemaVersion": 2,
        "mediaType": images.OCI_MANIFEST,
        "config": config.descriptor(),
        "layers": [each.descriptor() for each in layers],
    }
    made = images.Made(images.dump(value), images.OCI_MANIFEST, (config, *layers), True)
    said = await run("layers", hold(registry, made))
    assert [(each["number"], each["command"]) for each in said.json] == [(1, None), (2, None), (None, "squash")]
    assert said.err == "The history speaks of 1 layer, the image has 2.\n"
    said = await run("layers", hold(registry, made), "--format", "table")
    assert said.lines[-1].split() == ["step", "squash"]
    said = await run("history", hold(registry, made))
    assert said.json == [{"created_by": "squash"}]
    assert said.err == "The history speaks of 1 layer, the image has 2.\n"


async def test_an_image_without_history(registry: FakeRegistry, run: CommandLine) -> None:
    config, layer = images.config("linux", "amd64", history=None), images.layer()
    value = {
        "schemaVersion": 2,
        "mediaType": images.OCI_MANIFEST,
        "config": config.descriptor(),
        "layers": [layer.descriptor()],
    }
    made = images.Made(images.dump(value), images.OCI_MANIFEST, (config, layer), True)
    for verb, rows in (("layers", 1), ("history", 0)):
        said = await run(verb, hold(registry, made))
        assert (said.code, len(said.json)) == (0, rows)
        assert said.err == "The image has no history.\n"


async def test_layers_of_others(registry: FakeRegistry, run: CommandLine) -> None:
    blob = images.Made(b"chart", "application/vnd.cncf.helm.chart.content.v1.tar+gzip")
    said = await run("layers", hold(registry, images.artifact("application/vnd.cncf.helm.config.v1+json", blob)))
    assert [(each["digest"], each["size"]) for each in said.json] == [(blob.digest, 5)]
    said = await run("layers", hold(registry, images.schema1(REPOSITORY, "it")))
    assert [each["command"] for each in said.json] == ["/bin/sh -c #(nop) ADD a /", None]
    unknown = images.Made(b'{"mediaType":"application/vnd.acme","x":1}', "application/vnd.acme", (), True)
    said = await run("layers", hold(registry, unknown))
    assert (said.code, said.raw) == (1, b"")
    assert "document of an unknown kind" in said.err


@pytest.mark.parametrize("verb", ["platforms", "layers", "labels", "history", "config", "manifestlist"])
@pytest.mark.parametrize("terminal", [True, False])
async def test_hostile_text_only_looks(run: CommandLine, verb: str, terminal: bool) -> None:
    table = ["--format", "table"] if verb in ("platforms", "layers") else []
    said = await run(verb, "demo/acme/lab/hostile", *table, terminal=terminal)
    assert said.code == 0
    assert said.lines
    for text in (said.out, said.err):
        assert all(char.isprintable() or char == "\n" for char in text)


async def test_numbers_stay_numbers(registry: FakeRegistry, run: CommandLine) -> None:
    value = json.loads(AMD64.raw)
    value["layers"][0]["size"] = -5
    odd = images.Made(images.dump(value), images.OCI_MANIFEST, AMD64.below, True)
    said = await run("layers", hold(registry, odd))
    assert said.json[0]["size"] is None
    assert "layers[0].size has an unexpected form" in said.err
