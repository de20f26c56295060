"""`dockerfile`: the history as a file that can be read and built on."""

from __future__ import annotations

from support import images
from support.asking import hold
from support.command_line import CommandLine
from support.fake_registry import FakeRegistry, Fault


async def test_the_history_is_written_as_a_dockerfile(registry: FakeRegistry, run: CommandLine) -> None:
    base = "org.opencontainers.image.base.name"
    history = [
        {"created_by": "RUN /bin/sh -c make && make install # buildkit"},
        {"created_by": 'CMD ["app" "-x"]', "empty_layer": True},
    ]
    made = images.image(values={"history": history, "config": {"Labels": {base: "docker.io/library/debian:12"}}})
    layer = made.below[1]
    said = await run("dockerfile", hold(registry, images.index(made)), "--platform", "linux/amd64")
    assert (said.code, said.err) == (0, "")
    assert said.lines == [
        "# As the history of the image tells it; what it does not tell is a comment.",
        f"# A claim of the image ({base}). Some of the steps below are those of the base.",
        "FROM docker.io/library/debian:12",
        f"# layer 1, {len(layer.raw)} B, {layer.digest}",
        "RUN make \\",
        "    && make install",
        'CMD ["app", "-x"]',
    ]


async def test_a_claim_in_the_annotations_of_the_manifest(registry: FakeRegistry, run: CommandLine) -> None:
    made = images.image(annotations={"org.opencontainers.image.base.name": "alpine:3"})
    assert "FROM alpine:3" in (await run("dockerfile", hold(registry, made))).lines


async def test_what_is_no_image_has_none(registry: FakeRegistry, run: CommandLine) -> None:
    said = await run("dockerfile", hold(registry, images.artifact("application/vnd.acme")))
    assert (said.code, said.out) == (1, "")
    assert "which was built by no Dockerfile" in said.err


async def test_old_images_and_those_without_a_readable_config(registry: FakeRegistry, run: CommandLine) -> None:
    said = await run("dockerfile", hold(registry, images.schema1()))
    assert said.code == 0
    assert "# layer 1, unknown size" in said.out
    made = images.image()
    registry.fault(f"/v2/acme/app/blobs/{made.below[0].digest}", Fault(404, b"{}"))
    said = await run("dockerfile", hold(registry, made))
    assert said.code == 0
    assert "The commands are not known:" in said.err
    assert f"# layer 1, {len(made.below[1].raw)} B, {made.below[1].digest}" in said.lines
