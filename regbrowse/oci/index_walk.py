"""The walk of an index: what each entry is, level by level, with bounds (image-spec, image-index.md).

Everything that looks through an index uses this walk: platform selection, the rows of the manifests pane, and the
commands that list, search or verify what an index holds.
"""

from __future__ import annotations

from collections import Counter
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.oci import attestation, mediatype
from regbrowse.oci.manifest import Index

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from regbrowse.oci.descriptor import Descriptor
    from regbrowse.oci.platform import Platform
    from regbrowse.reference import Digest

MAX_DEPTH = 5
"""Levels of nested indexes that are opened below the first index."""
MAX_INDEXES = 64
"""Nested indexes that one walk opens."""
MAX_UNSAID = 16
"""Images of one index that are read because the index does not say their platform."""

LOOP, DEEP, AGAIN, MANY = (
    "contains itself",
    "nested too deeply",
    "listed again: opened once",
    "not opened: too many indexes",
)
"""Why a nested index is not opened."""


class Kind(Enum):
    """What an entry of an index is."""

    IMAGE = "image"
    """An image whose platform the index says."""
    UNSAID = "image without a platform"
    """Perhaps an image; only its manifest and its config tell the platform."""
    INDEX = "index"
    """An index within the index."""
    ATTESTATION = "attestation"
    """A manifest of statements about another entry (buildkit, attestation-storage)."""
    LAZY = "lazy-loading index"
    """Helps to load an image lazily and is none, although it names the image's platform (soci, version 2)."""
    ARTIFACT = "artifact"
    """Something else than an image, by its artifact type."""


class Entry(NamedTuple):
    """One descriptor of an index, and what it is there."""

    descriptor: Descriptor
    kind: Kind
    parent: Index
    """The index that lists it."""
    path: tuple[int, ...]
    """Its position in the index, behind the positions of the nested indexes that lead there; unique in a walk."""
    subject: Digest | None = None
    """Of an attestation: the digest of the manifest that it describes."""
    attestations: tuple[Descriptor, ...] = ()
    """What the same index lists as attestations of this entry."""
    is_attached: bool = False
    """Whether this is an attestation of an entry of the same index."""
    refusal: str = ""
    """Why a nested index is not opened; empty when it is, once it has been read."""

    @property
    def digest(self) -> Digest | None:
        return self.descriptor.digest

    @property
    def platform(self) -> Platform | None:
        """The platform of an image, as the index says it."""
        return self.descriptor.platform if self.kind is Kind.IMAGE else None


def classify(descriptor: Descriptor) -> Kind:
    """What an entry is, by its descriptor alone."""
    if attestation.is_attestation(descriptor):
        return Kind.ATTESTATION
    if descriptor.media_type in mediatype.INDEXES:
        return Kind.INDEX
    if descriptor.artifact_type == mediatype.SOCI_INDEX or mediatype.SOCI_ANNOTATION in descriptor.annotations:
        return Kind.LAZY
    if descriptor.platform is not None and descriptor.platform.known:
        return Kind.IMAGE
    return Kind.ARTIFACT if descriptor.artifact_type else Kind.UNSAID


def entries(index: Index, path: tuple[int, ...] = ()) -> list[Entry]:
    """The entries of one index, in its order; `path` leads to the index."""
    subjects = [attestation.attested(descriptor) for descriptor in index.manifests]
    about: dict[Digest, list[Descriptor]] = {}
    for descriptor, subject in zip(index.manifests, subjects, strict=True):
        if subject is not None:
            about.setdefault(subject, []).append(descriptor)
    attached = about.keys() & {descriptor.digest for descriptor in index.manifests}
    return [
        Entry(
            descriptor,
            classify(descriptor),
            index,
            (*path, position),
            subject,
            tuple(about.get(descriptor.digest, ())) if descriptor.digest else (),
            subject in attached,
        )
        for position, (descriptor, subject) in enumerate(zip(index.manifests, subjects, strict=True))
    ]


def walk(root: Index, read: Mapping[Digest, object]) -> Iterator[tuple[Entry, ...]]:
    """The levels of an index: its own entries, then those of the indexes within it, and so on.

    `read` maps digests to what was read for them; an index among them is opened. It may be filled between two levels:
    it is looked into when the next level is asked for. Every index is opened once, at the highest level that lists it.
    """
    claimed: set[Digest | None] = {root.digest}
    # By the path of an open index: its digest, and those of the indexes around it.
    above: dict[tuple[int, ...], frozenset[Digest | None]] = {(): frozenset(claimed)}

    def refuse(entry: Entry) -> str:
        """Why the index is not opened; counts it as opened from now on when it is."""
        digest = entry.digest
        if digest in above[entry.path[:-1]]:
            return LOOP
        if len(entry.path) > MAX_DEPTH:
            return DEEP
        if digest in claimed:
            return AGAIN
        if len(claimed) > MAX_INDEXES:
            return MANY
        if digest is not None:
            claimed.add(digest)
        return ""

    def judged(entry: Entry) -> Entry:
        """An entry that turned out to be an index, whatever its descriptor says, is one."""
        is_index = entry.kind is Kind.INDEX or (entry.kind is not Kind.ATTESTATION and _index(entry, read) is not None)
        return entry._replace(kind=Kind.INDEX, refusal=refuse(entry)) if is_index else entry

    level = [judged(entry) for entry in entries(root)]
    while level:
        yield tuple(level)
        below: list[Entry] = []
        for entry in level:
            inner = _index(entry, read)
            if inner is None or entry.kind is Kind.ATTESTATION or entry.refusal:
                continue
            if entry.kind is not Kind.INDEX and refuse(entry):
                continue  # read after this level was given, and only now seen to be an index
            above[entry.path] = above[entry.path[:-1]] | {entry.digest}
            below += entries(inner, entry.path)
        level = [judged(entry) for entry in below]


def _index(entry: Entry, read: Mapping[Digest, object]) -> Index | None:
    found = read.get(entry.digest) if entry.digest is not None else None
    return found if isinstance(found, Index) else None


def to_open(level: Iterable[Entry]) -> list[Entry]:
    """The nested indexes of a level that must be read for the next one."""
    return [entry for entry in level if entry.kind is Kind.INDEX and not entry.refusal and entry.digest is not None]


def images(level: Iterable[Entry]) -> list[Entry]:
    """The images of a level, with the first 16 of each index whose platform only their config can tell."""
    count = Counter[tuple[int, ...]]()
    found: list[Entry] = []
    for entry in level:
        if entry.kind is Kind.UNSAID and entry.digest is not None:
            count[entry.path[:-1]] += 1
            if count[entry.path[:-1]] <= MAX_UNSAID:
                found.append(entry)
        elif entry.kind is Kind.IMAGE:
            found.append(entry)
    return found


def repeated(entries: Iterable[Entry]) -> set[tuple[int, ...]]:
    """The paths of images before which their index lists one for the same platform: tools take the first."""
    seen: set[tuple[tuple[int, ...], Platform]] = set()
    found: set[tuple[int, ...]] = set()
    for entry in entries:
        if entry.platform is not None:
            key = entry.path[:-1], entry.platform.normalised()
            if key in seen:
                found.add(entry.path)
            seen.add(key)
    return found
