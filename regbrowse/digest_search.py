"""Find what a digest is in an image: the search of both fronts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from regbrowse.concurrency import for_each
from regbrowse.errors import BadResponse, Integrity, NotFound, Offline, TooLarge, Unsupported
from regbrowse.oci.attached import kind_of, says_enough
from regbrowse.oci.identify import (
    MANIFESTS,
    OTHER,
    REFERRER,
    Spot,
    in_config,
    in_manifest,
    itself,
    platform_names,
    told,
)
from regbrowse.oci.index_walk import Entry, walk
from regbrowse.oci.manifest import Image, Index, Manifest
from regbrowse.reference import Reference
from regbrowse.text import plural, visible

if TYPE_CHECKING:
    from regbrowse.browser import Browser
    from regbrowse.oci.descriptor import Descriptor
    from regbrowse.reference import Digest, Repository

MOST = 500
"""Documents that are read at most."""
SUBJECTS = 50
"""Manifests whose attachments are asked for at most."""
_SKIPPED = (NotFound, Integrity, BadResponse, TooLarge, Unsupported, Offline)
"""What is wrong with one document says nothing of the next."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A manifest below the root, for which platform it is, and what it is about."""

    manifest: Manifest
    platform: str = ""
    about: Digest | None = None


@dataclass(slots=True)
class DigestSearch:
    """Looks where it is cheapest first, and ends with the first place that knows the digest."""

    browser: Browser
    repository: Repository
    wanted: Digest
    looked: int = 0
    """Documents that were read."""
    unread: int = 0
    """Documents that could not be read."""
    left_out: bool = False
    """Whether there are more than MOST."""
    _begun: int = 1
    _seen: set[Digest] = field(default_factory=set)

    async def find(self, reference: Reference) -> list[Spot]:
        """Every place in the first of: the root, the manifests below it, their configs, what is attached, the rest."""
        root = await self.browser.open(reference)
        self.looked, self._seen = 0, set()
        found, manifests = await self._in_root(root)
        return found or await self._referrers(manifests) or await self._elsewhere()

    async def what(self, reference: Reference) -> tuple[bool, str]:
        """Say what the digest is, and whether it can be opened as a manifest."""
        spots = await self.find(reference)
        if not spots:
            return False, self.nowhere(reference)
        return any(spot.what in MANIFESTS for spot in spots), told(spots[0], visible(reference.familiar, 1024))

    async def blob_size(self) -> int | None:
        """Ask by HEAD whether the repository holds a blob of this digest; None where it does not."""
        from regbrowse.oci.descriptor import Descriptor

        try:
            return await self.browser.client.uncached(self.repository).blob_size(Descriptor("", self.wanted, None))
        except _SKIPPED:
            return None

    async def in_tags(self, tags: Sequence[str], told: Callable[[int], None]) -> tuple[str, Spot] | None:
        """Find the first of these tags that leads to the digest: by its manifest, its images or their configs.

        `told` is called with the number of each tag, from 1. What was read before is not read again; at most MOST
        documents are read.
        """
        for number, tag in enumerate(tags, 1):
            told(number)
            try:
                digest = await self.browser.digest_of(Reference(self.repository, tag))
                if digest == self.wanted or digest not in self._seen:
                    if not self._may_read():
                        return None
                    root = await self.browser.open(Reference(self.repository, tag))
                    found, _ = await self._in_root(root)
                    if found:
                        return tag, found[0]
            except _SKIPPED:
                self.unread += 1
        return None

    async def _in_root(self, root: Manifest) -> tuple[list[Spot], list[_Read]]:
        """Look in a manifest, in those below it and in the configs of the images; give also what was read."""
        self._seen.add(root.digest)
        self.looked += 1
        read = [_Read(root)]
        found = [itself(root)] if root.digest == self.wanted else in_manifest(root, self.wanted)
        if found:
            return found, read
        below = await self._below(root)
        found = [spot for each in below for spot in in_manifest(each.manifest, self.wanted, each.platform, each.about)]
        read += below
        return found or await self._configs(read), read

    def nowhere(self, reference: Reference) -> str:
        """What to say when nothing was found."""
        looked = f"{'only ' if self.left_out else ''}{plural(self.looked, 'document')} looked at"
        if self.unread:
            looked += f", {self.unread:,} could not be read"
        return f"{self.wanted} is nowhere in {visible(reference.familiar, 1024)} ({looked})."

    async def _below(self, root: Manifest) -> list[_Read]:
        """The manifests that an index names, level by level, in its order."""
        if not isinstance(root, Index):
            return []
        manifests: dict[Digest, Manifest] = {}
        platforms: dict[Digest, str] = {}
        out: list[_Read] = []

        async def read(entry: Entry) -> None:
            digest = entry.digest
            if digest is None or entry.refusal or digest in self._seen or not self._may_read():
                return
            self._seen.add(digest)
            try:
                manifests[digest] = await self.browser.child(self.repository, entry.descriptor)
            except _SKIPPED:
                self.unread += 1
                return
            self.looked += 1

        for level in walk(root, manifests):
            unread = (each.digest for each in level if not each.refusal and each.digest not in self._seen)
            await self.browser.expect_reads(self.repository, [digest for digest in unread if digest][:MOST])
            await for_each(read, level)
            for entry in level:
                if entry.digest not in manifests or entry.digest in platforms:
                    continue
                named = platform_names(entry.parent, entry.subject or entry.digest)
                platforms[entry.digest] = named or platforms.get(entry.parent.digest, "")
                out.append(_Read(manifests[entry.digest], platforms[entry.digest], entry.subject))
        return out

    def _may_read(self) -> bool:
        """Whether one more document may be asked for; it counts from now on."""
        if self._begun >= MOST:
            self.left_out = True
            return False
        self._begun += 1
        return True

    async def _configs(self, manifests: Sequence[_Read]) -> list[Spot]:
        found: list[Spot] = []

        async def read(each: _Read) -> None:
            image = each.manifest
            if not isinstance(image, Image) or image.config.digest is None or not self._may_read():
                return
            try:
                config = await self.browser.config(self.repository, image)
            except _SKIPPED:
                self.unread += 1
                return
            self.looked += 1
            found.extend(in_config(image, config, self.wanted, each.platform))

        await for_each(read, manifests)
        return found

    async def _referrers(self, manifests: Sequence[_Read]) -> list[Spot]:
        """What hangs on the root or on an image of it."""
        found: list[Spot] = []

        async def ask(each: _Read) -> None:
            subject = each.manifest
            if each.about is not None:
                return
            answer = await self.browser.client.referrers(self.repository, subject.digest)
            for one in answer.entries:
                if one.descriptor.digest == self.wanted:
                    kind = await self._kind(one.descriptor)
                    found.append(Spot(REFERRER, self.wanted, kind, each.platform, None, subject.digest))

        await for_each(ask, manifests[:SUBJECTS])
        return found

    async def _kind(self, descriptor: Descriptor) -> str:
        """What is attached, from the manifest where its descriptor does not tell."""
        if says_enough(descriptor):
            return kind_of(descriptor)
        try:
            return kind_of(descriptor, await self.browser.child(self.repository, descriptor))
        except _SKIPPED:
            return kind_of(descriptor)

    async def _elsewhere(self) -> list[Spot]:
        """A manifest of the repository that does not belong to the image."""
        try:
            manifest = await self.browser.open(Reference(self.repository, digest=self.wanted))
        except _SKIPPED:
            return []
        return [replace(itself(manifest), what=OTHER)]
