"""The workers: each asks one question and posts what it learns. They never touch a widget.

All run on the screen, one exclusive group per pane, so that a newer question ends the older one; leaving a worker
closes its connection. They catch RegbrowseError and nothing wider.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import aclosing

from regbrowse.browser import Browser, Names
from regbrowse.errors import BadResponse, RateLimited, RegbrowseError
from regbrowse.oci import attestation
from regbrowse.oci.config import parse_config
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Image, Index, Manifest, config_of
from regbrowse.oci.platform import Platform
from regbrowse.oci.platform_selection import PlatformRequest
from regbrowse.platform_search import select_platform
from regbrowse.reference import Registry, Repository
from regbrowse.tui.messages import (
    ChildArrived,
    ClaimArrived,
    ConfigRead,
    Connected,
    ContentArrived,
    Failed,
    ImageQuestion,
    ListQuestion,
    NamesArrived,
    OpenQuestion,
    PlatformSelected,
    RootArrived,
    SearchOffered,
    StatementArrived,
)
from regbrowse.tui.state import State

PARALLEL = 4
"""Row details asked for at the same time."""
BREATH = 0.005
"""Seconds between two slices of a listing, in which keys are heard and rows are painted."""
LARGE = 256 * 2**10
"""Bytes of a document from which parsing it could hold the first paint up."""
PAINTED = 0.15
"""Seconds in which the first lines of a document are painted."""


class Fetching(State):
    """Starts workers; the answers come as facts."""

    async def connected(self) -> Browser:
        """The browser, made on first use."""
        async with self.connecting:
            if self.browser is None:
                self.browser = await self.connect()
                self.post_message(Connected(self.browser.notices()))
        return self.browser

    def ask_list(self, question: ListQuestion, after: Names | None = None) -> None:
        """From the start, or behind what came when the listing was stopped."""
        self.run_worker(self._list(question, after), group="tags", exclusive=True)

    async def _list(self, question: ListQuestion, after: Names | None) -> None:
        try:
            browser = await self.connected()
            if isinstance(question.place, Registry) and browser.client.searchable(question.place):
                self.post_message(SearchOffered(question))
                return
            async with aclosing(browser.listing(question.place, after)) as parts:
                async for part in parts:
                    self.post_message(NamesArrived(question, part.names, part.hidden, part.done, part.note, part))
                    await asyncio.sleep(BREATH)
        except RegbrowseError as error:
            self.post_message(Failed(question, error))

    def ask_root(self, question: OpenQuestion, *, fresh: bool) -> None:
        self.run_worker(self._root(question, fresh), group="manifest", exclusive=True)

    async def _root(self, question: OpenQuestion, fresh: bool) -> None:
        try:
            browser = await self.connected()
            manifest = await browser.open(question.reference, fresh=fresh)
        except RegbrowseError as error:
            self.post_message(Failed(question, error))
            return
        request = PlatformRequest(self.platform or browser.platform or Platform.host(), asked=self.platform is not None)
        self.post_message(RootArrived(question, manifest, request))
        if isinstance(manifest, Index):
            await self._select(browser, question, manifest, request)

    async def _select(self, browser: Browser, question: OpenQuestion, root: Index, request: PlatformRequest) -> None:
        repository = question.reference.repository

        async def read(descriptor: Descriptor) -> Manifest:
            """A child, which gets its row at once."""
            try:
                manifest = await browser.child(repository, descriptor)
            except RegbrowseError as error:
                self._post_child(question, descriptor, error)
                raise
            self._post_child(question, descriptor, manifest)
            return manifest

        selection = await select_platform(browser, repository, root, request, read)
        self.post_message(PlatformSelected(question, selection))

    def _post_child(self, question: OpenQuestion, descriptor: Descriptor, outcome: Manifest | RegbrowseError) -> None:
        if descriptor.digest is not None:
            self.post_message(ChildArrived(question, descriptor.digest, outcome))

    def ask_image(self, question: ImageQuestion, known: Manifest | None, descriptor: Descriptor | None) -> None:
        """Reads a child manifest, unless it is known, and then its config."""
        self.run_worker(self._image(question, known, descriptor), group="config", exclusive=True)

    async def _image(self, question: ImageQuestion, known: Manifest | None, descriptor: Descriptor | None) -> None:
        repository = question.opened.reference.repository
        try:
            browser = await self.connected()
            if known is None:
                if descriptor is None:
                    raise BadResponse("There is nothing that names this manifest.")
                known = await browser.child(repository, descriptor)
        except RegbrowseError as error:
            self.post_message(ChildArrived(question.opened, question.digest, error))
            self.post_message(Failed(question, error))
            return
        self.post_message(ChildArrived(question.opened, question.digest, known))
        config = config_of(known)
        if config is not None and config.digest is not None:
            await self._content(browser, question, config, reads_config=isinstance(known, Image))

    def ask_content(self, question: ImageQuestion, descriptor: Descriptor, *, everything: bool = False) -> None:
        """Reads a blob to look at: an attestation, or the whole of a large config."""
        self.run_worker(self._ask_content(question, descriptor, everything), group="config", exclusive=True)

    async def _ask_content(self, question: ImageQuestion, descriptor: Descriptor, everything: bool) -> None:
        browser = await self.connected()
        await self._content(browser, question, descriptor, everything=everything, reads_config=everything)

    async def _content(
        self,
        browser: Browser,
        question: ImageQuestion,
        descriptor: Descriptor,
        *,
        everything: bool = False,
        reads_config: bool = False,
    ) -> None:
        repository = question.opened.reference.repository
        try:
            raw, whole = await browser.content(repository, descriptor, everything=everything)
            self.post_message(ContentArrived(question, descriptor, raw, whole))
            if len(raw) > LARGE:
                await asyncio.sleep(PAINTED)
            if reads_config and whole:
                config = await asyncio.to_thread(parse_config, raw)
                self.post_message(ConfigRead(question, config))
            elif attestation.predicate_of(descriptor):
                said = await asyncio.to_thread(attestation.read_statement, raw)
                if descriptor.digest:
                    self.post_message(StatementArrived(question.opened, descriptor.digest, said))
        except RegbrowseError as error:
            self.post_message(Failed(question, error))

    def ask_children(self, question: OpenQuestion, wanted: list[Descriptor]) -> None:
        """Reads the children whose rows are visible, for their sizes and whether they are there."""
        self.run_worker(self._children(question, wanted), group="children", exclusive=True)

    async def _children(self, question: OpenQuestion, wanted: list[Descriptor]) -> None:
        browser = await self.connected()
        todo = iter(wanted)

        async def some() -> None:
            for descriptor in todo:
                if descriptor.digest is None or browser.client.limits.is_low(question.reference.repository.registry):
                    continue
                outcome: Manifest | RegbrowseError
                try:
                    outcome = await browser.child(question.reference.repository, descriptor, background=True)
                except RateLimited:
                    return
                except RegbrowseError as error:
                    outcome = error
                self.post_message(ChildArrived(question, descriptor.digest, outcome))

        await self._at_once(some)

    def ask_claims(self, question: ListQuestion, tags: list[str]) -> None:
        """Asks what the visible tags point to, by HEAD."""
        self.run_worker(self._claims(question, tags), group="rows", exclusive=True)

    async def _claims(self, question: ListQuestion, tags: list[str]) -> None:
        repository = question.place
        if not isinstance(repository, Repository):
            return
        browser = await self.connected()
        todo: Iterator[str] = iter(tags)

        async def some() -> None:
            for tag in todo:
                if browser.client.limits.is_low(repository.registry):
                    return
                try:
                    claim = await browser.claim(repository, tag, background=True)
                except RegbrowseError:
                    return  # a decoration: the row stays without a digest, and the next scroll asks again
                if claim is not None and claim.digest is not None:
                    self.post_message(ClaimArrived(question, tag, claim.digest))

        await self._at_once(some)

    async def _at_once(self, some: Callable[[], Coroutine[None, None, None]]) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(PARALLEL):
                group.create_task(some())

    def running(self, *groups: str) -> bool:
        """Whether a worker of these groups has not ended."""
        return any(worker.group in groups and not worker.is_finished for worker in self.workers)

    def stop(self, *groups: str) -> None:
        """Ends the workers of these groups; their connections close."""
        for group in groups:
            self.workers.cancel_group(self, group)
