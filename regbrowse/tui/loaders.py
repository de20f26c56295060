"""Loaders ask the browser one question each, and post what they learn to who asked; they touch no widget.

All workers belong to the screen, since a worker is exclusive among those of one node and group only. An exclusive
worker ends the older one of its group, and with it the request on the wire. They catch RegbrowseError, nothing wider.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing, suppress
from dataclasses import replace
from functools import partial
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Any

from regbrowse.concurrency import for_each
from regbrowse.errors import BadResponse, RateLimited, RegbrowseError
from regbrowse.oci import attestation
from regbrowse.oci.attached import documents_of
from regbrowse.oci.manifest import Image, Index, config_of
from regbrowse.oci.mediatype import is_decodable
from regbrowse.oci.platform import Platform
from regbrowse.oci.platform_selection import PlatformRequest
from regbrowse.reference import Registry, Repository
from regbrowse.tag_watch import TagWatch
from regbrowse.tui.messages import (
    LARGE,
    AttachmentsLoaded,
    ChildLoaded,
    ChildrenHeldBack,
    CompareRequest,
    ConfigLoaded,
    ContentLoaded,
    DigestFound,
    DigestRequest,
    DocumentDecoded,
    ImageLoaded,
    ImageRequest,
    ImagesCompared,
    ListRequest,
    Loaded,
    LoadFailed,
    ManifestLoaded,
    ManifestRequest,
    NamesLoaded,
    NearFound,
    NearRequest,
    PlatformSelected,
    SearchLoaded,
    SearchOffered,
    TagDetailsLoaded,
    TagHeadsEnded,
    TagHeadsLoaded,
    WatchEnded,
)
from regbrowse.tui.tag_list import Ordered, order

if TYPE_CHECKING:
    from textual.screen import Screen
    from textual.widget import Widget

    from regbrowse.attachments import Attachments
    from regbrowse.browser import Browser, Names
    from regbrowse.oci.descriptor import Descriptor
    from regbrowse.oci.manifest import Manifest
    from regbrowse.reference import Digest, Reference
    from regbrowse.tui.session import RegistrySession

BELIEVED = 60.0
"""Seconds for which what is attached to a manifest is believed to be all."""
KEPT = 200
"""Manifests of which that is kept."""
FEW = 300
"""Names that are ordered at once; more of them in a thread, so that no key waits."""
MANY = 5_000
"""Names of a registry among which a near one is looked for."""
TOLD = 0.2
"""Seconds between two messages about digests that come one after the other: each is painted."""
PARALLEL = 4
"""Details of rows that are asked for at the same time."""
PAINTED = 0.15
"""Seconds in which the first lines of a document are painted."""


class Loader:
    """Starts workers of one group on a screen, for a pane or for the screen itself."""

    group = ""

    def __init__(self, screen: Screen[Any], session: RegistrySession, *askers: Widget) -> None:
        self._screen = screen
        self._session = session
        self._askers = askers

    def _post(self, message: Loaded) -> None:
        for asker in self._askers:
            asker.post_message(replace(message))

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Run a coroutine as the only worker of the group."""
        self._screen.run_worker(work, group=self.group, exclusive=True)

    @property
    def is_running(self) -> bool:
        """Whether an answer is awaited."""
        return any(worker.group == self.group and not worker.is_finished for worker in self._screen.workers)

    def cancel(self) -> None:
        """End the worker of the group; its connection closes."""
        self._screen.workers.cancel_group(self._screen, self.group)


class ListLoader(Loader):
    """Lists the tags of a repository or the repositories of a registry."""

    group = "list"

    def load(self, request: ListRequest, after: Names | None = None) -> None:
        """List from the start, or behind what came when the list was stopped."""
        self.start(self._load(request, after))

    async def _load(self, request: ListRequest, after: Names | None) -> None:
        try:
            browser = await self._session.connected()
            if isinstance(request.place, Registry) and browser.client.searchable(request.place):
                self._post(SearchOffered(request))
                return
            async with aclosing(browser.listing(request.place, after)) as parts:
                async for part in parts:
                    self._post(NamesLoaded(request, part, await self._order(request, part)))
                    await asyncio.sleep(0)
        except RegbrowseError as error:
            self._post(LoadFailed(request, error))

    async def _order(self, request: ListRequest, part: Names) -> Ordered:
        versions = isinstance(request.place, Repository)
        if len(part.names) <= FEW:
            return order(part.names, versions=versions)
        return await asyncio.to_thread(order, part.names, versions=versions)


