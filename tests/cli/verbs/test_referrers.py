"""`referrers`: what is attached, from every place; said to be there, never said to be right."""

from __future__ import annotations

import json

import pytest

from regbrowse.reference import Digest
from regbrowse.registry.referrers.tag_schema import referrers_tag
from support import images
from support.attached import API, APP, EMPTY, JSON, NO_API, SBOM, SUBJECT, attached, listing
from support.command_line import CommandLine
from support.fake_registry import FakeRegistry, Fault
from support.images import Made

NOTATION = "application/vnd.cncf.notary.signature"
REPOSITORY = "acme/app"
ARM = images.image(architecture="arm64")
BILL = images.attestation(APP)
OTHER_BILL = images.attestation(ARM, "https://slsa.dev/provenance/v1")
INDEX = images.index(APP, ARM, BILL, OTHER_BILL)
SIMPLE = Made(b"{}", "application/vnd.dev.cosign.simplesigning.v1+json")


@pytest.fixture
def name(registry: FakeRegistry) -> str:
    registry.repository(REPOSITORY).add(INDEX, "2")
    registry.repository(REPOSITORY).add(APP, "1")
    return f"{registry.name}/{REPOSITORY}"


def api_of(made: Made) -> str:
    return f"/v2/{REPOSITORY}/referrers/{made.digest}"


def cosign_tag(made: Made, suffix: str) -> str:
    return made.digest.replace(":", "-") + suffix


def answer(registry: FakeRegistry, made: Made, *entries: object) -> None:
    registry.fault(api_of(made), Fault(status=200, body=listing(*entries), headers=JSON))


