"""Media types: what is asked for, and what things are called."""

from __future__ import annotations

import pytest

from regbrowse.oci import mediatype


def test_accept_header_lists_every_type() -> None:
    assert mediatype.ACCEPT.startswith(mediatype.ACCEPT_PLAIN + ", ")
    assert mediatype.ACCEPT_PLAIN.count(",") == 3
    assert "q=" not in mediatype.ACCEPT_PLAIN
    for kind in mediatype.MANIFESTS:
        assert kind in mediatype.ACCEPT


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [
        (mediatype.OCI_LAYER, "tar"),
        (mediatype.OCI_LAYER_GZIP, "gzip"),
        (mediatype.OCI_LAYER_ZSTD, "zstd"),
        (mediatype.DOCKER_LAYER, "tar"),
        (mediatype.DOCKER_LAYER_GZIP, "gzip"),
        (mediatype.DOCKER_LAYER_ZSTD, "zstd"),
        (mediatype.DOCKER_LAYER_FOREIGN, "frgn"),
        (mediatype.OCI_LAYER_FOREIGN_GZIP, "frgn"),
        (mediatype.OCI_LAYER_GZIP + "+encrypted", "encr"),
        ("application/octet-stream", "other"),
        ("", "other"),
    ],
)
def test_layer_kinds(media_type: str, kind: str) -> None:
    assert mediatype.layer_kind(media_type, {}) == kind


def test_estargz_is_known_by_its_annotation() -> None:
    assert mediatype.layer_kind(mediatype.OCI_LAYER_GZIP, {mediatype.ESTARGZ_ANNOTATION: "x"}) == "estgz"


def test_plain_words() -> None:
    assert mediatype.plain("application/vnd.oci.image.index.v1+json; charset=utf-8") == "OCI image index"
    assert mediatype.plain("x/\x1b") == "x/\\x1b"
    assert mediatype.essence(" Text/Plain ; a=b") == "text/plain"
