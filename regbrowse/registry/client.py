"""The questions a registry can be asked."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from functools import cached_property
from typing import TYPE_CHECKING

from regbrowse.errors import (
    AuthRequired,
    BadResponse,
    Denied,
    Evidence,
    NotFound,
    Offline,
    RegistryError,
    ServerError,
    Unsupported,
)
from regbrowse.redact import Secret
from regbrowse.reference import Digest, Registry, Repository
from regbrowse.registry.models import (
    CatalogPage,
    Exchange,
    Found,
    LoginState,
    Rate,
    Referrers,
    Settings,
    TagFacts,
    TagHead,
    TagPage,
)
from regbrowse.registry.reached import Reached
from regbrowse.registry.request_builders import blob_request, catalog_request, tags_request
from regbrowse.registry.transport.early_connection import EarlyConnection
from regbrowse.registry.vendor import is_searchable
from regbrowse.settings.login import Login
from regbrowse.text import visible

if TYPE_CHECKING:
    from regbrowse.oci.descriptor import Descriptor
    from regbrowse.oci.manifest import Manifest
    from regbrowse.registry.content.blobs import Blobs
    from regbrowse.registry.content.download import BlobStream, Pieces, Streams
    from regbrowse.registry.content.manifests import Manifests
    from regbrowse.registry.content.offline import OfflineAnswers
    from regbrowse.registry.content.uncached import UncachedReader
    from regbrowse.registry.listing.pagination import Paginator
    from regbrowse.registry.referrers.finder import ReferrerFinder
    from regbrowse.registry.vendor.vendors import VendorApis

__all__ = [
    "CatalogPage",
    "Client",
    "Exchange",
    "Login",
    "LoginState",
    "Rate",
    "Secret",
    "Settings",
    "TagHead",
    "TagPage",
]


class Client(Reached):
    """Asks registries; every answer is bounded, every content verified, every failure a RegbrowseError."""

    def __init__(self, settings: Settings | None = None, ahead: EarlyConnection | None = None) -> None:
        """`ahead`: a connection that is being opened already, made with the same settings."""
        super().__init__(settings or Settings(), ahead)

    # What only some questions need is loaded with the first of them.

    @cached_property
    def _paginator(self) -> Paginator:
        from regbrowse.registry.listing.pagination import Paginator

        return Paginator(self._desk)

    @cached_property
    def _manifests(self) -> Manifests:
        from regbrowse.registry.content.manifests import Manifests

        return Manifests(self._desk, self._store)

    @cached_property
    def _blobs(self) -> Blobs:
        from regbrowse.registry.content.blobs import Blobs

        return Blobs(self._desk, self._store)

    @cached_property
    def _streams(self) -> Streams:
        from regbrowse.registry.content.download import Streams

        return Streams(self._desk, self._store)

    @cached_property
    def _finder(self) -> ReferrerFinder:
        from regbrowse.registry.referrers.finder import ReferrerFinder

        return ReferrerFinder(self._desk, self._manifests)

    @cached_property
    def _vendor_apis(self) -> VendorApis:
        from regbrowse.registry.vendor.vendors import VendorApis

        return VendorApis(self._desk, self._transport)

    @cached_property
    def _offline(self) -> OfflineAnswers | None:
        if not self._settings.offline:
            return None
        from regbrowse.registry.content.offline import OfflineAnswers

        return OfflineAnswers(self._store, self._settings)

    def _changed(self, registry: Registry) -> None:
        super()._changed(registry)
        if "_finder" in self.__dict__:
            self._finder.forget(registry)

    def _kept(self, registry: Registry) -> OfflineAnswers | None:
        """What answers instead of the registry when nothing may be sent; registries in this process answer always."""
        return self._offline if registry.key not in self._local else None

    async def ping(self, registry: Registry) -> None:
        """Raises when there is no registry behind this name."""
        self.allowed(registry)
        if self._kept(registry):
            return
        door = await self._desk.door(registry)
        if door.alive or door.status == 429 or door.status >= 500:
            return
        host = visible(registry.name)
        why = f"{host} answers, but not like a container registry."
        evidence = Evidence(host, "GET", f"{door.base}/v2/", door.status or None)
        hint = "Check its name and port; some registries live under a path."
        raise Unsupported(why, evidence=evidence, wanted=f"Connecting to {host}", hint=hint)

    async def tags(
        self, repository: Repository, after: TagPage | None = None, *, passing: bool = False
    ) -> AsyncGenerator[TagPage, None]:
        """The tags, page by page as they come, unsorted (distribution-spec, Listing Tags).

        `passing` when nobody goes back to what was listed: then millions of names take little memory.

        When a later page fails, the iterator raises and what came before stays good: `after` the last
        page goes on from there, without repeating a tag.
        """
        repository = self.resolved(repository).repository
        if kept := self._kept(repository.registry):
            async with aclosing(kept.tags(repository)) as known:
                async for tag_page in known:
                    yield tag_page
            return
        question, epoch = tags_request(repository), self._store.epoch(repository.registry)
        async with aclosing(self._paginator.pages(question, TagPage, after, streamed=passing)) as pages:
            async for page in pages:
                if page.done and page.cursor and page.cursor.names is not None:
                    await self._store.listed(repository.registry, repository.path, page.cursor.names, epoch)
                yield page

    async def catalog(
        self, registry: Registry, after: CatalogPage | None = None, *, passing: bool = False
    ) -> AsyncGenerator[CatalogPage, None]:
        """The repositories, page by page. Many registries refuse this: Unsupported, AuthRequired or Denied."""
        self.allowed(registry)
        if kept := self._kept(registry):
            async with aclosing(kept.catalog(registry)) as known:
                async for catalog_page in known:
                    yield catalog_page
            return
        from regbrowse.registry.listing.catalog import catalog_error, require_catalog

        question, epoch = catalog_request(registry), self._store.epoch(registry)
        require_catalog(question)
        try:
            async with aclosing(self._paginator.pages(question, CatalogPage, after, streamed=passing)) as pages:
                async for page in pages:
                    if page.done and page.cursor and page.cursor.names is not None:
                        await self._store.listed(registry, "", page.cursor.names, epoch)
                    yield page
        except (AuthRequired, Denied, NotFound, Unsupported, BadResponse, ServerError) as error:
            raise catalog_error(question, error) from None

    async def manifest(
        self,
        repository: Repository,
        target: str | Digest,
        *,
        expected: str = "",
        size: int | None = None,
        background: bool = False,
    ) -> Manifest:
        """The manifest of a tag or digest (distribution-spec, Pulling manifests).

        By digest the bytes are verified against it, and never asked for twice; by tag the digest is that
        of the bytes. `expected` and `size` are what a descriptor said of it. In the background it waits until
        nothing is asked that somebody waits for.
        """
        place = self.resolved(repository)
        repository = place.repository
        if kept := self._kept(repository.registry):
            if place.mirror is not None:
                with suppress(Offline):
                    return await kept.manifest(place.mirror, target, expected=expected, size=size)
            return await kept.manifest(repository, target, expected=expected, size=size)
        if place.mirror is not None:
            with suppress(RegistryError):  # the registry itself has the last word
                return await self._manifests.get(
                    place.mirror, target, expected=expected, size=size, background=background
                )
        return await self._manifests.get(repository, target, expected=expected, size=size, background=background)

    async def head(self, repository: Repository, tag: str, *, background: bool = False) -> TagHead | None:
        """What the registry says a tag points to; None when there is no such tag.

        A hint, and free of charge on Docker Hub. Servers without HEAD are asked with GET.
        """
        repository = self.resolved(repository).repository
        if kept := self._kept(repository.registry):
            return await kept.head(repository, tag)
        return await self._manifests.head(repository, tag, background=background)

    async def remembered(self, repository: Repository, tag: str) -> Digest | None:
        """What a tag pointed to when it was read last, in this run or another, if that is still at hand."""
        return await self._manifests.remembered(self.resolved(repository).repository, tag)

    async def blob(self, repository: Repository, descriptor: Descriptor, *, limit: int = 4 * 2**20) -> bytes:
        """The verified content of a blob (distribution-spec, Pulling blobs); asked for once."""
        place = self.resolved(repository)
        repository = place.repository
        if kept := self._kept(repository.registry):
            if place.mirror is not None:
                with suppress(Offline):
                    return await kept.blob(place.mirror, descriptor, limit=limit)
            return await kept.blob(repository, descriptor, limit=limit)
        if place.mirror is not None:
            with suppress(RegistryError):
                return await self._blobs.get(place.mirror, descriptor, limit=limit)
        return await self._blobs.get(repository, descriptor, limit=limit)

    async def blob_start(self, repository: Repository, descriptor: Descriptor, count: int) -> bytes:
        """At most the first `count` bytes of a blob, not verified; then the connection is closed."""
        repository = self.resolved(repository).repository
        if kept := self._kept(repository.registry):
            return await kept.blob_start(repository, descriptor, count)
        return await self._blobs.start(repository, descriptor, count)

    def blob_stream(self, repository: Repository, blob: Descriptor | Digest) -> BlobStream:
        """A blob of any length, to be read while it comes, verified at its end; see BlobStream."""
        from regbrowse.oci.descriptor import Descriptor

        descriptor = Descriptor("", blob, None) if isinstance(blob, Digest) else blob
        place = self.resolved(repository)
        repository = place.repository
        if kept := self._kept(repository.registry):
            from regbrowse.registry.content.download import BlobStream, hand_on

            async def bring(pieces: Pieces) -> Evidence:
                return await hand_on(await kept.blob(repository, descriptor, limit=2**63), pieces, repository)

            digest, _ = blob_request(repository, descriptor, 0)
            return BlobStream(digest, descriptor.size, bring)
        return self._streams.open((place.mirror, repository) if place.mirror else (repository,), descriptor)

    def witness(self, repository: Repository) -> UncachedReader:
        """Asks anew and believes nothing, for comparing what is said with what is served."""
        from regbrowse.registry.content.uncached import UncachedReader

        return UncachedReader(self._desk, self.resolved(repository).repository)

    async def referrers(self, repository: Repository, digest: Digest) -> Referrers:
        """What is attached to a manifest, from every place it can be found in (distribution-spec, Listing Referrers).

        What could not be asked is a note; raises PolicyError when a file of this machine forbids the repository.
        """
        repository = self.resolved(repository).repository
        if self._kept(repository.registry):
            return Referrers(digest, (), 0, "Attachments are not looked for offline.")
        return await self._finder.find(repository, digest)

    async def tag_facts(self, repository: Repository) -> AsyncGenerator[TagFacts, None]:
        """Dates and sizes of tags where the registry has an API of its own for them; never raises RegistryError."""
        repository = self.resolved(repository).repository
        if self._kept(repository.registry) or repository.registry.key in self._local:
            return
        async with aclosing(self._vendor_apis.tag_facts(repository)) as parts:
            async for part in parts:
                yield part

    def searchable(self, registry: Registry) -> bool:
        """Whether the registry is searched instead of listed."""
        return self._offline is None and is_searchable(registry)

    async def search(self, registry: Registry, text: str) -> tuple[Found, ...]:
        """The repositories that the registry's own search finds, best first. Raises RegistryError."""
        self.allowed(registry)
        if self._offline is not None:
            host = visible(registry.name)
            hint = f"Start without --offline to ask {host}."
            raise Offline(f"{host} is not searched offline.", wanted=f"Searching {host}", hint=hint)
        return await self._vendor_apis.search(registry, text)
