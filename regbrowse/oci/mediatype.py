"""Media types of manifests, configs and layers, and what they are called in plain words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from regbrowse.text import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_ARTIFACT = "application/vnd.oci.artifact.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
OCI_LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_LAYER_ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"
OCI_LAYER_FOREIGN = "application/vnd.oci.image.layer.nondistributable.v1.tar"
OCI_LAYER_FOREIGN_GZIP = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
OCI_LAYER_FOREIGN_ZSTD = "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"

DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+json"
DOCKER_SCHEMA1_SIGNED = "application/vnd.docker.distribution.manifest.v1+prettyjws"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_PLUGIN = "application/vnd.docker.plugin.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
DOCKER_LAYER_GZIP = "application/vnd.docker.image.rootfs.diff.tar.gzip"
DOCKER_LAYER_ZSTD = "application/vnd.docker.image.rootfs.diff.tar.zstd"
DOCKER_LAYER_FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"

HELM_CONFIG = "application/vnd.cncf.helm.config.v1+json"
IN_TOTO = "application/vnd.in-toto+json"
DSSE = "application/vnd.dsse.envelope.v1+json"
COSIGN_SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
SIGSTORE_BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
JOSE = "application/jose+json"
COSE = "application/cose"
NOTATION_SIGNATURE = "application/vnd.cncf.notary.signature"
SOCI_INDEX = "application/vnd.amazon.soci.index.v2+json"
SOCI_ANNOTATION = "com.amazon.soci.image-manifest-digest"
TITLE = "org.opencontainers.image.title"
"""The annotation that names the file which a blob was (image-spec, annotations.md)."""
ESTARGZ_ANNOTATION = "containerd.io/snapshot/stargz/toc.digest"

INDEXES = frozenset({OCI_INDEX, DOCKER_LIST})
IMAGES = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
SCHEMA1 = frozenset({DOCKER_SCHEMA1, DOCKER_SCHEMA1_SIGNED})
MANIFESTS = INDEXES | IMAGES | SCHEMA1 | {OCI_ARTIFACT}
"""Every type of a manifest that is understood."""
IMAGE_CONFIGS = frozenset({OCI_CONFIG, DOCKER_CONFIG})
"""The types of a config that belongs to something that can be run (image-spec, config.md)."""
MISLABELLED_CONFIGS = frozenset({"application/octet-stream", "application/json", "text/html"})
"""What clients of 2015 to 2017 took from the answer of a registry; docker runs images of these, too
(distribution/distribution, issue 1621; moby/moby, registry/registry.go)."""

ACCEPT_PLAIN = ", ".join((OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST))
"""For servers that stumble over weights."""
ACCEPT = ", ".join(
    (
        ACCEPT_PLAIN,
        f"{OCI_ARTIFACT};q=0.8",
        f"{DOCKER_SCHEMA1_SIGNED};q=0.3",
        f"{DOCKER_SCHEMA1};q=0.3",
        "application/json;q=0.2",
        "*/*;q=0.1",
    )
)
"""All types by name, in one line: registries do not expand `*/*` to indexes (distribution-spec, Pulling manifests)."""

_PLAIN = {
    OCI_INDEX: "OCI image index",
    OCI_MANIFEST: "OCI image manifest",
    OCI_ARTIFACT: "OCI artifact manifest",
    OCI_CONFIG: "OCI image config",
    OCI_EMPTY: "empty descriptor",
    DOCKER_LIST: "Docker manifest list",
    DOCKER_MANIFEST: "Docker image manifest",
    DOCKER_SCHEMA1: "Docker schema 1 manifest",
    DOCKER_SCHEMA1_SIGNED: "Docker schema 1 manifest",
    DOCKER_CONFIG: "Docker image config",
    DOCKER_PLUGIN: "Docker plugin",
    HELM_CONFIG: "Helm chart",
    "application/vnd.cncf.helm.chart.content.v1.tar+gzip": "Helm chart",
    "application/vnd.cncf.helm.chart.provenance.v1.prov": "Helm chart provenance",
    "application/vnd.wasm.config.v1+json": "WebAssembly module",
    "application/vnd.wasm.config.v0+json": "WebAssembly module",
    "application/vnd.module.wasm.content.layer.v1+wasm": "WebAssembly module",
    "application/wasm": "WebAssembly module",
    COSIGN_SIMPLE_SIGNING: "cosign signature",
    "application/vnd.dev.cosign.artifact.sig.v1+json": "cosign signature",
    "application/vnd.dev.cosign.artifact.att.v1+json": "cosign attestation",
    "application/vnd.dev.cosign.artifact.sbom.v1+json": "cosign SBOM",
    NOTATION_SIGNATURE: "Notation signature",
    JOSE: "JWS signature",
    COSE: "COSE signature",
    SOCI_INDEX: "lazy-loading index",
    "application/vnd.amazon.soci.index.v1+json": "lazy-loading index",
    IN_TOTO: "in-toto statement",
    DSSE: "signed attestation",
    "application/spdx+json": "SPDX SBOM",
    "text/spdx+json": "SPDX SBOM",
    "text/spdx": "SPDX SBOM",
    "application/vnd.cyclonedx": "CycloneDX SBOM",
    "application/vnd.cyclonedx+json": "CycloneDX SBOM",
    "application/vnd.cyclonedx+xml": "CycloneDX SBOM",
    "application/vnd.syft+json": "Syft SBOM",
    "application/sarif+json": "scan report",
    "application/vnd.cncf.flux.config.v1+json": "Flux artifact",
    "application/vnd.cncf.openpolicyagent.config.v1+json": "OPA bundle",
    "application/vnd.unknown.config.v1+json": "ORAS artifact",
    "application/vnd.unknown.artifact.v1": "ORAS artifact",
}
_PREFIXES = (
    ("application/vnd.dev.sigstore.bundle", "Sigstore bundle"),
    ("application/vnd.aquasec.trivy", "Trivy report"),
    ("application/vnd.docker.ai.", "AI model"),
    ("application/vnd.cncf.model.", "AI model"),
    ("application/vnd.cnai.model.", "AI model"),
    ("application/vnd.oci.image.layer.", "OCI layer"),
    ("application/vnd.docker.image.rootfs.", "Docker layer"),
)
_LAYERS = ("application/vnd.oci.image.layer.", "application/vnd.docker.image.rootfs.")


def essence(content_type: str) -> str:
    """A Content-Type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def is_layer(media_type: str) -> bool:
    """Whether a type is one of a layer of an image, however that is packed."""
    return essence(media_type).startswith(_LAYERS)


