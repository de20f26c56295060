"""`manifestlist`, `digestlist`, `manifest`, `digest`: which one is taken, and what is said about it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from support import images
from support.archives import layout_files, tagged
from support.asking import hold
from support.command_line import CommandLine
from support.fake_registry import FakeRegistry, Fault, lie

REPOSITORY = "acme/app"
AMD64 = images.image()
ARM64 = images.image(architecture="arm64", variant="v8")
ARMV6 = images.image(architecture="arm", variant="v6")
ARMV7 = images.image(architecture="arm", variant="v7")
MANY = images.index(AMD64, ARM64, ARMV6, ARMV7, images.attestation(AMD64))


@pytest.fixture
def name(registry: FakeRegistry) -> str:
    registry.repository(REPOSITORY).add(MANY, "many")
    registry.repository(REPOSITORY).add(ARM64, "one")
    return f"{registry.name}/{REPOSITORY}"


@pytest.mark.parametrize(
    ("words", "taken"),
    [
        ([], AMD64),
        (["--arch", "arm64"], ARM64),
        (["--arch", "aarch64"], ARM64),
        (["--arch", "x86_64", "--os", "linux"], AMD64),
        (["--platform", "linux/arm/v7"], ARMV7),
        (["--arch", "arm", "--variant", "v6"], ARMV6),
        (["--arch", "arm"], ARMV7),
        (["--platform", "linux/arm64/v8"], ARM64),
    ],
)
async def test_the_platform_that_is_meant(run: CommandLine, name: str, words: list[str], taken: images.Made) -> None:
    assert (await run("digest", f"{name}:many", *words)).out == f"{taken.digest}\n"
    said = await run(*words, "-r", "manifest", f"{name}:many")
    assert (said.code, said.raw) == (0, taken.raw)
    assert f"sha256:{hashlib.sha256(said.raw).hexdigest()}" == taken.digest


async def test_no_more_is_asked_than_it_takes(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    assert (await run("digest", f"{name}:many")).err == ""
    assert registry.paths() == [f"/v2/{REPOSITORY}/manifests/{target}" for target in ("many", AMD64.digest)]


async def test_json_is_indented_and_otherwise_as_served(registry: FakeRegistry, run: CommandLine) -> None:
    odd = images.Made(
        b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[],'
        b'"x":1.50,"e":{},"annotations":{"a":"\\u0041","a":"\x7f\xe2\x80\xae"}}',
        images.OCI_INDEX,
        manifest=True,
    )
    said = await run("manifestlist", hold(registry, odd))
    assert said.code == 0
    assert said.out == (
        '{\n  "schemaVersion": 2,\n  "mediaType": "application/vnd.oci.image.index.v1+json",\n  "manifests": [],\n'
        '  "x": 1.50,\n  "e": {},\n  "annotations": {\n    "a": "\\u0041",\n    "a": "\\u007f\\u202e"\n  }\n}\n'
    )
    assert 'repeats the key "a"' in said.err
    assert (await run("-r", "manifestlist", hold(registry, odd))).raw == odd.raw


async def test_the_list_and_its_digest(run: CommandLine, name: str) -> None:
    assert (await run("-r", "manifestlist", f"{name}:many")).raw == MANY.raw
    for words in ([], ["-r"]):
        assert (await run("digestlist", f"{name}:many", *words)).out == f"{MANY.digest}\n"
    assert (await run("digestlist", f"{name}@{MANY.digest}")).out == f"{MANY.digest}\n"


@pytest.mark.parametrize("verb", ["manifestlist", "digestlist"])
async def test_a_single_image_has_no_list(run: CommandLine, name: str, verb: str) -> None:
    said = await run(verb, f"{name}:one")
    assert (said.code, said.raw) == (1, b"")
    what = f"a manifest for 'linux/arm64/v8' with the digest {ARM64.digest}"
    assert said.err == f"regbrowse: no manifest list, but there is {what}\n"


async def test_no_list_for_others_either(registry: FakeRegistry, run: CommandLine) -> None:
    chart = images.artifact("application/vnd.cncf.helm.config.v1+json")
    said = await run("manifestlist", hold(registry, chart))
    assert f"but there is an artifact (Helm chart) with the digest {chart.digest}" in said.err
    registry.repository(REPOSITORY).blobs.clear()
    said = await run("manifestlist", hold(registry, images.Made(AMD64.raw, AMD64.media_type, (), True)))
    assert f"but there is a manifest for one platform with the digest {AMD64.digest}" in said.err


async def test_a_platform_that_is_not_there(run: CommandLine, name: str) -> None:
    said = await run("digest", f"{name}:many", "--platform", "linux/s390x")
    assert (said.code, said.raw) == (1, b"")
    assert said.err == (
        f"regbrowse: {name}:many has no image for linux/s390x."
        " Available: linux/amd64, linux/arm64/v8, linux/arm/v6, linux/arm/v7.\n"
    )


async def test_this_machine_is_not_there(run: CommandLine, name: str, host: Callable[[str], None]) -> None:
    host("linux/riscv64")
    said = await run("digest", f"{name}:many")
    assert (said.code, said.raw) == (1, b"")
    assert said.err.endswith("linux/arm/v7. Choose one with --platform.\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--platform", "amd46"], '"amd46" is not a platform'),
        (["--os", "linux/arm64"], "too much for --os. Write --platform linux/arm64."),
        (["--variant", "v8:1"], "too much for --variant"),
        (["--arch", "\x1b[31m"], "is not a platform"),
        (["--platform", "linux/arm64", "--arch", "arm64"], "leave one of them out"),
    ],
)
async def test_wrong_platforms(run: CommandLine, name: str, words: list[str], says: str) -> None:
    said = await run("digest", f"{name}:many", *words)
    assert (said.code, said.raw) == (2, b"")
    assert says in said.err
    assert "\x1b" not in said.err


async def test_a_lower_variant_is_said(registry: FakeRegistry, run: CommandLine) -> None:
    two = images.index(images.image(architecture="arm", variant="v5"), ARMV6)
    said = await run("digest", hold(registry, two), "--arch", "arm")
    assert said.out == f"{ARMV6.digest}\n"
    assert said.err == (
        "There is no linux/arm; linux/arm/v6 runs there too, the highest variant of 2 that do."
        f" It was taken: {ARMV6.digest}\n"
    )
    one = images.index(AMD64)
    said = await run("digest", hold(registry, one), "--variant", "v3")
    assert said.out == f"{AMD64.digest}\n"
    assert said.err == f"There is no linux/amd64/v3; linux/amd64 runs there too. It was taken: {AMD64.digest}\n"


async def test_two_that_fit_are_said(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    said = await run("digest", f"{name}:many", "--platform", "linux/arm/v7")
    assert said.out == f"{ARMV7.digest}\n"
    assert said.err == f"linux/arm/v7 was taken, as asked for: {ARMV7.digest}; linux/arm/v6 would run there too.\n"
    again = images.image(files=({"other": b"1"},))
    said = await run("digest", hold(registry, images.index(AMD64, again)))
    assert said.out == f"{AMD64.digest}\n"
    assert said.err == f"linux/amd64 is listed 2 times; the first was taken, as other tools do: {AMD64.digest}\n"


async def test_two_names_of_the_same_are_said(registry: FakeRegistry, run: CommandLine) -> None:
    """Also when neither is the variant that was asked for."""
    plain, eight = images.image(architecture="arm64"), ARM64
    both = hold(registry, images.index(plain, eight))
    same = f"linux/arm64 and linux/arm64/v8 are the same; the first was taken, as other tools do: {plain.digest}\n"
    assert (await run("digest", both, "--arch", "arm64")).err == same
    said = await run("digest", both, "--platform", "linux/arm64/v9")
    assert said.out == f"{plain.digest}\n"
    assert said.err == f"There is no linux/arm64/v9; linux/arm64 runs there too. {same}"


def windows(version: str) -> images.Made:
    made = images.image("windows", files=({"v": version.encode()},))
    platform = {"os": "windows", "architecture": "amd64", "os.version": version}
    return images.Made(made.raw, made.media_type, made.below, True, {"platform": platform})


async def test_versions_of_windows(registry: FakeRegistry, run: CommandLine) -> None:
    old, new = windows("10.0.17763.1"), windows("10.0.20348.2")
    reference = hold(registry, images.index(old, new))
    said = await run("digest", reference, "--platform", "windows/amd64:10.0.20348")
    assert (said.out, said.err) == (f"{new.digest}\n", "")
    said = await run("digest", reference, "--arch", "arm64")
    assert said.err.endswith("Available: windows/amd64:10.0.17763.1, windows/amd64:10.0.20348.2.\n")
    said = await run("digest", reference, "--os", "windows")
    assert said.out == f"{old.digest}\n"
    assert said.err == (
        f"There are 2 versions of windows/amd64; the first was taken: windows/amd64 10.0.17763.1, {old.digest}\n"
    )


async def test_a_single_image_for_another_platform(run: CommandLine, name: str) -> None:
    said = await run("digest", f"{name}:one")
    assert (said.code, said.out) == (0, f"{ARM64.digest}\n")
    assert said.err == f"{name}:one is a single image for linux/arm64/v8, not for linux/amd64; it was taken.\n"
    said = await run("digest", f"{name}:one", "--arch", "amd64")
    assert (said.code, said.raw) == (1, b"")
    assert f"{name}:one is a single image for linux/arm64/v8, not for linux/amd64." in said.err
    said = await run("digest", f"{name}:one", "--arch", "arm64")
    assert (said.code, said.err) == (0, "")


async def test_by_digest_the_platform_is_plain(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    said = await run("digest", f"{name}@{ARM64.digest}")
    assert (said.code, said.out, said.err) == (0, f"{ARM64.digest}\n", "")
    assert registry.paths() == [f"/v2/{REPOSITORY}/manifests/{ARM64.digest}"]
    said = await run("manifest", f"{name}@{ARM64.digest}", "--arch", "amd64")
    assert (said.code, said.raw) == (1, b"")
    assert "is a single image for linux/arm64/v8, not for linux/amd64." in said.err
    said = await run("digest", f"{name}@{MANY.digest}", "--arch", "arm64")
    assert said.out == f"{ARM64.digest}\n", "an index by digest is still one of several"


async def test_a_config_that_is_gone_matters_only_when_a_platform_was_asked_for(
    registry: FakeRegistry, run: CommandLine
) -> None:
    reference = hold(registry, AMD64)
    registry.repository(REPOSITORY).blobs.clear()
    said = await run("digest", reference)
    assert (said.code, said.out, said.err) == (0, f"{AMD64.digest}\n", "")
    assert (await run("digest", reference, "--arch", "amd64")).code == 1


async def test_an_index_within_an_index(registry: FakeRegistry, run: CommandLine) -> None:
    inner: images.Made = images.index(ARM64)
    for _ in range(4):
        inner = images.index(inner)
    reference = hold(registry, images.index(AMD64, inner))
    assert (await run("digest", reference, "--arch", "arm64")).out == f"{ARM64.digest}\n"
    too_deep = await run("digest", hold(registry, images.index(images.index(inner))), "--arch", "arm64")
    assert too_deep.code == 1


async def test_an_index_within_that_is_not_held(registry: FakeRegistry, run: CommandLine) -> None:
    inner = images.index(ARM64)
    reference = hold(registry, images.index(inner, images.index(AMD64)))
    del registry.repository(REPOSITORY).manifests[inner.digest]
    said = await run("digest", reference)
    assert said.out == f"{AMD64.digest}\n"
    assert said.err.startswith(f"{inner.digest} is listed, but this registry does not hold it")


async def test_children_without_a_platform_are_asked(registry: FakeRegistry, run: CommandLine) -> None:
    def bare(made: images.Made) -> images.Made:
        return images.Made(made.raw, made.media_type, made.below, True)

    reference = hold(registry, images.index(bare(AMD64), bare(ARM64), bare(images.artifact("text/spdx"))))
    said = await run("digest", reference, "--arch", "arm64")
    assert (said.out, said.err) == (f"{ARM64.digest}\n", "")
    said = await run("digest", reference, "--arch", "mips")
    assert said.err.endswith("Available: linux/amd64, linux/arm64/v8.\n")
    silent = images.config("", "")
    value = {"schemaVersion": 2, "mediaType": images.OCI_MANIFEST, "config": silent.descriptor(), "layers": []}
    alone = images.Made(images.dump(value), images.OCI_MANIFEST, (silent,), True)
    said = await run("digest", hold(registry, images.index(alone)))
    assert said.out == f"{alone.digest}\n"
    assert "does not say what platform its only image is for" in said.err


async def test_a_child_that_is_listed_and_not_there(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    del registry.repository(REPOSITORY).manifests[ARMV7.digest]
    said = await run("manifest", f"{name}:many", "--platform", "linux/arm/v7")
    assert (said.code, said.raw) == (1, b"")
    assert "linux/arm/v7 is listed, but this registry does not hold it" in said.err


async def test_a_child_that_is_not_what_it_should_be(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    registry.fault(f"/v2/{REPOSITORY}/manifests/{AMD64.digest}", Fault(status=200, body=lie(AMD64.raw)))
    said = await run("manifest", f"{name}:many")
    assert (said.code, said.raw) == (5, b"")


async def test_artifacts_and_legacy(registry: FakeRegistry, run: CommandLine) -> None:
    chart = images.artifact("application/vnd.cncf.helm.config.v1+json")
    said = await run("digest", hold(registry, chart), "--arch", "arm64")
    assert said.out == f"{chart.digest}\n"
    assert "Helm chart" in said.err
    legacy = images.schema1(REPOSITORY, "it")
    said = await run("-r", "manifest", hold(registry, legacy))
    assert said.raw == legacy.raw
    assert (await run("manifest", hold(registry, legacy), "--arch", "arm64")).code == 1


async def test_an_empty_index(registry: FakeRegistry, run: CommandLine) -> None:
    said = await run("digest", hold(registry, images.index()))
    assert (said.code, said.raw) == (1, b"")
    assert "Its list names no platform" in said.err


async def test_nothing_there(run: CommandLine, name: str) -> None:
    for verb in ("manifest", "digest", "manifestlist", "digestlist", "config", "id", "platforms", "layers"):
        said = await run(verb, f"{name}:nope")
        assert (said.code, said.raw) == (1, b"")
        assert 'has no "nope"' in said.err


async def test_files_without_a_tag(run: CommandLine, tmp_path: Path) -> None:
    for folder, entries in (("one", [tagged(MANY, "1.0")]), ("two", [tagged(AMD64, "1.0"), tagged(ARM64, "2.0")])):
        for path, content in layout_files(*entries).items():
            file = tmp_path / folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    assert (await run("digestlist", f"oci:{tmp_path / 'one'}")).out == f"{MANY.digest}\n"
    assert (await run("digest", f"oci:{tmp_path / 'two'}:2.0", "--arch", "arm64")).out == f"{ARM64.digest}\n"
    said = await run("digest", f"oci:{tmp_path / 'two'}")
    assert (said.code, said.raw) == (2, b"")
    assert "holds 2 images" in said.err
    assert "1.0, 2.0" in said.err


async def test_the_platform_of_the_settings(run: CommandLine, name: str, settings: Callable[[str], None]) -> None:
    settings('platform = "linux/arm64"')
    assert (await run("digest", f"{name}:many")).out == f"{ARM64.digest}\n"
    assert (await run("digest", f"{name}:many", "--arch", "amd64")).out == f"{AMD64.digest}\n"
