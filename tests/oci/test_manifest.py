"""Manifests: which kind a document is, and what is read from it."""

from __future__ import annotations

import base64
import json

import pytest

from regbrowse.errors import BadResponse, TooLarge
from regbrowse.oci import mediatype
from regbrowse.oci.manifest import Artifact, Image, Index, Manifest, Schema1, Unknown, parse_manifest
from regbrowse.oci.platform import Platform
from regbrowse.oci.schema1 import signed_payload
from regbrowse.reference import Digest
from support import images

A, B, C = (Digest.of(letter.encode()) for letter in "abc")
CONFIG = {"mediaType": mediatype.OCI_CONFIG, "digest": str(A), "size": 100}
LAYER = {"mediaType": mediatype.OCI_LAYER_GZIP, "digest": str(B), "size": 5}
IMAGE: dict[str, object] = {
    "schemaVersion": 2,
    "mediaType": mediatype.OCI_MANIFEST,
    "config": CONFIG,
    "layers": [LAYER, {**LAYER, "digest": str(C), "size": 7}, LAYER],
}
INDEX: dict[str, object] = {
    "schemaVersion": 2,
    "mediaType": mediatype.OCI_INDEX,
    "manifests": [
        {
            "mediaType": mediatype.OCI_MANIFEST,
            "digest": str(A),
            "size": 9,
            "platform": {"os": "windows", "architecture": "amd64", "os.version": "10.0.20348"},
            "annotations": {"k\x1b": "v"},
        }
    ],
}
SCHEMA1: dict[str, object] = {
    "schemaVersion": 1,
    "name": "library/old",
    "tag": "1",
    "architecture": "amd64",
    "fsLayers": [{"blobSum": str(A)}, {"blobSum": str(B)}],
    "history": [
        {
            "v1Compatibility": json.dumps(
                {
                    "throwaway": True,
                    "created": "2015-01-01T00:00:00Z",
                    "os": "linux",
                    "architecture": "amd64",
                    "container_config": {"Cmd": ["/bin/sh", "-c", '#(nop) CMD ["sh"]']},
                    "config": {"Cmd": ["sh"]},
                }
            )
        },
        {"v1Compatibility": json.dumps({"container_config": {"Cmd": ["/bin/sh", "-c", "#(nop) ADD file:x in /"]}})},
    ],
}


def parse(value: object, content_type: str = "", expected: str = "") -> Manifest:
    return parse_manifest(json.dumps(value).encode(), content_type=content_type, expected=expected)


def test_image() -> None:
    raw = json.dumps({**IMAGE, "annotations": {"a": "b"}, "subject": LAYER}).encode()
    image = parse_manifest(raw, content_type=f"{mediatype.OCI_MANIFEST.upper()}; charset=utf-8")
    assert isinstance(image, Image)
    assert image.media_type == mediatype.OCI_MANIFEST
    assert image.digest == Digest.of(raw)
    assert image.raw == raw
    assert image.size == len(raw)
    assert image.config.digest == A
    assert [layer.digest for layer in image.layers] == [B, C, B]
    assert image.total == 12
    assert image.annotations == {"a": "b"}
    assert image.subject is not None
    assert image.subject.digest == B
    assert image.anomalies == ()


def test_index() -> None:
    index = parse(INDEX)
    assert isinstance(index, Index)
    (entry,) = index.manifests
    assert entry.platform == Platform("windows", "amd64", os_version="10.0.20348")
    assert entry.annotations == {"k\\x1b": "v"}
    assert entry.size == 9
    assert index.anomalies == ()
    assert hash(entry) == hash(entry)


def test_the_digest_that_was_asked_for_is_kept() -> None:
    digest = Digest("sha512", "a" * 128)
    assert parse_manifest(json.dumps(IMAGE).encode(), digest=digest).digest == digest


@pytest.mark.parametrize("empty", [None, []])
def test_an_index_may_be_empty(empty: object) -> None:
    index = parse({"mediaType": mediatype.OCI_INDEX, "manifests": empty})
    assert isinstance(index, Index)
    assert index.manifests == ()


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/json", "application/octet-stream", "text/html", "garbage"]
)
@pytest.mark.parametrize(("document", "kind"), [(IMAGE, Image), (INDEX, Index), (SCHEMA1, Schema1)])
def test_the_body_decides(document: dict[str, object], kind: type[Manifest], content_type: str) -> None:
    for value in (document, {key: value for key, value in document.items() if key != "mediaType"}):
        found = parse(value, content_type=content_type)
        assert type(found) is kind
        assert found.anomalies == ()