def plain(media_type: str) -> str:
    """A media type in plain words; the type itself when it is not a known one."""
    kind = essence(media_type)
    if kind in _PLAIN:
        return _PLAIN[kind]
    return next((words for prefix, words in _PREFIXES if kind.startswith(prefix)), visible(media_type))


_TEXT_TYPE = re.compile(r"text/.*|.*[/+.-](json|yaml|yml|toml|xml|rego|javascript|x-sh)(\.v\d+)?")
_TEXT_NAME = re.compile(r"(?i).*\.(json|ya?ml|toml|xml|md|txt|rego|cue|sh|ini|cfg|conf|csv|html|tf|proto|star|lua|py)")


def is_text(media_type: str, title: str = "") -> bool:
    """Tell whether a blob is likely to be text, by its media type or the end of its file name."""
    return bool(_TEXT_TYPE.fullmatch(essence(media_type)) or _TEXT_NAME.fullmatch(title))


def is_decodable(media_type: str) -> bool:
    """Tell whether a type is one of a document that can be told in words although it is no text."""
    return essence(media_type) == COSE


def layer_kind(media_type: str, annotations: Mapping[str, str] | None = None) -> str:
    """How a layer says it is packed, in at most five letters; media types lie, only the content knows."""
    kind = essence(media_type)
    if kind.endswith("+encrypted"):
        return "encr"
    if "nondistributable" in kind or ".foreign." in kind:
        return "frgn"
    if annotations and ESTARGZ_ANNOTATION in annotations:
        return "estgz"
    if kind.endswith(("+gzip", ".gzip", "+gz", "/gzip", "/x-gzip")):
        return "gzip"
    if kind.endswith(("+zstd", ".zstd", "/zstd")):
        return "zstd"
    if kind.endswith((".tar", "+tar", "/tar", "/x-tar")):
        return "tar"
    return "other"
