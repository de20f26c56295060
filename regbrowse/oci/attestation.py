"""Attestations: what is it, in plain words. Nothing here verifies a signature."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.reference import Digest
from regbrowse.text import visible

if TYPE_CHECKING:
    from regbrowse.oci.descriptor import Descriptor
    from regbrowse.oci.document import Reader

STATEMENT_LIMIT = 64 * 2**20
TYPE_ANNOTATION = "vnd.docker.reference.type"
DIGEST_ANNOTATION = "vnd.docker.reference.digest"
PREDICATE_ANNOTATIONS = ("in-toto.io/predicate-type", "predicateType", "dev.sigstore.bundle.predicateType")
_WORDS = 64


class Statement(NamedTuple):
    """What an attestation is about: `SBOM`, and `SPDX 2.3, 212 packages`."""

    kind: str
    note: str
    subjects: tuple[Digest, ...] = ()
    """What the statement says it describes; may be something else than the image it hangs on."""
    predicate_type: str = ""

    def about_another(self, subject: Digest | None) -> str:
        """The sentence for a statement that does not speak of what it hangs on; empty when all is well."""
        if subject is None or not self.subjects or subject in self.subjects:
            return ""
        return f"This attestation describes {self.subjects[0].short}, not this image."


def is_attestation(descriptor: Descriptor) -> bool:
    """Whether an index lists this as an attestation by BuildKit and not as an image (buildkit, attestation-storage)."""
    return descriptor.annotations.get(TYPE_ANNOTATION) == "attestation-manifest"


def attested(descriptor: Descriptor) -> Digest | None:
    """The digest of the platform's manifest that an attestation describes."""
    if not is_attestation(descriptor):
        return None
    return Digest.read(descriptor.annotations.get(DIGEST_ANNOTATION, ""))


def predicate_of(descriptor: Descriptor) -> str:
    """The type of the statement in a layer, as its annotations claim; empty when they do not."""
    return next((descriptor.annotations[key] for key in PREDICATE_ANNOTATIONS if key in descriptor.annotations), "")


_PREDICATES = (
    (r"https://spdx\.dev/Document.*", "SBOM", "SPDX"),
    (r"https://cyclonedx\.org/(bom|schema).*", "SBOM", "CycloneDX"),
    (r"https://syft\.dev/bom.*", "SBOM", "Syft"),
    (r"https://slsa\.dev/verification_summary/v?([0-9.]+)", "verification", "SLSA summary v{}"),
    (r"https://slsa\.dev/provenance/v([0-9.]+)", "provenance", "SLSA v{}"),
    (r"https://openvex\.dev/ns.*", "VEX", "OpenVEX"),
    (r"https://cosign\.sigstore\.dev/attestation/vuln/v1", "scan report", "cosign"),
    (r"https://in-toto\.io/attestation/vulns?/v?([0-9.]+)", "scan report", "in-toto v{}"),
    (r"https://in-toto\.io/attestation/scai.*", "attestation", "SCAI"),
    (r"https://in-toto\.io/attestation/test-result.*", "test result", "in-toto"),
    (r"https://in-toto\.io/attestation/release.*", "release", "in-toto"),
    (r"https://sigstore\.dev/cosign/sign/v1|https://cosign\.sigstore\.dev/sign/v1", "signature", "cosign"),
    (r"cosign\.sigstore\.dev/attestation/v1|https://cosign\.sigstore\.dev/attestation/v1", "attestation", "custom"),
)
_TABLE = tuple((re.compile(pattern), kind, note) for pattern, kind, note in _PREDICATES)


def by_predicate(predicate_type: str) -> Statement:
    """What the type of a predicate alone tells."""
    for pattern, kind, note in _TABLE:
        match = pattern.fullmatch(predicate_type)
        if match:
            version = match.group(1) if "{}" in note else ""
            return Statement(kind, note.format(version), predicate_type=visible(predicate_type))
    shown = visible(predicate_type)
    return Statement("attestation", visible(predicate_type, _WORDS), predicate_type=shown)


def builder_of(predicate: Reader) -> str:
    """Who built it, shortened to a name people know; SLSA v0.2 and v1 keep it in different places."""
    details, definition = predicate.reader("runDetails"), predicate.reader("buildDefinition")
    claims = (
        definition.text("buildType") or predicate.text("buildType"),
        details.reader("builder").text("id") or predicate.reader("builder").text("id"),
    )
    for claim in claims:
        lower = claim.lower()
        for sign, name in _BUILDERS:
            if sign in lower:
                return name
    return visible(re.sub(r"^https?://", "", claims[1] or claims[0]), _WORDS)


_BUILDERS = (
    ("buildkit", "buildkit"),
    ("slsa-github-generator", "GitHub Actions"),
    ("actions.github.io", "GitHub Actions"),
    ("github.com/actions", "GitHub Actions"),
    ("githubactions", "GitHub Actions"),
    ("tekton", "Tekton"),
    ("gitlab", "GitLab"),
    ("cloudbuild", "Cloud Build"),
    ("konflux", "Konflux"),
)
