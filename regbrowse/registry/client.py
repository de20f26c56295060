"""What a registry can be asked: ping, lists, manifests, blobs, referrers; and the parts that answer about itself."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing, suppress
from functools import cached_property, partial
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from regbrowse.errors import (
    AuthRequired,
    BadResponse,
    Denied,
    NotFound,
    Offline,
    PolicyError,
    RegistryError,
    ServerError,
    Unsupported,
)
from regbrowse.redact import Secret
from regbrowse.reference import Digest, Registry, Repository
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.auth.ping import no_registry
from regbrowse.registry.content.cache import ContentCache
from regbrowse.registry.error_mapping import offline_error
from regbrowse.registry.models import (
    CatalogPage,
    Connection,
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
from regbrowse.registry.requests import BLOB_LIMIT, catalog_request, ping_request, tags_request
from regbrowse.registry.transport.connection_errors import TOO_SLOW
from regbrowse.registry.transport.transport import Transport
from regbrowse.registry.vendor import is_searchable
from regbrowse.settings.files import KnownRegistry
from regbrowse.settings.login import Login
from regbrowse.text import visible

if TYPE_CHECKING:
    from regbrowse.oci.descriptor import Descriptor
    from regbrowse.oci.manifest import Manifest
    from regbrowse.reference_input import Typed
    from regbrowse.registry.content.blobs import Blobs
    from regbrowse.registry.content.download import BlobStream, Downloads
    from regbrowse.registry.content.manifest_fetcher import ManifestFetcher
    from regbrowse.registry.content.manifests import Manifests
    from regbrowse.registry.content.offline import OfflineAnswers
    from regbrowse.registry.content.uncached import UncachedReader
    from regbrowse.registry.listing.pagination import Page, Paginator
    from regbrowse.registry.referrers.finder import ReferrerFinder
    from regbrowse.registry.responder import Responder
    from regbrowse.registry.transport.early_connection import EarlyConnection
    from regbrowse.registry.vendor.vendor_apis import VendorApis
    from regbrowse.settings.network import Resolved

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

Result = TypeVar("Result")


class Client:
    """Asks registries; every answer is bounded, all content verified, every failure a RegbrowseError."""

    def __init__(self, settings: Settings | None = None, early: EarlyConnection | None = None) -> None:
        """`early`: a connection that is being opened already, made with the same settings."""
        settings = settings or Settings()
        self._local = dict(settings.local)
        self._settings = settings = settings._replace(local=self._local)
        self._transport = Transport(settings, early)
        self.limits = self._transport.limits
        """Why a registry is not asked right now, and what its pull limit allows."""
        self.log = self._transport.log
        """Every HTTP request, and those that the cache has answered, oldest first; safe to show."""
        self.auth = Authenticator(self._transport, settings)
        """As whom registries are asked."""
        self._cache = ContentCache(
            self.auth.user_for, folder=settings.cache_folder, size=settings.cache_size, local=self._local
        )
        self.auth.on_login_change.append(self._user_changed)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection, and put on disk what is to be kept."""
        await self.auth.pings.aclose()
        await self._transport.aclose()
        await self._cache.aclose()

    def _user_changed(self, registry: Registry) -> None:
        """Forget what was read as another user."""
        self._cache.forget(registry)
        if "_finder" in self.__dict__:
            self._finder.forget(registry)

    # What only some requests need is loaded with the first of them.

    @cached_property
    def _paginator(self) -> Paginator:
        from regbrowse.registry.listing.pagination import Paginator

        return Paginator(self.auth)

    @cached_property
    def _manifest_fetcher(self) -> ManifestFetcher:
        from regbrowse.registry.content.manifest_fetcher import ManifestFetcher

        return ManifestFetcher(self.auth)

    @cached_property
    def _manifests(self) -> Manifests:
        from regbrowse.registry.content.manifests import Manifests

        return Manifests(self._manifest_fetcher, self._cache)

    @cached_property
    def _blobs(self) -> Blobs:
        from regbrowse.registry.content.blobs import Blobs

        return Blobs(self.auth, self._cache)

    @cached_property
    def _downloads(self) -> Downloads:
        from regbrowse.registry.content.download import Downloads

        return Downloads(self.auth, self._cache)

    @cached_property
    def _finder(self) -> ReferrerFinder:
        from regbrowse.registry.referrers.finder import ReferrerFinder

        return ReferrerFinder(self.auth, self._manifest_fetcher, self._manifests)

    @cached_property
    def _vendor_apis(self) -> VendorApis:
        from regbrowse.registry.vendor.vendor_apis import VendorApis

        return VendorApis(self.auth, self._transport, self._settings.vendor_seconds)

    @cached_property
    def _offline(self) -> OfflineAnswers | None:
        if not self._settings.offline:
            return None
        from regbrowse.registry.content.offline import OfflineAnswers

        return OfflineAnswers(self._cache, self._settings, self.auth.note_cached)

    def _offline_for(self, registry: Registry) -> OfflineAnswers | None:
        """Give what answers when nothing may be sent; None for registries in this process, which always answer."""
        return self._offline if registry.key not in self._local else None

    def is_offline(self, registry: Registry) -> bool:
        """Tell whether nothing is sent to a registry, and only what was kept is shown."""
        return self._offline_for(registry) is not None

    async def ping(self, registry: Registry) -> None:
        """Check that there is a registry behind this name. Raises RegistryError."""
        self.check_allowed(registry)
        if self._offline_for(registry):
            return
        found = await self.auth.pings.ping(registry)
        if found.error is not None and found.error.slug == TOO_SLOW:
            raise found.error
        if found.is_something_else or found.is_html:
            raise no_registry(found, ping_request(registry))

    async def tags(
        self, repository: Repository, after: TagPage | None = None, *, streamed: bool = False
    ) -> AsyncGenerator[TagPage, None]:
        """List the tags, page by page as they come, unsorted (distribution-spec, Listing Tags).

        `streamed` when the caller does not go back to what was listed: then millions of names take little memory.

        When a later page fails, the iterator raises and what came before stays good: `after` the last
        page goes on from there, without repeating a tag.
        """
        repository = self.resolve(repository).repository
        if offline := self._offline_for(repository.registry):
            listing = offline.tags(repository)
        else:
            found = self._paginator.pages(tags_request(repository), TagPage, after, streamed=streamed)
            listing = self._recorded(repository.registry, repository.path, found)
        async with aclosing(listing) as pages:
            async for page in pages:
                yield page

    async def catalog(
        self, registry: Registry, after: CatalogPage | None = None, *, streamed: bool = False
    ) -> AsyncGenerator[CatalogPage, None]:
        """List the repositories, page by page. Many registries refuse this: Unsupported, AuthRequired or Denied."""
        self.check_allowed(registry)
        from regbrowse.registry.listing.catalog import catalog_error, require_catalog

        request = catalog_request(registry)
        if offline := self._offline_for(registry):
            listing = offline.catalog(registry)
        else:
            require_catalog(request)
            found = self._paginator.pages(request, CatalogPage, after, streamed=streamed)
            listing = self._recorded(registry, "", found)
        try:
            async with aclosing(listing) as pages:
                async for page in pages:
                    yield page
        except (AuthRequired, Denied, NotFound, Unsupported, BadResponse, ServerError) as error:
            raise catalog_error(request, error) from None

    async def _recorded(
        self, registry: Registry, path: str, listing: AsyncGenerator[Page, None]
    ) -> AsyncGenerator[Page, None]:
        """Yield the pages of a list, and record its names when it is complete; `path` is empty for a catalog."""
        epoch = self._cache.epoch(registry)
        async with aclosing(listing) as pages:
            async for page in pages:
                if page.done and page.cursor and page.cursor.names is not None:
                    await self._cache.record_list(registry, path, page.cursor.names, epoch)
                yield page

    async def manifest(
        self,
        repository: Repository,
        target: str | Digest,
        *,
        expected: str = "",
        size: int | None = None,
        background: bool = False,
    ) -> Manifest:
        """Read the manifest of a tag or digest (distribution-spec, Pulling manifests).

        By digest the bytes are verified against it, and never asked for twice; by tag the digest is that
        of the bytes. `expected` and `size` are what a descriptor said of it. A background request waits for those
        that a user waits for.
        """
        place = self.resolve(repository)
        if offline := self._offline_for(place.repository.registry):
            answer = partial(offline.manifest, target=target, expected=expected, size=size)
            return await _mirror_first(place, Offline, answer)
        get = partial(self._manifests.get, target=target, expected=expected, size=size, background=background)
        return await _mirror_first(place, RegistryError, get)

    async def head(
        self, repository: Repository, tag: str, *, background: bool = False, by_get: bool = True
    ) -> TagHead | None:
        """Ask what a tag points to, by HEAD; None when there is no such tag.

        A hint, and free of charge on Docker Hub. Servers without HEAD are asked with GET, unless not `by_get`: then
        Raises Unsupported.
        """
        repository = self.resolve(repository).repository
        if offline := self._offline_for(repository.registry):
            return await offline.head(repository, tag)
        return await self._manifests.head(repository, tag, background=background, by_get=by_get)

    def heads_are_gets(self, registry: Registry) -> bool:
        """Tell whether a registry was seen not to answer HEAD, so that each is a GET, which pull limits count."""
        return "_manifests" in self.__dict__ and registry.key in self._manifests.heads_are_gets

    async def last_digest(self, repository: Repository, tag: str) -> Digest | None:
        """Give what a tag pointed to when it was read last, in this run or another, if that is still cached."""
        return await self._manifests.last_digest(self.resolve(repository).repository, tag)

    async def unread(self, repository: Repository, digests: Iterable[Digest]) -> list[Digest]:
        """Give the manifests among these that would be asked for, each once; none offline."""
        repository = self.resolve(repository).repository
        if self._offline_for(repository.registry):
            return []
        return [each for each in dict.fromkeys(digests) if await self._cache.get(each, repository) is None]

    async def blob(self, repository: Repository, descriptor: Descriptor, *, limit: int = BLOB_LIMIT) -> bytes:
        """Read the verified content of a blob (distribution-spec, Pulling blobs); asked for once."""
        place = self.resolve(repository)
        if offline := self._offline_for(place.repository.registry):
            return await _mirror_first(place, Offline, partial(offline.blob, descriptor=descriptor, limit=limit))
        return await _mirror_first(place, RegistryError, partial(self._blobs.get, descriptor=descriptor, limit=limit))

    async def blob_start(self, repository: Repository, descriptor: Descriptor, count: int) -> bytes:
        """Read at most the first `count` bytes of a blob, not verified; then the connection is closed."""
        repository = self.resolve(repository).repository
        if offline := self._offline_for(repository.registry):
            return await offline.blob_start(repository, descriptor, count)
        return await self._blobs.start(repository, descriptor, count)

    def blob_stream(self, repository: Repository, blob: Descriptor | Digest) -> BlobStream:
        """Stream a blob of any length, verified at its end; see BlobStream."""
        from regbrowse.oci.descriptor import Descriptor

        descriptor = Descriptor("", blob, None) if isinstance(blob, Digest) else blob
        place = self.resolve(repository)
        repository = place.repository
        if offline := self._offline_for(repository.registry):
            return offline.blob_stream(repository, descriptor)
        return self._downloads.open((place.mirror, repository) if place.mirror else (repository,), descriptor)

    def uncached(self, repository: Repository) -> UncachedReader:
        """Read past every cache and without verification, to compare what is said with what is served."""
        from regbrowse.registry.content.uncached import UncachedReader

        return UncachedReader(self.auth, self._manifest_fetcher, self.resolve(repository).repository)

    async def referrers(self, repository: Repository, digest: Digest, *, background: bool = False) -> Referrers:
        """Find what is attached to a manifest, in every place it can be (distribution-spec, Listing Referrers).

        What could not be asked is a note; in the background it stands back behind what somebody waits for. Raises
        PolicyError when a file of this machine blocks the repository.
        """
        repository = self.resolve(repository).repository
        if self._offline_for(repository.registry):
            return Referrers(digest, (), 0, "Attachments are not looked for offline.")
        return await self._finder.find(repository, digest, background=background)

    async def tag_facts(self, repository: Repository) -> AsyncGenerator[TagFacts, None]:
        """Give dates and sizes of tags where the registry's vendor has an API for them; never raises RegistryError."""
        repository = self.resolve(repository).repository
        if self._offline_for(repository.registry) or repository.registry.key in self._local:
            return
        async with aclosing(self._vendor_apis.tag_facts(repository)) as parts:
            async for part in parts:
                yield part

    def searchable(self, registry: Registry) -> bool:
        """Tell whether the registry is searched instead of listed."""
        return self._offline is None and is_searchable(registry)

    async def search(self, registry: Registry, text: str) -> tuple[Found, ...]:
        """Search a registry's repositories by its own search, best first. Raises RegistryError."""
        self.check_allowed(registry)
        if self._offline is not None:
            host = visible(registry.name)
            raise offline_error(registry, f"{host} is not searched offline.", f"Searching {host}")
        return await self._vendor_apis.search(registry, text)

    # How it is reached

    def begin(self, registry: Registry) -> None:
        """Ping a registry at once, because it will be asked something."""
        self.auth.pings.begin(registry)

    def add(self, registry: Registry, responder: Responder) -> None:
        """Let a registry inside this process answer under this name from now on."""
        self._local[registry.key] = responder

    def allow_http(self, registry: Registry) -> None:
        """Allow http when nothing speaks TLS, and logins over it, until the program ends."""
        self._transport.schemes.allow_http(registry)
        self.auth.pings.forget(registry)
        self.limits.retry_now(registry)

    def allow_unverified(self, registry: Registry) -> None:
        """Go on though a registry's certificate is not trusted, until the program ends."""
        self._transport.allow_unverified(registry)
        self.auth.pings.forget(registry)
        self.limits.retry_now(registry)

    def require_https(self, registry: Registry) -> None:
        """Never ask a registry in clear from now on; when it was, it is pinged again."""
        self._transport.schemes.require_https(registry)

    def meant(self, typed: Typed) -> Typed:
        """Put what the files of this machine say in the place of a name that was written without a registry."""
        network = self._settings.network
        return network.meant(typed) if network else typed

    def resolve(self, repository: Repository) -> Resolved:
        """Give the place that the files of this machine name for a repository. Raises PolicyError when blocked."""
        network = self._settings.network
        if network is None or repository.registry.key in self._local:
            from regbrowse.settings.network import Resolved

            return Resolved(repository)
        place = network.resolve(repository)
        if place.blocked:
            raise PolicyError(place.blocked, wanted=f"Opening {repository.familiar}")
        return place

    def check_allowed(self, registry: Registry) -> None:
        """Raise PolicyError when a file of this machine blocks a registry."""
        network = self._settings.network
        blocked = network.blocked(registry) if network and registry.key not in self._local else ""
        if blocked:
            raise PolicyError(blocked, wanted=f"Opening {visible(registry.name)}")

    def connection(self, registry: Registry, path: str = "") -> Connection:
        """Say how a registry is reached, and what is unusual about that; sends nothing."""
        login = self.auth.login_state(registry)
        if registry.key in self._local:
            return Connection("", True, True, login, is_inside=True)
        ping = self.auth.pings.known(registry)
        base = ping.base if ping else ""
        notes = list(self._transport.notes(registry, base)) if base else []
        network = self._settings.network
        if network is not None and path:
            repository = Repository(registry, path)
            place = network.resolve(repository)
            notes += [place.note] if place.note else []
            if place.mirror is not None:
                notes.append(f"Manifests and blobs come from the mirror {place.mirror} when it has them.")
            elif mirrors := network.mirrors(repository):
                notes.append(f"A mirror is configured and not used: {', '.join(mirrors)}.")
        return Connection(
            base,
            base.startswith("https:"),
            bool(base) and self._transport.is_verified(base),
            login,
            self.auth.login_host(registry),
            tuple(notes),
        )

    def notices(self) -> tuple[str, ...]:
        """Say what was wrong with files, variables and folders of this machine, one sentence each."""
        network, keychain = self._settings.network, self._settings.keychain
        return (
            *(network.notices if network else ()),
            *(keychain.notices if keychain else ()),
            *self._cache.notices,
        )

    async def known_registries(self) -> list[KnownRegistry]:
        """List the registries that files of this machine name, each once: logins first, then settings."""
        network, keychain = self._settings.network, self._settings.keychain
        named = [*(await keychain.registries() if keychain else ()), *(network.registries if network else ())]
        found: dict[str, KnownRegistry] = {}
        for each in named:
            found.setdefault(each.registry.https_key, each)
        return list(found.values())

    def cached(self, digest: Digest) -> bytes | None:
        """Give verified content that is in memory."""
        cached = self._cache.memory.get(digest)
        return cached.content if cached else None


async def _mirror_first(
    place: Resolved, passed_over: type[RegistryError], read: Callable[[Repository], Awaitable[Result]]
) -> Result:
    """Read from the mirror, if there is one; its failure is passed over, and the registry itself has the last word."""
    if place.mirror is not None:
        with suppress(passed_over):
            return await read(place.mirror)
    return await read(place.repository)