async def test_nothing_is_an_empty_list_and_a_word(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    registry.fault(API, Fault(status=200, body=EMPTY, headers=JSON))
    said = await run("referrers", f"{name}:1")
    assert (said.code, said.json) == (0, [])
    assert said.err == "No signatures or attestations found (4 places looked at).\n"


async def test_nothing_is_nothing_for_people(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    registry.fault(API, Fault(status=200, body=EMPTY, headers=JSON))
    said = await run("referrers", "--format", "table", f"{name}:1")
    assert (said.code, said.raw) == (0, b"")
    assert "(4 places looked at)" in said.err


async def test_everything_is_said_of_an_entry(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    made = attached(NOTATION)
    answer(registry, APP, made.descriptor(artifactType=NOTATION, annotations={"by": "somebody\x1b[2J"}))
    said = await run("referrers", f"{name}:1")
    assert said.code == 0
    assert said.json == [
        {
            "digest": made.digest,
            "mediaType": images.OCI_MANIFEST,
            "artifactType": NOTATION,
            "kind": "Notation signature",
            "size": len(made.raw),
            "subject": str(SUBJECT),
            "platform": None,
            "foundBy": ["API"],
            "tag": None,
            "annotations": {"by": "somebody\\x1b[2J"},
        }
    ]
    assert b"\x1b" not in said.raw
    assert said.err == "Signature present, not verified.\n"


async def test_tags_are_opened_to_tell_what_they_hold(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    answer(registry, APP)
    bundle = Made(b"{}", images.IN_TOTO, extra={"annotations": {"predicateType": "https://cyclonedx.org/bom"}})
    signature, statement = images.artifact("", SIMPLE), images.artifact("", bundle)
    shelf = registry.repository(REPOSITORY)
    shelf.add(signature, cosign_tag(APP, ".sig"))
    shelf.add(statement, cosign_tag(APP, ".att"))
    said = await run("referrers", f"{name}:1")
    found = {each["kind"]: each for each in said.json}
    assert set(found) == {"cosign signature", "SBOM CycloneDX"}
    assert found["cosign signature"]["foundBy"] == ["signature tag"]
    assert found["cosign signature"]["tag"] == cosign_tag(APP, ".sig")
    assert "trust" not in (said.out + said.err).lower()


async def test_attestations_of_an_index_and_of_one_platform(
    registry: FakeRegistry, run: CommandLine, name: str
) -> None:
    sbom = attached(SBOM)
    answer(registry, INDEX)
    answer(registry, APP, sbom.descriptor(artifactType=SBOM))
    said = await run("referrers", f"{name}:2")
    assert [(each["kind"], each["platform"], each["foundBy"]) for each in said.json] == [
        ("SBOM SPDX", "linux/amd64", ["index"]),
        ("provenance SLSA v1", "linux/arm64", ["index"]),
    ]
    assert API not in registry.paths(), "of a platform only when one is asked for"
    said = await run("referrers", "--arch", "amd64", f"{name}:2")
    assert [(each["kind"], each["platform"], each["subject"]) for each in said.json] == [
        ("SPDX SBOM", "linux/amd64", APP.digest),
        ("SBOM SPDX", "linux/amd64", APP.digest),
    ]


async def test_attestations_of_an_image_in_a_nested_index(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    inner = images.index(ARM, OTHER_BILL)
    outer = images.index(APP, BILL, inner)
    registry.repository(REPOSITORY).add(outer, "nested")
    answer(registry, outer)
    answer(registry, ARM)
    said = await run("referrers", "--arch", "arm64", f"{name}:nested")
    assert [(each["kind"], each["platform"], each["digest"]) for each in said.json] == [
        ("provenance SLSA v1", "linux/arm64", OTHER_BILL.digest)
    ]


async def test_the_places_of_index_and_platform_are_counted(
    registry: FakeRegistry, run: CommandLine, name: str
) -> None:
    registry.repository(REPOSITORY).add(images.index(ARM), "3")
    answer(registry, images.index(ARM))
    answer(registry, ARM)
    said = await run("referrers", "--platform", "linux/arm64", f"{name}:3")
    assert said.json == []
    assert "(9 places looked at)" in said.err, "four for each, and the index itself"


async def test_a_table_for_people(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    made = attached(NOTATION)
    answer(registry, INDEX, made.descriptor(artifactType=NOTATION), attached("application/jose+json").descriptor())
    said = await run("referrers", f"{name}:2", terminal=True)
    assert said.lines[0].split() == ["KIND", "OF", "SIZE", "FOUND", "BY", "DIGEST"]
    assert said.lines[1].split("  ")[0] == "Notation signature"
    assert said.lines[1].endswith(made.digest)
    assert [line.split("  ")[0] for line in said.lines[2:]] == ["attachment", "SBOM SPDX", "provenance SLSA v1"]
    assert "failed: " in said.err, "what could not be opened is told"
    assert said.err.endswith("Signature present, not verified.\n")


async def test_all_in_one_line(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    answer(registry, INDEX, attached(SBOM).descriptor(artifactType=SBOM))
    said = await run("-r", "referrers", f"{name}:2")
    assert said.out.count("\n") == 1
    assert [one["digest"] for one in said.json] == [attached(SBOM).digest, BILL.digest, OTHER_BILL.digest]


async def test_a_registry_without_the_api_says_so(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    made = attached(SBOM)
    registry.repository(REPOSITORY).add(images.index(made), referrers_tag(SUBJECT))
    said = await run("referrers", f"{name}:1")
    (only,) = said.json
    assert (only["digest"], only["foundBy"], only["tag"]) == (made.digest, ["tag"], referrers_tag(SUBJECT))
    assert (only["kind"], only["artifactType"]) == ("SPDX SBOM", SBOM), "read, because the list does not tell"
    assert said.err.endswith(f"{NO_API}\n")


async def test_what_is_about_something_else_is_not_shown(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    stray = images.artifact("", SIMPLE, subject=ARM)
    registry.repository(REPOSITORY).add(stray, "stray")
    answer(registry, APP, stray.descriptor())
    assert (await run("referrers", f"{name}:1")).json == []


async def test_a_platform_that_does_not_exist(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    answer(registry, INDEX)
    said = await run("referrers", "--arch", "s390x", f"{name}:2")
    assert (said.code, said.raw) == (1, b"")
    assert "Available: linux/amd64, linux/arm64." in said.err


async def test_a_tag_that_does_not_exist(run: CommandLine, name: str) -> None:
    said = await run("referrers", f"{name}:nope")
    assert (said.code, said.raw) == (1, b"")


async def test_by_digest_it_is_the_same(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    answer(registry, APP, attached(SBOM).descriptor(artifactType=SBOM))
    said = await run("referrers", f"{name}@{Digest.parse(APP.digest)}")
    assert [each["digest"] for each in said.json] == [attached(SBOM).digest]


async def test_what_is_attached_is_decoded_when_asked(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    document = {"spdxVersion": "SPDX-2.3", "packages": [{"name": "left-pad", "versionInfo": "1"}]}
    blob = Made(json.dumps(document).encode(), SBOM)
    junk = Made(b"{]", "application/json")
    made = images.artifact(SBOM, blob, junk, subject=APP)
    registry.repository(REPOSITORY).add(made)
    answer(registry, APP, made.descriptor(artifactType=SBOM))
    said = await run("referrers", f"{name}:1", "--decode")
    [entry] = said.json
    first, second = entry["documents"]
    assert (first["kind"], first["note"], first["verified"]) == ("SBOM", "SPDX 2.3, 1 package", False)
    assert first["rowsAre"] == "package"
    assert first["rows"] == [{"name": "left-pad", "version": "1", "license": "", "purl": "", "more": {}}]
    assert "not JSON" in second["error"]
    assert f"{junk.digest}: " in said.err
    for words in (["--format", "table"],):
        said = await run("referrers", f"{name}:1", "--decode", *words)
        assert said.lines[0] == f"SPDX SBOM of image  {made.digest}"
        assert "  state       present, not verified" in said.lines
        assert [line.split() for line in said.lines if "left-pad" in line] == [["left-pad", "1"]]
    assert "documents" not in (await run("referrers", f"{name}:1")).json[0]


async def test_only_so_much_is_decoded(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    blobs = [Made(b'{"n": %d}' % number, "application/json") for number in range(205)]
    made = images.artifact(SBOM, *blobs, subject=APP)
    registry.repository(REPOSITORY).add(made)
    answer(registry, APP, made.descriptor(artifactType=SBOM))
    said = await run("referrers", f"{name}:1", "--decode")
    assert len(said.json[0]["documents"]) == 200
    assert "Only the first 200 of 205 documents were decoded." in said.err


async def test_the_demo_has_attachments_of_all_forms(run: CommandLine) -> None:
    found: dict[str, tuple[str, str]] = {}
    for name in ("supply/attached --platform linux/amd64", "supply/attached --platform linux/arm64", "shop/webapp"):
        for entry in (await run("referrers", *f"demo/acme/{name} --decode".split())).json:
            for document in entry["documents"]:
                found[document["digest"]] = document["kind"], document["note"]
    assert {note for _, note in found.values()} >= {
        "Notation, JWS",
        "Notation, COSE",
        "cosign",
        "SPDX 2.3, 40 packages",
        "SPDX 2.3, 212 packages",
        "CycloneDX 1.6, 60 components",
        "SLSA v0.2, GitHub Actions",
        "SLSA v1, buildkit",
        "SARIF 2.1.0, 110 results",
    }
