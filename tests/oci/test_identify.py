"""What a digest is, found in documents alone."""

from __future__ import annotations

import gzip
import json

import pytest

from regbrowse.errors import BadReference
from regbrowse.oci import identify
from regbrowse.oci.config import parse_config
from regbrowse.oci.identify import Spot, in_config, in_manifest, itself, platform_names, read_digest
from regbrowse.oci.manifest import Image, Index, Manifest, parse_manifest
from regbrowse.reference import Digest
from support import images
from support.images import Made

AMD = images.image(files=({"a": b"1"}, {"b": b"2"}, {"a": b"1"}))
ARM = images.image(architecture="arm64")
BILL = images.attestation(AMD)
INNER = images.index(ARM)
ROOT = images.index(AMD, BILL, INNER)


def read(made: Made) -> Manifest:
    return parse_manifest(made.raw, content_type=made.media_type)


def digest_of(made: Made) -> Digest:
    return Digest.parse(made.digest)


def spots(holder: Made, wanted: Made | str, platform: str = "linux/amd64", about: Made | None = None) -> list[Spot]:
    digest = Digest.parse(wanted) if isinstance(wanted, str) else digest_of(wanted)
    return in_manifest(read(holder), digest, platform, digest_of(about) if about else None)


def one(holder: Made, wanted: Made | str, platform: str = "linux/amd64", about: Made | None = None) -> Spot:
    (found,) = spots(holder, wanted, platform, about)
    return found


def test_hex_alone_is_a_sha256() -> None:
    assert read_digest("0f" * 32) == Digest("sha256", "0f" * 32)
    assert read_digest(f"sha512:{'0f' * 64}").algorithm == "sha512"


@pytest.mark.parametrize(
    "text", ["", "2.14.1", "0F" * 32, "0f" * 31, "sha256:" + "0f" * 31, "sha256:", "0f" * 32 + "\n"]
)
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(BadReference, match="not a valid digest"):
        read_digest(text)


@pytest.mark.parametrize(
    ("made", "what", "sentence"),
    [
        (ROOT, "index", "an index (OCI image index)"),
        (AMD, "image", "an image (OCI image manifest)"),
        (images.schema1(), "image", "an image (Docker schema 1 manifest)"),
        (images.artifact("application/vnd.cncf.helm.config.v1+json"), "artifact", "an artifact (Helm chart)"),
        (Made(b'{"x": 1}', "application/json", (), True), "manifest", "a manifest (document)"),
    ],
)
def test_a_document_by_its_own_digest(made: Made, what: str, sentence: str) -> None:
    found = itself(read(made))
    assert (found.what, found.sentence, found.of) == (what, sentence, None)


def test_children_of_an_index() -> None:
    assert one(ROOT, AMD) == Spot("image", digest_of(AMD), "OCI image manifest", "linux/amd64", None, digest_of(ROOT))
    assert one(ROOT, AMD).sentence == "an image for linux/amd64 (OCI image manifest)"
    inner = one(ROOT, INNER)
    assert (inner.what, inner.platform, inner.of) == ("index", "", digest_of(ROOT))
    bill = one(ROOT, BILL)
    assert (bill.what, bill.platform, bill.of) == ("attestation", "linux/amd64", digest_of(AMD))
    assert bill.sentence == "an attestation of linux/amd64"
    assert spots(ROOT, ARM) == [], "the child of a child is not in this document"


