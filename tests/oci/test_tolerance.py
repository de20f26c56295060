"""Every field of every document replaced by everything it is not: no exception but our own, the rest stays."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regbrowse.errors import RegbrowseError
from regbrowse.oci import attestation, mediatype
from regbrowse.oci.config import parse_config
from regbrowse.oci.decode.document import decode
from regbrowse.oci.jsonlines import JsonLines
from regbrowse.oci.layers import join
from regbrowse.oci.manifest import Artifact, Image, Index, Schema1, parse_manifest
from regbrowse.oci.platform import choose
from support.documents import DOCUMENTS, MANIFESTS, WRONG, places, replaced


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
    decoded = decode(raw)
    assert decoded.statement.kind
    assert decoded.summary.isprintable()
    json.dumps(decoded.as_json())
    for _, value in decoded.facts:
        assert value.isprintable()
    for row in decoded.part.rows:
        assert len(row.cells) == len(decoded.part.columns)
        assert all(text.isprintable() for text in (*row.cells, row.value, *(value for _, value in row.more)))


USES: dict[str, Callable[[bytes], None]] = {
    name: {"config": use_config}.get(name, use_manifest if name in MANIFESTS else use_statement) for name in DOCUMENTS
}


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
