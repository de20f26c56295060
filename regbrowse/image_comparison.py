"""Compare what two references name: opens both, and reads no more of them than it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from regbrowse.concurrency import for_each
from regbrowse.errors import BadResponse, NotFound, RegbrowseError, TooLarge
from regbrowse.oci.comparison import (
    Change,
    ImageComparison,
    ImageSide,
    ListedImage,
    PlatformPair,
    PullCost,
    compare_images,
    pair_platforms,
    pull_cost,
)
from regbrowse.oci.index_walk import Kind, images, to_open, walk
from regbrowse.oci.manifest import Artifact, Image, Index, Manifest, Schema1, blobs_of
from regbrowse.oci.platform_selection import PlatformRequest
from regbrowse.platform_search import read_listed, read_platform, select_platform

if TYPE_CHECKING:
    from regbrowse.browser import Browser
    from regbrowse.oci.config import Config
    from regbrowse.oci.descriptor import Descriptor
    from regbrowse.oci.platform import Platform
    from regbrowse.reference import Digest, Reference, Registry, Repository

_OFFERED = 20
"""Platforms that a sentence lists at most."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a reference names."""

    reference: Reference
    root: Manifest


@dataclass(frozen=True, slots=True)
class ComparedImages:
    """Two images, and what they were selected from."""

    a: Opened
    b: Opened
    images: ImageComparison
    notes: tuple[str, ...] = ()
    """What is worth telling about what was taken and what could not be read, a sentence each."""

    @property
    def same(self) -> bool:
        return self.images.same

    @property
    def platforms(self) -> tuple[str, str]:
        """What both images are for, as they say it themselves; empty where they do not."""
        first, second = (_platform_of(side) for side in (self.images.a, self.images.b))
        return first, second


@dataclass(frozen=True, slots=True)
class ComparedPlatform:
    """The images of two indexes for one platform, and what a pull of that of B costs."""

    pair: PlatformPair
    cost: PullCost | None = None
    """None for what is only in A, and where a manifest could not be read."""
    error: RegbrowseError | None = None
    """Why a manifest could not be read."""