def test_an_attestation_of_nothing_that_is_listed_is_one_all_the_same() -> None:
    found = one(images.index(BILL), BILL)
    assert (found.what, found.platform, found.of) == ("attestation", "", digest_of(AMD))
    assert found.sentence == f"an attestation of {digest_of(AMD).short}"
    broken = Made(
        BILL.raw, BILL.media_type, extra={"annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
    )
    assert one(images.index(broken), broken).of == digest_of(images.index(broken))


def test_a_child_that_stands_for_two_platforms_is_said_for_both() -> None:
    other = Made(AMD.raw, AMD.media_type, extra={"platform": {"os": "linux", "architecture": "386"}})
    both = images.index(AMD, other)
    assert [each.platform for each in spots(both, AMD)] == ["linux/amd64", "linux/386"]
    found = read(both)
    assert isinstance(found, Index)
    assert platform_names(found, digest_of(AMD)) == "linux/amd64, linux/386"
    assert platform_names(found, None) == platform_names(found, digest_of(ROOT)) == ""


def test_what_is_listed_with_a_platform_and_a_type_of_its_own_is_no_image() -> None:
    soci = Made(
        b"{}", images.OCI_MANIFEST, extra={**AMD.extra, "artifactType": "application/vnd.amazon.soci.index.v2+json"}
    )
    found = one(images.index(soci), soci)
    assert (found.what, found.sentence) == ("manifest", "a manifest (lazy-loading index)")


def test_config_and_layers() -> None:
    config, first, second, _ = AMD.below
    found = one(AMD, config)
    assert (found.what, found.platform, found.of) == ("config", "linux/amd64", digest_of(AMD))
    assert found.sentence == "the config (image id) of linux/amd64"
    assert one(AMD, config, "").sentence == "the config (image id) of the image"
    assert [each.number for each in spots(AMD, first)] == [1, 3], "the same layer twice"
    assert one(AMD, second).sentence == "layer 2 of linux/amd64"


def test_layers_of_schema_1_count_from_the_oldest() -> None:
    made = images.schema1()
    first, second = made.below
    assert [one(made, each).number for each in (first, second)] == [1, 2]


def test_diff_ids_name_their_layers() -> None:
    config, first, second, _ = AMD.below
    image, parsed = read(AMD), parse_config(config.raw)
    assert isinstance(image, Image)
    unpacked = Digest.of(gzip.decompress(second.raw))
    (found,) = in_config(image, parsed, unpacked, "linux/amd64")
    assert (found.what, found.number, found.of) == ("diffID", 2, digest_of(second))
    said = f"the diffID of layer 2 of linux/amd64, the content of {digest_of(second).short} when unpacked"
    assert found.sentence == said
    assert [each.number for each in in_config(image, parsed, Digest.of(gzip.decompress(first.raw)))] == [1, 3]
    assert in_config(image, parsed, unpacked)[0].platform == "linux/amd64", "the config itself says what it is for"
    assert in_config(image, parsed, digest_of(second)) == []


def test_diff_ids_that_are_too_many_belong_to_no_layer() -> None:
    image = read(AMD)
    assert isinstance(image, Image)
    ids = [str(Digest.of(bytes([number]))) for number in range(4)]
    config = parse_config(json.dumps({"rootfs": {"diff_ids": ids}}).encode())
    (found,) = in_config(image, config, Digest.parse(ids[3]))
    assert (found.number, found.of) == (4, None)
    assert found.sentence == "the diffID of layer 4 of the image"


def test_statements_and_other_blobs() -> None:
    config, statement = BILL.below
    found = one(BILL, statement, about=AMD)
    assert (found.what, found.kind, found.of) == ("statement", "SBOM SPDX", digest_of(AMD))
    assert found.sentence == "a statement (SBOM SPDX) about linux/amd64"
    assert one(BILL, config).what == "artifact config"
    chart = Made(b"chart", "application/vnd.cncf.helm.chart.content.v1.tar+gzip")
    helm = images.artifact("application/vnd.cncf.helm.config.v1+json", chart)
    blob = one(helm, chart, "")
    assert (blob.what, blob.number, blob.sentence) == ("blob", 1, "blob 1 (Helm chart)")


def test_the_subject_of_what_was_named() -> None:
    signature = images.artifact("application/vnd.cncf.notary.signature", subject=AMD)
    found = one(signature, AMD)
    assert (found.what, found.of) == ("subject", digest_of(signature))
    assert found.sentence == f"what {digest_of(signature).short} is attached to"


def test_unknown_documents_are_searched_too() -> None:
    odd = Made(json.dumps({"parts": [{"digest": AMD.digest, "size": 3}]}).encode(), "application/json", (), True)
    assert one(odd, AMD).what == "blob"


def test_every_word_has_a_sentence() -> None:
    words = [value for name, value in vars(identify).items() if name.isupper() and isinstance(value, str)]
    assert len(words) > 10
    for word in words:
        assert Spot(word, Digest.of(b""), number=1).sentence
