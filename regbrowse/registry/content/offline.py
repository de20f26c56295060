"""Answer from what is on disk, without sending anything; raise Offline for what is not there."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from regbrowse.errors import Evidence, Offline, TooLarge
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Manifest
from regbrowse.oci.mediatype import essence
from regbrowse.reference import Digest, Registry, Repository, is_repository_path, is_tag
from regbrowse.registry.auth.credentials import login_state
from regbrowse.registry.content.cache import ContentCache
from regbrowse.registry.content.disk_cache import CachedContent, CacheScope
from regbrowse.registry.content.download import BlobStream, BodyBuffer, deliver
from regbrowse.registry.content.manifests import digest_in, parse_cached
from regbrowse.registry.content.tag_history import TagRecord
from regbrowse.registry.error_mapping import offline_error
from regbrowse.registry.listing.catalog import require_catalog
from regbrowse.registry.models import CatalogPage, Settings, TagHead, TagPage
from regbrowse.registry.requests import (
    BLOB_LIMIT,
    Request,
    blob_request,
    catalog_request,
    manifest_request,
    tags_request,
)
from regbrowse.text import exact, size, visible

if TYPE_CHECKING:
    from regbrowse.registry.listing.pagination import Page

_ONLY_OPENED = "Only what was opened before is listed; offline."


class OfflineAnswers:
    """The methods of a client, answered from the cache on disk and the tag history.

    Answers are those of the user that was named, else of the account that has used the registry last: credential
    helpers may ask the user for something, so they are not run.
    """

    def __init__(self, cache: ContentCache, settings: Settings, note: Callable[[Request], None]) -> None:
        """`note` hears of every request that was answered from the cache."""
        self._note = note
        self._cache = cache
        self._settings = settings

    async def tags(self, repository: Repository) -> AsyncGenerator[TagPage, None]:
        """List the tags of the last complete list and those that were read since; the last page has a note."""
        request = tags_request(repository)
        scope = await self._scope(repository.registry)
        opened = await self._cache.history.tags(scope, repository.path)
        page = None
        async with aclosing(self._pages(TagPage, scope, repository.path, is_tag, opened)) as pages:
            async for page in pages:
                yield page
        if page is None:
            raise _not_known(repository.familiar, request)

    async def catalog(self, registry: Registry) -> AsyncGenerator[CatalogPage, None]:
        """List the repositories of the last complete list; the last page has a note with its date."""
        request = catalog_request(registry)
        require_catalog(request)
        scope = await self._scope(registry)
        page = None
        async with aclosing(self._pages(CatalogPage, scope, "", is_repository_path, {})) as pages:
            async for page in pages:
                yield page
        if page is None:
            raise _not_known(f"The list of repositories of {request.host}", request)

    async def manifest(
        self, repository: Repository, target: str | Digest, *, expected: str = "", size: int | None = None
    ) -> Manifest:
        """Read the manifest of a digest, or of what a tag pointed to when it was read last."""
        digest = digest_in(target)
        request = manifest_request(repository, target, digest)
        name = f"{repository.familiar}{'@' if digest else ':'}{request.item}"
        digest = digest or (await self._tag_record(repository, str(target), name, request)).digest
        cached = await self._cached(repository.registry, digest)
        if cached is None:
            raise _not_known(name, request)
        self._note(request)
        return await parse_cached(cached, expected, digest, size)

    async def head(self, repository: Repository, tag: str) -> TagHead:
        """Return what a tag pointed to when it was read last."""
        request = manifest_request(repository, tag, None)
        name = f"{repository.familiar}:{request.item}"
        record = await self._tag_record(repository, tag, name, request)
        cached = await self._cached(repository.registry, record.digest)
        if cached is None:
            return TagHead(record.digest)
        return TagHead(record.digest, visible(essence(cached.content_type)), len(cached.content))

    async def blob(self, repository: Repository, descriptor: Descriptor, *, limit: int = BLOB_LIMIT) -> bytes:
        """Read the verified content of a blob of at most `limit` bytes."""
        content = await self._blob(repository, descriptor)
        if len(content) > limit:
            why = f"The content has {exact(len(content))}, more than the limit of {size(limit)}."
            raise TooLarge(why, evidence=Evidence(visible(repository.registry.name)))
        return content

    async def blob_start(self, repository: Repository, descriptor: Descriptor, count: int) -> bytes:
        """Read at most the first `count` bytes of a blob."""
        return (await self._blob(repository, descriptor))[: max(0, count)]

    def blob_stream(self, repository: Repository, descriptor: Descriptor) -> BlobStream:
        """Stream a blob. Raises BadResponse when the descriptor names no valid digest."""
        digest, _ = blob_request(repository, descriptor, 0)

        async def receive(body: BodyBuffer) -> Evidence:
            return await deliver(await self._blob(repository, descriptor), body, repository)

        return BlobStream(digest, descriptor.size, receive)

    async def _blob(self, repository: Repository, descriptor: Descriptor) -> bytes:
        digest, request = blob_request(repository, descriptor, 0)
        if descriptor.data is not None:
            return descriptor.data
        cached = await self._cached(repository.registry, digest)
        if cached is None:
            raise _not_known(f"{repository.familiar}@{digest.short}", request)
        self._note(request)
        return cached.content

    async def _pages(
        self, page_type: type[Page], scope: str, path: str, valid: Callable[[str], bool], opened: dict[str, TagRecord]
    ) -> AsyncGenerator[Page, None]:
        """Yield pages, the last of them with a note; nothing when neither a list nor a tag was recorded."""
        recorded = await self._cache.history.recorded_list(scope, path)
        since = {name: None for name, record in opened.items() if recorded is None or record.at >= recorded.at}
        if recorded is None:
            if since:
                yield page_type(tuple(since), len(since), done=True, note=_ONLY_OPENED)
            return
        total = 0
        async with aclosing(recorded.pages(valid)) as pages:
            async for names in pages:
                for name in names if since else ():
                    since.pop(name, None)
                total += len(names)
                yield page_type(names, total)
        note = f"As of {datetime.fromtimestamp(recorded.at, UTC):%Y-%m-%d %H:%M} UTC; offline."
        if recorded.kept < recorded.total:
            note += f" Of {recorded.total:,} names {recorded.kept:,} were kept."
        yield page_type(tuple(since), total + len(since), done=True, note=note)

    async def _tag_record(self, repository: Repository, tag: str, name: str, request: Request) -> TagRecord:
        tags = await self._cache.history.tags(await self._scope(repository.registry), repository.path)
        if tag not in tags:
            raise _not_known(name, request)
        return tags[tag]

    async def _cached(self, registry: Registry, digest: Digest) -> CachedContent | None:
        return await self._cache.from_disk(digest, await self._scope(registry))

    async def _scope(self, registry: Registry) -> str:
        """Return the name of the cache scope that answers; empty when the registry was never used."""
        user, named = self._settings.user, self._settings.registry
        if user is not None and (named is None or named.key == registry.key):
            return CacheScope(registry.key, login_state(user).user).name
        return await self._cache.history.last_scope(registry)


def _not_known(name: str, request: Request) -> Offline:
    return offline_error(request.registry, f"{name} is not known offline.", request.wanted)
