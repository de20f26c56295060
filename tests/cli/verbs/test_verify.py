"""`verifytool`: what is told against what is computed, a line for each check."""

from __future__ import annotations

import json

import pytest

from support import images
from support.command_line import CommandLine
from support.fake_registry import FakeRegistry, Fault, lie
from support.images import Made

AMD = images.image(files=[{"a": b"1"}, {"b": b"2"}])
ARM = images.image(architecture="arm64", variant="v8", docker=True)
BILL = images.attestation(AMD)
INDEX = images.index(AMD, ARM, BILL)
CONFIG, FIRST, SECOND = AMD.below
PLATFORM = ("--platform", "linux/amd64")
REPOSITORY = "acme/app"


@pytest.fixture
def name(registry: FakeRegistry) -> str:
    registry.repository(REPOSITORY).add(INDEX, "1")
    return f"{registry.name}/{REPOSITORY}"


def blob(made: Made) -> str:
    return f"/v2/{REPOSITORY}/blobs/{made.digest}"


def manifest(target: Made | str) -> str:
    return f"/v2/{REPOSITORY}/manifests/{target if isinstance(target, str) else target.digest}"


def failed(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.startswith("OK  ")]


async def test_every_check_of_one_platform(run: CommandLine, name: str) -> None:
    said = await run("verifytool", f"{name}:1", *PLATFORM)
    assert said.code == 0
    assert said.lines == [
        f"OK  index header  {INDEX.digest}",
        f"OK  manifest linux/amd64  {AMD.digest}",
        f"OK  manifest linux/amd64 header  {AMD.digest}",
        f"OK  manifest linux/amd64 size  {len(AMD.raw):,} B",
        f"OK  config linux/amd64  {CONFIG.digest}",
        f"OK  config linux/amd64 header  {CONFIG.digest}",
        f"OK  config linux/amd64 size  {len(CONFIG.raw)} B",
        "OK  diff_ids linux/amd64  2 diff_ids in the config, 2 layers in the manifest",
        "OK  platform linux/amd64  linux/amd64",
        f"OK  layer linux/amd64 1/2  {FIRST.digest} is there",
        f"OK  layer linux/amd64 2/2  {SECOND.digest} is there",
    ]
    assert said.err == "11 checks, 0 failed.\n"


async def test_all_platforms_and_what_is_attached(run: CommandLine, name: str, registry: FakeRegistry) -> None:
    said = await run("verifytool", f"{name}:1", "--all")
    assert (said.code, failed(said.lines)) == (0, [])
    for what in (f"linux/amd64  {AMD.digest}", f"linux/arm64/v8  {ARM.digest}", f"{BILL.digest[:19]}  {BILL.digest}"):
        assert f"OK  manifest {what}" in said.lines
    layers = [one.path for one in registry.asked if one.method == "HEAD"]
    assert sorted(layers) == sorted({blob(one) for one in (FIRST, SECOND, *ARM.below[1:], BILL.below[1])})


async def test_a_single_image_for_another_platform(run: CommandLine, name: str, registry: FakeRegistry) -> None:
    registry.repository(REPOSITORY).add(ARM, "arm")
    said = await run("verifytool", f"{name}:arm", "--arch", "s390x")
    assert (said.code, said.lines) == (1, [f"OK  manifest header  {ARM.digest}"])
    assert f"{name}:arm is a single image for linux/arm64/v8, not for linux/s390x." in said.err
    said = await run("verifytool", f"{name}:arm", "--platform", "linux/arm64")
    assert (said.code, said.err) == (0, f"{len(said.lines)} checks, 0 failed.\n")


async def test_indexes_within_indexes(run: CommandLine, name: str, registry: FakeRegistry) -> None:
    registry.repository(REPOSITORY).add(images.index(INDEX), "outer")
    said = await run("verifytool", f"{name}:outer", "--all")
    assert said.code == 0
    assert f"OK  manifest {INDEX.digest[:19]}  {INDEX.digest}" in said.lines
    assert f"OK  config linux/amd64  {CONFIG.digest}" in said.lines
    assert (await run("verifytool", f"{name}:outer", *PLATFORM)).code == 0