class SearchLoader(Loader):
    """Searches a registry that does not list its repositories."""

    group = "search"

    def load(self, request: ListRequest, text: str) -> None:
        """Search for a text."""
        self.start(self._load(request, text))

    async def _load(self, request: ListRequest, text: str) -> None:
        assert isinstance(request.place, Registry)
        browser = await self._session.connected()
        try:
            found = await browser.client.search(request.place, text)
        except RegbrowseError as error:
            self._post(SearchLoaded(request, text, (), error))
        else:
            self._post(SearchLoaded(request, text, found))


class TagHeadLoader(Loader):
    """Asks what tags refer to, by HEAD."""

    group = "tag heads"

    def load(self, request: ListRequest, tags: list[str]) -> None:
        """Ask for these tags, a few at the same time."""
        self.start(self._load(request, tags))

    async def _load(self, request: ListRequest, tags: list[str]) -> None:
        repository = request.place
        assert isinstance(repository, Repository)
        browser = await self._session.connected()
        todo = iter(tags)

        async def ask() -> None:
            for tag in todo:
                limits = browser.client.limits
                costs = limits.is_metered(repository.registry) and browser.client.heads_are_gets(repository.registry)
                if costs or limits.is_low(repository.registry):
                    return
                try:
                    head = await browser.tag_head(repository, tag, background=True)
                except RegbrowseError:
                    return  # a decoration: the row stays without a digest, and the next scroll asks again
                if head is not None and head.digest is not None:
                    self._post(TagHeadsLoaded(request, {tag: head.digest}))

        await _at_once(ask)


class AllTagHeadsLoader(Loader):
    """Asks what all tags of a repository refer to, by HEAD, because somebody wants to know which are the same."""

    group = "all tag heads"

    def load(self, request: ListRequest, tags: list[str]) -> None:
        """Ask for these tags, a few at the same time; the first failure ends it."""
        self.start(self._load(request, tags))

    async def _load(self, request: ListRequest, tags: list[str]) -> None:
        repository = request.place
        assert isinstance(repository, Repository)
        error: RegbrowseError | None = None
        found: dict[str, Digest] = {}
        told = perf_counter()

        def tell() -> None:
            nonlocal told
            if found:
                self._post(TagHeadsLoaded(request, dict(found)))
                found.clear()
            told = perf_counter()

        async def ask(tag: str) -> None:
            head = await browser.tag_head(repository, tag)
            if head is not None and head.digest is not None:
                found[tag] = head.digest
            if perf_counter() > told + TOLD:
                tell()

        try:
            browser = await self._session.connected()
            await for_each(ask, tags[:1])
            await browser.expect_heads(repository, len(tags) - 1)
            await for_each(ask, tags[1:])
        except RegbrowseError as failure:
            error = failure
        finally:
            tell()
        self._post(TagHeadsEnded(request, error))


class TagDetailsLoader(Loader):
    """Asks the registry's own API for the dates and sizes of tags; what comes may fail without harm."""

    group = "tag details"

    def load(self, request: ListRequest) -> None:
        """Ask for all tags of a repository, page by page."""
        if isinstance(request.place, Repository):
            self.start(self._load(request, request.place))

    async def _load(self, request: ListRequest, repository: Repository) -> None:
        browser = await self._session.connected()
        async for part in browser.client.tag_facts(repository):
            self._post(TagDetailsLoaded(request, part.facts, part.note))


