"""Attestations in plain words."""

from __future__ import annotations

import base64
import json

import pytest

from regbrowse.errors import BadResponse
from regbrowse.oci.attestation import Statement, attested, by_predicate, is_attestation, predicate_of, read_statement
from regbrowse.oci.descriptor import Descriptor
from regbrowse.reference import Digest

IMAGE = Digest.of(b"image")
SPDX = {"spdxVersion": "SPDX-2.3", "packages": [{}] * 212}
BUILDKIT_V1 = {"buildDefinition": {"buildType": "https://github.com/moby/buildkit/blob/master/docs/attestations/x.md"}}


def statement(predicate_type: str, predicate: object) -> dict[str, object]:
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "x", "digest": {"sha256": IMAGE.encoded, "md5": "!"}}],
        "predicateType": predicate_type,
        "predicate": predicate,
    }


def read(value: object) -> Statement:
    return read_statement(json.dumps(value).encode())


def envelope(value: object) -> dict[str, object]:
    payload = base64.b64encode(json.dumps(value).encode()).decode()
    return {"payloadType": "application/vnd.in-toto+json", "payload": payload, "signatures": []}


def test_buildkit_attestations() -> None:
    annotations = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": str(IMAGE)}
    descriptor = Descriptor("", None, None, annotations=annotations)
    assert is_attestation(descriptor)
    assert attested(descriptor) == IMAGE


@pytest.mark.parametrize(
    ("annotations", "attestation"),
    [
        ({}, False),
        ({"vnd.docker.reference.digest": str(IMAGE)}, False),
        ({"vnd.docker.reference.type": "attestation-manifest"}, True),
        ({"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": "../x"}, True),
    ],
)
def test_attestations_of_nothing(annotations: dict[str, str], attestation: bool) -> None:
    descriptor = Descriptor("", None, None, annotations=annotations)
    assert is_attestation(descriptor) is attestation
    assert attested(descriptor) is None


def test_predicate_of_a_layer() -> None:
    layer = Descriptor("", None, None, annotations={"in-toto.io/predicate-type": "https://spdx.dev/Document"})
    assert predicate_of(layer) == "https://spdx.dev/Document"
    assert predicate_of(Descriptor("", None, None)) == ""


@pytest.mark.parametrize(
    ("predicate_type", "kind", "note"),
    [
        ("https://spdx.dev/Document", "SBOM", "SPDX"),
        ("https://spdx.dev/Document/v2.3", "SBOM", "SPDX"),
        ("https://cyclonedx.org/bom", "SBOM", "CycloneDX"),
        ("https://slsa.dev/provenance/v1", "provenance", "SLSA v1"),
        ("https://slsa.dev/provenance/v0.2", "provenance", "SLSA v0.2"),
        ("https://openvex.dev/ns/v0.2.0", "VEX", "OpenVEX"),
        ("https://slsa.dev/verification_summary/v1", "verification", "SLSA summary v1"),
        ("https://in-toto.io/attestation/vulns/v0.1", "scan report", "in-toto v0.1"),
        ("https://acme.example/\x1b", "attestation", "https://acme.example/\\x1b"),
        ("", "attestation", ""),
    ],
)
def test_by_predicate(predicate_type: str, kind: str, note: str) -> None:
    found = by_predicate(predicate_type)
    assert (found.kind, found.note) == (kind, note)


@pytest.mark.parametrize(
    ("value", "kind", "note"),
    [
        (statement("https://spdx.dev/Document", SPDX), "SBOM", "SPDX 2.3, 212 packages"),
        (statement("https://slsa.dev/provenance/v1", BUILDKIT_V1), "provenance", "SLSA v1, buildkit"),
        (
            statement("https://slsa.dev/provenance/v0.2", {"buildType": "https://mobyproject.org/buildkit@v1"}),
            "provenance",
            "SLSA v0.2, buildkit",
        ),
        (
            statement("https://slsa.dev/provenance/v1", {"runDetails": {"builder": {"id": "https://ci.example/1"}}}),
            "provenance",
            "SLSA v1, ci.example/1",
        ),
        (
            statement("https://slsa.dev/provenance/v0.2", {"builder": {"id": "https://github.com/actions/runner"}}),
            "provenance",
            "SLSA v0.2, GitHub Actions",
        ),
        (statement("https://slsa.dev/provenance/v1", None), "provenance", "SLSA v1"),
        (
            statement("https://cyclonedx.org/bom", {"bomFormat": "CycloneDX", "components": []}),
            "SBOM",
            "CycloneDX, 0 components",
        ),
        (statement("https://openvex.dev/ns/v0.2.0", {"statements": [{}]}), "VEX", "OpenVEX, 1 statement"),
        (SPDX, "SBOM", "SPDX 2.3, 212 packages"),
        ({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{}]}, "SBOM", "CycloneDX 1.5, 1 component"),
        (
            {"@context": "https://spdx.org/rdf/3.0.1/x", "@graph": [{"type": "software_Package"}, 5]},
            "SBOM",
            "SPDX 3, 1 package",
        ),
        ({"artifacts": [{}], "descriptor": {"name": "syft"}}, "SBOM", "Syft, 1 package"),
        ({"version": "2.1.0", "runs": [{"results": [{}, {}]}, None]}, "scan report", "SARIF 2.1.0, 2 results"),
        ({"@context": "https://openvex.dev/ns", "statements": []}, "VEX", "OpenVEX, 0 statements"),
        ({}, "attestation", ""),
    ],
)
def test_statements(value: dict[str, object], kind: str, note: str) -> None:
    for wrapped in (value, envelope(value), {"dsseEnvelope": envelope(value)}):
        found = read(wrapped)
        assert (found.kind, found.note) == (kind, note)


def test_subjects() -> None:
    assert read(statement("x", {})).subjects == (IMAGE,)
    simple = {"critical": {"image": {"docker-manifest-digest": str(IMAGE)}, "type": "cosign container image signature"}}
    assert read(simple) == Statement("signature", "cosign", (IMAGE,))


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"<bom>", b'{"payload":"!","payloadType":"x"}', b'{"payload":"W10=","payloadType":"x"}', b"\xff"],
)
def test_refuses(raw: bytes) -> None:
    with pytest.raises(BadResponse):
        read_statement(raw)


def test_envelopes_in_envelopes_end() -> None:
    value: dict[str, object] = {}
    for _ in range(10):
        value = envelope(value)
    assert read(value).kind == "attestation"