async def test_a_single_image_by_tag_and_by_digest(run: CommandLine, name: str, registry: FakeRegistry) -> None:
    registry.repository(REPOSITORY).add(AMD, "one")
    said = await run("verifytool", f"{name}:one")
    assert (said.code, said.lines[:2]) == (
        0,
        [f"OK  manifest header  {AMD.digest}", f"OK  config  {CONFIG.digest}"],
    )
    assert not any("platform" in line for line in said.lines)
    said = await run("verifytool", f"{name}@{AMD.digest}")
    assert (said.code, said.lines[0]) == (0, f"OK  manifest  {AMD.digest}")


async def test_other_bytes_than_the_digest_names(run: CommandLine, name: str, registry: FakeRegistry) -> None:
    other = AMD.raw + b"\n"
    registry.fault(manifest(AMD), Fault(200, other, [("Docker-Content-Digest", AMD.digest)]))
    said = await run("verifytool", f"{name}:1", *PLATFORM)
    told = f"told {AMD.digest} computed {images.sha256(other)}"
    assert said.code == 1
    assert failed(said.lines) == [
        f"FAILED  manifest linux/amd64  {told}",
        f"FAILED  manifest linux/amd64 header  {told}",
        f"FAILED  manifest linux/amd64 size  told {len(AMD.raw):,} B computed {len(other):,} B",
    ]
    assert said.err.endswith("11 checks, 3 failed.\n")


async def test_a_header_that_lies_about_the_root(run: CommandLine, name: str, registry: FakeRegistry) -> None:
    wrong = images.sha256(b"other")
    registry.fault(manifest("1"), Fault(200, INDEX.raw, [("Docker-Content-Digest", wrong)]))
    said = await run("verifytool", f"{name}:1", *PLATFORM)
    assert (said.code, failed(said.lines)) == (1, [f"FAILED  index header  told {wrong} computed {INDEX.digest}"])


async def test_a_reference_by_digest_that_gets_something_else(
    run: CommandLine, name: str, registry: FakeRegistry
) -> None:
    other = INDEX.raw + b" "
    registry.fault(manifest(INDEX), Fault(200, other))
    said = await run("verifytool", f"{name}@{INDEX.digest}", *PLATFORM)
    assert said.code == 1
    told = f"told {INDEX.digest} computed {images.sha256(other)}"
    assert failed(said.lines)[0] == f"FAILED  index  {told}"


async def test_no_header_is_not_a_failure(run: CommandLine, name: str, registry: FakeRegistry) -> None:
    registry.fault(manifest("1"), Fault(200, INDEX.raw, [("X-Nothing", "1")]))
    said = await run("verifytool", f"{name}:1", *PLATFORM)
    why = f"no Docker-Content-Digest; computed {INDEX.digest}"
    assert (said.code, failed(said.lines)) == (0, [f"SKIPPED  index header  {why}"])


async def test_a_config_that_is_another_one(run: CommandLine, name: str, registry: FakeRegistry) -> None:
    other = images.config("linux", "riscv64")
    registry.fault(blob(CONFIG), Fault(200, other.raw))
    said = await run("verifytool", f"{name}:1", *PLATFORM)
    assert said.code == 1
    assert failed(said.lines) == [
        f"FAILED  config linux/amd64  told {CONFIG.digest} computed {other.digest}",
        f"FAILED  config linux/amd64 size  told {len(CONFIG.raw)} B computed {len(other.raw)} B",
        "FAILED  diff_ids linux/amd64  0 diff_ids in the config, 2 layers in the manifest",
        "FAILED  platform linux/amd64  told linux/amd64 the config says linux/riscv64",
    ]


@pytest.mark.parametrize("raw", [b"[]", b"no json", b""])
async def test_a_config_that_is_none(run: CommandLine, name: str, registry: FakeRegistry, raw: bytes) -> None:
    registry.fault(blob(CONFIG), Fault(200, raw))
    said = await run("verifytool", f"{name}:1", *PLATFORM)
    assert said.code == 1
    assert failed(said.lines)[-1].startswith("FAILED  config linux/amd64  The")


async def test_what_is_listed_and_not_there(run: CommandLine, name: str, registry: FakeRegistry) -> None:
    held = registry.repository(REPOSITORY)
    del held.manifests[ARM.digest], held.blobs[CONFIG.digest], held.blobs[SECOND.digest]
    said = await run("verifytool", f"{name}:1", "--all")
    missing = "but 127.0.0.1"
    assert said.code == 1
    assert [line.partition(missing)[0] for line in failed(said.lines)] == [
        f"FAILED  config linux/amd64  told {CONFIG.digest} ",
        f"FAILED  layer linux/amd64 2/2  told {SECOND.digest} ",
        f"FAILED  manifest linux/arm64/v8  told {ARM.digest} ",
    ]


