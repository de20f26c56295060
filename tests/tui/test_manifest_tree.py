"""The manifest list as rows."""

from __future__ import annotations

from dataclasses import replace

from regbrowse.attachments import Attachment, Attachments
from regbrowse.errors import Evidence, Integrity, NotFound, ServerError
from regbrowse.oci.attestation import Statement
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.document import Reader
from regbrowse.oci.index_walk import Entry, Kind, entries
from regbrowse.oci.manifest import Index, Manifest, parse_manifest
from regbrowse.reference import Digest
from regbrowse.tui.manifest_tree import Tree
from support import images


def parsed(made: images.Made) -> Manifest:
    return parse_manifest(made.raw, content_type=made.media_type)


def labels(tree: Tree) -> list[str]:
    return [f"{'  ' * node.level}{node.label}" for node in tree.rows()]


def platforms(index: Index) -> list[Entry]:
    return [entry for entry in entries(index) if entry.kind is Kind.IMAGE]


AMD64 = images.image(architecture="amd64")
ARM64 = images.image(architecture="arm64", variant="v8")
SBOM = images.attestation(AMD64)


def test_attestations_stand_below_their_platform() -> None:
    tree = Tree(parsed(images.index(SBOM, AMD64, ARM64)))
    assert labels(tree) == ["index", "  linux/amd64", "  linux/arm64/v8"]
    amd64 = tree.rows()[1]
    assert amd64.folds
    assert amd64.note == "1 attestation manifest"
    tree.children[Digest.parse(SBOM.digest)] = parsed(SBOM)
    assert tree.rows()[1].note == "1 attestation"
    tree.toggle(amd64)
    assert labels(tree) == ["index", "  linux/amd64", "    SBOM", "  linux/arm64/v8"]
    statement = tree.rows()[2]
    assert (statement.mark, statement.note) == ("·", "SPDX")
    assert statement.digest is not None
    amd64_digest, other = Digest.parse(AMD64.digest), Digest.of(b"another image")
    tree.statements[statement.digest] = Statement("SBOM", "SPDX 2.3, 5 packages", (other, amd64_digest))
    assert (tree.rows()[2].mark, tree.rows()[2].note) == ("✓", "SPDX 2.3, 5 packages")
    tree.statements[statement.digest] = Statement("SBOM", "SPDX 2.3, 5 packages", (other,))
    assert tree.rows()[2].mark == "×"
    assert tree.rows()[2].note == f"This attestation describes {other.short}, not this image."


def test_marks_say_what_is_known() -> None:
    tree = Tree(parsed(images.index(AMD64, ARM64)))
    digest = Digest.parse(ARM64.digest)
    assert [node.mark for node in tree.rows()] == ["✓", "·", "·"]
    tree.children[digest] = parsed(ARM64)
    assert tree.rows()[2].mark == "✓"
    assert tree.rows()[2].size == sum(len(each.raw) for each in ARM64.below[1:])
    tree.children[digest] = NotFound("gone")
    assert (tree.rows()[2].mark, tree.rows()[2].missing, tree.rows()[2].note) == ("!", True, "not found (404)")
    assert tree.counts() == (2, 1)
    tree.children[digest] = Integrity("other bytes")
    assert tree.rows()[2].mark == "×"
    tree.children[digest] = ServerError("trouble", evidence=Evidence(status=503))
    assert "503" in tree.rows()[2].note


def test_nested_indexes_open_when_they_are_known() -> None:
    inner = images.index(ARM64)
    tree = Tree(parsed(images.index(AMD64, inner)))
    assert labels(tree)[2] == "  index"
    tree.children[Digest.parse(inner.digest)] = parsed(inner)
    assert labels(tree) == ["index", "  linux/amd64", "  index", "    linux/arm64/v8"]
    tree.toggle(tree.rows()[2])
    assert labels(tree) == ["index", "  linux/amd64", "  index"]


def test_index_that_contains_itself_ends() -> None:
    outer = parsed(images.index(images.index(AMD64)))
    assert isinstance(outer, Index)
    digest = outer.manifests[0].digest
    assert digest is not None
    tree = Tree(outer, children={digest: outer})
    rows = tree.rows()
    assert len(rows) < 10
    assert any(node.note == "contains itself" for node in rows)