def test_without_a_type_docker_is_known_by_its_config() -> None:
    config = {**CONFIG, "mediaType": mediatype.DOCKER_CONFIG}
    assert parse({"config": config, "layers": []}).media_type == mediatype.DOCKER_MANIFEST
    assert parse({"config": CONFIG, "layers": []}).media_type == mediatype.OCI_MANIFEST
    assert parse({**SCHEMA1, "signatures": [{}]}).media_type == mediatype.DOCKER_SCHEMA1_SIGNED
    assert parse(SCHEMA1).media_type == mediatype.DOCKER_SCHEMA1


def test_expected_type_before_header() -> None:
    found = parse({"manifests": []}, content_type=mediatype.OCI_INDEX, expected=mediatype.DOCKER_LIST)
    assert found.media_type == mediatype.DOCKER_LIST


def test_header_and_body_disagree() -> None:
    found = parse(IMAGE, content_type=mediatype.DOCKER_LIST)
    assert isinstance(found, Image)
    assert found.anomalies == ("Type mismatch: the header says Docker manifest list, the content OCI image manifest.",)


def test_type_and_structure_disagree() -> None:
    found = parse({**IMAGE, "mediaType": mediatype.OCI_INDEX})
    assert isinstance(found, Image)
    assert "another structure" in found.anomalies[0]


@pytest.mark.parametrize(
    "extra", [{"layers": []}, {"config": {}}, {"fsLayers": []}, {"history": []}, {"Layers": [LAYER]}]
)
def test_what_can_be_read_in_two_ways_is_refused(extra: dict[str, object]) -> None:
    with pytest.raises(BadResponse, match="CVE-2021-41190"):
        parse({**INDEX, **extra})


def test_blobs_and_layers_are_refused_too() -> None:
    with pytest.raises(BadResponse, match="both"):
        parse({**IMAGE, "blobs": []})


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"<html>", "web page"),
        (b"\xef\xbb\xbf\n <!doctype html>", "web page"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'"x"', "not a JSON object"),
        (b"", "empty"),
        (b"{", "not JSON"),
    ],
)
def test_refuses(raw: bytes, word: str) -> None:
    with pytest.raises(BadResponse, match=word):
        parse_manifest(raw)


def test_four_mebibytes_and_one_byte() -> None:
    start = json.dumps(IMAGE).encode()
    assert parse_manifest(start + b" " * (4 * 2**20 - len(start))).size == 4 * 2**20
    with pytest.raises(TooLarge):
        parse_manifest(start + b" " * (4 * 2**20 - len(start) + 1))


@pytest.mark.parametrize(
    ("config_type", "artifact_type", "kind"),
    [
        (mediatype.HELM_CONFIG, "", "Helm chart"),
        (mediatype.OCI_EMPTY, "application/spdx+json", "SPDX SBOM"),
        (mediatype.OCI_EMPTY, "", "artifact"),
        ("application/vnd.wasm.config.v0+json", "", "WebAssembly module"),
        (mediatype.DOCKER_PLUGIN, "", "Docker plugin"),
        ("", "application/vnd.dev.sigstore.bundle.v0.3+json", "Sigstore bundle"),
        ("application/vnd.acme\x1b", "", "application/vnd.acme\\x1b"),
    ],
)
def test_artifacts(config_type: str, artifact_type: str, kind: str) -> None:
    artifact = parse({**IMAGE, "config": {**CONFIG, "mediaType": config_type}, "artifactType": artifact_type})
    assert isinstance(artifact, Artifact)
    assert artifact.kind == kind
    assert artifact.config is not None
    assert artifact.total == 12


def test_image_with_an_artifact_type_stays_an_image() -> None:
    assert isinstance(parse({**IMAGE, "artifactType": "application/vnd.acme"}), Image)


def test_oci_artifact_manifest() -> None:
    found = parse({"mediaType": mediatype.OCI_ARTIFACT, "artifactType": "application/sarif+json", "blobs": [LAYER]})
    assert isinstance(found, Artifact)
    assert found.kind == "scan report"
    assert found.config is None
    assert found.blobs[0].digest == B
    assert isinstance(parse({"artifactType": "x/y", "blobs": []}), Artifact)


