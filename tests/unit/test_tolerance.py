"""Every field of every document replaced by everything it is not: no exception but our own, the rest stays."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regbrowse.errors import RegbrowseError
from regbrowse.oci import attestation, mediatype
from regbrowse.oci.config import parse_config
from regbrowse.oci.jsonlines import JsonLines
from regbrowse.oci.layers import join
from regbrowse.oci.manifest import Artifact, Image, Index, Schema1, parse_manifest
from regbrowse.oci.platform import choose
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


def use_manifest(raw: bytes) -> None:
    manifest = parse_manifest(raw, content_type=mediatype.OCI_MANIFEST)
    assert all(sentence.isprintable() and len(sentence) < 400 for sentence in manifest.anomalies)
    hash(manifest)
    match manifest:
        case Index():
            choose([entry.platform for entry in manifest.manifests])
            for entry in manifest.manifests:
                attestation.attested(entry)
                str(entry.platform)
                mediatype.plain(entry.media_type)
        case Image() | Artifact():
            assert join(manifest, None).total == manifest.total >= 0
        case Schema1():
            join(manifest, manifest.config)


IMAGE = parse_manifest(json.dumps(DOCUMENTS["image"]).encode())


def use_config(raw: bytes) -> None:
    config = parse_config(raw)
    assert all(sentence.isprintable() and len(sentence) < 400 for sentence in config.anomalies)
    hash(config)
    str(config.platform.normalised())
    assert isinstance(IMAGE, Image)
    table = join(IMAGE, config)
    assert table.count == 2
    for row in table.rows:
        assert row.command.whole.isprintable()


def use_statement(raw: bytes) -> None:
    statement = attestation.read_statement(raw)
    assert statement.kind
    assert statement.note.isprintable()


USES: dict[str, Callable[[bytes], None]] = {
    name: {"config": use_config}.get(name, use_manifest if name in MANIFESTS else use_statement) for name in DOCUMENTS
}


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


def attempt(name: str, value: object) -> None:
    raw = json.dumps(value).encode()
    for use in (USES[name], use_manifest, use_config, use_statement):
        try:
            use(raw)
        except RegbrowseError as error:
            assert str(error).isprintable()  # noqa: PT017  (not raising is fine, too)
    lines = JsonLines(raw)
    while lines.advance(1000):
        pass
    assert lines.valid


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_field_of_every_wrong_kind(name: str) -> None:
    for path in places(DOCUMENTS[name]):
        for wrong in WRONG:
            attempt(name, replaced(DOCUMENTS[name], path, wrong))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_field_missing(name: str) -> None:
    for path in places(DOCUMENTS[name]):
        if path and isinstance(path[-1], str):
            value = copy.deepcopy(DOCUMENTS[name])
            target: object = value
            for key in path[:-1]:
                target = target[key]  # type: ignore[index]
            del target[path[-1]]  # type: ignore[attr-defined]
            attempt(name, value)


@pytest.mark.parametrize("name", ["image", "index", "artifact", "config"])
def test_a_wrong_kind_is_an_anomaly_and_no_refusal(name: str) -> None:
    for key, item in DOCUMENTS[name].items():
        if key in ("schemaVersion", "mediaType"):
            continue
        raw = json.dumps({**DOCUMENTS[name], key: 5.5}).encode()
        parse = parse_config if name == "config" else parse_manifest
        assert parse(raw).anomalies, (key, item)


JSON = st.recursive(
    st.sampled_from(WRONG) | st.text(max_size=6) | st.integers(-5, 5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["digest", "size", "", "a"]), inner),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_several_fields_at_once(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(DOCUMENTS)))
    value: object = DOCUMENTS[name]
    for _ in range(data.draw(st.integers(1, 4))):
        value = replaced(value, data.draw(st.sampled_from(list(places(value)))), data.draw(JSON))
    attempt(name, value)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_broken_bytes(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(DOCUMENTS)))
    raw = bytearray(json.dumps(DOCUMENTS[name]).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    for use in (use_manifest, use_config, use_statement):
        try:
            use(bytes(raw))
        except RegbrowseError as error:
            assert str(error).isprintable()  # noqa: PT017  (not raising is fine, too)
    lines = JsonLines(bytes(raw))
    while lines.advance(1000):
        pass