def test_only_visible_and_unknown_children_are_wanted() -> None:
    tree = Tree(parsed(images.index(AMD64, ARM64, SBOM)))
    rows = tree.rows()
    everything = {str(each.digest) for each in tree.wanted(rows, frugal=False)}
    assert everything == {AMD64.digest, ARM64.digest, SBOM.digest}
    assert {str(each.digest) for each in tree.wanted(rows, frugal=True)} == {AMD64.digest, ARM64.digest}
    assert [str(each.digest) for each in tree.wanted(rows[:2], frugal=True)] == [AMD64.digest]
    tree.children[Digest.parse(AMD64.digest)] = parsed(AMD64)
    assert AMD64.digest not in {str(each.digest) for each in tree.wanted(rows, frugal=False)}


def test_single_images_and_artifacts_are_their_own_root() -> None:
    assert labels(Tree(parsed(AMD64))) == ["image"]
    chart = images.artifact("application/vnd.example.thing", images.layer({"a": b"1"}))
    root = Tree(parsed(chart)).rows()[0]
    assert (root.label, root.kind) == ("artifact", "other")
    assert labels(Tree(parsed(images.schema1()))) == ["image"]


def test_platforms_leave_attestations_out() -> None:
    index = parsed(images.index(AMD64, SBOM))
    assert isinstance(index, Index)
    assert [str(each.platform) for each in platforms(index)] == ["linux/amd64"]


def test_a_lazy_loading_index_is_no_platform() -> None:
    kind = "application/vnd.amazon.soci.index.v2+json"
    lazy = images.artifact(kind)
    lazy.extra.update(artifactType=kind, platform={"os": "linux", "architecture": "amd64"})
    named = images.artifact("application/x")
    named.extra["annotations"] = {"com.amazon.soci.image-manifest-digest": AMD64.digest}
    root = parsed(images.index(lazy, AMD64, named))
    assert isinstance(root, Index)
    assert [each.digest for each in platforms(root)] == [Digest.parse(AMD64.digest)]
    rows = Tree(root).rows()
    assert [(row.kind, row.label) for row in rows[1:]] == [
        ("other", "lazy-loading index"),
        ("image", "linux/amd64"),
        ("other", "lazy-loading index"),
    ]


def test_the_second_image_for_a_platform_says_that_the_first_is_pulled() -> None:
    again = images.image(architecture="aarch64", files=[{"b": b"2"}])
    rows = Tree(parsed(images.index(ARM64, AMD64, again, SBOM))).rows()
    assert [(row.label, row.note) for row in rows[1:]] == [
        ("linux/arm64/v8", ""),
        ("linux/amd64", "1 attestation manifest"),
        ("linux/aarch64", "again: the first one is pulled"),
    ]


def test_what_cannot_be_hashed_here_is_not_called_verified() -> None:
    root = parsed(images.index(AMD64))
    tree = Tree(replace(root, verified=False))
    tree.children[Digest.parse(AMD64.digest)] = replace(parsed(AMD64), verified=False)
    assert [row.mark for row in tree.rows()] == ["·", "·"]
    tree = Tree(root, {Digest.parse(AMD64.digest): parsed(AMD64)})
    assert [row.mark for row in tree.rows()] == ["✓", "✓"]


def hanging(made: images.Made, subject: images.Made, *, kind: str = "", tag: str = "") -> Attachment:
    what = Descriptor.read(Reader(made.descriptor(artifactType=kind) if kind else made.descriptor()))
    return Attachment(what, Digest.parse(subject.digest), "", ("API",), tag)


NOTATION = "application/vnd.cncf.notary.signature"
SIGNATURE = images.artifact(NOTATION, subject=AMD64)
BILL = images.artifact("application/spdx+json", images.Made(b"{}", "application/spdx+json"), subject=AMD64)


