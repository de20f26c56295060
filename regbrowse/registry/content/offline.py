"""Answers without asking: what was kept on disk, and a plain word about what was not."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import UTC, datetime

from regbrowse.errors import Evidence, Offline, TooLarge
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Manifest
from regbrowse.oci.mediatype import essence
from regbrowse.reference import Digest, Registry, Repository, is_repository_path, is_tag
from regbrowse.registry.auth.errors import state_of
from regbrowse.registry.content.cache import CacheScope, Kept
from regbrowse.registry.content.store import Store
from regbrowse.registry.content.tag_history import Pointed
from regbrowse.registry.content.verify import read_again
from regbrowse.registry.listing.catalog import require_catalog
from regbrowse.registry.models import CatalogPage, Settings, TagHead, TagPage
from regbrowse.registry.request_builders import blob_request, catalog_request, manifest_request, tags_request
from regbrowse.text import exact, size, visible

_NOTHING = "Only what was opened before is listed; offline."


class OfflineAnswers:
    """The questions of a client, answered from the store alone; every one raises Offline for what is not there.

    They are answered for the user that was named, else for whoever asked the registry last: credential helpers
    may ask somebody, so they are not run.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    async def tags(self, repository: Repository) -> AsyncGenerator[TagPage, None]:
        """The last complete list, and the tags that were opened since; the last page says when that was."""
        question = tags_request(repository)
        holder = await self._holder(repository.registry)
        opened = await self._store.known.tags(holder, repository.path)
        total, note = 0, ""
        async with aclosing(self._names(holder, repository.path, is_tag, opened)) as pages:
            async for names, note in pages:
                total += len(names)
                yield TagPage(names, total, done=bool(note), note=note)
        if not note:
            raise _not_known(repository.familiar, repository.registry, question.wanted)

    async def catalog(self, registry: Registry) -> AsyncGenerator[CatalogPage, None]:
        """The last complete list of repositories; the last page says when that was."""
        question = catalog_request(registry)
        require_catalog(question)
        holder = await self._holder(registry)
        total, note = 0, ""
        async with aclosing(self._names(holder, "", is_repository_path, {})) as pages:
            async for names, note in pages:
                total += len(names)
                yield CatalogPage(names, total, done=bool(note), note=note)
        if not note:
            raise _not_known(f"The list of repositories of {question.host}", registry, question.wanted)

    async def _names(
        self, holder: str, path: str, valid: Callable[[str], bool], opened: dict[str, Pointed]
    ) -> AsyncGenerator[tuple[tuple[str, ...], str], None]:
        """Names with a note at the very end; nothing at all when nothing is known."""
        listing = await self._store.known.listing(holder, path)
        since = {name: None for name, seen in opened.items() if listing is None or seen.at >= listing.at}
        if listing is None:
            if since:
                yield tuple(since), _NOTHING
            return
        async with aclosing(listing.pages(valid)) as pages:
            async for names in pages:
                for name in names if since else ():
                    since.pop(name, None)
                yield names, ""
        note = f"As of {datetime.fromtimestamp(listing.at, UTC):%Y-%m-%d %H:%M} UTC; offline."
        if listing.kept < listing.total:
            note += f" Of {listing.total:,} names {listing.kept:,} were kept."
        yield tuple(since), note

    async def manifest(
        self, repository: Repository, target: str | Digest, *, expected: str = "", size: int | None = None
    ) -> Manifest:
        """The manifest of a digest, or of what a tag pointed to when it was read last."""
        digest = target if isinstance(target, Digest) else Digest.parse(target) if ":" in target else None
        question = manifest_request(repository, target, digest)
        name = f"{repository.familiar}{'@' if digest else ':'}{question.item}"
        digest = digest or (await self._pointed(repository, str(target), name, question.wanted)).digest
        kept = await self._kept(repository.registry, digest)
        if kept is None:
            raise _not_known(name, repository.registry, question.wanted)
        return await read_again(kept, expected, digest, size)

    async def head(self, repository: Repository, tag: str) -> TagHead:
        """What a tag pointed to when it was read last."""
        question = manifest_request(repository, tag, None)
        name = f"{repository.familiar}:{question.item}"
        seen = await self._pointed(repository, tag, name, question.wanted)
        kept = await self._kept(repository.registry, seen.digest)
        if kept is None:
            return TagHead(seen.digest)
        return TagHead(seen.digest, visible(essence(kept.content_type)), len(kept.content))

    async def blob(self, repository: Repository, descriptor: Descriptor, *, limit: int = 4 * 2**20) -> bytes:
        """The verified content of a blob."""
        content = await self._content(repository, descriptor)
        if len(content) > limit:
            why = f"The content has {exact(len(content))}, more than the limit of {size(limit)}."
            raise TooLarge(why, evidence=Evidence(visible(repository.registry.name)))
        return content

    async def blob_start(self, repository: Repository, descriptor: Descriptor, count: int) -> bytes:
        """At most the first `count` bytes of a blob."""
        return (await self._content(repository, descriptor))[: max(0, count)]

    async def _content(self, repository: Repository, descriptor: Descriptor) -> bytes:
        digest, question = blob_request(repository, descriptor, 0)
        if descriptor.data is not None:
            return descriptor.data
        kept = await self._kept(repository.registry, digest)
        if kept is None:
            raise _not_known(f"{repository.familiar}@{digest.short}", repository.registry, question.wanted)
        return kept.content

    async def _pointed(self, repository: Repository, tag: str, name: str, wanted: str) -> Pointed:
        tags = await self._store.known.tags(await self._holder(repository.registry), repository.path)
        if tag not in tags:
            raise _not_known(name, repository.registry, wanted)
        return tags[tag]

    async def _kept(self, registry: Registry, digest: Digest) -> Kept | None:
        return await self._store.on_disk(digest, await self._holder(registry))

    async def _holder(self, registry: Registry) -> str:
        user, named = self._settings.user, self._settings.registry
        if user is not None and (named is None or named.key == registry.key):
            return CacheScope(registry.key, state_of(user).user).name
        return await self._store.known.last_holder(registry)


def _not_known(name: str, registry: Registry, wanted: str) -> Offline:
    host = visible(registry.name)
    hint = f"Start without --offline to ask {host}."
    return Offline(f"{name} is not known offline.", evidence=Evidence(host), wanted=wanted, hint=hint)
