"""`lint`: findings as text and JSON, and its exit codes."""

from __future__ import annotations

import json

import pytest

from regbrowse.cli.verbs import lint
from support import images
from support.command_line import CommandLine
from support.fake_registry import FakeRegistry, Fault

AMD64, ARM64 = images.image(), images.image(architecture="arm64")


async def test_nothing_wrong_is_an_empty_list(registry: FakeRegistry, run: CommandLine) -> None:
    registry.repository("acme/app").add(images.index(AMD64, ARM64, images.attestation(AMD64)), "1")
    said = await run("lint", f"{registry.name}/acme/app:1")
    assert (said.code, said.json) == (0, [])
    assert said.err == "0 findings in 4 manifests.\n"
    said = await run("lint", f"{registry.name}/acme/app:1", "--format", "table")
    assert (said.code, said.raw) == (0, b"")


async def test_a_missing_child_is_found(registry: FakeRegistry, run: CommandLine) -> None:
    registry.repository("acme/app").add(images.index(AMD64, ARM64), "1")
    registry.fault(f"/v2/acme/app/manifests/{ARM64.digest}", Fault(404))
    said = await run("lint", f"{registry.name}/acme/app:1")
    [finding] = said.json
    assert said.code == 1
    assert (finding["severity"], finding["rule"]) == ("error", "missing-child")
    assert (finding["digest"], finding["platform"]) == (ARM64.digest, "linux/arm64")
    assert finding["what"]
    assert finding["why"]
    said = await run("lint", f"{registry.name}/acme/app:1", terminal=True)
    assert said.lines[0] == f"error    missing-child  linux/arm64  {ARM64.digest}"
    assert said.lines[1].startswith("         The index lists this manifest, but the registry does not hold it. ")
    said = await run("lint", f"{registry.name}/acme/app:1", "-r")
    assert json.loads(said.raw) == [finding]
    assert said.raw.count(b"\n") == 1


async def test_layers_are_not_read(registry: FakeRegistry, run: CommandLine) -> None:
    registry.repository("acme/app").add(images.index(AMD64, ARM64), "1")
    await run("lint", f"{registry.name}/acme/app:1")
    asked = [one.path.rpartition("/")[2] for one in registry.asked]
    for made in (AMD64, ARM64):
        assert asked.count(made.digest) == 1
        assert asked.count(made.below[0].digest) == 1
        assert made.below[1].digest not in asked


async def test_an_altered_config_is_found(registry: FakeRegistry, run: CommandLine) -> None:
    registry.repository("acme/app").add(AMD64, "1")
    config = AMD64.below[0]
    registry.fault(f"/v2/acme/app/blobs/{config.digest}", Fault(200, config.raw.replace(b"amd64", b"arm64")))
    said = await run("lint", f"{registry.name}/acme/app:1")
    assert (said.code, [each["rule"] for each in said.json]) == (1, ["digest"])


async def test_what_cannot_be_asked_is_no_finding(registry: FakeRegistry, run: CommandLine) -> None:
    registry.repository("acme/app").add(images.index(AMD64, ARM64), "1")
    registry.fault(f"/v2/acme/app/manifests/{ARM64.digest}", Fault(500))
    said = await run("lint", f"{registry.name}/acme/app:1")
    assert (said.code, said.json) == (3, [])
    assert "500" in said.err


async def test_what_is_not_there_is_an_error(registry: FakeRegistry, run: CommandLine) -> None:
    registry.repository("acme/app").add(AMD64, "1")
    said = await run("lint", f"{registry.name}/acme/app:2")
    assert (said.code, said.raw) == (1, b"")


async def test_only_so_many_manifests_are_read(
    registry: FakeRegistry, run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lint, "MOST", 3)
    many = [images.image(files=[{"n": b"%d" % number}], architecture=f"a{number}") for number in range(5)]
    registry.repository("acme/app").add(images.index(*many), "1")
    said = await run("lint", f"{registry.name}/acme/app:1")
    assert said.code == 0
    assert "2 manifests more were not read." in said.err


async def test_the_demo_has_an_index_with_most_of_it(run: CommandLine) -> None:
    said = await run("lint", "demo/acme/lab/odd")
    assert said.code == 1
    found = {(each["severity"], each["rule"], each["platform"]) for each in said.json}
    assert found == {
        ("warning", "duplicate-platform", "linux/amd64"),
        ("warning", "no-platform", None),
        ("warning", "history", "linux/amd64"),
        ("warning", "zstd-in-docker", "linux/arm/v7"),
        ("error", "platform", "linux/riscv64"),
    }
    assert (await run("lint", "demo/acme/lab/mismatch")).json[0]["rule"] == "digest"
    assert (await run("lint", "demo/acme/shop/webapp:latest")).json[0]["rule"] == "missing-child"
    assert (await run("lint", "demo/acme/base/alpine:3.20")).code == 0
