"""An image of the demo with everything that can hang on one, in the forms of several tools."""

from __future__ import annotations

import base64
import hashlib

from demo_layouts.bases import PLATFORMS, add_alpine
from demo_layouts.layout import Json, Layout, compact
from demo_layouts.texts import package_name, package_version
from regbrowse.oci.mediatype import (
    COSE,
    DSSE,
    JOSE,
    NOTATION_SIGNATURE,
    OCI_CONFIG,
    OCI_EMPTY,
    OCI_INDEX,
    OCI_MANIFEST,
    SIGSTORE_BUNDLE,
)

_CYCLONEDX = "application/vnd.cyclonedx+json"
_SPDX = "text/spdx+json"
_CREATED = "2024-09-06T12:11:02Z"
_SOURCE = "git+https://github.com/acme/base.git@refs/tags/3.20.3"
_REVISION = hashlib.sha1(b"acme/base 3.20.3").hexdigest()


def supply_chain(layout: Layout) -> None:
    """Signatures of Notation and Sigstore on an index, bills on its images, and two tags of cosign."""
    amd64, arm64 = (add_alpine(layout, "3.20.3", arch, docker=False) for arch, _ in (PLATFORMS[0], PLATFORMS[2]))
    index = layout.manifest({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [amd64, arm64]})
    layout.tag(index, "3.20.3", "latest")
    _refer(layout, index, NOTATION_SIGNATURE, layout.blob(_jws(index), JOSE))
    _refer(layout, index, NOTATION_SIGNATURE, layout.blob(b"\xd2\x84" + _noise("cose", 400), COSE))
    _refer(layout, index, SIGSTORE_BUNDLE, layout.blob(_bundle(index), SIGSTORE_BUNDLE))
    _refer(layout, amd64, _CYCLONEDX, layout.blob(_cyclonedx(), _CYCLONEDX))
    statement = layout.blob(_envelope(_provenance(amd64)), DSSE, annotations={"predicateType": _SLSA})
    layout.tag(_in_form_of_an_image(layout, statement), f"{amd64['digest'].replace(':', '-')}.att")
    bill = layout.blob(_spdx(), _SPDX)
    layout.tag(_in_form_of_an_image(layout, bill), f"{arm64['digest'].replace(':', '-')}.sbom")


_SLSA = "https://slsa.dev/provenance/v0.2"


def _refer(layout: Layout, subject: Json, kind: str, blob: Json) -> None:
    empty = layout.blob(b"{}", OCI_EMPTY, data="e30=")
    manifest = {
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": kind, "config": empty, "layers": [blob],
    }  # fmt: skip
    layout.refer(subject, manifest)


def _in_form_of_an_image(layout: Layout, blob: Json) -> Json:
    """Add what cosign puts behind a tag: an image with a layer that is none."""
    config: Json = {"architecture": "", "os": "", "config": {}}
    config["rootfs"] = {"type": "layers", "diff_ids": [blob["digest"]]}
    manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": [blob]}
    return layout.manifest({**manifest, "config": layout.blob(compact(config), OCI_CONFIG)})


def _noise(seed: str, count: int) -> bytes:
    return hashlib.shake_256(seed.encode()).digest(count)


def _text(seed: str, count: int) -> str:
    return base64.b64encode(_noise(seed, count)).decode()


def _jws(subject: Json) -> bytes:
    """Notation's envelope (notaryproject/specifications, signature-envelope-jws.md); it verifies nothing."""
    target = {key: subject[key] for key in ("mediaType", "digest", "size")} | {"annotations": {"stage": "production"}}
    protected = {
        "alg": "PS256",
        "crit": ["io.cncf.notary.signingScheme"],
        "cty": "application/vnd.cncf.notary.payload.v1+json",
        "io.cncf.notary.signingScheme": "notary.x509",
        "io.cncf.notary.signingTime": _CREATED,
    }
    parts = [
        base64.urlsafe_b64encode(compact(part)).decode().rstrip("=") for part in ({"targetArtifact": target}, protected)
    ]
    header = {"x5c": [_text("leaf", 690), _text("root", 690)], "io.cncf.notary.signingAgent": "notation-go/1.1.1"}
    return compact({"payload": parts[0], "protected": parts[1], "header": header, "signature": _text("jws", 256)})