async def test_a_layer_of_another_size(run: CommandLine, name: str, registry: FakeRegistry) -> None:
    registry.repository(REPOSITORY).blobs[FIRST.digest] = b"short"
    said = await run("verifytool", f"{name}:1", *PLATFORM)
    told = f"told {len(FIRST.raw)} B the registry says 5 B"
    assert (said.code, failed(said.lines)) == (1, [f"FAILED  layer linux/amd64 1/2  {told}"])


@pytest.mark.parametrize("status", [404, 405])
async def test_servers_that_know_no_head_are_asked_for_a_byte(
    run: CommandLine, name: str, registry: FakeRegistry, status: int
) -> None:
    registry.fault(blob(FIRST), Fault(status, b"", method="HEAD"))
    assert (await run("verifytool", f"{name}:1", *PLATFORM)).code == 0
    assert [one.headers.get("range") for one in registry.asked if one.path == blob(FIRST)] == [None, "bytes=0-0"]


async def test_a_layer_that_is_kept_elsewhere(run: CommandLine, name: str, registry: FakeRegistry) -> None:
    value = json.loads(AMD.raw)
    value["layers"][0]["urls"] = ["https://elsewhere.example/layer"]
    made = Made(images.dump(value), AMD.media_type, AMD.below, True)
    registry.repository(REPOSITORY).add(made, "foreign")
    del registry.repository(REPOSITORY).blobs[FIRST.digest]
    said = await run("verifytool", f"{name}:foreign")
    where = "is kept at external addresses (urls), not in the registry"
    assert (said.code, failed(said.lines)) == (0, [f"SKIPPED  layer 1/2  {FIRST.digest} {where}"])


async def test_a_legacy_image(run: CommandLine, name: str, registry: FakeRegistry) -> None:
    registry.repository(REPOSITORY).add(images.schema1(), "old")
    said = await run("verifytool", f"{name}:old")
    assert [line.split("  ")[1] for line in said.lines] == ["manifest header", "layer 1/2", "layer 2/2"]


async def test_an_artifact(run: CommandLine, name: str, registry: FakeRegistry) -> None:
    registry.repository(REPOSITORY).add(images.artifact("application/x", Made(b"x", "text/plain")), "thing")
    said = await run("verifytool", f"{name}:thing")
    assert said.code == 0
    assert [line.split("  ")[1] for line in said.lines] == [
        "manifest header",
        "config",
        "config header",
        "config size",
        "layer 1/1",
    ]


async def test_nothing_that_was_kept_is_believed(run: CommandLine, name: str, registry: FakeRegistry) -> None:
    await run("config", f"{name}:1", *PLATFORM)
    registry.fault(blob(CONFIG), Fault(200, lie(CONFIG.raw)))
    assert (await run("verifytool", f"{name}:1", *PLATFORM)).code == 1


async def test_a_platform_that_does_not_exist(run: CommandLine, name: str) -> None:
    said = await run("verifytool", f"{name}:1", "--platform", "linux/s390x")
    assert said.code == 1
    assert "linux/amd64" in said.err
    assert "linux/arm64/v8" in said.err


async def test_what_cannot_be_read_at_all(run: CommandLine, name: str, registry: FakeRegistry) -> None:
    assert (await run("verifytool", f"{name}:none")).code == 1
    registry.fault(manifest("1"), Fault(500, b""))
    assert (await run("verifytool", f"{name}:1")).code == 3
    registry.auth, registry.public = "bearer", False
    assert (await run("verifytool", f"{name}:1")).code == 4


@pytest.mark.parametrize("where", ["demo", "demo/acme/lab/squashed"])
async def test_what_runs_inside_the_program(run: CommandLine, where: str) -> None:
    said = await run("verifytool", where, *PLATFORM)
    assert (said.code, failed(said.lines)) == (0, [])


async def test_what_the_demo_has_broken_is_found(run: CommandLine) -> None:
    said = await run("verifytool", "demo/acme/lab/mismatch", "--all")
    assert said.code == 1
    assert failed(said.lines)[0].startswith("FAILED  manifest linux/arm64/v8  told sha256:")
