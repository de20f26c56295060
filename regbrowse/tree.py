"""The manifest list as rows of a tree: index, platforms, nested indexes, attestations under what they describe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from regbrowse.errors import Integrity, NotFound, RegbrowseError, RegistryError
from regbrowse.oci import attestation, mediatype
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Artifact, Image, Index, Manifest, Schema1
from regbrowse.oci.platform import Platform
from regbrowse.reference import Digest
from regbrowse.text import exact, plural

VERIFIED, CLAIMED, MISMATCH, MISSING = "✓", "·", "×", "!"
AGAIN = "again: the first one is pulled"
MAX_DEPTH = 5
"""Levels of nested indexes that are followed."""

Outcome = Manifest | RegbrowseError


class Node(NamedTuple):
    """One row."""

    key: str
    """Names the row in its tree; stays the same when details come."""
    level: int
    kind: str
    """`index` `image` `attest` `sig` `other`, in the words of the detail strip."""
    label: str
    note: str = ""
    size: int | None = None
    mark: str = ""
    digest: Digest | None = None
    descriptor: Descriptor | None = None
    """What the parent says of it; None for the root."""
    parent: Digest | None = None
    """The manifest that a statement is a blob of."""
    folds: bool = False
    is_open: bool = False
    missing: bool = False

    @property
    def is_root(self) -> bool:
        return self.level == 0

    @property
    def is_platform(self) -> bool:
        return self.kind == "image"


@dataclass
class Tree:
    """A manifest with what is known of its children; gives the rows to show."""

    root: Manifest
    children: dict[Digest, Outcome] = field(default_factory=dict)
    statements: dict[Digest, attestation.Statement] = field(default_factory=dict)
    """What attestations were found to say, by the digest of the statement."""
    opened: set[str] = field(default_factory=set)
    """Keys of rows that were opened by hand; the root and nested indexes start open."""
    closed: set[str] = field(default_factory=set)
    _repeated: dict[Digest, frozenset[int]] = field(default_factory=dict)

    def rows(self) -> list[Node]:
        """The visible rows, the root first."""
        root = self.root
        words = f"{mediatype.plain(root.media_type)}, {exact(len(root.raw))}"
        kind = _kind(root)
        note = f"{root.kind}, {words}" if isinstance(root, Artifact) else words
        is_open = "root" not in self.closed
        has_children = isinstance(root, Index) and bool(root.manifests)
        node = Node(
            "root", 0, kind, _root_label(root), note, _total(root), _mark(root), root.digest,
            folds=has_children, is_open=is_open and has_children,
        )  # fmt: skip
        rows = [node]
        if isinstance(root, Index) and is_open:
            rows += self._below(root, 1, "", frozenset({root.digest}))
        return rows

    def _below(self, index: Index, level: int, prefix: str, above: frozenset[Digest]) -> Iterator[Node]:
        about = _by_subject(index)
        listed = {descriptor.digest for descriptor in index.manifests}
        if index.digest not in self._repeated:
            self._repeated[index.digest] = _repeated(index)
        repeated = self._repeated[index.digest]
        for position, descriptor in enumerate(index.manifests):
            subject = attestation.attested(descriptor)
            if subject and subject in listed:
                continue
            key = f"{prefix}/{position}"
            outcome = self.children.get(descriptor.digest) if descriptor.digest else None
            if isinstance(outcome, Index) or descriptor.media_type in mediatype.INDEXES:
                yield from self._nested(descriptor, outcome, key, level, above)
            else:
                aside = AGAIN if position in repeated else ""
                yield from self._platform(descriptor, outcome, key, level, about.get(descriptor.digest, []), aside)

    def _nested(
        self, descriptor: Descriptor, outcome: Outcome | None, key: str, level: int, above: frozenset[Digest]
    ) -> Iterator[Node]:
        digest = descriptor.digest
        loops, deep = digest in above, level >= MAX_DEPTH
        note = "contains itself" if loops else "nested too deeply" if deep else _problem(outcome) or _title(descriptor)
        inner = outcome if isinstance(outcome, Index) and not loops and not deep else None
        is_open = inner is not None and key not in self.closed
        if inner is not None and not note:
            note = f"nested, {plural(len(platforms(inner)), 'platform')}"
        yield Node(
            key, level, "index", "index", note, None, _mark(outcome), digest, descriptor,
            folds=inner is not None, is_open=is_open, missing=isinstance(outcome, NotFound),
        )  # fmt: skip
        if inner is not None and is_open and digest:
            yield from self._below(inner, level + 1, key, above | {digest})

    def _platform(
        self, descriptor: Descriptor, outcome: Outcome | None, key: str, level: int, about: list[Descriptor], aside: str
    ) -> Iterator[Node]:
        statements = [node for each in about for node in self._statements(each, key, level + 1)]
        unread = any(each.digest not in self.children for each in about)
        is_open = key in self.opened and bool(about)
        note = _problem(outcome) or aside or (_title(descriptor) if not descriptor.platform else "")
        if not note and about and not is_open:
            note = "attestations" if unread else plural(len(statements), "attestation")
        kind, label = _child_label(descriptor, outcome)
        size = _total(outcome) if isinstance(outcome, Manifest) else None
        yield Node(
            key, level, kind, label, note, size, _mark(outcome), descriptor.digest, descriptor,
            folds=bool(about), is_open=is_open, missing=isinstance(outcome, NotFound),
        )  # fmt: skip
        if is_open:
            yield from statements

    def _statements(self, descriptor: Descriptor, prefix: str, level: int) -> Iterator[Node]:
        outcome = self.children.get(descriptor.digest) if descriptor.digest else None
        key = f"{prefix}/{descriptor.digest}"
        if not isinstance(outcome, Artifact | Image):
            yield Node(
                key, level, "attest", "attestation", _problem(outcome), None, _mark(outcome), descriptor.digest,
                descriptor, missing=isinstance(outcome, NotFound),
            )  # fmt: skip
            return
        blobs = outcome.layers if isinstance(outcome, Image) else outcome.blobs
        for position, blob in enumerate(blobs):
            statement = attestation.by_predicate(attestation.predicate_of(blob))
            read = self.statements.get(blob.digest) if blob.digest else None
            note, mark = statement.note, CLAIMED
            if read is not None:
                note, mark = read.note or attestation.predicate_of(blob), VERIFIED
                if wrong := read.about_another(attestation.attested(descriptor)):
                    note, mark = wrong, MISMATCH
            yield Node(
                f"{key}/{position}", level, "attest", statement.kind, note, blob.size,
                mark, blob.digest, blob, outcome.digest,
            )  # fmt: skip

    def wanted(self, rows: list[Node], *, frugal: bool) -> list[Descriptor]:
        """The children not read yet whose details these rows would show; with `frugal` only what is unfolded."""
        by_digest = {node.digest: node for node in rows}
        out: dict[Digest, Descriptor] = {}
        for node in rows:
            if node.descriptor and node.digest and not node.parent:
                out[node.digest] = node.descriptor
        for index in self._indexes():
            for subject, about in _by_subject(index).items():
                about_node = by_digest.get(subject)
                if about_node is not None and (about_node.is_open or not frugal):
                    out |= {each.digest: each for each in about if each.digest}
        return [descriptor for digest, descriptor in out.items() if digest not in self.children]

    def _indexes(self) -> list[Index]:
        return [each for each in (self.root, *self.children.values()) if isinstance(each, Index)]

    def toggle(self, node: Node) -> None:
        """Folds or opens a row."""
        if node.kind == "index":
            self.closed ^= {node.key}
        elif node.folds:
            self.opened ^= {node.key}

    def manifest(self, digest: Digest) -> Manifest | None:
        """A manifest that was read, root or child."""
        if digest == self.root.digest:
            return self.root
        outcome = self.children.get(digest)
        return outcome if isinstance(outcome, Manifest) else None

    def counts(self) -> tuple[int, int]:
        """How many platforms there are, and how many of them are known to be missing."""
        found = [each for index in self._indexes() for each in platforms(index)]
        missing = sum(isinstance(self.children.get(each.digest), NotFound) for each in found if each.digest)
        return len(found), missing


def platforms(index: Index) -> list[Descriptor]:
    """The children that are images for a platform, in the order of the index."""
    return [each for each in index.manifests if _is_platform(each)]


def _is_platform(descriptor: Descriptor) -> bool:
    return (
        descriptor.platform is not None
        and descriptor.platform.known
        and descriptor.media_type not in mediatype.INDEXES
        and not attestation.is_attestation(descriptor)
        and not _is_lazy(descriptor)
    )


def _is_lazy(descriptor: Descriptor) -> bool:
    """Whether it helps to load an image lazily, and is none, although it names the image's platform (soci, v2)."""
    return descriptor.artifact_type == mediatype.SOCI_INDEX or mediatype.SOCI_ANNOTATION in descriptor.annotations