def _statement(subject: Json, predicate_type: str, predicate: Json) -> Json:
    digest = {"sha256": subject["digest"].removeprefix("sha256:")}
    return {
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": predicate_type,
        "subject": [{"name": "registry.demo/acme/supply/attached", "digest": digest}],
        "predicate": predicate,
    }


def _envelope(statement: Json) -> bytes:
    return compact(_dsse(statement))


def _dsse(statement: Json) -> Json:
    payload = base64.b64encode(compact(statement)).decode()
    signature = {"keyid": "", "sig": _text(str(statement["predicateType"]), 71)}
    return {"payloadType": "application/vnd.in-toto+json", "payload": payload, "signatures": [signature]}


def _bundle(subject: Json) -> bytes:
    """A bundle of Sigstore (sigstore/protobuf-specs) around a statement on a scan."""
    scan: Json = {
        "scanner": {"uri": "https://scanner.registry.demo", "version": "1.4.0"},
        "metadata": {"scanStartedOn": _CREATED, "scanFinishedOn": _CREATED},
    }
    entry = {
        "logIndex": "128934417",
        "integratedTime": "1725624662",
        "kindVersion": {"kind": "dsse", "version": "0.0.1"},
    }
    return compact(
        {
            "mediaType": SIGSTORE_BUNDLE,
            "verificationMaterial": {"certificate": {"rawBytes": _text("fulcio", 690)}, "tlogEntries": [entry]},
            "dsseEnvelope": _dsse(_statement(subject, "https://cosign.sigstore.dev/attestation/vuln/v1", scan)),
        }
    )


def _provenance(subject: Json) -> Json:
    predicate: Json = {
        "builder": {"id": "https://github.com/actions/runner/github-hosted"},
        "buildType": "https://github.com/slsa-framework/slsa-github-generator/container@v1",
        "invocation": {
            "configSource": {
                "uri": _SOURCE,
                "digest": {"sha1": _REVISION},
                "entryPoint": ".github/workflows/release.yml",
            }
        },
        "metadata": {"buildInvocationID": "9563012871-1", "buildStartedOn": _CREATED, "buildFinishedOn": _CREATED},
        "materials": [
            {"uri": _SOURCE, "digest": {"sha1": _REVISION}},
            {"uri": "pkg:docker/alpine@3.20.3", "digest": {"sha256": hashlib.sha256(b"alpine 3.20.3").hexdigest()}},
        ],
    }
    return _statement(subject, _SLSA, predicate)


def _cyclonedx() -> bytes:
    components = [
        {
            "type": "library",
            "name": package_name(number),
            "version": package_version(number),
            "licenses": [{"license": {"id": ("MIT", "Apache-2.0", "ISC")[number % 3]}}],
            "purl": f"pkg:apk/alpine/{package_name(number)}@{package_version(number)}",
        }
        for number in range(60)
    ]
    meta = {"timestamp": _CREATED, "tools": {"components": [{"name": "demo-sbom", "version": "0.9"}]}}
    return compact({"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": meta, "components": components})


def _spdx() -> bytes:
    packages = [
        {
            "SPDXID": f"SPDXRef-{number}",
            "name": package_name(number),
            "versionInfo": package_version(number),
            "licenseDeclared": ("MIT", "Apache-2.0", "NOASSERTION")[number % 3],
        }
        for number in range(40)
    ]
    made = {"created": _CREATED, "creators": ["Tool: demo-sbom-0.9"]}
    return compact({"spdxVersion": "SPDX-2.3", "name": "alpine", "creationInfo": made, "packages": packages})
