"""What is attached, decoded and in its place on the screen; nothing of it counts as verified."""

from __future__ import annotations

import json
from pathlib import Path

from support import images
from support.fake_registry import FakeRegistry
from support.images import IN_TOTO, Made
from tui.screen_driver import browsing

SPDX = "https://spdx.dev/Document"


def package(number: int) -> dict[str, object]:
    name, version = f"package-{number:03}", f"1.{number}.0"
    locator = {"referenceType": "purl", "referenceLocator": f"pkg:npm/{name}@{version}"}
    return {"name": name, "versionInfo": version, "licenseConcluded": "MIT", "externalRefs": [locator]}


def bill(subject: Made, count: int = 60, padding: int = 0) -> Made:
    """An attestation manifest with an SPDX document about an image."""
    statement = {
        "predicateType": SPDX,
        "subject": [{"name": "app", "digest": {"sha256": subject.digest[7:]}}],
        "predicate": {
            "spdxVersion": "SPDX-2.3",
            "comment": "x" * padding,
            "packages": [package(number) for number in range(count)],
        },
    }
    blob = Made(json.dumps(statement).encode(), IN_TOTO)
    manifest = json.loads(images.attestation(subject).raw)
    manifest["layers"] = [blob.descriptor(annotations={"in-toto.io/predicate-type": SPDX})]
    made = images.attestation(subject)
    return Made(json.dumps(manifest).encode(), made.media_type, (*made.below[:-1], blob), True, made.extra)


async def test_a_statement_opens_as_a_table_of_packages(registry: FakeRegistry, tmp_path: Path) -> None:
    image = images.image()
    registry.repository("shop/app").add(images.index(image, bill(image)), "1.0")
    async with browsing(f"{registry.name}/shop/app:1.0", tmp_path, size=(160, 40)) as driven:
        await driven.shows("SBOM")
        await driven.press("2", "j", "enter")
        await driven.shows("decoded · 60 packages")
        await driven.shows("SBOM, SPDX 2.3, 60 packages")
        await driven.shows("present, not verified")
        await driven.shows(f"about       {image.digest[:30]}")
        await driven.press("slash", *"package-042", "enter")
        await driven.shows("1 of 1 match")
        await driven.press("y")
        await driven.shows("purl of SBOM")
        assert driven.app.clipboard == "pkg:npm/package-042@1.42.0"
        await driven.press("d")
        await driven.shows("license  MIT")
        await driven.press("escape")
        await driven.press("v")
        await driven.shows('"predicateType"')
        await driven.press("v")
        await driven.shows("raw")
        await driven.press("v")
        await driven.shows("decoded · ")


async def test_the_digest_that_a_statement_is_about_is_a_link(registry: FakeRegistry, tmp_path: Path) -> None:
    image = images.image()
    registry.repository("shop/app").add(images.index(image, bill(image)), "1.0")
    async with browsing(f"{registry.name}/shop/app:1.0", tmp_path) as driven:
        await driven.shows("SBOM")
        await driven.press("2", "j", "enter")
        await driven.shows("decoded · ")
        await driven.press("j", "j")
        await driven.shows("enter go to digest")
        await driven.press("d")
        await driven.shows(" Whole ")
        await driven.press("escape", "enter")
        await driven.shows("platform    linux/amd64")


async def test_the_names_of_the_columns_cannot_be_copied(registry: FakeRegistry, tmp_path: Path) -> None:
    image = images.image()
    registry.repository("shop/app").add(images.index(image, bill(image)), "1.0")
    async with browsing(f"{registry.name}/shop/app:1.0", tmp_path) as driven:
        await driven.shows("SBOM")
        await driven.press("2", "j", "enter")
        await driven.shows("decoded · ")
        await driven.press("J", "J", "J", "J")
        await driven.shows("name  version")
        assert not driven.offers("copy")
        assert not driven.offers("details")
        assert not driven.offers("enter")
        await driven.press("j")
        assert driven.offers("copy")


async def test_a_large_statement_is_read_whole_when_asked(registry: FakeRegistry, tmp_path: Path) -> None:
    image = images.image()
    registry.repository("shop/app").add(images.index(image, bill(image, padding=5 * 2**20)), "1.0")
    async with browsing(f"{registry.name}/shop/app:1.0", tmp_path) as driven:
        await driven.shows("SBOM")
        await driven.press("2", "j", "enter")
        await driven.shows("first part")
        await driven.press("enter")
        await driven.shows("decoded · 60 packages")


async def test_a_statement_that_is_none_is_said_to_be_odd(registry: FakeRegistry, tmp_path: Path) -> None:
    image = images.image()
    made = bill(image)
    broken = Made(b"{" + b"[" * 5, IN_TOTO)
    manifest = json.loads(made.raw)
    manifest["layers"] = [broken.descriptor(annotations={"in-toto.io/predicate-type": SPDX})]
    wrong = Made(json.dumps(manifest).encode(), made.media_type, (*made.below[:-1], broken), True, made.extra)
    registry.repository("shop/app").add(images.index(image, wrong), "1.0")
    async with browsing(f"{registry.name}/shop/app:1.0", tmp_path) as driven:
        await driven.shows("SBOM")
        await driven.press("2", "j", "enter")
        await driven.shows("1 odd")
        await driven.shows("{[[[[[")


async def test_a_blob_of_an_artifact_opens_decoded(registry: FakeRegistry, tmp_path: Path) -> None:
    run = {"tool": {"driver": {"name": "scan"}}, "results": [{"ruleId": "R1", "level": "error"}] * 3}
    report = Made(json.dumps({"version": "2.1.0", "runs": [run]}).encode(), "application/sarif+json")
    other = Made(b'{"a": 1}', "application/json")
    cose = Made(b"\xd2\x84\x43", "application/cose")
    registry.repository("shop/app").add(images.artifact("application/sarif+json", report, other, cose), "1.0")
    async with browsing(f"{registry.name}/shop/app:1.0", tmp_path) as driven:
        await driven.shows("3 blobs")
        await driven.press("3", "enter")
        await driven.shows("decoded · 1 rule")
        await driven.shows("3 errors")
        await driven.press("3", "j", "enter")
        await driven.shows('"a": 1')
        await driven.lacks("decoded · ")
        await driven.press("3", "j", "enter")
        await driven.shows("COSE, 3 B, not decoded")
