"""One of every document a registry serves, with every field set; and everything a field may be instead."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Iterator

from regbrowse.oci import mediatype
from regbrowse.reference import Digest

D = str(Digest.of(b"x"))
DESCRIPTOR: dict[str, object] = {
    "mediaType": mediatype.OCI_LAYER_GZIP,
    "digest": D,
    "size": 1,
    "urls": ["https://example.com/x"],
    "annotations": {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": D},
    "data": base64.b64encode(b"x").decode(),
    "artifactType": "application/spdx+json",
    "platform": {"os": "linux", "architecture": "arm", "variant": "v7", "os.version": "1", "os.features": ["f"]},
}
COMMON: dict[str, object] = {
    "schemaVersion": 2,
    "subject": DESCRIPTOR,
    "annotations": {"a": "b"},
    "artifactType": "a/b",
}
PREDICATE: dict[str, object] = {
    "builder": {"id": "b"},
    "buildType": "t",
    "invocation": {"configSource": {"uri": "git+https://example.com/a", "digest": {"sha1": "c0"}, "entryPoint": "e"}},
    "metadata": {"buildStartedOn": "2024-01-01T00:00:00Z", "buildInvocationID": "i"},
    "materials": [{"uri": "pkg:a", "digest": {"sha256": "a" * 64}}],
    "runDetails": {"builder": {"id": "b"}, "metadata": {"startedOn": "s", "invocationId": "i"}},
    "buildDefinition": {
        "buildType": "t",
        "externalParameters": {"configSource": {"uri": "u"}, "workflow": {"repository": "r"}, "source": {"uri": "u"}},
        "resolvedDependencies": [{"uri": "pkg:a", "name": "n", "digest": {"sha1": "c0"}, "mediaType": "m"}],
    },
}
STATEMENT = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [{"name": "n", "digest": {"sha256": "a" * 64}}],
    "predicateType": "https://slsa.dev/provenance/v1",
    "predicate": PREDICATE,
}
DOCUMENTS: dict[str, dict[str, object]] = {
    "image": {
        **COMMON,
        "mediaType": mediatype.OCI_MANIFEST,
        "config": {**DESCRIPTOR, "mediaType": mediatype.OCI_CONFIG},
        "layers": [DESCRIPTOR, DESCRIPTOR],
    },
    "index": {**COMMON, "mediaType": mediatype.OCI_INDEX, "manifests": [DESCRIPTOR]},
    "artifact": {**COMMON, "mediaType": mediatype.OCI_ARTIFACT, "blobs": [DESCRIPTOR]},
    "unknown": {**COMMON, "mediaType": "application/vnd.acme", "things": {"one": [DESCRIPTOR]}},
    "schema1": {
        "schemaVersion": 1,
        "name": "n",
        "tag": "t",
        "architecture": "amd64",
        "fsLayers": [{"blobSum": D}],
        "history": [{"v1Compatibility": '{"config":{"Cmd":["x"]},"container_config":{"Cmd":["y"]},"throwaway":true}'}],
        "signatures": [{"header": {}, "signature": "s", "protected": "e30"}],
    },
    "config": {
        "os": "linux",
        "architecture": "amd64",
        "variant": "v1",
        "os.version": "1",
        "os.features": ["f"],
        "created": "2024-01-01T00:00:00Z",
        "author": "a",
        "config": {
            "User": "u",
            "ExposedPorts": {"80/tcp": {}},
            "Env": ["A=b"],
            "Entrypoint": ["e"],
            "Cmd": ["c"],
            "Volumes": {"/v": {}},
            "WorkingDir": "/",
            "Labels": {"l": "v"},
            "StopSignal": "TERM",
            "Shell": ["s"],
            "OnBuild": ["o"],
        },
        "rootfs": {"type": "layers", "diff_ids": [D]},
        "history": [{"created": "c", "created_by": "RUN x", "author": "a", "comment": "c", "empty_layer": False}],
    },
    "statement": dict(STATEMENT),
    "envelope": {"payloadType": "t", "payload": base64.b64encode(json.dumps(STATEMENT).encode()).decode()},
    "provenance": {**STATEMENT, "predicate": {key: PREDICATE[key] for key in ("builder", "materials", "metadata")}},
    "predicate": {**STATEMENT, "predicateType": "https://acme.example/p", "predicate": {"a": [1], "b": {"c": {}}}},
    "spdx": {
        "spdxVersion": "SPDX-2.3",
        "name": "n",
        "creationInfo": {"created": "2024-01-01T00:00:00Z", "creators": ["Tool: t"]},
        "packages": [
            {
                "name": "p",
                "versionInfo": "1",
                "licenseConcluded": "NOASSERTION",
                "licenseDeclared": "MIT",
                "supplier": "Person: p",
                "checksums": [{"algorithm": "SHA256", "checksumValue": "c0"}],
                "externalRefs": [
                    {"referenceType": "purl", "referenceLocator": "pkg:npm/p@1"},
                    {"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a"},
                ],
            }
        ],
    },
    "spdx3": {
        "@context": "https://spdx.org/rdf/3",
        "@graph": [{"type": "software_Package", "name": "p", "software_packageUrl": "pkg:npm/p@1"}],
    },
    "syft": {
        "artifacts": [{"name": "p", "version": "1", "licenses": [{"value": "MIT"}, "ISC"], "purl": "pkg:npm/p@1"}],
        "descriptor": {"name": "syft", "version": "1"},
    },
    "cyclonedx": {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": "s",
        "metadata": {
            "timestamp": "2024-01-01T00:00:00Z",
            "tools": {"components": [{"name": "t", "version": "1"}]},
            "component": {"name": "c", "version": "1"},
            "authors": [{"name": "a"}],
        },
        "components": [
            {
                "group": "g",
                "name": "c",
                "version": "1",
                "licenses": [{"license": {"id": "MIT"}}, {"expression": "MIT OR ISC"}],
                "purl": "pkg:npm/c@1",
                "components": [{"name": "inner"}],
            }
        ],
    },
    "sarif": {
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "t",
                        "version": "1",
                        "rules": [
                            {
                                "id": "r",
                                "helpUri": "u",
                                "shortDescription": {"text": "s"},
                                "fullDescription": {"text": "f"},
                                "defaultConfiguration": {"level": "error"},
                            }
                        ],
                    }
                },
                "invocations": [{"endTimeUtc": "2024-01-01T00:00:00Z"}],
                "results": [
                    {
                        "ruleId": "r",
                        "level": "note",
                        "message": {"text": "m"},
                        "locations": [{"physicalLocation": {"artifactLocation": {"uri": "u"}}}],
                    },
                    {"ruleIndex": 0},
                ],
            }
        ],
    },
    "vex": {
        "@context": "https://openvex.dev/ns",
        "author": "a",
        "statements": [{"vulnerability": {"name": "v"}, "status": "fixed", "products": [{}], "justification": "j"}],
    },
    "simple": {
        "critical": {"image": {"docker-manifest-digest": D}, "identity": {"docker-reference": "r"}},
        "optional": {"creator": "c", "timestamp": 1, "a": "b"},
    },
    "bundle": {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "certificate": {"rawBytes": "AA=="},
            "publicKey": {"hint": "h"},
            "x509CertificateChain": {"certificates": [{}]},
            "tlogEntries": [{"logIndex": "1", "integratedTime": "1718703688"}],
            "timestampVerificationData": {"rfc3161Timestamps": [{}]},
        },
        "messageSignature": {
            "messageDigest": {"algorithm": "SHA2_256", "digest": base64.b64encode(b"a" * 32).decode()}
        },
    },
    "notation": {
        "payload": base64.urlsafe_b64encode(json.dumps({"targetArtifact": DESCRIPTOR}).encode()).decode().rstrip("="),
        "protected": base64.urlsafe_b64encode(b'{"alg":"PS256","io.cncf.notary.signingTime":"t"}').decode().rstrip("="),
        "header": {"x5c": ["AA=="], "io.cncf.notary.signingAgent": "notation"},
        "signature": "AA",
    },
}
MANIFESTS = frozenset({"image", "index", "artifact", "unknown", "schema1"})
WRONG: list[object] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    1e30,
    2**63,
    "",
    "x",
    "\x1b]52;c;AAAA\x07\u202e\ud800",
    "x" * 300,
    [],
    {},
    [[None, [1], {"a": "b"}]],
    {"": {"": []}},
    {"\x1b": "\x9b", "sha256": 5},
]


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where something could be replaced, the document itself included."""
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in members:
        yield from places(item, (*path, key))


def replaced(document: object, path: tuple[str | int, ...], wrong: object) -> object:
    if not path:
        return wrong
    result = copy.deepcopy(document)
    target: object = result
    for key in path[:-1]:
        target = target[key]  # type: ignore[index]
    target[path[-1]] = wrong  # type: ignore[index]
    return result