@dataclass(frozen=True, slots=True)
class ComparedIndexes:
    """Two indexes, platform by platform."""

    a: Opened
    b: Opened
    platforms: tuple[ComparedPlatform, ...]
    notes: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether both are the same index."""
        return self.a.root.digest == self.b.root.digest

    @property
    def errors(self) -> list[RegbrowseError]:
        """What could not be read."""
        return [each.error for each in self.platforms if each.error is not None]


Comparison = ComparedImages | ComparedIndexes


async def compare(
    browser: Browser, a: Reference, b: Reference, wanted: PlatformRequest | None = None, *, fresh: bool = False
) -> Comparison:
    """Compare two images, or two indexes platform by platform where no platform is wanted.

    Of an index beside an image the image for the same platform is taken, unless another one was asked for. With
    `fresh` it is asked again what tags point to. Raises RegbrowseError.
    """
    found: dict[int, Manifest] = {}
    references = (a, b)

    async def open_one(at: int) -> None:
        found[at] = await browser.open(references[at], fresh=fresh)

    await for_each(open_one, (0, 1))
    one, two = Opened(a, found[0]), Opened(b, found[1])
    indexes = sum(isinstance(opened.root, Index) for opened in (one, two))
    if wanted is None and indexes == 2:
        return await _compare_indexes(browser, one, two)
    if indexes == 1 and (wanted is None or not wanted.asked):
        wanted = await _of_single_image(browser, one, two)
    return await _compare_images(browser, one, two, wanted)


# Images


async def _of_single_image(browser: Browser, one: Opened, two: Opened) -> PlatformRequest:
    """Want the platform of the image that stands beside an index. Raises NotFound where nothing tells it."""
    index, single = (one, two) if isinstance(one.root, Index) else (two, one)
    platform = await read_platform(browser, single.reference.repository, single.root)
    if platform is None or not platform.known:
        raise NotFound(
            f"{index.reference.familiar} is an image for several platforms, and"
            f" {single.reference.familiar} does not say what platform it is for."
        )
    return PlatformRequest(platform, asked=True)


async def _compare_images(browser: Browser, a: Opened, b: Opened, wanted: PlatformRequest | None) -> ComparedImages:
    notes: list[str] = []
    sides: dict[int, ImageSide] = {}

    async def read(at: int) -> None:
        opened = (a, b)[at]
        manifest = await _manifest(browser, opened, wanted, notes)
        if not isinstance(manifest, Image | Artifact | Schema1):
            raise NotFound(f"{opened.reference.familiar} is a document of an unknown kind, which cannot be compared.")
        sides[at] = ImageSide(manifest, await _config(browser, opened.reference.repository, manifest, notes))

    await for_each(read, (0, 1))
    return ComparedImages(a, b, compare_images(sides[0], sides[1]), tuple(notes))


async def _manifest(browser: Browser, opened: Opened, wanted: PlatformRequest | None, notes: list[str]) -> Manifest:
    """Read the manifest for the wanted platform. Raises RegbrowseError."""
    root, repository, name = opened.root, opened.reference.repository, opened.reference.familiar
    if wanted is None:
        return root
    if not isinstance(root, Index):
        if wanted.asked and isinstance(root, Image | Schema1):
            platform = await read_platform(browser, repository, root)
            if platform is not None and platform.known and not wanted.fits(platform):
                raise NotFound(f"{name} is a single image for {platform}, not for {wanted.platform}.")
        return root
    selection = await select_platform(browser, repository, root, wanted, partial(read_listed, browser, repository))
    if selection.selected is None:
        offered = [str(each.platform) for each in selection.offered if each.platform and each.platform.known]
        names = ", ".join(dict.fromkeys(offered[:_OFFERED]))
        available = f" Available: {names}." if names else " Its list names no platform."
        raise selection.stopped or NotFound(f"{name} has no image for {wanted.platform}.{available}")
    if not isinstance(selection.outcome, Manifest):
        raise selection.outcome or NotFound(f"{name} has no image for {wanted.platform}.")
    if not selection.is_exact and selection.platform is not None:
        notes.append(f"{name} has no {wanted.platform}; {selection.platform} runs there too, and was taken.")
    return selection.outcome


async def _config(browser: Browser, repository: Repository, manifest: Manifest, notes: list[str]) -> Config | None:
    """Read the config of an image; None with a note without it, since the layers are worth comparing all the same."""
    if isinstance(manifest, Schema1):
        return manifest.config
    if not isinstance(manifest, Image):
        return None
    try:
        return await browser.config(repository, manifest)
    except (NotFound, BadResponse, TooLarge) as error:
        notes.append(f"Configs and commands are not compared: {error}")
        return None


def _platform_of(side: ImageSide) -> str:
    if isinstance(side.manifest, Schema1) and not (side.config and side.config.platform.known):
        return f"linux/{side.manifest.architecture}" if side.manifest.architecture else ""
    return str(side.config.platform) if side.config and side.config.platform.known else ""


# Indexes


async def _compare_indexes(browser: Browser, a: Opened, b: Opened) -> ComparedIndexes:
    listed: dict[int, list[ListedImage]] = {}
    notes: list[str] = []

    async def read(at: int) -> None:
        listed[at] = await _listed(browser, (a, b)[at], notes)

    await for_each(read, (0, 1))
    rows = [ComparedPlatform(pair) for pair in pair_platforms(listed[0], listed[1])]

    async def cost(at: int) -> None:
        try:
            rows[at] = replace(rows[at], cost=await _cost(browser, a, b, rows[at].pair))
        except (NotFound, BadResponse, TooLarge) as error:
            rows[at] = replace(rows[at], error=error)

    await _expect_reads(browser, a, b, rows)
    await for_each(cost, [at for at, row in enumerate(rows) if row.pair.change in (Change.ADDED, Change.CHANGED)])
    return ComparedIndexes(a, b, tuple(rows), tuple(notes))


async def _expect_reads(browser: Browser, a: Opened, b: Opened, rows: Sequence[ComparedPlatform]) -> None:
    """Say what is about to be taken of a pull limit, at each registry once. Raises CostRefused."""
    wanted: dict[Registry, tuple[Repository, list[Digest]]] = {}
    for row in rows:
        if row.pair.change in (Change.ADDED, Change.CHANGED):
            for opened, listed in ((a, row.pair.a), (b, row.pair.b)):
                repository = opened.reference.repository
                if listed is not None and listed.descriptor.digest is not None:
                    wanted.setdefault(repository.registry, (repository, []))[1].append(listed.descriptor.digest)
    for repository, digests in wanted.values():
        await browser.expect_reads(repository, digests)


async def _listed(browser: Browser, opened: Opened, notes: list[str]) -> list[ListedImage]:
    """The images of an index and of those within it; what says no platform in its index is read for it."""
    assert isinstance(opened.root, Index)
    repository = opened.reference.repository
    read: dict[Digest, Manifest] = {}
    found: list[ListedImage] = []
    for level in walk(opened.root, read):
        for entry in [*images(level), *to_open(level)]:
            if entry.platform is not None:
                found.append(ListedImage(entry.platform, entry.descriptor))
                continue
            try:
                manifest = await read_listed(browser, repository, entry.descriptor)
                platform = await _said(browser, repository, manifest) if entry.kind is Kind.UNSAID else None
            except (NotFound, BadResponse, TooLarge) as error:
                notes.append(str(error))
                continue
            if entry.digest is not None:
                read[entry.digest] = manifest
            if platform is not None and platform.known:
                found.append(ListedImage(platform, entry.descriptor))
    return found


async def _said(browser: Browser, repository: Repository, manifest: Manifest) -> Platform | None:
    return None if isinstance(manifest, Index) else await read_platform(browser, repository, manifest)


async def _cost(browser: Browser, a: Opened, b: Opened, pair: PlatformPair) -> PullCost:
    layers: list[Sequence[Descriptor]] = []
    for opened, listed in ((a, pair.a), (b, pair.b)):
        manifest = await read_listed(browser, opened.reference.repository, listed.descriptor) if listed else None
        layers.append(_layers(manifest))
    return pull_cost(layers[0], layers[1])


def _layers(manifest: Manifest | None) -> Sequence[Descriptor]:
    return manifest.layers if isinstance(manifest, Schema1) else blobs_of(manifest)
