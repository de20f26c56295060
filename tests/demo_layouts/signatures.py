"""Signatures and scan reports of the demo: cosign's formats, and SARIF as an OCI artifact."""

from __future__ import annotations

import base64
import hashlib
import json

from demo_layouts.layout import Json, Layout, compact, indented
from demo_layouts.texts import package_name, package_version
from regbrowse.oci.mediatype import COSIGN_SIMPLE_SIGNING, OCI_CONFIG, OCI_EMPTY, OCI_MANIFEST

COSIGN_SIGNATURE = "application/vnd.dev.cosign.artifact.sig.v1+json"
SARIF = "application/sarif+json"
_RULES = 48


def _noise(seed: str, count: int) -> str:
    return base64.b64encode(hashlib.shake_256(seed.encode()).digest(count)).decode()


def _certificate(seed: str) -> str:
    body = _noise(seed, 690)
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"


def _signature(layout: Layout, name: str, digest: str) -> Json:
    """A keyless signature (sigstore/cosign, specs/SIGNATURE_SPEC.md); it looks right and verifies nothing."""
    payload = compact(
        {
            "critical": {
                "identity": {"docker-reference": f"registry.demo/{name}"},
                "image": {"docker-manifest-digest": digest},
                "type": "cosign container image signature",
            },
            "optional": None,
        }
    )
    bundle = {
        "SignedEntryTimestamp": _noise(f"set {digest}", 71),
        "Payload": {
            "body": _noise(f"rekor {digest}", 420),
            "integratedTime": 1_718_703_688,
            "logIndex": 103_482_771,
            "logID": hashlib.sha256(b"demo transparency log").hexdigest(),
        },
    }
    layer = layout.blob(
        payload,
        COSIGN_SIMPLE_SIGNING,
        annotations={
            "dev.cosignproject.cosign/signature": _noise(f"signature {digest}", 71),
            "dev.sigstore.cosign/bundle": json.dumps(bundle, separators=(",", ":")),
            "dev.sigstore.cosign/certificate": _certificate(f"leaf {digest}"),
            "dev.sigstore.cosign/chain": _certificate("intermediate") + _certificate("root"),
        },
    )
    config = compact(
        {
            "architecture": "",
            "created": "0001-01-01T00:00:00Z",
            "history": [{"created": "0001-01-01T00:00:00Z"}],
            "os": "",
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
            "config": {},
        }
    )
    return {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": layout.blob(config, OCI_CONFIG),
        "layers": [layer],
    }


def add_signature(layout: Layout, name: str, digest: str) -> Json:
    """Add the manifest behind a tag `sha256-….sig`; gives its descriptor."""
    return layout.manifest(_signature(layout, name, digest))


def refer_signature(layout: Layout, subject: Json) -> None:
    """Add a signature that names its subject."""
    layout.refer(subject, {**_signature(layout, layout.name, subject["digest"]), "artifactType": COSIGN_SIGNATURE})


def refer_report(layout: Layout, subject: Json, created: str) -> None:
    """Add a scan report: an OCI artifact with the empty config (image-spec, manifest.md, guidelines for artifacts)."""
    report = layout.blob(_report(), SARIF, annotations={"org.opencontainers.image.title": "webapp.sarif.json"})
    artifact: Json = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": SARIF,
        "config": layout.blob(b"{}", OCI_EMPTY, data="e30="),
        "layers": [report],
        "annotations": {"org.opencontainers.image.created": created},
    }
    layout.refer(subject, artifact)


def _report() -> bytes:
    rules = [
        {
            "id": f"DEMO-2024-{1000 + number * 37}",
            "shortDescription": {"text": f"{package_name(number)} reads more than it was given"},
            "helpUri": f"https://advisories.registry.demo/DEMO-2024-{1000 + number * 37}",
            "properties": {"security-severity": f"{2 + number * 7 % 75 / 10:.1f}"},
        }
        for number in range(_RULES)
    ]
    results = [
        {
            "ruleId": rules[number % _RULES]["id"],
            "level": ("note", "warning", "error")[number % 3],
            "message": {"text": f"Package {package_name(number)} {package_version(number)} is affected."},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": f"srv/webapp/node_modules/{package_name(number)}/package.json"},
                        "region": {"startLine": 1},
                    }
                }
            ],
        }
        for number in range(110)
    ]
    driver = {"name": "demo-scanner", "version": "1.4.0", "rules": rules}
    return indented({"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]})
