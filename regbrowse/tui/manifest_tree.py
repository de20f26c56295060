"""The rows of the manifests pane: index, platforms, nested indexes, attestations under what they describe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.errors import Integrity, NotFound, RegbrowseError, RegistryError
from regbrowse.oci import attestation, mediatype
from regbrowse.oci.attached import documents_of, is_signed, label_and_note
from regbrowse.oci.decode.values import NOT_VERIFIED
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.index_walk import Entry, Kind, classify, repeated, walk
from regbrowse.oci.lint import Finding, lint_entry, lint_index, lint_root
from regbrowse.oci.manifest import Artifact, Image, Index, Manifest, Schema1, blobs_of
from regbrowse.reference import Digest
from regbrowse.text import exact, plural

if TYPE_CHECKING:
    from regbrowse.attachments import Attachment, Attachments
    from regbrowse.oci.config import Config

VERIFIED, CLAIMED, MISMATCH, MISSING = "✓", "·", "×", "!"
ROOT, BRANCH, REFERRERS = "root", "attach", "referrers"
MANY = 50
"""Attachments of one manifest above which they start folded."""
REPEATED = "again: the first one is pulled"

Outcome = Manifest | RegbrowseError


class Node(NamedTuple):
    """One row."""

    key: str
    """Names the row in its tree; stays the same when details come."""
    level: int
    kind: str
    """`index` `image` `attest` `sig` `other`, in the words of the status line."""
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
    attachment: Attachment | None = None
    """What hangs on a manifest and is no part of it."""
    findings: tuple[Finding, ...] = ()
    """What is wrong with it, as far as what was read tells."""

    @property
    def is_root(self) -> bool:
        return self.key == ROOT

    @property
    def is_branch(self) -> bool:
        """Whether the row only holds others, which are attached to what is above it."""
        return self.kind == BRANCH

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
    attached: dict[Digest, Attachments] = field(default_factory=dict)
    """What was found to be attached to the root and its children."""
    configs: dict[Digest, Config] = field(default_factory=dict)
    """The configs that were read, by the digest of their manifest."""
    created: dict[Digest, str] = field(default_factory=dict)
    """When images were made, in words, by the digest of their manifest; known once their config was read."""
    unfolded: set[str] = field(default_factory=set)
    """Keys of rows that were opened by hand; the root and nested indexes start open."""
    folded: set[str] = field(default_factory=set)
    _indexes: frozenset[Digest] | None = None
    """Which of the children were indexes at the last walk; None before it."""
    _entries: list[Entry] = field(default_factory=list)
    """What that walk found, in the order of the rows."""
    _by_itself: dict[Digest, dict[tuple[int, ...], tuple[Finding, ...]]] = field(default_factory=dict)
    """What is wrong with the entries of an index by its own words: digest of the index -> position of the entry."""
    _judged: dict[tuple[int, ...], tuple[Outcome | None, Config | None, tuple[Finding, ...]]] = field(
        default_factory=dict
    )
    """What is wrong with an entry by what was read of it, and what that was; the path of the root is empty."""
    _repeated: set[tuple[int, ...]] = field(default_factory=set)
    """The paths of images for a platform that is listed before."""

    def matching(self, text: str) -> tuple[list[Node], int, int]:
        """Give the rows that hold a text, folded or not, with those above them; how many hold it, and of how many."""
        kept: list[Node] = []
        count, below = 0, 0
        rows = self.rows(unfold=True)
        for node in reversed(rows):
            found = text.lower() in f"{node.label} {node.note} {node.digest or ''}".lower()
            count += found
            if found or node.level < below:
                kept.append(node._replace(is_open=node.level < below))
                below = node.level
        return kept[::-1], count, len(rows)

    def rows(self, *, unfold: bool = False) -> list[Node]:
        """Give the visible rows, the root first; with `unfold` also those within rows that are folded."""
        root = self.root
        words = f"{mediatype.plain(root.media_type)}, {exact(len(root.raw))}"
        kind = row_kind(root)
        note = f"{root.kind}, {words}" if isinstance(root, Artifact) else words
        is_open = unfold or ROOT not in self.folded
        has_children = isinstance(root, Index) and bool(root.manifests)
        node = Node(
            ROOT, 0, kind, _root_label(root), note, _total(root), mark_of(root), root.digest,
            folds=has_children, is_open=is_open and has_children, findings=self._root_findings(),
        )  # fmt: skip
        below = self._below(unfold) if is_open else ()
        return [node, *below, *self._attached(root.digest, REFERRERS, 0, unfold)]

    def _below(self, unfold: bool) -> Iterator[Node]:
        closed: str | None = None
        for entry in self._walk():
            key = _key(entry)
            if entry.is_attached or (closed and key.startswith(closed)):
                continue
            if entry.kind is Kind.INDEX:
                node = self._nested(entry, key, unfold)
                closed = None if node.is_open else f"{key}/"
                yield node
            else:
                yield from self._platform(entry, key, unfold)

    def _walk(self) -> list[Entry]:
        """Every entry of the index and of those within it that are read, in the order of the rows."""
        indexes = frozenset(digest for digest, outcome in self.children.items() if isinstance(outcome, Index))
        if isinstance(self.root, Index) and self._indexes != indexes:
            levels = walk(self.root, self.children)
            self._entries = sorted(chain.from_iterable(levels), key=lambda entry: entry.path)
            self._indexes, self._repeated = indexes, repeated(self._entries)
        return self._entries

    def _outcome(self, descriptor: Descriptor) -> Outcome | None:
        return self.children.get(descriptor.digest) if descriptor.digest else None

    def _nested(self, entry: Entry, key: str, unfold: bool) -> Node:
        outcome = self._outcome(entry.descriptor)
        inner = outcome if isinstance(outcome, Index) and not entry.refusal else None
        note = entry.refusal or _problem(outcome) or _title(entry.descriptor)
        if inner is not None and not note:
            count = sum(classify(each) is Kind.IMAGE for each in inner.manifests)
            note = f"nested, {plural(count, 'platform')}"
        return Node(
            key, len(entry.path), "index", "index", note, None, mark_of(outcome), entry.digest, entry.descriptor,
            folds=inner is not None, is_open=inner is not None and (unfold or key not in self.folded),
            missing=isinstance(outcome, NotFound), findings=self._findings(entry),
        )  # fmt: skip

    def _platform(self, entry: Entry, key: str, unfold: bool) -> Iterator[Node]:
        descriptor, level, about = entry.descriptor, len(entry.path), entry.attestations
        outcome = self._outcome(descriptor)
        statements = [node for each in about for node in self._statements(each, key, level + 1)]
        unread = any(each.digest not in self.children for each in about)
        attached = len(self.attached[descriptor.digest].entries) if descriptor.digest in self.attached else 0
        folds = bool(about) or attached > 0
        is_open = (unfold or key in self.unfolded) and folds
        note = _problem(outcome) or (REPEATED if entry.path in self._repeated else "")
        if not note and not descriptor.platform:
            note = _title(descriptor)
        if not note and folds and not is_open:
            # One manifest holds several statements.
            noun = "attestation manifest" if unread else "attestation"
            told = [plural(len(about) if unread else len(statements), noun)] if about else []
            note = ", ".join(told + ([plural(attached, "referrer")] if attached else []))
        kind, label = _child_label(entry, outcome)
        size = _total(outcome) if isinstance(outcome, Manifest) else None
        yield Node(
            key, level, kind, label, note, size, mark_of(outcome), descriptor.digest, descriptor,
            folds=folds, is_open=is_open, missing=isinstance(outcome, NotFound), findings=self._findings(entry),
        )  # fmt: skip
        if is_open:
            yield from statements
            if descriptor.digest is not None:
                yield from self._attached(descriptor.digest, f"{key}/{REFERRERS}", level + 1, unfold)

    def _attached(self, subject: Digest, key: str, level: int, unfold: bool) -> Iterator[Node]:
        """Give the branch of what is attached to a manifest; nothing where nothing is."""
        entries = self.attached[subject].entries if subject in self.attached else ()
        if not entries:
            return
        is_open = unfold or (key in self.unfolded if len(entries) > MANY else key not in self.folded)
        note = f"{len(entries):,}, {NOT_VERIFIED}"
        yield Node(key, level, BRANCH, REFERRERS, note, folds=True, is_open=is_open, parent=None)
        if is_open:
            for entry in entries:
                yield self._attachment(entry, subject, f"{key}/{entry.descriptor.digest}", level + 1)

    def _attachment(self, entry: Attachment, subject: Digest, key: str, level: int) -> Node:
        outcome = self._outcome(entry.descriptor) or entry.manifest
        manifest = outcome if isinstance(outcome, Manifest) else None
        kind = replace(entry, manifest=manifest).kind
        label, note = label_and_note(kind)
        if not note and entry.descriptor.artifact_type != label:
            note = entry.descriptor.artifact_type
        mark = mark_of(outcome)
        if manifest is not None and (documents := documents_of(manifest)) and documents[0].digest in self.statements:
            statement = self.statements[documents[0].digest]
            note = statement.note or note
            if wrong := statement.about_another(subject):
                note, mark = wrong, MISMATCH
        weighs = _total(manifest) if manifest is not None else None
        return Node(
            key, level, "sig" if is_signed(kind) else "attest", label, _problem(outcome) or note,
            weighs if weighs is not None else entry.descriptor.size, mark, entry.descriptor.digest, entry.descriptor,
            missing=isinstance(outcome, NotFound), attachment=entry,
        )  # fmt: skip

    def subject_of(self, node: Node) -> Digest | None:
        """Give the manifest to which what a branch holds is attached; of any other row its own."""
        if not node.is_branch:
            return node.digest
        above = node.key.removesuffix(REFERRERS).removesuffix("/")
        if not above:
            return self.root.digest
        return next((entry.digest for entry in self._walk() if _key(entry) == above), None)

    def subjects(self, rows: list[Node], current: Node | None) -> list[Digest]:
        """Give the manifests of which it is not known what is attached: the root, and platforms that are looked at."""
        wanted = [node for node in rows if node.is_platform and (node.is_open or node is current) and not node.missing]
        digests = dict.fromkeys([self.root.digest, *(node.digest for node in wanted if node.digest)])
        return [digest for digest in digests if digest not in self.attached]

    def _root_findings(self) -> tuple[Finding, ...]:
        config = self.configs.get(self.root.digest)
        return self._judge(
            (), self.root, config, lambda: (each for each in lint_root(self.root, config) if not each.path)
        )

    def _findings(self, entry: Entry) -> tuple[Finding, ...]:
        """Say what is wrong with an entry; nothing is asked for that."""
        parent = entry.parent.digest
        if parent not in self._by_itself:
            found: dict[tuple[int, ...], tuple[Finding, ...]] = {}
            for finding in lint_index(entry.parent, entry.path[:-1]):
                found[finding.path] = (*found.get(finding.path, ()), finding)
            self._by_itself[parent] = found
        outcome = self._outcome(entry.descriptor)
        config = self.configs.get(entry.digest) if entry.digest else None
        found_in_it = self._judge(entry.path, outcome, config, lambda: lint_entry(entry, outcome, config))
        return (*self._by_itself[parent].get(entry.path, ()), *found_in_it)

    def _judge(
        self,
        path: tuple[int, ...],
        outcome: Outcome | None,
        config: Config | None,
        judge: Callable[[], Iterable[Finding]],
    ) -> tuple[Finding, ...]:
        """Give what is wrong by what was read; it is judged anew only when something else was read."""
        before = self._judged.get(path)
        if before is None or before[0] is not outcome or before[1] is not config:
            before = self._judged[path] = outcome, config, tuple(judge())
        return before[2]

    def _statements(self, descriptor: Descriptor, prefix: str, level: int) -> Iterator[Node]:
        outcome = self._outcome(descriptor)
        key = f"{prefix}/{descriptor.digest}"
        if not isinstance(outcome, Artifact | Image):
            yield Node(
                key, level, "attest", "attestation", _problem(outcome), None, mark_of(outcome), descriptor.digest,
                descriptor, missing=isinstance(outcome, NotFound),
            )  # fmt: skip
            return
        for position, blob in enumerate(blobs_of(outcome)):
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
        out: dict[Digest, Descriptor] = {}
        shown: dict[Digest, bool] = {}
        for node in rows:
            if node.descriptor and node.digest and not node.parent and node.attachment is None:
                out[node.digest] = node.descriptor
            if node.digest:
                shown[node.digest] = node.is_open
        for entry in self._walk():
            if entry.attestations and entry.digest in shown and (shown[entry.digest] or not frugal):
                out |= {each.digest: each for each in entry.attestations if each.digest}
        return [descriptor for digest, descriptor in out.items() if digest not in self.children]

    def unfold(self, node: Node) -> None:
        """Unfold everything that a row is in."""
        parts = node.key.split("/")
        above = {"/".join(parts[:count]) for count in range(1, len(parts))}
        self.folded -= {ROOT, *above}
        self.unfolded |= above

    def toggle(self, node: Node) -> None:
        """Folds or opens a row."""
        if node.is_branch:
            opened, closed = (self.folded, self.unfolded) if node.is_open else (self.unfolded, self.folded)
            opened.add(node.key)
            closed.discard(node.key)
        elif node.kind == "index":
            self.folded ^= {node.key}
        elif node.folds:
            self.unfolded ^= {node.key}

    def manifest(self, digest: Digest) -> Manifest | None:
        """A manifest that was read, root or child."""
        if digest == self.root.digest:
            return self.root
        outcome = self.children.get(digest)
        return outcome if isinstance(outcome, Manifest) else None

    def counts(self) -> tuple[int, int]:
        """How many platforms there are, and how many of them are known to be missing."""
        found = [each.descriptor for each in self._walk() if each.kind is Kind.IMAGE]
        return len(found), sum(isinstance(self._outcome(each), NotFound) for each in found)


def _key(entry: Entry) -> str:
    return "".join(f"/{position}" for position in entry.path)


def row_kind(manifest: Manifest) -> str:
    """Give the word that stands before a manifest in the status line."""
    if isinstance(manifest, Index):
        return "index"
    return "image" if isinstance(manifest, Image | Schema1) else "other"


def _root_label(manifest: Manifest) -> str:
    if isinstance(manifest, Index):
        return "index"
    if isinstance(manifest, Image | Schema1):
        return "image"
    return "artifact" if isinstance(manifest, Artifact) else "document"


def _child_label(entry: Entry, outcome: Outcome | None) -> tuple[str, str]:
    descriptor = entry.descriptor
    match entry.kind:
        case Kind.LAZY:
            return "other", mediatype.plain(mediatype.SOCI_INDEX)
        case Kind.IMAGE:
            return "image", str(descriptor.platform)
        case _ if isinstance(outcome, Artifact):
            return "other", outcome.kind
        case Kind.ATTESTATION:
            return "attest", "attestation"
        case Kind.ARTIFACT:
            return "other", mediatype.plain(descriptor.artifact_type)
        case _:
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


def mark_of(outcome: Outcome | None) -> str:
    if isinstance(outcome, Manifest):
        if outcome.reported is not None:
            return MISMATCH
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
