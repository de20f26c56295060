"""What is attached, decoded and in its place on the screen; nothing of it counts as verified."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from regbrowse.registry.models import Settings
from support import images
from support.fake_registry import FakeRegistry, Fault
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


NOTATION = "application/vnd.cncf.notary.signature"


def signed(subject: Made) -> Made:
    """A signature of Notation whose envelope is about an image."""
    target = json.dumps({"targetArtifact": {"digest": subject.digest, "size": len(subject.raw)}}).encode()
    parts = [base64.urlsafe_b64encode(each).decode().rstrip("=") for each in (target, b'{"alg":"PS256"}')]
    envelope = {"payload": parts[0], "protected": parts[1], "header": {"x5c": ["AA=="]}, "signature": "AA"}
    blob = Made(json.dumps(envelope).encode(), "application/jose+json")
    return images.artifact(NOTATION, blob, subject=subject)


def listing(*entries: object) -> bytes:
    return json.dumps({"schemaVersion": 2, "mediaType": images.OCI_INDEX, "manifests": entries}).encode()


async def test_referrers_stand_below_index_and_platform_and_open(registry: FakeRegistry, tmp_path: Path) -> None:
    image, arm = images.image(), images.image(architecture="arm64")
    index = images.index(image, arm)
    repository = registry.repository("shop/app")
    repository.add(index, "1.0")
    for subject in (index, arm, image):
        made = repository.add(signed(subject))
        answer = listing(*([] if subject is image else [made.descriptor(artifactType=NOTATION)]))
        path = f"/v2/shop/app/referrers/{subject.digest}"
        registry.fault(path, Fault(200, answer, [("Content-Type", images.OCI_INDEX)]))
    async with browsing(f"{registry.name}/shop/app:1.0", tmp_path) as driven:
        await driven.shows("referrers  1, present, not verified")
        await driven.press("2", "j")
        await driven.shows("▸ linux/arm64  1 referrer")
        await driven.press("G")
        await driven.shows("present, not verified; found by API")
        await driven.shows("decoded · ")
        await driven.shows("signature, Notation, JWS")
        await driven.press("enter")
        assert driven.screen.pane_layout.focused_pane == "config"
        await driven.press("3")
        await driven.shows("1 blob")
        await driven.press("2", "Y")
        await driven.shows("signature digest of")
        assert driven.app.clipboard == signed(index).digest
        await driven.press("k")
        await driven.shows("4 places looked at")
        await driven.press("enter")
        await driven.shows("▸ referrers")
        await driven.press("k", "space")
        await driven.until(lambda: driven.text().count("referrers  1, present, not verified") == 2)


async def test_without_the_api_nothing_is_red_and_it_is_said(registry: FakeRegistry, tmp_path: Path) -> None:
    image = images.image()
    repository = registry.repository("shop/app")
    repository.add(image, "1.0")
    simple = json.dumps({"critical": {"image": {"docker-manifest-digest": image.digest}}}).encode()
    blob = Made(simple, "application/vnd.dev.cosign.simplesigning.v1+json")
    signature = images.image()
    value = {**json.loads(signature.raw), "layers": [blob.descriptor()]}
    made = Made(json.dumps(value).encode(), images.OCI_MANIFEST, (signature.below[0], blob), True)
    repository.add(made, image.digest.replace(":", "-") + ".sig")
    async with browsing(f"{registry.name}/shop/app:1.0", tmp_path) as driven:
        await driven.shows("signature  cosign")
        await driven.press("2")
        await driven.press("d")
        await driven.shows("has no referrers API")
        await driven.shows("looked at tags instead.")
        await driven.press("escape", "j")
        await driven.shows("4 places looked at; ")
        await driven.shows("has no referrers API; looked at tags instead.")
        assert all(pane.error is None for pane in driven.screen.pane_layout.panes)
        await driven.press("G", "enter")
        await driven.shows("signature, cosign")
        await driven.press("2", "y")
        await driven.shows("name:tag")
        await driven.press("g")
        await driven.shows("tag of the signature")
        assert driven.app.clipboard.endswith(image.digest.replace(":", "-") + ".sig")


async def test_nothing_attached_is_said_in_the_details(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.repository("shop/app").add(images.image(), "1.0")
    async with browsing(f"{registry.name}/shop/app:1.0", tmp_path) as driven:
        await driven.press("2")
        await driven.shows("nothing attached")
        assert "referrers  " not in driven.text()


async def test_offline_nothing_is_said_to_be_attached_or_not(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.repository("shop/app").add(images.image(), "1.0")
    kept, name = tmp_path / "cache", f"{registry.name}/shop/app:1.0"
    async with browsing(name, tmp_path, settings=Settings(cache_folder=kept)) as driven:
        await driven.press("2")
        await driven.shows("nothing attached")
    async with browsing(name, tmp_path, settings=Settings(cache_folder=kept, offline=True)) as driven:
        await driven.press("2")
        await driven.shows("Attachments are no")
        assert "nothing attached" not in driven.text()


async def test_nothing_is_looked_for_when_few_requests_are_left(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.repository("shop/app").add(images.image(), "1.0")
    registry.extra_headers = [("ratelimit-limit", "100;w=60"), ("ratelimit-remaining", "3;w=60")]
    async with browsing(f"{registry.name}/shop/app:1.0", tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.pilot.pause(0.5)
        await driven.until(lambda: driven.is_quiet, "quiet")
        assert not [each for each in registry.asked if "referrers" in each.path or "sha256-" in each.path]


async def test_going_back_finds_the_attachment_again(registry: FakeRegistry, tmp_path: Path) -> None:
    image = images.image()
    repository = registry.repository("shop/app")
    repository.add(image, "1.0")
    repository.add(images.image(architecture="s390x"), "2.0")
    made = repository.add(signed(image))
    answer = Fault(200, listing(made.descriptor(artifactType=NOTATION)), [("Content-Type", images.OCI_INDEX)])
    registry.fault(f"/v2/shop/app/referrers/{image.digest}", answer)
    async with browsing(f"{registry.name}/shop/app:1.0", tmp_path) as driven:
        await driven.shows("referrers  1")
        await driven.press("2", "G")
        await driven.shows("signature, Notation, JWS")
        await driven.press("o", *f"{registry.name}/shop/app:2.0", "enter")
        await driven.shows("platform    linux/s390x")
        await driven.press("left_square_bracket")
        await driven.shows("signature, Notation, JWS")
        await driven.shows("▌    signature")


async def test_what_is_wrong_is_marked_and_said_without_a_request_for_it(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    image = images.image()
    lying = images.image(architecture="arm64", values={"architecture": "s390x"})
    again = images.image(files=[{"b": b"2"}])
    registry.repository("shop/app").add(images.index(image, lying, again), "1.0")
    async with browsing(f"{registry.name}/shop/app:1.0", tmp_path, size=(160, 40)) as driven:
        await driven.shows("3 platforms · 1 odd")
        await driven.press("2", "G")
        await driven.shows("! linux/amd64 is listed before")
        await driven.press("k")
        await driven.shows("! The index says linux/arm64, the config linux/s390x")
        await driven.shows("2 odd")
        line = next(line for line in driven.lines() if "linux/arm64 " in line and "sha256:" in line)
        assert " ! sha256:" in line
        await driven.press("d")
        await driven.shows("It is pulled for a machine on which it")
