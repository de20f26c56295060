"""What both fronts ask: open a reference, list, read a child or a config; free of any user interface."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.errors import BadResponse, CostRefused, RegbrowseError, TooLarge
from regbrowse.oci.config import parse_config
from regbrowse.oci.document import AUTOMATIC
from regbrowse.reference import DOCKER_HUB, Digest, Reference, Registry, Repository
from regbrowse.registry.models import ASK_ABOVE, CatalogPage, RateCost, TagPage

if TYPE_CHECKING:
    from regbrowse.oci.config import Config
    from regbrowse.oci.descriptor import Descriptor
    from regbrowse.oci.manifest import Image, Manifest
    from regbrowse.oci.platform import Platform
    from regbrowse.reference_input import Source, Typed
    from regbrowse.registry.client import Client
    from regbrowse.registry.models import TagHead

FIRST_SLICE = 100
"""Names of a page handed on first: enough for a screen, soon painted."""
SLICE = 5_000
"""Names of a page handed on together after that."""
TAG_SECONDS = 60.0
"""How long what a tag points to is believed without asking again."""
FAILED_SECONDS = 5.0
"""How long the failure of a config that was read for its platform stands for the config itself, once."""
WHOLE = 32 * 2**20
"""Bytes of a config that are read when asked."""
FIRST_PART = 256 * 2**10
"""Bytes shown of a config that is larger than AUTOMATIC."""


@dataclass(frozen=True, slots=True)
class Names:
    """Part of a listing, in the order it came."""

    names: tuple[str, ...]
    hidden: int
    """Invalid entries so far."""
    done: bool
    note: str
    """Why the listing ended early; empty when it did not."""
    page: TagPage | CatalogPage | None = field(default=None, repr=False, compare=False)
    """The page they are from."""
    upto: int = 0
    """How many names of that page have been handed on, these included."""


class _Seen(NamedTuple):
    """What a tag pointed to, and when that was read."""

    digest: Digest
    at: float
    """On the monotonic clock."""


class Browser:
    """One client, and the digests of tags that were read with it. Raises RegbrowseError and nothing else."""

    def __init__(self, client: Client, platform: Platform | None = None, notices: tuple[str, ...] = ()) -> None:
        self.client = client
        """For everything that is asked about a registry and not about images: login, limits, connection, log."""
        self.platform = platform
        """The platform to select first, from the settings file; None: this machine's."""
        self.on_cost: Callable[[RateCost], Awaitable[bool]] | None = None
        """Is told what takes much of a pull limit before it is read, and tells whether it is wanted."""
        self._notices = notices
        self._seen: dict[tuple[Repository, str], _Seen] = {}
        self._failed: tuple[Repository, Descriptor, RegbrowseError, float] | None = None
        """The config that could not be read last, why, and when on the monotonic clock."""
        client.auth.on_login_change.append(self._forget)

    async def aclose(self) -> None:
        await self.client.aclose()

    def notices(self) -> tuple[str, ...]:
        """Say what was wrong with files and variables of this machine, one sentence each."""
        return (*self._notices, *self.client.notices())

    def meant(self, typed: Typed) -> Typed:
        """Put what the files of this machine say in the place of a name that was written without a registry."""
        return self.client.meant(typed)

    async def open_files(self, source: Source) -> tuple[Registry | Reference, tuple[str, ...]]:
        """Open a folder or archive on this machine: where to go in it, and what is strange about it.

        Raises BadReference or ConfigError.
        """
        from regbrowse.registry.local.open import open_source_in_thread

        found = await open_source_in_thread(source)
        self.client.add(found.registry, found.responder)
        self._notices += found.notices
        return found.place, found.notices

    async def listing(self, place: Repository | Registry, after: Names | None = None) -> AsyncGenerator[Names, None]:
        """The tags of a repository or the repositories of a registry, as pages come, in slices.

        `after` the last slice that was used, a listing that was stopped goes on; nothing comes twice.
        """
        page = after.page if after else None
        if after is not None and page is not None:
            for part in _slices(page, after.upto):
                yield part
            if page.next is None:
                return
        pages: AsyncGenerator[TagPage, None] | AsyncGenerator[CatalogPage, None]
        if isinstance(place, Registry):
            pages = self.client.catalog(place, page if isinstance(page, CatalogPage) else None)
        else:
            pages = self.client.tags(place, page if isinstance(page, TagPage) else None)
        async with aclosing(pages):
            async for page in pages:
                for part in _slices(page):
                    yield part

    async def everything(self, place: Repository | Registry) -> AsyncGenerator[Names, None]:
        """As `listing`, page by page, and on where that rests because somebody should want to go on.

        The last part is `done` when the list is complete; else its note says why it ended.
        """
        after: TagPage | CatalogPage | None = None
        while after is None or (after.note and after.next):
            before = after
            async with aclosing(self._pages(place, after)) as pages:
                async for page in pages:
                    yield Names(page.names, page.hidden, page.done, "" if page.next else page.note)
                    after = page
            if after is before:
                return

    def _pages(
        self, place: Repository | Registry, after: TagPage | CatalogPage | None
    ) -> AsyncGenerator[TagPage, None] | AsyncGenerator[CatalogPage, None]:
        """Of a list, from the start or behind a page of it."""
        if isinstance(place, Registry):
            return self.client.catalog(place, after if isinstance(after, CatalogPage) else None, streamed=True)
        return self.client.tags(place, after if isinstance(after, TagPage) else None, streamed=True)

    async def tag_head(
        self, repository: Repository, tag: str, *, background: bool = False, by_get: bool = True
    ) -> TagHead | None:
        """What a HEAD says the tag points to; believed for a minute. `by_get`: a GET may tell what HEAD does not."""
        head = await self.client.head(repository, tag, background=background, by_get=by_get)
        if head is not None and head.digest is not None:
            self._seen[repository, tag] = _Seen(head.digest, time.monotonic())
        return head

    async def digest_of(self, reference: Reference) -> Digest:
        """The digest that a reference names: of a tag by HEAD, and by GET where HEAD does not tell. Raises NotFound.

        An algorithm that cannot be computed here is as good as none: the manifest is named by another one.
        """
        if reference.digest is not None:
            return reference.digest
        head = await self.tag_head(reference.repository, reference.tag or "latest")
        if head is not None and head.digest is not None and head.digest.hasher() is not None:
            return head.digest
        return (await self.open(reference)).digest

    async def open(self, reference: Reference, *, fresh: bool = False) -> Manifest:
        """The manifest behind a reference.

        A digest that was read before costs no request. A tag costs one GET; when what it pointed to
        has been read, one HEAD, and nothing at all within a minute of the last look unless `fresh`.
        """
        repository = reference.repository
        if reference.digest:
            return await self.client.manifest(repository, reference.digest)
        tag = reference.tag or "latest"
        seen = self._seen.get((repository, tag))
        if seen and self.client.cached(seen.digest) is not None:
            recent = time.monotonic() - seen.at < TAG_SECONDS
            if recent and not fresh:
                return await self.client.manifest(repository, seen.digest)
            head = await self.tag_head(repository, tag)
            if head is not None and head.digest and self.client.cached(head.digest) is not None:
                return await self.client.manifest(repository, head.digest)
        elif seen is None and repository.registry.name == DOCKER_HUB:
            # A HEAD costs nothing of the pull limit there, a GET does.
            before = await self.client.last_digest(repository, tag)
            head = await self.tag_head(repository, tag) if before else None
            if head is not None and head.digest == before and before is not None:
                return await self.client.manifest(repository, before)
        manifest = await self.client.manifest(repository, tag)
        self._seen[repository, tag] = _Seen(manifest.digest, time.monotonic())
        return manifest

    async def rate_cost(
        self,
        repository: Repository,
        digests: Iterable[Digest],
        *,
        cached: bool = True,
        already: Collection[Digest] = (),
    ) -> RateCost | None:
        """Tell what reading manifests takes of the pull limit, where that is more than ASK_ABOVE; else None.

        `cached`: what was read before is not asked for. `already`: what was asked for to the same purpose, which counts
        as well.
        """
        rate = self.client.limits.rate(repository.registry)
        if rate is None:
            return None
        unread = await self.client.unread(repository, digests) if cached else dict.fromkeys(digests)
        return RateCost(len(unread), rate) if unread and len({*unread, *already}) > ASK_ABOVE else None

    async def expect_reads(self, repository: Repository, digests: Iterable[Digest], *, cached: bool = True) -> None:
        """Say what reading manifests takes of the pull limit before it is done, where that is much.

        Raises CostRefused when it is not wanted.
        """
        await self._expect(await self.rate_cost(repository, digests, cached=cached))

    async def expect_heads(self, repository: Repository, count: int) -> None:
        """Say what asking for so many tags takes of the pull limit, where each HEAD is answered by a GET.

        That shows with the first tag. Raises CostRefused when it is not wanted.
        """
        rate = self.client.limits.rate(repository.registry)
        if rate is not None and count > ASK_ABOVE and self.client.heads_are_gets(repository.registry):
            await self._expect(RateCost(count, rate))

    async def _expect(self, cost: RateCost | None) -> None:
        if cost is not None and self.on_cost is not None and not await self.on_cost(cost):
            raise CostRefused(cost.sentence.removesuffix(".") + "; nothing of it was read.")

    async def child(self, repository: Repository, descriptor: Descriptor, *, background: bool = False) -> Manifest:
        """A manifest that an index names; in the background it stands back behind what somebody waits for."""
        if descriptor.digest is None:
            platform = descriptor.platform
            what = platform if platform is not None and platform.known else "an entry"
            raise BadResponse(f"The index names {what} without a usable digest, so it cannot be asked for.")
        return await self.client.manifest(
            repository,
            descriptor.digest,
            expected=descriptor.media_type,
            size=descriptor.size,
            background=background,
        )

    async def content(
        self, repository: Repository, descriptor: Descriptor, *, everything: bool = False
    ) -> tuple[bytes, bool]:
        """The bytes of a config or another small blob, and whether they are all of it.

        Above 4 MiB only the first part is read, unverified, unless everything is asked for (32 MiB at most).
        """
        if descriptor.data is not None:
            return descriptor.data, True
        failed, self._failed = self._failed, None
        if failed and failed[:2] == (repository, descriptor) and time.monotonic() - failed[3] < FAILED_SECONDS:
            # Its tries are over; asking at once for the same would take them all again.
            raise failed[2]
        if descriptor.size is not None and descriptor.size > AUTOMATIC and not everything:
            return await self.client.blob_start(repository, descriptor, FIRST_PART), False
        limit = WHOLE if everything else AUTOMATIC
        return await self.client.blob(repository, descriptor, limit=limit), True

    async def config(self, repository: Repository, image: Image) -> Config:
        """The config of an image. Raises RegbrowseError, which says of what where it cannot be understood."""
        self._failed = None
        try:
            raw, _ = await self.content(repository, image.config, everything=True)
        except RegbrowseError as error:
            self._failed = repository, image.config, error, time.monotonic()
            raise
        try:
            return parse_config(raw, media_type=image.config.media_type)
        except (BadResponse, TooLarge) as error:
            error.wanted = f"Reading the config of {repository.familiar}@{image.digest.short}"
            raise

    def _forget(self, registry: Registry) -> None:
        """Forget what tags pointed to for another user."""
        self._seen = {key: seen for key, seen in self._seen.items() if key[0].registry.key != registry.key}


def _slices(page: TagPage | CatalogPage, start: int = 0) -> list[Names]:
    """The names of a page from `start` on; what the page says of the listing comes with the last of them."""
    names = page.names
    ends = [*range(start + FIRST_SLICE, len(names), SLICE), len(names)]
    parts = [Names(names[at:end], page.hidden, False, "", page, end) for at, end in pairwise([start, *ends])]
    return [*parts[:-1], replace(parts[-1], done=page.done, note=page.note)]
