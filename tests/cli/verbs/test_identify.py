"""`identify`: what a digest is, looked for where it is cheapest first."""

from __future__ import annotations

import gzip

import pytest

from support import images
from support.attached import SBOM, listing
from support.command_line import CommandLine
from support.fake_registry import FakeRegistry, Fault

REPOSITORY = "acme/app"
AMD = images.image(files=({"a": b"1"}, {"b": b"2"}))
ARM = images.image(architecture="arm64", files=({"a": b"arm"}, {"b": b"2"}))
BILL = images.attestation(ARM)
INNER = images.index(images.image("windows", "amd64"))
INDEX = images.index(AMD, ARM, BILL, INNER)
OTHER = images.image(architecture="s390x")
NOWHERE = images.sha256(b"nowhere")


@pytest.fixture
def name(registry: FakeRegistry) -> str:
    registry.repository(REPOSITORY).add(INDEX, "1")
    registry.repository(REPOSITORY).add(OTHER, "2")
    return f"{registry.name}/{REPOSITORY}:1"


def asked(registry: FakeRegistry) -> int:
    return len(registry.paths())


async def test_all_that_is_said(run: CommandLine, name: str) -> None:
    layer = ARM.below[1]
    said = await run("identify", name, layer.digest)
    assert (said.code, said.err) == (0, "")
    assert said.json == {
        "what": "layer",
        "kind": "OCI layer",
        "platform": "linux/arm64",
        "number": 1,
        "digest": layer.digest,
        "of": ARM.digest,
        "also": [],
    }


@pytest.mark.parametrize(
    ("wanted", "what", "platform", "number", "requests"),
    [
        (INDEX.digest, "index", None, None, 1),
        (AMD.digest, "image", "linux/amd64", None, 1),
        (INNER.digest, "index", None, None, 1),
        (BILL.digest, "attestation", "linux/arm64", None, 1),
        (AMD.below[0].digest, "config", "linux/amd64", None, 6),
        (INNER.below[0].below[0].digest, "config", "windows/amd64", None, 6),
        (ARM.below[1].digest, "layer", "linux/arm64", 1, 6),
        (BILL.below[1].digest, "statement", "linux/arm64", 1, 6),
        (images.sha256(gzip.decompress(ARM.below[1].raw)), "diffID", "linux/arm64", 1, 9),
    ],
)
async def test_where_it_stands_and_what_that_costs(
    registry: FakeRegistry,
    run: CommandLine,
    name: str,
    wanted: str,
    what: str,
    platform: str | None,
    number: int | None,
    requests: int,
) -> None:
    found = (await run("identify", "--no-cache", name, wanted)).json
    assert (found["what"], found["platform"], found["number"]) == (what, platform, number)
    assert asked(registry) == requests


async def test_hex_alone(run: CommandLine, name: str) -> None:
    said = await run("identify", name, AMD.digest.removeprefix("sha256:"))
    assert said.json["what"] == "image"


async def test_a_layer_of_several_images(run: CommandLine, name: str) -> None:
    shared = AMD.below[2].digest
    found = (await run("identify", name, shared)).json
    places = [(each["platform"], each["number"], each["of"]) for each in (found, *found["also"])]
    assert places == [("linux/amd64", 2, AMD.digest), ("linux/arm64", 2, ARM.digest)]
    said = await run("identify", "--format", "table", name, shared)
    assert said.lines == [
        f"{shared} is layer 2 of linux/amd64, in {name}.",
        f"{shared} is layer 2 of linux/arm64, in {name}.",
    ]


async def test_people_get_a_sentence(run: CommandLine, name: str) -> None:
    said = await run("identify", name, INDEX.digest, terminal=True)
    assert said.lines == [f"{INDEX.digest} is {name} itself: an index (OCI image index)."]
    said = await run("identify", name, OTHER.digest, terminal=True)
    what = "another manifest of the repository (OCI image manifest)"
    assert said.lines == [f"{OTHER.digest} is {what}, not part of {name}."]


async def test_a_single_image(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    assert name
    single = f"{registry.name}/{REPOSITORY}:2"
    config, layer = OTHER.below
    assert (await run("identify", single, config.digest)).json["what"] == "config"
    found = (await run("identify", single, images.sha256(gzip.decompress(layer.raw)))).json
    assert (found["what"], found["platform"], found["of"]) == ("diffID", "linux/s390x", layer.digest)


async def test_what_is_attached(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    made = images.artifact(SBOM, subject=ARM)
    registry.repository(REPOSITORY).add(made, "sbom")
    for subject in (INDEX, AMD, ARM, INNER):
        body = listing(*([made.descriptor()] if subject is ARM else []))
        headers = [("Content-Type", images.OCI_INDEX)]
        registry.fault(f"/v2/{REPOSITORY}/referrers/{subject.digest}", Fault(status=200, body=body, headers=headers))
    found = (await run("identify", name, made.digest)).json
    assert (found["what"], found["kind"], found["platform"]) == ("referrer", "SPDX SBOM", "linux/arm64")
    assert found["of"] == ARM.digest


async def test_nowhere(run: CommandLine, name: str) -> None:
    said = await run("identify", name, NOWHERE)
    assert (said.code, said.raw) == (1, b"")
    assert said.err == (
        f"regbrowse: {NOWHERE} is nowhere in {name} (9 documents looked at). It may belong to another tag.\n"
    )


async def test_a_child_that_is_missing_is_told_and_harms_nobody(
    registry: FakeRegistry, run: CommandLine, name: str
) -> None:
    registry.fault(f"/v2/{REPOSITORY}/manifests/{AMD.digest}", Fault(status=404, body=b""))
    said = await run("identify", name, ARM.below[0].digest)
    assert said.json["platform"] == "linux/arm64"
    said = await run("identify", name, NOWHERE)
    assert "(7 documents looked at, 1 could not be read)" in said.err


async def test_documents_are_read_up_to_a_limit(run: CommandLine, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regbrowse.digest_search.MOST", 3)
    said = await run("identify", name, NOWHERE)
    assert said.code == 1
    assert "(only 3 documents looked at)" in said.err


async def test_an_index_in_itself_ends(registry: FakeRegistry, run: CommandLine) -> None:
    """No digest can hold itself; the same index below another one twice can be told by it."""
    chain = images.index(AMD)
    for _ in range(9):
        chain = images.index(chain, chain)
    registry.repository(REPOSITORY).add(chain, "deep")
    said = await run("identify", f"{registry.name}/{REPOSITORY}:deep", NOWHERE)
    assert said.code == 1
    assert "(6 documents looked at)" in said.err


async def test_trouble_of_the_registry_is_not_nowhere(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    limited = Fault(status=429, body=b"", headers=[("Retry-After", "7200")])
    registry.fault(f"/v2/{REPOSITORY}/manifests/{AMD.digest}", limited)
    said = await run("identify", name, NOWHERE)
    assert (said.code, said.raw) == (3, b"")
    assert "nowhere" not in said.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["1.2"], "is not a valid digest"),
        ([], "the following arguments are required: DIGEST\n"),
        (["sha256:abc"], "64 lower-case hex digits (got 3)"),
    ],
)
async def test_wrong_words(registry: FakeRegistry, run: CommandLine, name: str, words: list[str], says: str) -> None:
    said = await run("identify", name, *words)
    assert (said.code, said.raw) == (2, b"")
    assert says in said.err
    assert registry.asked == []
