"""The image for a platform behind an index: reads what the index does not say, and no more than it takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from regbrowse.errors import NotFound, RegbrowseError
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.index_walk import Entry, Kind, images, to_open, walk
from regbrowse.oci.manifest import Image, Index, Manifest, Schema1
from regbrowse.oci.platform import Platform
from regbrowse.oci.platform_selection import Candidate, PlatformRequest, PlatformSelection, alternative, listed, select
from regbrowse.reference import Digest, Repository

if TYPE_CHECKING:
    from regbrowse.browser import Browser

ReadManifest = Callable[[Descriptor], Awaitable[Manifest]]
"""Reads the manifest that an index lists. Raises RegbrowseError."""


async def read_platform(browser: Browser, repository: Repository, manifest: Manifest) -> Platform | None:
    """The platform that an image itself names; None for what is no image. Raises RegbrowseError."""
    if isinstance(manifest, Schema1):
        named = manifest.config.platform if manifest.config else None
        return named if named and named.known else Platform("linux", manifest.architecture)
    if not isinstance(manifest, Image):
        return None
    return (await browser.config(repository, manifest)).platform


async def read_listed(browser: Browser, repository: Repository, descriptor: Descriptor) -> Manifest:
    """Read what an index lists; NotFound says that the registry does not hold it. Raises RegbrowseError."""
    try:
        return await browser.child(repository, descriptor)
    except NotFound as error:
        what = descriptor.platform if descriptor.platform and descriptor.platform.known else descriptor.digest
        raise NotFound(f"{what} is listed, but this registry does not hold it.", evidence=error.evidence) from None


async def select_platform(
    browser: Browser, repository: Repository, root: Index, request: PlatformRequest, read: ReadManifest
) -> PlatformSelection:
    """Select the image for a platform: the first level that has one decides.

    On each level the images whose platform the index says come first, then those whose config must be read for it.
    Whatever prevents it stands in the value: nothing is raised.
    """
    return await _Search(browser, repository, request, read).inside(root)


class _Search:
    """One selection while it runs."""

    def __init__(self, browser: Browser, repository: Repository, request: PlatformRequest, read: ReadManifest) -> None:
        self._browser = browser
        self._repository = repository
        self._request = request
        self._read_manifest = read
        self._manifests: dict[Digest, Manifest] = {}
        self._offered: list[Candidate] = []
        self._silent: list[Candidate] = []
        """Images whose config does not say the platform either."""
        self._absent: list[NotFound] = []

    async def inside(self, root: Index) -> PlatformSelection:
        found = PlatformSelection(self._request)
        try:
            for level in walk(root, self._manifests):
                found = await self._select(listed(level))
                if found.selected is None:
                    found = await self._select(await self._by_config(level))
                if found.selected is not None:
                    break
                for entry in to_open(level):
                    await self._manifest(entry)
        except RegbrowseError as error:
            found = replace(found, stopped=error)
        if found.selected is None and found.stopped is None and self._is_only_image():
            only = self._silent[0]
            found = replace(found, selected=only, outcome=await self._outcome(only.entry))
        shown = alternative([*self._offered, *self._silent], root) if found.selected is None else None
        return replace(found, offered=tuple(self._offered), absent=tuple(self._absent), alternative=shown)

    def _is_only_image(self) -> bool:
        """Whether there is one image, of which nothing says the platform: it is taken unless a platform was asked."""
        return not self._offered and len(self._silent) == 1 and not self._request.asked

    async def _select(self, candidates: Sequence[Candidate]) -> PlatformSelection:
        self._offered += candidates
        while (found := select(candidates, self._request)).selected is not None:
            taken = found.selected
            outcome = await self._outcome(taken.entry)
            if not isinstance(outcome, Index):
                return replace(found, outcome=outcome)
            # It is an index, whatever its descriptor says: the walk opens it with the next level.
            candidates = [each for each in candidates if each is not taken]
        return found

    async def _by_config(self, level: Sequence[Entry]) -> list[Candidate]:
        """The images of a level whose platform only their config says."""
        found: list[Candidate] = []
        silent = [entry.digest for entry in images(level) if entry.kind is Kind.UNSAID and entry.digest]
        await self._browser.expect_reads(self._repository, silent)
        for entry in images(level):
            manifest = await self._manifest(entry) if entry.kind is Kind.UNSAID else None
            if manifest is None:
                continue
            platform = await read_platform(self._browser, self._repository, manifest)
            if platform is not None and platform.known:
                found.append(Candidate(entry, platform))
            elif platform is not None:
                self._silent.append(Candidate(entry, None))
        return found

    async def _manifest(self, entry: Entry) -> Manifest | None:
        """None when the registry does not hold it. Raises RegbrowseError."""
        try:
            return await self._known(entry)
        except NotFound as error:
            self._absent.append(error)
            return None

    async def _outcome(self, entry: Entry) -> Manifest | RegbrowseError:
        try:
            return await self._known(entry)
        except RegbrowseError as error:
            return error

    async def _known(self, entry: Entry) -> Manifest:
        digest = entry.digest
        manifest = self._manifests.get(digest) if digest is not None else None
        if manifest is None:
            manifest = await self._read_manifest(entry.descriptor)
            if digest is not None:
                self._manifests[digest] = manifest
        return manifest
