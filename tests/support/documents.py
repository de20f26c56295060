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
PREDICATE = {"builder": {"id": "b"}, "runDetails": {"builder": {"id": "b"}}, "buildDefinition": {"buildType": "t"}}
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
    "spdx": {"spdxVersion": "SPDX-2.3", "packages": [{"name": "p"}]},
    "spdx3": {"@context": "https://spdx.org/rdf/3", "@graph": [{"type": "software_Package"}]},
    "cyclonedx": {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"name": "c"}]},
    "sarif": {"version": "2.1.0", "runs": [{"results": [{}]}]},
    "vex": {"@context": "https://openvex.dev/ns", "statements": [{}]},
    "simple": {"critical": {"image": {"docker-manifest-digest": D}}},
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