class ManifestLoader(Loader):
    """Reads the manifest behind a tag or digest, and selects an image of it."""

    group = "manifest"

    def load(self, request: ManifestRequest, platform: Platform | None, *, fresh: bool = False) -> None:
        """Read the manifest; `platform` was chosen by hand, None stands for that of the settings or this machine."""
        self.start(self._load(request, platform, fresh))

    async def _load(self, request: ManifestRequest, platform: Platform | None, fresh: bool) -> None:
        try:
            browser = await self._session.connected()
            manifest = await browser.open(request.reference, fresh=fresh)
        except RegbrowseError as error:
            self._post(LoadFailed(request, error))
            return
        wanted = PlatformRequest(platform or browser.platform or Platform.host(), asked=platform is not None)
        self._post(ManifestLoaded(request, manifest, wanted))
        if isinstance(manifest, Index):
            await self._select(browser, request, manifest, wanted)

    async def _select(self, browser: Browser, request: ManifestRequest, root: Index, wanted: PlatformRequest) -> None:
        from regbrowse.platform_search import select_platform  # not needed before an index was read

        repository = request.reference.repository

        async def read(descriptor: Descriptor) -> Manifest:
            """Read a manifest of the index, which gets its row at once."""
            try:
                manifest = await browser.child(repository, descriptor)
            except RegbrowseError as error:
                if descriptor.digest is not None:
                    self._post(ChildLoaded(request, descriptor.digest, error))
                raise
            if descriptor.digest is not None:
                self._post(ChildLoaded(request, descriptor.digest, manifest))
            return manifest

        selection = await select_platform(browser, repository, root, wanted, read)
        self._post(PlatformSelected(request, selection, wanted.platform if wanted.asked or browser.platform else None))


class ChildLoader(Loader):
    """Reads the manifests whose rows can be seen, for their sizes and whether they are there."""

    group = "children"
    _asked_for: tuple[ManifestRequest, set[Digest]] | None = None
    """What was asked for by itself of what is open."""

    def load(self, request: ManifestRequest, wanted: list[Descriptor], *, at_any_cost: bool = False) -> None:
        """Read these manifests, a few at the same time; with `at_any_cost` also when much is taken of a pull limit."""
        self.start(self._load(request, wanted, at_any_cost))

    async def _load(self, request: ManifestRequest, wanted: list[Descriptor], at_any_cost: bool) -> None:
        browser = await self._session.connected()
        repository = request.reference.repository
        digests = [each.digest for each in wanted if each.digest]
        if self._asked_for is None or self._asked_for[0] is not request:
            self._asked_for = request, set()
        before = self._asked_for[1]
        cost = None if at_any_cost else await browser.rate_cost(repository, digests, already=before)
        if cost is not None:
            self._post(ChildrenHeldBack(request, cost))
            return
        todo = iter(wanted)

        async def ask() -> None:
            for descriptor in todo:
                if descriptor.digest is None or browser.client.limits.is_low(repository.registry):
                    continue
                if not at_any_cost:
                    before.add(descriptor.digest)
                outcome: Manifest | RegbrowseError
                try:
                    outcome = await browser.child(repository, descriptor, background=True)
                except RateLimited:
                    return
                except RegbrowseError as error:
                    outcome = error
                self._post(ChildLoaded(request, descriptor.digest, outcome))

        await _at_once(ask)


