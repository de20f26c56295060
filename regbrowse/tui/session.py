"""How the registry is reached and who asks: logins for this session, waiting for limits, search, notices."""

from __future__ import annotations

from time import monotonic

from textual import on
from textual.app import SuspendNotSupported
from textual.timer import Timer

from regbrowse.errors import RegbrowseError
from regbrowse.reference import Registry, Repository
from regbrowse.reference_input import Source
from regbrowse.text import span
from regbrowse.tui import messages as m
from regbrowse.tui.dialogs.connection import Allow, Anonymous, Choice, ConnectionDialog, Foreground, SignIn
from regbrowse.tui.panes.lines import Pane
from regbrowse.tui.state import Connect
from regbrowse.tui.steps import steps_for
from regbrowse.tui.windows import Windows

LOOK = 0.5
"""Seconds between two looks at what is being waited for."""
TYPING = 0.3
"""Seconds a text rests before it is searched for."""


class Session(Windows):
    """The keys and the workers that belong to the connection, not to an image."""

    _search_timer: Timer | None = None

    def __init__(self, connect: Connect) -> None:
        super().__init__(connect)
        self._heard: set[str] = set()
        """Notices that were said."""

    # Waiting

    def watch_waits(self) -> None:
        """From now on panes say why nothing is asked just now, and ask again when a limit opens."""
        self.set_interval(LOOK, self._look)

    def _look(self) -> None:
        registry, browser = self.registry, self.browser
        if registry is None or browser is None:
            return
        self._hear(browser.notices())
        wait = browser.client.limits.wait(registry)
        left = wait.until - monotonic() if wait else 0.0
        helper = browser.client.auth.waiting_for_helper
        held = f"asking {helper}" if helper else ""
        if wait and left > 0:
            held = f"{wait.why} Trying again in {span(left)}."
        for pane in self.panes:
            if pane.again is not None:
                self._count_down(pane)
            elif pane.asking or (pane is self.tags_pane and self.tags_pane.streaming):
                pane.held = held if pane.asking or not held else f"waits {span(left)}"

    def _count_down(self, pane: Pane) -> None:
        left = (pane.again or 0.0) - monotonic()
        if left > 0:
            pane.held = f"It opens again in {span(left)}; asked again then."
            return
        pane.again, pane.held = None, ""
        if self.browser is not None and self.registry is not None:
            self.browser.client.limits.retry_now(self.registry)
        if pane is self.tags_pane and self.listing:
            self.start_list(self.listing.place, keep=pane.row_count() > 0)
        elif pane is self.manifests_pane and self.opened:
            self.open_reference(self.opened.reference)
        elif self.image:
            self.image = None
            self.show_node(self.manifests_pane.current)

    # Who asks

    def action_connection(self) -> None:
        registry, browser = self.registry, self.browser
        if registry is None or browser is None:
            return
        path = self.repository.path if self.repository else ""
        known, helper = browser.client.connection(registry, path), browser.client.auth.slow_helper(registry)
        dialog = ConnectionDialog(registry, known, browser.notices(), self.pane.error, helper)
        self.app.push_screen(dialog, self._decided)
        self.run_worker(self._sources(registry), group="sources", exclusive=True)

    async def _sources(self, registry: Registry) -> None:
        browser = await self.connected()
        path = self.repository.path if self.repository else ""
        self.post_message(m.SourcesArrived(registry, await browser.client.auth.login_sources(registry, path)))

    @on(m.SourcesArrived)
    def _sources_arrived(self, fact: m.SourcesArrived) -> None:
        dialog = self.app.screen
        if isinstance(dialog, ConnectionDialog) and dialog.registry == fact.registry:
            dialog.show_sources(fact.sources)

    def _decided(self, choice: Choice | None) -> None:
        if choice is None or self.registry is None:
            return
        if isinstance(choice, Foreground):
            self.run_worker(self._in_foreground(self.registry), group="identity", exclusive=True)
        else:
            self.run_worker(self._identify(self.registry, choice), group="identity", exclusive=True)

    async def _identify(self, registry: Registry, choice: Choice) -> None:
        said = ""
        try:
            browser = await self.connected()
            if isinstance(choice, SignIn):
                await browser.client.auth.log_in(registry, choice.user, choice.password)
                said = f"logged in to {registry} as {choice.user}, for this session"
            elif isinstance(choice, Anonymous):
                browser.client.auth.use_anonymous(registry)
                said = f"browsing {registry} anonymously"
            elif isinstance(choice, Allow):
                browser.client.auth.realms.allow(registry)
                said = f"logins of {registry} go where it says now"
        except RegbrowseError as error:
            self.post_message(m.IdentityChanged(registry, "", error))
        else:
            self.post_message(m.IdentityChanged(registry, said))

    async def _in_foreground(self, registry: Registry) -> None:
        """The helper gets the terminal, because it wants to ask something itself."""
        browser = await self.connected()
        try:
            # Nothing is painted while the terminal belongs to somebody else.
            with self.app.suspend(), self.app.batch_update():
                found = await browser.client.auth.run_helper_in_foreground(registry)
        except SuspendNotSupported:
            self.say("×", "this terminal cannot be lent to a credential helper", "")
            return
        said = f"logged in to {registry} by its credential helper" if found else "the credential helper gave no login"
        self.post_message(m.IdentityChanged(registry, said))

    @on(m.IdentityChanged)
    def _identity_changed(self, fact: m.IdentityChanged) -> None:
        if fact.error is not None:
            self.say("×", fact.error.why, "")
        elif fact.registry == self.registry and self.place is not None:
            self.say("now", fact.said, "")
            self.go_to(self.place, fresh=True)

    def action_anonymous(self) -> None:
        if self.possible("anonymous"):
            self._decided(Anonymous())

    def action_plain_http(self) -> None:
        registry, browser = self.registry, self.browser
        if self.possible("plain_http") and registry is not None and browser is not None and self.place is not None:
            browser.client.allow_http(registry)
            self.say("now", f"{registry} may be asked unencrypted, until regbrowse ends", "")
            self.go_to(self.place, fresh=True)

    # Files on this machine

    def open_files(self, source: Source) -> None:
        self.tags_pane.start_asking(f"asking for {source}")
        self.run_worker(self._open_files(source), group="tags", exclusive=True)

    async def _open_files(self, source: Source) -> None:
        browser = await self.connected()
        try:
            place, notices = await browser.open_files(source)
        except RegbrowseError as error:
            self.post_message(m.FilesOpened(None, error=error))
        else:
            self.post_message(m.FilesOpened(place, notices))

    @on(m.FilesOpened)
    def _files_opened(self, fact: m.FilesOpened) -> None:
        if fact.place is not None:
            self.go_to(fact.place)
        elif fact.error is not None:
            self.tags_pane.fail(fact.error, steps_for(fact.error))
        self._hear(fact.notices)
        self.refresh_lines()

    # What was noticed

    @on(m.Connected)
    def _connected(self, fact: m.Connected) -> None:
        self._hear(fact.notices)

    def _hear(self, notices: tuple[str, ...]) -> None:
        """Says what was not said yet."""
        new = [notice for notice in notices if notice not in self._heard]
        if new:
            self._heard.update(new)
            self.say("!", new[0], f"{len(new) - 1} more: L shows all" if len(new) > 1 else "L shows it again")

    # Search

    @on(m.SearchOffered)
    def _search_offered(self, fact: m.SearchOffered) -> None:
        if fact.question == self.listing:
            self.tags_pane.offer_search(str(fact.question.place))
            self.refresh_lines()

    @on(m.SearchWanted)
    def _search_wanted(self, intent: m.SearchWanted) -> None:
        if self._search_timer:
            self._search_timer.stop()
        text = intent.text.strip()
        if len(text) > 1:
            self._search_timer = self.set_timer(TYPING, lambda: self._start_search(text))

    def _start_search(self, text: str) -> None:
        if self.listing is not None:
            self.tags_pane.start_asking(f"searching for {text}")
            self.run_worker(self._search(self.listing, text), group="search", exclusive=True)

    async def _search(self, question: m.ListQuestion, text: str) -> None:
        browser = await self.connected()
        if not isinstance(question.place, Registry):
            return
        try:
            found = await browser.client.search(question.place, text)
        except RegbrowseError as error:
            self.post_message(m.SearchArrived(question, text, (), error))
        else:
            self.post_message(m.SearchArrived(question, text, found))

    @on(m.SearchArrived)
    def _search_arrived(self, fact: m.SearchArrived) -> None:
        if fact.question != self.listing:
            return
        if fact.error is not None:
            self.tags_pane.stop_asking()
            self.say("×", fact.error.why, "")
        else:
            self.tags_pane.show_found(fact.text, {each.path: each.about for each in fact.found})
        self.refresh_lines()

    # Dates and sizes from the registry's own API

    def ask_tag_facts(self, question: m.ListQuestion) -> None:
        """Once per listing; what comes decorates the rows and may fail without harm."""
        self.run_worker(self._tag_facts(question), group="facts", exclusive=True)

    async def _tag_facts(self, question: m.ListQuestion) -> None:
        if not isinstance(question.place, Repository):
            return
        browser = await self.connected()
        async for part in browser.client.tag_facts(question.place):
            self.post_message(m.TagFactsArrived(question, part.facts, part.note))

    @on(m.TagFactsArrived)
    def _tag_facts_arrived(self, fact: m.TagFactsArrived) -> None:
        if fact.question != self.listing:
            return
        for each in fact.facts:
            self.tag_facts[each.tag] = each
            if each.digest is not None:
                self.tags_pane.claim(each.tag, each.digest)
        if fact.note:
            self.say("!", fact.note, "")
        self.refresh_lines()