def _repeated(index: Index) -> frozenset[int]:
    """The positions of images whose platform stands in the index before: nobody gets them by platform."""
    seen: set[Platform] = set()
    found: list[int] = []
    for at, each in enumerate(index.manifests):
        if each.platform is not None and _is_platform(each):
            platform = each.platform.normalised()
            if platform in seen:
                found.append(at)
            seen.add(platform)
    return frozenset(found)


def _by_subject(index: Index) -> Mapping[Digest | None, list[Descriptor]]:
    out: dict[Digest | None, list[Descriptor]] = {}
    for descriptor in index.manifests:
        subject = attestation.attested(descriptor)
        if subject:
            out.setdefault(subject, []).append(descriptor)
    return out


def _kind(manifest: Manifest) -> str:
    if isinstance(manifest, Index):
        return "index"
    return "image" if isinstance(manifest, Image | Schema1) else "other"


def _root_label(manifest: Manifest) -> str:
    if isinstance(manifest, Index):
        return "index"
    if isinstance(manifest, Image | Schema1):
        return "image"
    return "artifact" if isinstance(manifest, Artifact) else "document"


def _child_label(descriptor: Descriptor, outcome: Outcome | None) -> tuple[str, str]:
    if _is_lazy(descriptor):
        return "other", mediatype.plain(mediatype.SOCI_INDEX)
    if descriptor.platform is not None and descriptor.platform.known:
        return "image", str(descriptor.platform)
    if isinstance(outcome, Artifact):
        return "other", outcome.kind
    if attestation.is_attestation(descriptor):
        return "attest", "attestation"
    if descriptor.artifact_type:
        return "other", mediatype.plain(descriptor.artifact_type)
    return "image", "image without a platform" if descriptor.platform is None else "other"


def _title(descriptor: Descriptor) -> str:
    return descriptor.annotations.get("org.opencontainers.image.ref.name", "")


def _total(manifest: Manifest) -> int | None:
    if isinstance(manifest, Image):
        return manifest.total
    if isinstance(manifest, Artifact):
        sizes = [blob.size for blob in manifest.blobs if blob.size is not None]
        return sum(sizes) if sizes else None
    return None


def _mark(outcome: Outcome | None) -> str:
    if isinstance(outcome, Manifest):
        return VERIFIED if outcome.verified else CLAIMED
    if isinstance(outcome, NotFound):
        return MISSING
    return MISMATCH if outcome is not None else CLAIMED


def _problem(outcome: Outcome | None) -> str:
    if not isinstance(outcome, RegbrowseError):
        return ""
    if isinstance(outcome, NotFound):
        return "not found (404)"
    if isinstance(outcome, Integrity):
        return "does not match its digest"
    status = outcome.evidence.status if isinstance(outcome, RegistryError) else None
    return f"{outcome.label} ({status})" if status else outcome.label