def test_unknown_documents_show_their_descriptors() -> None:
    found = parse(
        {"mediaType": "application/vnd.acme+json", "x": {"y": [LAYER, {"digest": "x", "size": True}]}, "z": CONFIG}
    )
    assert isinstance(found, Unknown)
    assert [descriptor.digest for descriptor in found.descriptors] == [B, A]
    assert found.media_type == "application/vnd.acme+json"
    assert isinstance(parse({}), Unknown)


def test_strange_descriptors_keep_their_rows() -> None:
    found = parse({**IMAGE, "layers": [None, 5, {}, {"digest": "sha256:../../etc", "size": -1}, LAYER]})
    assert isinstance(found, Image)
    assert [layer.digest for layer in found.layers] == [None, None, None, None, B]
    assert found.total == 5
    assert len(found.anomalies) == 4


@pytest.mark.parametrize(("content", "size", "kept"), [(b"a", 1, True), (b"a", 2, False), (b"b", 1, False)])
def test_embedded_content_must_fit(content: bytes, size: int, kept: bool) -> None:
    data = base64.b64encode(content).decode()
    found = parse({**IMAGE, "config": {**CONFIG, "size": size, "data": data}})
    assert isinstance(found, Image)
    assert found.config.data == (content if kept else None)
    assert bool(found.anomalies) is not kept


@pytest.mark.parametrize("data", ["é", "a", "====", 5, {}])
def test_embedded_content_that_is_no_base64(data: object) -> None:
    found = parse({**IMAGE, "config": {**CONFIG, "data": data}})
    assert isinstance(found, Image)
    assert found.config.data is None
    assert len(found.anomalies) == 1


def test_schema_1_is_turned_around() -> None:
    found = parse(SCHEMA1)
    assert isinstance(found, Schema1)
    assert (found.name, found.tag, found.architecture) == ("library/old", "1", "amd64")
    assert [layer.digest for layer in found.layers] == [B, A]
    assert [entry.empty for entry in found.history] == [False, True]
    assert found.history[0].created_by == "/bin/sh -c #(nop) ADD file:x in /"
    assert found.config is not None
    assert found.config.cmd == ("sh",)
    assert found.config.platform == Platform("linux", "amd64")


@pytest.mark.parametrize("inner", ["{", "\ud800", "[]", "null", "[" * 1000, 5, None])
def test_schema_1_with_a_broken_inside(inner: object) -> None:
    found = parse({**SCHEMA1, "history": [{"v1Compatibility": inner}, {"v1Compatibility": "{}"}]})
    assert isinstance(found, Schema1)
    assert found.config is None
    assert len(found.history) == 2


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def test_schema_1_digest_is_over_what_was_signed() -> None:
    payload = json.dumps(SCHEMA1, indent=3).encode()
    head, tail = payload[:-2], payload[-2:]
    protected = json.dumps({"formatLength": len(head), "formatTail": _base64url(tail)}).encode()
    signatures = b',\n   "signatures": [{"protected": "' + _base64url(protected).encode() + b'"}]'
    raw = head + signatures + tail
    assert signed_payload(raw) == payload
    found = parse_manifest(raw)
    assert isinstance(found, Schema1)
    assert found.media_type == mediatype.DOCKER_SCHEMA1_SIGNED
    assert found.digest == Digest.of(payload)


@pytest.mark.parametrize(
    "protected", ["", "!", "AA", _base64url(b"{}"), _base64url(b'{"formatLength":99999999,"formatTail":"fQ"}'), 5, None]
)
def test_schema_1_with_broken_signatures(protected: object) -> None:
    raw = json.dumps({**SCHEMA1, "signatures": [{"protected": protected}]}).encode()
    assert signed_payload(raw) is None
    assert parse_manifest(raw).digest == Digest.of(raw)


def test_a_config_is_no_manifest() -> None:
    """Some registries serve any blob as a manifest."""
    with pytest.raises(BadResponse, match="no manifest but the config of an image") as caught:
        parse_manifest(images.image().below[0].raw, content_type="application/octet-stream")
    assert "tag" in caught.value.hint
