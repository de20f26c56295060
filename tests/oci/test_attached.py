"""What is attached, in plain words."""

from __future__ import annotations

import pytest

from regbrowse.oci.attached import is_signed, kind_of, label_and_note, says_enough
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Manifest, parse_manifest
from regbrowse.reference import Digest
from support import images
from support.images import Made

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SIGN = {"dev.sigstore.bundle.predicateType": "https://sigstore.dev/cosign/sign/v1"}
SPDX = {"dev.sigstore.bundle.predicateType": "https://spdx.dev/Document"}


def named(artifact_type: str = "", annotations: dict[str, str] | None = None) -> Descriptor:
    return Descriptor(images.OCI_MANIFEST, Digest.of(b""), 0, None, artifact_type, annotations or {})


def read(made: Made) -> Manifest:
    return parse_manifest(made.raw, content_type=made.media_type)


@pytest.mark.parametrize(
    ("descriptor", "kind", "signed"),
    [
        (named("application/spdx+json"), "SPDX SBOM", False),
        (named(BUNDLE), "Sigstore bundle", True),
        (named(BUNDLE, SIGN), "signature cosign", True),
        (named(BUNDLE, SPDX), "SBOM SPDX", False),
        (named("application/vnd.cncf.notary.signature"), "Notation signature", True),
        (named("application/vnd.dsse.envelope.v1+json"), "signed attestation", True),
        (named("application/x-unsigned\x1b"), "application/x-unsigned\\x1b", False),
    ],
)
def test_what_a_descriptor_tells(descriptor: Descriptor, kind: str, signed: bool) -> None:
    assert says_enough(descriptor)
    assert kind_of(descriptor) == kind
    assert is_signed(kind) is signed


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (images.attestation(images.image()), "SBOM SPDX"),
        (images.artifact("application/sarif+json"), "scan report"),
        (images.artifact("", Made(b"{}", "application/vnd.dev.cosign.simplesigning.v1+json")), "cosign signature"),
        (images.image(layers=[Made(b"{}", "text/spdx+json").descriptor()]), "SPDX SBOM"),
        (images.image(), "image"),
        (images.index(images.image()), "index"),
        (images.schema1(), "attachment"),
    ],
)
def test_what_its_manifest_tells(made: Made, kind: str) -> None:
    assert not says_enough(named())
    assert kind_of(named(), read(made)) == kind


def test_what_tells_nothing() -> None:
    assert kind_of(named()) == "attachment"


@pytest.mark.parametrize(
    ("kind", "label", "note"),
    [
        ("cosign signature", "signature", "cosign"),
        ("Notation signature", "signature", "Notation"),
        ("SBOM SPDX", "SBOM", "SPDX"),
        ("SPDX SBOM", "SBOM", "SPDX"),
        ("SBOM SPDX, provenance SLSA v1", "SBOM", "SPDX, provenance SLSA v1"),
        ("cosign attestation", "attestation", "cosign"),
        ("Sigstore bundle", "Sigstore bundle", ""),
        ("scan report", "scan report", ""),
        ("attachment", "attachment", ""),
    ],
)
def test_labels(kind: str, label: str, note: str) -> None:
    assert label_and_note(kind) == (label, note)