class AttachmentLoader(Loader):
    """Finds what is attached to manifests, behind everything that was asked for by hand."""

    group = "attachments"

    def __init__(self, screen: Screen[Any], session: RegistrySession, *askers: Widget) -> None:
        super().__init__(screen, session, *askers)
        self._wanted: frozenset[Digest] = frozenset()
        self._found: dict[tuple[Repository, Digest], tuple[float, Attachments]] = {}
        """What was found, and when on the monotonic clock; the oldest first."""

    def forget(self) -> None:
        """Believe nothing that was found so far."""
        self._found.clear()

    def load(self, request: ManifestRequest, wanted: list[Digest], *, frugal: bool) -> None:
        """Look for what is attached to each of these; with `frugal` nothing of that is opened.

        What is asked already goes on.
        """
        if not (self.is_running and self._wanted >= set(wanted)):
            self._wanted = frozenset(wanted)
            self.start(self._load(request, wanted, frugal))

    async def _load(self, request: ManifestRequest, wanted: list[Digest], frugal: bool) -> None:
        from regbrowse.attachments import Attachments, AttachmentSearch

        browser = await self._session.connected()
        repository = request.reference.repository
        for subject in wanted:
            if (known := self._known(repository, subject)) is not None:
                self._post(AttachmentsLoaded(request, subject, known))
                continue
            if browser.client.limits.is_low(repository.registry):
                return
            search = AttachmentSearch(browser, repository, background=True)
            try:
                await search.ask(subject)
                if not frugal:
                    await search.read()
                found = search.found
            except RegbrowseError as error:
                found = Attachments(notes=(error.why,))
            self._keep(repository, subject, found)
            self._post(AttachmentsLoaded(request, subject, found))

    def _known(self, repository: Repository, subject: Digest) -> Attachments | None:
        at, found = self._found.get((repository, subject), (0.0, None))
        return found if monotonic() - at < BELIEVED else None

    def _keep(self, repository: Repository, subject: Digest, found: Attachments) -> None:
        if len(self._found) >= KEPT:
            del self._found[next(iter(self._found))]
        self._found[repository, subject] = monotonic(), found


class ImageLoader(Loader):
    """Reads a manifest and its config, or another small blob."""

    group = "image"

    def load(self, request: ImageRequest, known: Manifest | None, descriptor: Descriptor | None) -> None:
        """Read the manifest, unless it is known, and then its config."""
        self.start(self._load(request, known, descriptor))

    def load_content(
        self, request: ImageRequest, descriptor: Descriptor, *, everything: bool = False, is_config: bool = False
    ) -> None:
        """Read a blob, such as an attestation, or a config; with `everything` the whole of a large one."""
        self.start(self._load_content(request, descriptor, everything=everything, is_config=is_config))

    def load_attachment(self, request: ImageRequest, known: Manifest | None, descriptor: Descriptor) -> None:
        """Read the manifest of something attached, unless it is known, and then its first document."""
        self.start(self._load_attachment(request, known, descriptor))

    async def _load_attachment(self, request: ImageRequest, known: Manifest | None, descriptor: Descriptor) -> None:
        read = await self._manifest(request, known, descriptor)
        documents = documents_of(read) if read is not None else ()
        if documents:
            await self._load_content(request, documents[0])

    async def _manifest(
        self, request: ImageRequest, known: Manifest | None, descriptor: Descriptor | None
    ) -> Manifest | None:
        """Post a manifest, or why it cannot be read."""
        repository = request.manifest_request.reference.repository
        try:
            browser = await self._session.connected()
            if known is None:
                if descriptor is None:
                    raise BadResponse("There is nothing that names this manifest.")
                known = await browser.child(repository, descriptor)
        except RegbrowseError as error:
            self._post(ImageLoaded(request, error))
            return None
        self._post(ImageLoaded(request, known))
        return known

    async def _load(self, request: ImageRequest, known: Manifest | None, descriptor: Descriptor | None) -> None:
        read = await self._manifest(request, known, descriptor)
        config = config_of(read) if read is not None else None
        if config is not None and config.digest is not None:
            await self._load_content(request, config, is_config=isinstance(read, Image))

    async def _load_content(
        self, request: ImageRequest, descriptor: Descriptor, *, everything: bool = False, is_config: bool = False
    ) -> None:
        browser = await self._session.connected()
        repository = request.manifest_request.reference.repository
        try:
            raw, whole = await browser.content(repository, descriptor, everything=everything)
            decodes = whole and not is_config and _may_decode(descriptor, raw)
            self._post(ContentLoaded(request, descriptor, raw, whole, decodes))
            if decodes:
                await self._decode(request, descriptor, raw)
            elif len(raw) > LARGE:
                await asyncio.sleep(PAINTED)
            if is_config and whole:
                from regbrowse.oci.config import parse_config

                read = partial(parse_config, raw, media_type=descriptor.media_type)
                self._post(ConfigLoaded(request, await asyncio.to_thread(read)))
        except RegbrowseError as error:
            self._post(LoadFailed(request, error))

    async def _decode(self, request: ImageRequest, descriptor: Descriptor, raw: bytes) -> None:
        """Post what a document says. Raises RegbrowseError for what should be an attestation and is none."""
        from regbrowse.oci.decode.document import decode

        assert descriptor.digest is not None
        decoded = None
        try:
            decoded = await asyncio.to_thread(decode, raw, descriptor.media_type, descriptor.annotations)
        except RegbrowseError:
            if attestation.predicate_of(descriptor):
                raise
        known = decoded if decoded is not None and decoded.is_known else None
        self._post(DocumentDecoded(request, descriptor.digest, known))


