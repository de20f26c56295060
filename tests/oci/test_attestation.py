"""Attestations in plain words."""

from __future__ import annotations

import pytest

from regbrowse.oci.attestation import attested, by_predicate, is_attestation, predicate_of
from regbrowse.oci.descriptor import Descriptor
from regbrowse.reference import Digest

IMAGE = Digest.of(b"image")


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
