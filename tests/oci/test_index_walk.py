"""The walk of an index: what entries are, level by level, and where it ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from regbrowse.oci import index_walk
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.index_walk import (
    AGAIN,
    DEEP,
    LOOP,
    MANY,
    MAX_DEPTH,
    MAX_UNSAID,
    Kind,
    classify,
    entries,
    repeated,
    walk,
)
from regbrowse.oci.manifest import Index, Manifest, parse_manifest
from regbrowse.oci.mediatype import OCI_INDEX, OCI_MANIFEST, SOCI_ANNOTATION, SOCI_INDEX
from regbrowse.oci.platform import Platform
from regbrowse.reference import Digest
from support import images
from support.images import Made

AMD64, ARM64 = images.image(), images.image(architecture="arm64", variant="v8")
LINUX = Platform("linux", "amd64")
ATTESTATION = {"vnd.docker.reference.type": "attestation-manifest"}


def parsed(made: Made) -> Index:
    found = parse_manifest(made.raw, content_type=made.media_type)
    assert isinstance(found, Index)
    return found


def digest_of(made: Made) -> Digest:
    return Digest.parse(made.digest)


def nest(made: Made, levels: int) -> list[Made]:
    """Indexes, each within the next one; the outermost comes last."""
    chain = [images.index(made)]
    for _ in range(levels):
        chain.append(images.index(chain[-1]))
    return chain


def kinds(root: Index, read: dict[Digest, Manifest]) -> list[list[Kind]]:
    return [[entry.kind for entry in level] for level in walk(root, read)]


@pytest.mark.parametrize(
    ("descriptor", "kind"),
    [
        (Descriptor(OCI_MANIFEST, None, 1, LINUX), Kind.IMAGE),
        (Descriptor(OCI_MANIFEST, None, 1, LINUX, "application/x"), Kind.IMAGE),
        (Descriptor("", None, 1, LINUX), Kind.IMAGE),
        (Descriptor(OCI_MANIFEST, None, 1), Kind.UNSAID),
        (Descriptor(OCI_MANIFEST, None, 1, Platform("unknown", "unknown")), Kind.UNSAID),
        (Descriptor(OCI_MANIFEST, None, 1, None, "application/x"), Kind.ARTIFACT),
        (Descriptor(OCI_INDEX, None, 1), Kind.INDEX),
        (Descriptor(OCI_INDEX, None, 1, LINUX), Kind.INDEX),
        (Descriptor(OCI_MANIFEST, None, 1, LINUX, SOCI_INDEX), Kind.LAZY),
        (Descriptor(OCI_MANIFEST, None, 1, LINUX, annotations={SOCI_ANNOTATION: "x"}), Kind.LAZY),
        (Descriptor(OCI_MANIFEST, None, 1, Platform("unknown", "unknown"), annotations=ATTESTATION), Kind.ATTESTATION),
        (Descriptor(OCI_MANIFEST, None, 1, LINUX, annotations=ATTESTATION), Kind.ATTESTATION),
    ],
)
def test_what_an_entry_is(descriptor: Descriptor, kind: Kind) -> None:
    assert classify(descriptor) is kind


def test_attestations_belong_to_what_they_describe() -> None:
    bill, stray = images.attestation(AMD64), images.attestation(images.image(architecture="s390x"))
    found = entries(parsed(images.index(bill, AMD64, ARM64, stray)))
    assert [entry.is_attached for entry in found] == [True, False, False, False]
    assert [len(entry.attestations) for entry in found] == [0, 1, 0, 0]
    assert found[1].attestations[0].digest == digest_of(bill)
    assert (found[0].subject, found[1].subject) == (digest_of(AMD64), None)


def test_an_image_for_a_platform_that_is_listed_before_is_repeated() -> None:
    again = images.image(architecture="x86_64")
    old, new = (replace_version(version) for version in ("10.0.1", "10.0.2"))
    found = entries(parsed(images.index(AMD64, ARM64, again, old, new)))
    assert repeated(found) == {(2,)}


def replace_version(version: str) -> Made:
    made = images.image("windows")
    return replace(made, extra={"platform": {"os": "windows", "architecture": "amd64", "os.version": version}})


def test_levels_come_as_what_is_read_allows() -> None:
    inner = images.index(ARM64)
    root = parsed(images.index(inner, AMD64))
    assert kinds(root, {}) == [[Kind.INDEX, Kind.IMAGE]]
    read: dict[Digest, Manifest] = {}
    levels = walk(root, read)
    assert [entry.path for entry in next(levels)] == [(0,), (1,)]
    read[digest_of(inner)] = parsed(inner)
    (image,) = next(levels)
    assert (image.path, image.digest, image.parent) == ((0, 0), digest_of(ARM64), parsed(inner))
    assert list(levels) == []


@pytest.mark.parametrize("read_before", [True, False])
def test_what_turns_out_to_be_an_index_is_opened(read_before: bool) -> None:
    inner = images.index(ARM64)
    root = parsed(images.index(replace(inner, media_type=images.OCI_MANIFEST, extra=AMD64.extra)))
    read: dict[Digest, Manifest] = {}
    if read_before:
        read[digest_of(inner)] = parsed(inner)
    levels = walk(root, read)
    assert [entry.kind for entry in next(levels)] == [Kind.INDEX if read_before else Kind.IMAGE]
    read[digest_of(inner)] = parsed(inner)
    assert [entry.digest for entry in next(levels)] == [digest_of(ARM64)]


@pytest.mark.parametrize("levels", [MAX_DEPTH, MAX_DEPTH + 1])
def test_nesting_is_followed_to_a_depth(levels: int) -> None:
    chain = nest(AMD64, levels)
    found = list(walk(parsed(chain[-1]), {digest_of(each): parsed(each) for each in chain}))
    (last,) = found[-1]
    assert (last.kind is Kind.IMAGE, last.refusal) == ((True, "") if levels == MAX_DEPTH else (False, DEEP))
    assert len(found) == MAX_DEPTH + 1


def test_an_index_that_contains_itself_ends() -> None:
    digest = Digest.of(b"loop")
    itself = Descriptor(OCI_INDEX, digest, 1)
    loop = Index(manifests=(itself,), raw=b"", digest=digest, media_type=OCI_INDEX)
    assert [[entry.refusal for entry in level] for level in walk(loop, {digest: loop})] == [[LOOP]]
    around = Index(manifests=(itself,), raw=b"", digest=Digest.of(b"around"), media_type=OCI_INDEX)
    assert [[entry.refusal for entry in level] for level in walk(around, {digest: loop})] == [[""], [LOOP]]


def test_an_index_is_opened_once_where_it_is_listed_highest() -> None:
    inner = images.index(AMD64)
    outer = images.index(inner)
    root = parsed(images.index(outer, inner, inner))
    found = list(walk(root, {digest_of(each): parsed(each) for each in (inner, outer)}))
    assert [[entry.refusal for entry in level] for level in found] == [["", "", AGAIN], [AGAIN, ""]]
    assert [entry.path for entry in found[1]] == [(0, 0), (1, 0)]


def test_a_walk_opens_a_number_of_indexes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_walk, "MAX_INDEXES", 2)
    inner = [images.index(images.image(architecture=f"a{number}")) for number in range(3)]
    found = list(walk(parsed(images.index(*inner)), {digest_of(each): parsed(each) for each in inner}))
    assert [entry.refusal for entry in found[0]] == ["", "", MANY]
    assert len(found[1]) == 2


def test_images_that_do_not_say_their_platform_are_read_up_to_a_number() -> None:
    bare = [replace(images.image(architecture=f"a{number}"), extra={}) for number in range(MAX_UNSAID + 1)]
    found = index_walk.images(entries(parsed(images.index(*bare, AMD64))))
    assert [entry.kind for entry in found] == [Kind.UNSAID] * MAX_UNSAID + [Kind.IMAGE]


def test_entries_without_a_digest_stay_and_open_nothing() -> None:
    value = {"schemaVersion": 2, "manifests": [{"mediaType": OCI_INDEX}, {"mediaType": OCI_MANIFEST}]}
    root = parse_manifest(images.dump(value))
    assert isinstance(root, Index)
    (level,) = walk(root, {})
    assert [entry.kind for entry in level] == [Kind.INDEX, Kind.UNSAID]
    assert index_walk.to_open(level) == index_walk.images(level) == []