def test_what_is_attached_stands_below_its_subject() -> None:
    index = images.index(AMD64, ARM64, SBOM)
    tree = Tree(parsed(index))
    tree.children[Digest.parse(SBOM.digest)] = parsed(SBOM)
    about_index = Attachments((hanging(SIGNATURE, index, kind=NOTATION),), 4)
    bills = (hanging(BILL, AMD64, kind="application/spdx+json"), hanging(SIGNATURE, AMD64, tag="sha256-x.sig"))
    tree.attached = {tree.root.digest: about_index, Digest.parse(AMD64.digest): Attachments(bills, 4)}
    tree.attached[Digest.parse(ARM64.digest)] = Attachments((), 4)
    assert labels(tree) == ["index", "  linux/amd64", "  linux/arm64/v8", "referrers", "  signature"]
    amd64, arm64, branch, signature = tree.rows()[1:]
    assert (amd64.note, arm64.note) == ("1 attestation, 2 referrers", "")
    assert branch.note == "1, present, not verified"
    assert (signature.note, signature.kind, signature.mark) == ("Notation", "sig", "·")
    tree.toggle(amd64)
    assert [(row.level, row.label, row.note) for row in tree.rows()[1:6]] == [
        (1, "linux/amd64", ""),
        (2, "SBOM", "SPDX"),
        (2, "referrers", "2, present, not verified"),
        (3, "SBOM", "SPDX"),
        (3, "signature", "cosign"),
    ]
    assert tree.subject_of(tree.rows()[3]) == Digest.parse(AMD64.digest)
    tree.toggle(tree.rows()[3])
    assert [row.label for row in tree.rows()[1:5]] == ["linux/amd64", "SBOM", "referrers", "linux/arm64/v8"]
    tree.unfold(next(row for row in tree.rows(unfold=True) if row.level == 3))
    assert tree.rows()[4].level == 3


def test_what_is_attached_to_a_single_image_stands_beside_it() -> None:
    tree = Tree(parsed(AMD64))
    tree.attached[tree.root.digest] = Attachments((hanging(BILL, AMD64),))
    assert labels(tree) == ["image", "referrers", "  attachment"]
    assert tree.subject_of(tree.rows()[1]) == tree.root.digest
    tree.children[Digest.parse(BILL.digest)] = parsed(BILL)
    assert (tree.rows()[2].label, tree.rows()[2].mark, tree.rows()[2].size) == ("SBOM", "✓", 2)
    tree.toggle(tree.rows()[1])
    assert labels(tree) == ["image", "referrers"]


def test_a_referrer_that_speaks_of_something_else_is_a_mismatch() -> None:
    tree = Tree(parsed(AMD64))
    tree.attached[tree.root.digest] = Attachments((hanging(BILL, AMD64),))
    tree.children[Digest.parse(BILL.digest)] = parsed(BILL)
    other = Digest.of(b"another image")
    tree.statements[Digest.of(b"{}")] = Statement("SBOM", "SPDX 2.3, 5 packages", (other,))
    row = tree.rows()[2]
    assert (row.mark, row.note) == ("×", f"This attestation describes {other.short}, not this image.")


def test_many_attachments_start_folded() -> None:
    tree = Tree(parsed(AMD64))
    made = [images.artifact(NOTATION, subject=AMD64, annotations={"n": str(number)}) for number in range(60)]
    tree.attached[tree.root.digest] = Attachments(tuple(hanging(each, AMD64, kind=NOTATION) for each in made))
    assert labels(tree) == ["image", "referrers"]
    tree.toggle(tree.rows()[1])
    assert len(tree.rows()) == 62
    tree.toggle(tree.rows()[1])
    assert len(tree.rows()) == 2


def test_attachments_are_asked_for_of_what_is_looked_at() -> None:
    tree = Tree(parsed(images.index(AMD64, ARM64, SBOM)))
    rows = tree.rows()
    assert tree.subjects(rows, rows[0]) == [tree.root.digest]
    assert tree.subjects(rows, rows[2]) == [tree.root.digest, Digest.parse(ARM64.digest)]
    tree.toggle(rows[1])
    tree.attached[tree.root.digest] = Attachments()
    assert tree.subjects(tree.rows(), None) == [Digest.parse(AMD64.digest)]
