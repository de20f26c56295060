"""The questions a registry can be asked."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from types import TracebackType

from regbrowse.errors import (
    AuthRequired,
    BadResponse,
    Denied,
    Evidence,
    NotFound,
    ServerError,
    Unsupported,
)
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Manifest
from regbrowse.redact import Secret
from regbrowse.reference import Digest, Registry, Repository, is_repository_path, is_tag
from regbrowse.registry.asking import catalog_question, tags_question
from regbrowse.registry.content.blobs import Blobs
from regbrowse.registry.content.manifests import Manifests
from regbrowse.registry.content.offline import OfflineAnswers
from regbrowse.registry.content.store import Store
from regbrowse.registry.facts import CatalogPage, Claim, Exchange, LoginState, Rate, Settings, TagPage
from regbrowse.registry.lists.catalog import catalog_error, no_catalog
from regbrowse.registry.lists.listing import Lister
from regbrowse.registry.login.desk import Desk
from regbrowse.registry.net.transport import Transport
from regbrowse.settings.login import Login
from regbrowse.text import visible

__all__ = [
    "CatalogPage",
    "Claim",
    "Client",
    "Exchange",
    "Login",
    "LoginState",
    "Rate",
    "Secret",
    "Settings",
    "TagPage",
]

LOG_LENGTH = 500


class Client:
    """Asks registries; every answer is bounded, every content verified, every failure a RegbrowseError."""

    def __init__(self, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        self.requests: deque[Exchange] = deque(maxlen=LOG_LENGTH)
        """The request log, oldest first."""
        self._transport = Transport(settings, self.requests)
        self._desk = Desk(self._transport, settings)
        self._lister = Lister(self._desk)
        self._store = Store(
            self._who, folder=settings.cache_folder, size=settings.cache_size, local=settings.local
        )
        self._manifests = Manifests(self._desk, self._store)
        self._blobs = Blobs(self._desk, self._store)
        self._local = settings.local
        self._offline = OfflineAnswers(self._store, settings) if settings.offline else None

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes every connection, and puts on disk what is to be kept."""
        await self._transport.aclose()
        await self._store.aclose()

    async def _who(self, registry: Registry, path: str) -> str:  # noqa: ARG002 - logins may differ by path
        return self._desk.state(registry).user

    def _kept(self, registry: Registry) -> OfflineAnswers | None:
        """What answers instead of the registry when nothing may be sent; registries in this process answer always."""
        return self._offline if registry.key not in self._local else None

    def login(self, registry: Registry) -> LoginState:
        return self._desk.state(registry)

    def rate(self, registry: Registry) -> Rate | None:
        return self._desk.rate(registry)

    def cached(self, digest: Digest) -> bytes | None:
        """Verified content, when it is at hand."""
        kept = self._store.at_hand(digest)
        return kept.content if kept else None

    async def ping(self, registry: Registry) -> None:
        """Raises when there is no registry behind this name."""
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

    async def tags(self, repository: Repository, after: TagPage | None = None) -> AsyncGenerator[TagPage, None]:
        """The tags, page by page as they come, unsorted (distribution-spec, Listing Tags).

        When a later page fails, the iterator raises and what came before stays good: `after` the last
        page goes on from there, without repeating a tag.
        """
        if kept := self._kept(repository.registry):
            async with aclosing(kept.tags(repository)) as known:
                async for tag_page in known:
                    yield tag_page
            return
        question, epoch = tags_question(repository), self._store.epoch(repository.registry)
        start, trail = (after.next, after.trail) if after else (None, None)
        async with aclosing(self._lister.pages(question, "tags", is_tag, start, trail)) as pages:
            async for page in pages:
                if page.done:
                    await self._store.listed(repository.registry, repository.path, page.trail.seen, epoch)
                yield TagPage(page.names, page.total, page.hidden, page.done, page.note, page.next, page.trail)

    async def catalog(self, registry: Registry, after: CatalogPage | None = None) -> AsyncGenerator[CatalogPage, None]:
        """The repositories, page by page. Many registries refuse this: Unsupported, AuthRequired or Denied."""
        if kept := self._kept(registry):
            async with aclosing(kept.catalog(registry)) as known:
                async for catalog_page in known:
                    yield catalog_page
            return
        question, epoch = catalog_question(registry), self._store.epoch(registry)
        start, trail = (after.next, after.trail) if after else (None, None)
        no_catalog(question)
        try:
            pages = self._lister.pages(question, "repositories", is_repository_path, start, trail)
            async with aclosing(pages):
                async for page in pages:
                    if page.done:
                        await self._store.listed(registry, "", page.trail.seen, epoch)
                    yield CatalogPage(page.names, page.total, page.hidden, page.done, page.note, page.next, page.trail)
        except (AuthRequired, Denied, NotFound, Unsupported, BadResponse, ServerError) as error:
            raise catalog_error(question, error) from None

    async def manifest(
        self, repository: Repository, target: str | Digest, *, expected: str = "", size: int | None = None
    ) -> Manifest:
        """The manifest of a tag or digest (distribution-spec, Pulling manifests).

        By digest the bytes are verified against it, and never asked for twice; by tag the digest is that
        of the bytes. `expected` and `size` are what a descriptor said of it.
        """
        if kept := self._kept(repository.registry):
            return await kept.manifest(repository, target, expected=expected, size=size)
        return await self._manifests.get(repository, target, expected=expected, size=size)

    async def head(self, repository: Repository, tag: str) -> Claim | None:
        """What the registry says a tag points to; None when there is no such tag.

        A hint, and free of charge on Docker Hub. Servers without HEAD are asked with GET.
        """
        if kept := self._kept(repository.registry):
            return await kept.head(repository, tag)
        return await self._manifests.head(repository, tag)

    async def blob(self, repository: Repository, descriptor: Descriptor, *, limit: int = 4 * 2**20) -> bytes:
        """The verified content of a blob (distribution-spec, Pulling blobs); asked for once."""
        if kept := self._kept(repository.registry):
            return await kept.blob(repository, descriptor, limit=limit)
        return await self._blobs.get(repository, descriptor, limit=limit)

    async def blob_start(self, repository: Repository, descriptor: Descriptor, count: int) -> bytes:
        """At most the first `count` bytes of a blob, not verified; then the connection is closed."""
        if kept := self._kept(repository.registry):
            return await kept.blob_start(repository, descriptor, count)
        return await self._blobs.start(repository, descriptor, count)
