"""`compare`: an object for scripts, tables of 80 columns for people, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support import images
from support.command_line import CommandLine
from support.fake_registry import FakeRegistry, Fault

BASE, OLD, NEW = {"base": b"b" * 400}, {"app": b"1"}, {"app": b"2" * 300}


def image(*files: dict[str, bytes], architecture: str = "amd64", **values: object) -> images.Made:
    return images.image(architecture=architecture, files=files, values=values)


ONE = image(BASE, OLD, config={"User": "app", "Env": ["A=1"]})
TWO = image(BASE, NEW, config={"User": "app", "Env": ["A=2"]})


def hold(registry: FakeRegistry, **tags: images.Made) -> list[str]:
    repository = registry.repository("acme/app")
    for tag, made in tags.items():
        repository.add(made, tag)
    return [f"{registry.name}/acme/app:{tag}" for tag in tags]


def size_of(*layers: dict[str, bytes]) -> int:
    return sum(len(images.layer(files).raw) for files in layers)


async def test_two_images(registry: FakeRegistry, run: CommandLine) -> None:
    said = await run("compare", *hold(registry, one=ONE, two=TWO))
    assert (said.code, said.err) == (1, "")
    value = said.json
    assert value["same"] is False
    assert value["a"] == {
        "reference": f"{registry.name}/acme/app:one",
        "index": None,
        "digest": ONE.digest,
        "configDigest": ONE.below[0].digest,
        "platform": "linux/amd64",
        "created": "2024-06-18T09:41:00Z",
        "layersSize": size_of(BASE, OLD),
        "layers": 2,
    }
    assert value["b"]["digest"] == TWO.digest
    assert value["pull"] == {"new": size_of(NEW), "shared": size_of(BASE), "unknown": 0}
    assert [(each["change"], each["a"], each["b"], each["size"], each["command"]) for each in value["layers"]] == [
        ("same", 1, 1, size_of(BASE), "COPY part0 / # buildkit"),
        ("removed", 2, None, size_of(OLD), "COPY part1 / # buildkit"),
        ("added", None, 2, size_of(NEW), "COPY part1 / # buildkit"),
    ]
    assert value["layers"][0]["digest"] == images.layer(BASE).digest
    assert value["config"] == [{"change": "changed", "name": "env", "key": "A", "a": "1", "b": "2"}]
    assert [(each["change"], each["rebuilt"]) for each in value["history"]] == [
        ("same", False),
        ("same", True),
        ("same", False),
    ]
    assert (await run("compare", "-r", *hold(registry, one=ONE, two=TWO))).out.count("\n") == 1


async def test_each_object_is_asked_for_once(registry: FakeRegistry, run: CommandLine) -> None:
    names = hold(registry, one=images.index(ONE), two=images.index(TWO))
    await run("compare", *names, "--platform", "linux/amd64")
    asked = [path for path in registry.paths() if "/manifests/" in path or "/blobs/" in path]
    assert len(asked) == len(set(asked)) == 6, asked


async def test_the_same_image_is_the_same(registry: FakeRegistry, run: CommandLine) -> None:
    for made in (ONE, images.index(ONE)):
        said = await run("compare", *hold(registry, one=made, two=made))
        assert said.code == 0
        assert said.json["same"] is True


async def test_two_indexes_are_compared_platform_by_platform(registry: FakeRegistry, run: CommandLine) -> None:
    same, only_a, only_b = (image(BASE, architecture=each) for each in ("arm64", "386", "s390x"))
    names = hold(registry, one=images.index(ONE, same, only_a), two=images.index(same, TWO, only_b))
    said = await run("compare", *names)
    assert (said.code, said.err) == (1, "")
    nothing = {"new": 0, "shared": None, "unknown": 0}
    new = {"new": size_of(NEW), "shared": size_of(BASE), "unknown": 0}
    assert said.json["platforms"] == [
        {"change": "changed", "platform": "linux/amd64", "a": ONE.digest, "b": TWO.digest, "pull": new},
        {"change": "same", "platform": "linux/arm64", "a": same.digest, "b": same.digest, "pull": nothing},
        {"change": "removed", "platform": "linux/386", "a": only_a.digest, "b": None, "pull": None},
        {
            "change": "added",
            "platform": "linux/s390x",
            "a": None,
            "b": only_b.digest,
            "pull": {"new": size_of(BASE), "shared": 0, "unknown": 0},
        },
    ]
    assert not [path for path in registry.paths() if path.endswith((same.digest, only_a.digest))], "not needed"
    table = await run("compare", *names, terminal=True)
    assert [line.split()[0] for line in table.lines[5:]] == ["~", "=", "-", "+"]
    assert f"{size_of(NEW)} B new" in table.lines[5]
    assert "nothing new" in table.lines[6]


async def test_a_platform_that_was_chosen(registry: FakeRegistry, run: CommandLine) -> None:
    names = hold(registry, one=images.index(ONE, image(OLD, architecture="arm64")), two=images.index(TWO))
    said = await run("compare", *names, "--platform", "linux/amd64")
    assert said.json["a"]["digest"] == ONE.digest
    assert said.json["a"]["index"].startswith("sha256:")
    assert said.json["pull"]["new"] == size_of(NEW)
    said = await run("compare", *names, "--arch", "arm64")
    assert (said.code, said.out) == (1, "")
    assert "acme/app:two has no image for linux/arm64. Available: linux/amd64." in said.err


async def test_beside_a_single_image_its_platform_is_taken(registry: FakeRegistry, run: CommandLine) -> None:
    arm = image(BASE, NEW, architecture="arm64")
    names = hold(registry, one=arm, two=images.index(TWO, arm))
    said = await run("compare", *names)
    assert (said.code, said.json["b"]["digest"]) == (0, arm.digest)
    said = await run("compare", *names, "--arch", "amd64")
    assert (said.code, said.out) == (1, "")
    assert "is a single image for linux/arm64, not for linux/amd64." in said.err


async def test_a_lower_variant_is_told(registry: FakeRegistry, run: CommandLine) -> None:
    v6, v7 = (images.image(architecture="arm", variant=each) for each in ("v6", "v7"))
    said = await run("compare", *hold(registry, one=images.index(v6), two=images.index(v7)), "--platform", "linux/arm")
    assert said.json["a"]["platform"] == "linux/arm/v6"
    assert "acme/app:one has no linux/arm; linux/arm/v6 runs there too, and was taken." in said.err


async def test_artifacts(registry: FakeRegistry, run: CommandLine) -> None:
    charts = [images.artifact("application/vnd.acme", images.Made(text, "text/plain")) for text in (b"one", b"two")]
    said = await run("compare", *hold(registry, one=charts[0], two=charts[1]))
    assert said.code == 1
    assert said.json["pull"] == {"new": 3, "shared": 0, "unknown": 0}
    assert (said.json["config"], said.json["history"]) == (None, None)


async def test_a_config_that_cannot_be_read_leaves_the_layers(registry: FakeRegistry, run: CommandLine) -> None:
    names = hold(registry, one=ONE, two=TWO)
    registry.fault(f"/v2/acme/app/blobs/{TWO.below[0].digest}", Fault(404, b"{}"))
    said = await run("compare", *names)
    assert (said.code, said.json["config"], said.json["history"]) == (1, None, None)
    assert said.json["pull"]["new"] == size_of(NEW)
    assert "Configs and commands are not compared:" in said.err
    assert "The configs say the same" not in (await run("compare", *names, terminal=True)).out


async def test_a_missing_child_is_told_after_the_rest(registry: FakeRegistry, run: CommandLine) -> None:
    gone = image(NEW, architecture="arm64")
    names = hold(registry, one=images.index(ONE, image(OLD, architecture="arm64")), two=images.index(TWO, gone))
    registry.fault(f"/v2/acme/app/manifests/{gone.digest}", Fault(404, b"{}"))
    said = await run("compare", *names)
    assert [each["pull"] is None for each in said.json["platforms"]] == [False, True]
    assert (said.code, said.err) == (1, "regbrowse: linux/arm64 is listed, but this registry does not hold it (404).\n")


@pytest.mark.parametrize(("words", "code"), [(["nothing"], 1), (["UPPER!"], 2)])
async def test_errors_are_those_of_other_verbs(
    registry: FakeRegistry, run: CommandLine, words: list[str], code: int
) -> None:
    (name,) = hold(registry, one=ONE)
    said = await run("compare", name, f"{registry.name}/acme/app:{words[0]}")
    assert (said.code, said.out) == (code, "")
    assert said.err.startswith("regbrowse: ")
    assert (await run("compare", name)).code == 2
    assert (await run("compare", name, registry.name)).code == 2, "a registry is no image"


async def test_images_of_two_places(run: CommandLine, registry: FakeRegistry) -> None:
    demo = "demo/acme/shop/webapp:2.14.1"
    (name,) = hold(registry, one=ONE)
    said = await run("compare", demo, name)
    assert said.code == 1
    assert said.json["a"]["reference"] == demo
    assert said.json["b"]["reference"] == name
    assert said.json["a"]["platform"] == said.json["b"]["platform"] == "linux/amd64"
    assert (await run("compare", name, demo)).json["b"]["reference"] == demo


async def test_a_folder_beside_a_registry(run: CommandLine, tmp_path: Path, registry: FakeRegistry) -> None:
    blobs = tmp_path / "image" / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for made in (ONE, *ONE.below):
        (blobs / made.digest.removeprefix("sha256:")).write_bytes(made.raw)
    (blobs.parents[1] / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (blobs.parents[1] / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [ONE.descriptor()]}))
    (name,) = hold(registry, one=ONE)
    for words in ((f"oci:{tmp_path / 'image'}", name), (name, f"oci:{tmp_path / 'image'}")):
        said = await run("compare", *words)
        assert (said.code, said.err) == (0, ""), words


async def test_tables_are_read_at_80_columns(registry: FakeRegistry, run: CommandLine) -> None:
    long = {
        "config": {
            "Env": [f"{'LONG_NAME' * 8}={'value ' * 50}"],
            "Labels": {f"org.example.{'x' * 60}": "界" * 60},
            "User": "\x1b[31m" + "u" * 40,
        },
        "history": [{"created_by": "RUN " + "make it " * 40}, {"created_by": "COPY a"}],
    }
    repository = registry.repository(f"acme/{'very-long-name-' * 5}x")
    wide = [images.image("windows", "amd64", files=[BASE, each], values=long) for each in (OLD, NEW)]
    tags = [f"{number}.{'0' * 60}" for number in (1, 2)]
    singles = [images.Made(each.raw, each.media_type, each.below, True) for each in wide]
    for tag, made in zip(tags, singles, strict=True):
        repository.add(made, tag)
        repository.add(images.index(made), f"index-{tag}")
    name = f"{registry.name}/acme/{'very-long-name-' * 5}x"
    names = [f"{name}:{tag}" for tag in tags]
    for words in (names, [f"{registry.name}/acme/app:one", names[0]], [f"{name}:index-{tag}" for tag in tags]):
        hold(registry, one=ONE)
        said = await run("compare", *words, terminal=True)
        assert said.code == 1, said.err
        cells = [len(line) + line.count("界") for line in said.lines]
        assert max(cells) <= 80, said.out
        assert "\x1b" not in said.out
    assert "HISTORY" in (await run("compare", f"{registry.name}/acme/app:one", names[0], "--format", "table")).out


async def test_what_the_table_says(registry: FakeRegistry, run: CommandLine) -> None:
    said = await run("compare", *hold(registry, one=ONE, two=TWO), "--format", "table")
    lines = said.lines
    assert lines[0].split() == ["A", "B"]
    assert f"A pull of B when A is there: {size_of(NEW)} B new, {size_of(BASE)} B shared." in lines
    assert '~  .config.Env["A"]  1  2' in [" ".join(line.split()).replace(" ", "  ") for line in lines]
    assert "The histories have the same 3 steps." in lines
    other = image(BASE, OLD, config={"User": "app", "Env": ["A=1"]}, history=[{"created_by": "FROM x"}] * 2)
    said = await run("compare", *hold(registry, one=ONE, three=other), "--format", "table")
    assert "nothing new" in said.out
    assert "The configs say the same." in said.lines
    assert "HISTORY, 0 steps kept" in said.out


@pytest.mark.parametrize("at", [0, 1])
async def test_a_login_is_for_the_registry_of_a(registry: FakeRegistry, run: CommandLine, at: int) -> None:
    (name,) = hold(registry, one=ONE)
    registry.auth, registry.public = "bearer", False
    words = ["demo/acme/shop/webapp:2.14.1"] * 2
    words[at] = name
    said = await run("compare", *words, "-u", "ann:s3cr3t-canary-1")
    assert said.code == (4 if at else 1), said.err