class NearLoader(Loader):
    """Finds names that are spelled nearly as one that does not exist."""

    group = "near"

    def load(self, request: NearRequest, names: list[str]) -> None:
        """Compare with these names; for a repository with those that its registry lists, too."""
        self.start(self._load(request, names))

    async def _load(self, request: NearRequest, names: list[str]) -> None:
        from regbrowse.near_names import near_names

        repository, tag = request.reference.repository, request.reference.tag
        if tag is None:
            with suppress(RegbrowseError):  # many registries list nothing, which is no news here
                names += await self._listed(repository.registry)
        near = await asyncio.to_thread(near_names, tag or repository.path, names)
        if near:
            self._post(NearFound(request, near))

    async def _listed(self, registry: Registry) -> list[str]:
        browser = await self._session.connected()
        names: list[str] = []
        if not browser.client.searchable(registry):
            async with aclosing(browser.listing(registry)) as parts:
                async for part in parts:
                    names += part.names
                    if part.done or len(names) > MANY:
                        break
        return names


class WatchLoader(Loader):
    """Watches one tag until it moves, for an hour at most."""

    group = "watch"

    def load(self, reference: Reference, before: Digest | None) -> None:
        """Watch a tag; `before` is what it is known to point to."""
        self.start(self._load(reference, before))

    async def _load(self, reference: Reference, before: Digest | None) -> None:
        try:
            browser = await self._session.connected()
            moved = await TagWatch(browser, reference, before=before, background=True).run()
            self._post(WatchEnded(reference, moved))
        except RegbrowseError as error:
            self._post(WatchEnded(reference, None, error))


class DigestLoader(Loader):
    """Finds what a digest is."""

    group = "digest"

    def load(self, request: DigestRequest) -> None:
        """Look in what the reference names, and then in its repository."""
        self.start(self._load(request))

    async def _load(self, request: DigestRequest) -> None:
        from regbrowse.digest_search import DigestSearch

        try:
            browser = await self._session.connected()
            search = DigestSearch(browser, request.reference.repository, request.digest)
            self._post(DigestFound(request, *await search.what(request.reference)))
        except RegbrowseError as error:
            self._post(LoadFailed(request, error))


def _may_decode(descriptor: Descriptor, raw: bytes) -> bool:
    """Tell whether content may be a document that is decoded: a JSON object, or of a type that tells."""
    if descriptor.digest is None:
        return False
    is_object = raw[:256].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    return is_object or is_decodable(descriptor.media_type) or bool(attestation.predicate_of(descriptor))


class ComparisonLoader(Loader):
    """Compares two images."""

    group = "comparison"

    def load(self, request: CompareRequest, *, fresh: bool = False) -> None:
        """Open both, and read what is compared of them; with `fresh` ask again what tags point to."""
        self.start(self._load(request, fresh))

    async def _load(self, request: CompareRequest, fresh: bool) -> None:
        from regbrowse.image_comparison import ComparedImages, compare

        try:
            browser = await self._session.connected()
            compared = await compare(browser, request.a, request.b, request.platform, fresh=fresh)
        except RegbrowseError as error:
            self._post(LoadFailed(request, error))
            return
        if isinstance(compared, ComparedImages):  # for a platform it is never anything else
            self._post(ImagesCompared(request, compared))


async def _at_once(ask: Callable[[], Coroutine[None, None, None]]) -> None:
    """Run PARALLEL times a coroutine that takes its work from a shared iterator."""
    async with asyncio.TaskGroup() as group:
        for _ in range(PARALLEL):
            group.create_task(ask())
