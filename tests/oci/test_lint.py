"""What lint finds, and that it finds nothing where nothing is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from regbrowse.errors import Evidence, Integrity, NotFound
from regbrowse.oci.config import Config, parse_config
from regbrowse.oci.index_walk import entries
from regbrowse.oci.lint import ConfigOutcome, Finding, ManifestOutcome, lint, lint_entry
from regbrowse.oci.manifest import Image, Index, Manifest, parse_manifest
from regbrowse.reference import Digest
from support import images
from support.images import Made

AMD64, ARM64 = images.image(), images.image(architecture="arm64")
BILL = images.attestation(AMD64)
NOWHERE = Evidence("GET", "https://a.example/v2/", "a.example")


def parsed(made: Made) -> Manifest:
    return parse_manifest(made.raw, content_type=made.media_type)


def changed(made: Made, **values: object) -> Made:
    """The same manifest with other members; None takes one away."""
    value = {**json.loads(made.raw), **values}
    return replace(made, raw=images.dump({key: each for key, each in value.items() if each is not None}))


def config_of(made: Made) -> Config:
    return parse_config(made.below[0].raw)


def found(
    root: Made,
    *children: Made,
    outcomes: Mapping[Digest, ManifestOutcome] | None = None,
    configs: Mapping[Digest, ConfigOutcome] | None = None,
) -> list[Finding]:
    read = {Digest.parse(child.digest): parsed(child) for child in children} | dict(outcomes or {})
    images_read = [each for each in (root, *children) if isinstance(parsed(each), Image)]
    known: dict[Digest, ConfigOutcome] = {Digest.parse(each.digest): config_of(each) for each in images_read}
    return list(lint(parsed(root), read, known | dict(configs or {})))


def rules(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(each.severity, each.rule, each.platform) for each in findings]


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    assert found(AMD64) == []
    assert found(images.index(AMD64, ARM64, BILL), AMD64, ARM64, BILL) == []
    docker = images.image(docker=True)
    assert found(images.index(docker, docker=True), docker) == []
    assert found(images.index(images.index(AMD64)), images.index(AMD64), AMD64) == []
    chart = images.artifact("application/vnd.example", images.layer({"a": b"1"}))
    assert found(chart) == []


def test_what_was_not_read_is_not_judged() -> None:
    assert list(lint(parsed(images.index(AMD64, ARM64)), {}, {})) == []


def test_a_missing_child() -> None:
    arm = Digest.parse(ARM64.digest)
    findings = found(images.index(AMD64, ARM64), AMD64, outcomes={arm: NotFound("gone", evidence=NOWHERE)})
    assert rules(findings) == [("error", "missing-child", "linux/arm64")]
    assert findings[0].digest == arm
    assert findings[0].why
    assert findings[0].path == (1,)


def test_a_digest_that_does_not_match() -> None:
    arm = Digest.parse(ARM64.digest)
    wrong = Integrity("The content does not match.", evidence=NOWHERE)
    findings = found(images.index(AMD64, ARM64), AMD64, outcomes={arm: wrong})
    assert rules(findings) == [("error", "digest", "linux/arm64")]
    root = replace(parsed(AMD64), reported=Digest.of(b"another"))
    assert rules(list(lint(root, {}, {}))) == [("error", "digest", "")]


def test_a_platform_that_the_config_contradicts() -> None:
    lying = replace(AMD64, extra={"platform": {"os": "linux", "architecture": "arm64"}})
    findings = found(images.index(lying), lying)
    assert rules(findings) == [("error", "platform", "linux/arm64")]
    assert findings[0].what == "The index says linux/arm64, the config linux/amd64."
    vague = images.image(architecture="arm", variant="v7", values={"variant": None})
    assert found(images.index(vague), vague) == []


def test_a_config_without_a_platform() -> None:
    made = images.image(values={"os": None})
    assert rules(found(images.index(made), made)) == [("error", "platform", "linux/amd64")]
    assert rules(found(made)) == [("warning", "no-platform", "")]


def test_zstd_in_a_manifest_of_docker() -> None:
    made = images.image(docker=True)
    for kind in ("application/vnd.docker.image.rootfs.diff.tar.zstd", "application/vnd.oci.image.layer.v1.tar+zstd"):
        layers = [{**layer, "mediaType": kind} for layer in json.loads(made.raw)["layers"]]
        assert rules(found(changed(made, layers=layers))) == [("warning", "zstd-in-docker", "linux/amd64")]
    layers = [{**layer, "mediaType": kind} for layer in json.loads(AMD64.raw)["layers"]]
    assert found(changed(AMD64, layers=layers)) == []


def test_sizes_that_do_not_add_up() -> None:
    lying = replace(ARM64, extra={**ARM64.extra, "size": 5})
    findings = found(images.index(lying), ARM64)
    assert rules(findings) == [("error", "size", "linux/arm64")]
    assert findings[0].what == f"The index says 5 B, the manifest has {len(ARM64.raw):,} B."
    nothing = replace(ARM64, extra={**ARM64.extra, "size": None})
    assert rules(found(images.index(nothing), ARM64)) == [("error", "size", "linux/arm64")]


def test_layers_that_the_config_does_not_count() -> None:
    made = images.image(values={"rootfs": {"type": "layers", "diff_ids": []}, "history": []})
    assert rules(found(made)) == [("error", "layers", "linux/amd64")]
    squashed = images.image(values={"history": [{"created_by": "a"}, {"created_by": "b"}]})
    findings = found(squashed)
    assert rules(findings) == [("warning", "history", "linux/amd64")]
    assert findings[0].what == "The history speaks of 2 layers, the manifest has 1."


def test_a_config_that_cannot_be_used() -> None:
    digest = Digest.parse(AMD64.digest)
    gone, altered = NotFound("gone", evidence=NOWHERE), Integrity("other bytes", evidence=NOWHERE)
    assert rules(found(AMD64, configs={digest: gone})) == [("error", "missing-config", "")]
    assert rules(found(AMD64, configs={digest: altered})) == [("error", "digest", "")]


def test_platforms_that_are_listed_twice() -> None:
    again = images.image(architecture="x86_64", files=[{"b": b"2"}])
    findings = found(images.index(AMD64, ARM64, again), AMD64, ARM64, again)
    assert rules(findings) == [("warning", "duplicate-platform", "linux/x86_64")]
    assert findings[0].path == (2,)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("", [("warning", "media-type")]),
        ("application/json", [("warning", "media-type"), ("error", "media-type")]),
        (images.OCI_INDEX, [("error", "media-type")]),
        (images.DOCKER_MANIFEST, [("error", "media-type")]),
    ],
)
def test_wrong_and_missing_media_types(told: str, expected: list[tuple[str, str]]) -> None:
    lying = replace(AMD64, extra={**AMD64.extra, "mediaType": told})
    findings = found(images.index(lying), AMD64)
    assert [(each.severity, each.rule) for each in findings] == expected


def test_types_of_layers() -> None:
    for kind, severity in (("application/x", "warning"), ("", "warning"), (images.DOCKER_LAYER, "note")):
        layers = [{**layer, "mediaType": kind} for layer in json.loads(AMD64.raw)["layers"]]
        assert rules(found(changed(AMD64, layers=layers))) == [(severity, "media-type", "linux/amd64")]


def test_entries_without_a_platform_or_digest() -> None:
    nameless = replace(AMD64, extra={})
    assert rules(found(images.index(nameless), AMD64)) == [("warning", "no-platform", "")]
    digestless = replace(AMD64, extra={**AMD64.extra, "digest": "../x"})
    assert ("error", "no-digest", "linux/amd64") in rules(found(images.index(digestless)))


def test_an_attestation_of_nothing_in_the_index() -> None:
    assert ("warning", "attestation", "") in rules(found(images.index(ARM64, BILL), ARM64, BILL))


def test_an_index_of_nothing() -> None:
    assert rules(found(images.index())) == [("warning", "empty-index", "")]
    inner = images.index()
    assert [each.path for each in found(images.index(inner), inner)] == [(0,)]


def test_schema_1() -> None:
    assert ("warning", "schema-1", "") in rules(list(lint(parsed(images.schema1()), {}, {})))


def test_what_is_odd_about_the_form_of_a_document() -> None:
    raw = AMD64.raw[:-1].rstrip() + b', "schemaVersion": 3}'
    findings = list(lint(parse_manifest(raw, content_type=AMD64.media_type), {}, {}))
    assert [(each.severity, each.rule) for each in findings] == [("note", "odd")]
    other = list(lint(parse_manifest(AMD64.raw, content_type=images.DOCKER_MANIFEST), {}, {}))
    assert [(each.severity, each.rule) for each in other] == [("warning", "media-type")]


def test_one_entry_alone() -> None:
    index = parsed(images.index(AMD64))
    assert isinstance(index, Index)
    [entry] = entries(index)
    assert list(lint_entry(entry, None)) == []
    assert [each.rule for each in lint_entry(entry, NotFound("gone", evidence=NOWHERE))] == ["missing-child"]


def test_a_finding_for_scripts() -> None:
    [finding] = found(images.index())
    assert finding.as_json() == {
        "severity": "warning",
        "rule": "empty-index",
        "digest": images.index().digest,
        "platform": None,
        "what": "The index lists nothing.",
        "why": "Nothing can be pulled by its name.",
    }


def test_hostile_texts_are_visible() -> None:
    lying = replace(AMD64, extra={"platform": {"os": "li\x1bnux", "architecture": "\u202ex"}, "mediaType": "a/\x1b"})
    for finding in found(images.index(lying), AMD64):
        assert all(text.isprintable() for text in (finding.what, finding.why, finding.platform))
