"""Find what is attached to a manifest, wherever it hangs, and what it says: for both fronts. Nothing is verified."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.concurrency import for_each
from regbrowse.errors import RateLimited, RegbrowseError
from regbrowse.oci.attached import by_tag, documents_of, is_signed, kind_of, says_enough
from regbrowse.oci.attestation import is_attestation
from regbrowse.oci.document import AUTOMATIC
from regbrowse.oci.identify import platform_names
from regbrowse.oci.index_walk import Kind, entries
from regbrowse.registry.referrers.finder import belongs

if TYPE_CHECKING:
    from regbrowse.browser import Browser
    from regbrowse.oci.decode.values import Decoded
    from regbrowse.oci.descriptor import Descriptor
    from regbrowse.oci.manifest import Index, Manifest
    from regbrowse.reference import Digest, Repository

IN_INDEX = "index"
DECODED_LIMIT = 200
"""Documents that are decoded of everything that is attached to an image."""
DECODED_BYTES = 256 * 2**20
"""Bytes of these documents in all."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """One thing that is attached."""

    descriptor: Descriptor
    subject: Digest | None
    platform: str = ""
    """Of the subject; empty for an index."""
    found_by: tuple[str, ...] = ()
    tag: str = ""
    manifest: Manifest | None = None
    """None until it was read."""

    @property
    def kind(self) -> str:
        """Say what it is, as descriptor and manifest claim; where they are silent, as its tag does."""
        return by_tag(self.tag) or "attachment" if self._is_dark else kind_of(self.descriptor, self.manifest)

    @property
    def _is_dark(self) -> bool:
        return self.manifest is None and not says_enough(self.descriptor)

    @property
    def is_signature(self) -> bool:
        return is_signed(self.kind)


class Attachments(NamedTuple):
    """What hangs on one manifest."""

    entries: tuple[Attachment, ...] = ()
    places: int = 0
    """How many places were looked at."""
    notes: tuple[str, ...] = ()
    """What could not be asked or was left out, one sentence each."""


class Document(NamedTuple):
    """One document of an attachment: what it says, or why it cannot be read."""

    descriptor: Descriptor
    outcome: Decoded | RegbrowseError


@dataclass(slots=True)
class AttachmentSearch:
    """Everything that hangs on an image, and how many places were looked at."""

    browser: Browser
    repository: Repository
    background: bool = False
    """Whether it stands back behind what somebody waits for."""
    entries: list[Attachment] = field(default_factory=list)
    places: int = 0
    notes: dict[str, None] = field(default_factory=dict)
    _limited: bool = False

    @property
    def found(self) -> Attachments:
        """What was found so far."""
        return Attachments(tuple(self.entries), self.places, tuple(self.notes))

    async def ask(self, subject: Digest, platform: str = "") -> None:
        """Look for what says of itself that it is about this manifest, and for what cosign's tags hold."""
        found = await self.browser.client.referrers(self.repository, subject, background=self.background)
        self.places += found.places
        if found.note:
            self.notes[found.note] = None
        self.entries += [Attachment(one.descriptor, subject, platform, one.found_by, one.tag) for one in found.entries]

    def look_into(self, index: Index, only: Digest | None) -> None:
        """Add the attestations that an index lists; `only` those of one image."""
        self.places += 1
        for entry in entries(index):
            if entry.kind is Kind.ATTESTATION and entry.digest is not None and only in (None, entry.subject):
                platform = platform_names(index, entry.subject)
                self.entries.append(Attachment(entry.descriptor, entry.subject, platform, (IN_INDEX,)))

    async def read(self, *, everything: bool = False) -> None:
        """Open what does not tell its kind, or everything; what cannot be opened stays an attachment.

        What turns out to be about another manifest is left out.
        """
        wanted = [at for at, each in enumerate(self.entries) if everything or _needs_reading(each.descriptor)]
        if not await self._may_read(wanted):
            return
        await for_each(self._read, wanted)
        self.entries = [
            each
            for each in self.entries
            if each.manifest is None or each.subject is None or belongs(each.manifest, each.subject)
        ]

    async def _may_read(self, wanted: list[int]) -> bool:
        """Tell whether reading is worth its pulls; what nobody waits for is not. Raises CostRefused."""
        digests = [digest for at in wanted if (digest := self.entries[at].descriptor.digest) is not None]
        if not self.background:
            await self.browser.expect_reads(self.repository, digests)
            return True
        cost = await self.browser.rate_cost(self.repository, digests)
        if cost is not None:
            self.notes[f"They were not read: {cost.sentence[0].lower()}{cost.sentence[1:]}"] = None
        return cost is None

    async def _read(self, at: int) -> None:
        entry = self.entries[at]
        if self._limited or self.browser.client.limits.is_low(self.repository.registry):
            return
        try:
            manifest = await self.browser.child(self.repository, entry.descriptor, background=self.background)
            self.entries[at] = replace(entry, manifest=manifest)
        except RateLimited:
            self._limited = True
        except RegbrowseError as error:
            self.notes[str(error)] = None

    async def decode(self) -> dict[Digest, list[Document]]:
        """Read the documents of all attachments whose manifest was read, by the digest of that manifest."""
        found: dict[Digest, list[Document]] = {}
        work: list[tuple[Digest, int, Descriptor]] = []
        for entry in self.entries:
            if entry.manifest is None or entry.manifest.digest in found:
                continue
            blobs = documents_of(entry.manifest)
            found[entry.manifest.digest] = []
            work += [(entry.manifest.digest, at, blob) for at, blob in enumerate(blobs)]
        taken = _within_bounds([blob for _, _, blob in work])
        if taken < len(work):
            self.notes[f"Only the first {taken:,} of {len(work):,} documents were decoded."] = None
        done: dict[tuple[Digest, int], Document] = {}

        async def one(item: tuple[Digest, int, Descriptor]) -> None:
            digest, at, blob = item
            done[digest, at] = Document(blob, await self._decoded(blob))

        await for_each(one, work[:taken])
        for digest, at in sorted(done, key=lambda key: key[1]):
            found[digest].append(done[digest, at])
        return found

    async def _decoded(self, blob: Descriptor) -> Decoded | RegbrowseError:
        from regbrowse.oci.decode.document import decode

        try:
            raw, _ = await self.browser.content(self.repository, blob, everything=True)
            return await asyncio.to_thread(decode, raw, blob.media_type, blob.annotations)
        except RegbrowseError as error:
            return error


def _within_bounds(blobs: list[Descriptor]) -> int:
    """Count the documents that are read, from the first."""
    room = DECODED_BYTES
    for at, blob in enumerate(blobs[:DECODED_LIMIT]):
        room -= AUTOMATIC if blob.size is None else blob.size
        if room < 0:
            return at
    return min(len(blobs), DECODED_LIMIT)


def _needs_reading(descriptor: Descriptor) -> bool:
    return is_attestation(descriptor) or not says_enough(descriptor)
