"""Which of the images behind a reference is meant, and a word on stderr where that is not plain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from regbrowse.cli.context import CommandContext
from regbrowse.cli.diagnostics import note
from regbrowse.cli.wish import Wish, same, wish_of
from regbrowse.errors import NotFound, RegbrowseError
from regbrowse.oci import attestation, mediatype
from regbrowse.oci.config import CONFIG_LIMIT, parse_config
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Artifact, Image, Index, Manifest, Schema1
from regbrowse.oci.platform import Platform, choose
from regbrowse.reference import Digest, Reference
from regbrowse.tree import MAX_DEPTH, platforms

UNSAID = 16
"""Images of one index that are opened because the index does not say what they are for."""
_INDEXES = 64
"""Indexes within others that are opened to find one platform."""
_LISTED = 40
"""Platforms that a sentence lists at most."""
_SAID = 5
"""Anomalies of one manifest that are told."""


class Chosen(NamedTuple):
    """One manifest, no index, and what led to it."""

    reference: Reference
    manifest: Manifest
    descriptor: Descriptor | None = None
    """What the index says of it; None when the reference names it itself."""


async def chosen(context: CommandContext) -> Chosen:
    """The manifest for the wanted platform, asking for no more than it takes.

    Raises BadReference, RegistryError; NotFound lists the platforms that there are.
    """
    reference = context.reference
    wish = wish_of(context.arguments, context.browser.platform)
    root = await context.browser.open(reference)
    if isinstance(root, Index):
        tell_anomalies(root)
        found = await _Search(context, reference, wish).inside(root)
    else:
        await check_single(context, reference, root, wish)
        found = Chosen(reference, root)
    tell_anomalies(found.manifest)
    return found


async def check_single(context: CommandContext, reference: Reference, manifest: Manifest, wish: Wish) -> None:
    """Says, or raises NotFound, when what the reference names is for another platform."""
    if isinstance(manifest, Artifact):
        if wish.asked:
            note(f"{reference.familiar} is no image but this: {manifest.kind}. It has no platform to choose.")
        return
    if reference.digest is not None and not wish.asked:
        return
    try:
        platform = await platform_of(context, manifest)
    except RegbrowseError:
        if wish.asked:
            raise
        return
    if platform is None or not platform.known:
        if wish.asked:
            note(f"{reference.familiar} does not say what platform it is for; it was taken.")
    elif not wish.fits(platform):
        if wish.asked:
            raise NotFound(
                f"{reference.familiar} is a single image for {platform}, not for {wish.platform}.",
                hint="Ask without a platform to get it.",
            )
        note(f"{reference.familiar} is a single image for {platform}, not for {wish.platform}; it was taken.")


async def platform_of(context: CommandContext, manifest: Manifest) -> Platform | None:
    """What an image says it runs on; None for what is no image. Raises RegistryError."""
    if isinstance(manifest, Schema1):
        known = manifest.config.platform if manifest.config else None
        return known if known and known.known else Platform("linux", manifest.architecture)
    if not isinstance(manifest, Image):
        return None
    raw, _ = await context.browser.content(context.repository, manifest.config, everything=True)
    return parse_config(raw, limit=CONFIG_LIMIT).platform


def unsaid(index: Index) -> list[Descriptor]:
    """The children that may be images, although the index does not say for which platform."""
    said = {id(each) for each in platforms(index)}
    return [
        each
        for each in index.manifests
        if id(each) not in said
        and each.digest is not None
        and not (each.platform is not None and each.platform.known)
        and not each.artifact_type
        and each.media_type not in mediatype.INDEXES
        and not attestation.is_attestation(each)
    ][:UNSAID]


def nested(index: Index) -> list[Descriptor]:
    """The children that are indexes."""
    return [each for each in index.manifests if each.media_type in mediatype.INDEXES and each.digest is not None]


async def child_of(context: CommandContext, descriptor: Descriptor) -> Manifest:
    """A child of an index; NotFound says that the registry does not hold what it lists."""
    try:
        return await context.browser.child(context.repository, descriptor)
    except NotFound as error:
        what = descriptor.platform if descriptor.platform and descriptor.platform.known else descriptor.digest
        why = f"{what} is listed, but this registry does not hold it."
        raise NotFound(why, evidence=error.evidence, hint='"platforms" tells which of them are there.') from None


def tell_anomalies(manifest: Manifest) -> None:
    """What is strange about a manifest, a line each."""
    for sentence in manifest.anomalies[:_SAID]:
        note(f"{manifest.digest.short}: {sentence}")
    if len(manifest.anomalies) > _SAID:
        note(f"{manifest.digest.short}: {len(manifest.anomalies) - _SAID:,} more things are strange.")


@dataclass(slots=True)
class _Search:
    """Looks for one platform in an index and those within it, level by level."""

    context: CommandContext
    reference: Reference
    wish: Wish
    offered: list[Platform] = field(default_factory=list)
    seen: set[Digest] = field(default_factory=set)
    silent: list[tuple[Descriptor, Manifest]] = field(default_factory=list)
    """Images that do not say what they are for."""

    async def inside(self, index: Index) -> Chosen:
        """Raises NotFound."""
        level, depth = [index], 0
        self.seen.add(index.digest)
        while level and depth <= MAX_DEPTH:
            found = await self._on_one_level(level)
            if found is not None:
                return found
            depth += 1
            level = [inner for each in level for inner in await self._below(each)]
        if not self.offered and len(self.silent) == 1 and not self.wish.asked:
            descriptor, manifest = self.silent[0]
            note(f"{self.reference.familiar} does not say what platform its only image is for; it was taken.")
            return Chosen(self.reference, manifest, descriptor)
        raise self._nothing()

    async def _on_one_level(self, level: Sequence[Index]) -> Chosen | None:
        said = [each for index in level for each in platforms(index)]
        names = [each.platform for each in said if each.platform]
        self.offered += names
        at = choose(names, self.wish.platform)
        if at is not None:
            manifest = await child_of(self.context, said[at])
            if isinstance(manifest, Index):  # it is not what its descriptor says
                return await self._on_one_level([manifest]) if self._new(manifest) else None
            self._tell(names, at, said)
            return Chosen(self.reference, manifest, said[at])
        return await self._among_unsaid([each for index in level for each in unsaid(index)])

    async def _among_unsaid(self, descriptors: Sequence[Descriptor]) -> Chosen | None:
        """By their configs."""
        found: list[tuple[Descriptor, Manifest]] = []
        names: list[Platform] = []
        for descriptor in descriptors:
            try:
                manifest = await child_of(self.context, descriptor)
            except NotFound as error:
                note(str(error))
                continue
            if not isinstance(manifest, Image):
                continue
            platform = await platform_of(self.context, manifest)
            if platform is None or not platform.known:
                self.silent.append((descriptor, manifest))
                continue
            found.append((descriptor, manifest))
            names.append(platform)
        self.offered += names
        at = choose(names, self.wish.platform)
        if at is None:
            return None
        self._tell(names, at, [descriptor for descriptor, _ in found])
        return Chosen(self.reference, found[at][1], found[at][0])

    async def _below(self, index: Index) -> list[Index]:
        inner: list[Index] = []
        for descriptor in nested(index):
            if descriptor.digest in self.seen or len(self.seen) > _INDEXES:
                continue
            try:
                manifest = await child_of(self.context, descriptor)
            except NotFound as error:
                note(str(error))
                continue
            if isinstance(manifest, Index) and self._new(manifest):
                inner.append(manifest)
        return inner

    def _new(self, index: Index) -> bool:
        """Whether it is worth looking into; it counts as seen from now on."""
        new = index.digest not in self.seen and len(self.seen) <= _INDEXES
        self.seen.add(index.digest)
        return new

    def _tell(self, names: Sequence[Platform], at: int, descriptors: Sequence[Descriptor]) -> None:
        """Which of several was taken, and why; nothing when it was the only one and the very one."""
        taken, digest = names[at], descriptors[at].digest
        others = [each for i, each in enumerate(names) if i != at and self.wish.fits(each)]
        twins = [each for each in others if same(each, taken) and each.os_version == taken.os_version]
        rest = [each for each in others if each not in twins]
        wanted, versions = self.wish.platform, [each for each in rest if same(each, taken)]
        exact = self.wish.met_by(taken)
        missing = "" if exact else f"There is no {wanted}; {taken} runs there too"
        if twins:
            spelled = list(dict.fromkeys(str(each) for each in (taken, *twins)))
            many = f"{taken} is listed {len(twins) + 1} times"
            if len(spelled) > 1:
                many = f"{' and '.join(spelled)} are the same"
            before = f"{missing}. " if missing else ""
            note(f"{before}{many}; the first was taken, as other tools do: {digest}")
        elif missing:
            highest = f", the highest variant of {len(rest) + 1} that do" if rest else ""
            note(f"{missing}{highest}. It was taken: {digest}")
        elif versions and not wanted.os_version:
            many = f"{len(versions) + 1} versions of {taken.os}/{taken.architecture}"
            note(f"There are {many}; the first was taken: {taken}, {digest}")
        elif rest:
            listed = ", ".join(dict.fromkeys(str(each) for each in rest[:_SAID]))
            why = "as asked for" if self.wish.asked else "the closest to this machine"
            note(f"{taken} was taken, {why}: {digest}; {listed} would run there too.")

    def _nothing(self) -> NotFound:
        names = list(dict.fromkeys(each.typed for each in self.offered))
        why = f"{self.reference.familiar} has no image for {self.wish.platform}."
        if not names:
            return NotFound(f"{why} Its list names no platform.", hint='See it with "manifestlist".')
        more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
        step = "" if self.wish.asked else "Choose one with --platform."
        return NotFound(f"{why} Available: {', '.join(names[:_LISTED])}{more}.", hint=step)
