"""The input for a reference: says how it was understood while it is typed, and offers what was open lately."""

from __future__ import annotations

import re
from collections.abc import Coroutine, Iterable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from os.path import commonprefix
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label

from regbrowse.errors import BadReference, RegbrowseError
from regbrowse.oci.identify import read_digest
from regbrowse.reference import DOCKER_HUB, Digest, Reference, Registry
from regbrowse.reference_completion import Listing, completions, listing_for
from regbrowse.reference_input import Typed, read_typed
from regbrowse.state.recents import Recent
from regbrowse.text import age
from regbrowse.tui.cells import Span, clip, cut, cut_left, spread, width_of, wrap
from regbrowse.tui.dialogs.dialog import Dialog
from regbrowse.tui.theme_styles import TextStyles, theme_styles
from regbrowse.tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from regbrowse.reference_input import Source
    from regbrowse.settings.files import KnownRegistry
    from regbrowse.tui.session import RegistrySession

_DIGEST = re.compile(r"[a-z0-9]+:[0-9a-f]{32,128}|[0-9a-f]{64}")
_PATH = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*(:[A-Za-z0-9_][A-Za-z0-9._-]*)?")
"""A repository, perhaps with a tag; its first part may be the name of a host, which `understand` tells."""
_BARE = re.compile(r"[a-z0-9][a-z0-9._-]*")
"""A name without registry, folder, tag or digest."""
COMPLETIONS = 200
"""Names that are offered at most."""
WIDE = 84
"""Cells from which digests are shown beside what was open lately."""
TAKES = (
    "name, name:tag, name@sha256:…, or a registry alone: localhost:5000/, a pasted docker pull, FROM or image: line,"
    " a registry's web address, oci:DIR, dir:DIR, oci-archive:FILE or docker-archive:FILE"
)


class Understood(NamedTuple):
    """What the text means, or the sentence why it means nothing."""

    typed: Typed | None = None
    problem: str = ""


def understand(text: str, here: Reference | None = None) -> Understood:
    """Tell how a text would be opened; a digest alone is looked for in what is open `here`."""
    if not text.strip():
        return Understood()
    if here is not None and _DIGEST.fullmatch(text.strip()):
        with suppress(BadReference):
            return Understood(Typed(Reference(here.repository, digest=read_digest(text.strip()))))
    try:
        return Understood(read_typed(text))
    except BadReference as error:
        return Understood(problem=str(error))


class Offer(NamedTuple):
    """Something that can be opened without being typed."""

    reference: str
    note: str = ""
    """When it was opened, or where its registry is named."""
    digest: str = ""


class Section(NamedTuple):
    """Offers of one kind."""

    heading: str
    note: str
    offers: list[Offer]


class OpenDialog(Dialog[Typed]):
    """Gives what is to be opened. Files on this machine are read first, and then named by their place; a digest alone
    is looked for in what is open, and said to be what it is when it is no manifest.
    """

    wide, high = 92, 18
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("tab", "complete", show=False),
        Binding("enter", "open", show=False),
    ]

    @dataclass
    class Answered(Message, bubble=False):
        """It was found out where the text leads; or what it is, or why that cannot be found out."""

        typed: Typed | None = None
        said: str = ""
        error: RegbrowseError | None = None

    @dataclass
    class Known(Message, bubble=False):
        """The registries that files of this machine name."""

        registries: list[KnownRegistry]

    @dataclass
    class Completed(Message, bubble=False):
        """What begins as the text does, so far."""

        listing: Listing
        found: list[str]
        ended: bool

    def __init__(self, session: RegistrySession, recents: list[Recent], here: Reference | None = None) -> None:
        """Take what was opened lately, and the reference that is open."""
        self.recents, self.here = recents, here
        self.asking = ""
        """What is being found out."""
        self.said = ""
        """What was found out, until something else is typed."""
        self.error: RegbrowseError | None = None
        self._session = session
        self.input = OpenInput(compact=True)
        self.view = LineView(self._lines)
        self.registries: list[Offer] = []
        self.completed: Section | None = None
        """What the registry has that begins as the text does; shown instead of everything else."""
        self.cursor = -1
        """The offer that is chosen instead of what was typed; -1: none."""
        self._rows: dict[int, int] = {}
        """Which offer stands on a line."""
        super().__init__("Open", "", (("enter", "open"), ("tab", "complete"), ("↑ ↓", "choose"), ("esc", "close")))

    def parts(self) -> Iterable[Widget]:
        yield Horizontal(Label(">"), self.input, id="prompt")
        yield self.view

    def on_mount(self) -> None:
        super().on_mount()
        self.run_worker(self._read_known_registries(), group="known")

    async def _read_known_registries(self) -> None:
        with suppress(RegbrowseError):  # said when something is opened
            browser = await self._session.connected()
            self.post_message(self.Known(await browser.client.known_registries()))

    @on(Known)
    def _known(self, message: Known) -> None:
        self.registries = [Offer(f"{each.registry}/", each.file) for each in message.registries]
        self.view.repaint()

    @property
    def sections(self) -> list[Section]:
        """What is offered; in each section what matches the text first, then the others."""
        if self.completed is not None:
            return [self.completed]
        wanted = self.input.value.strip().lower()
        now = datetime.now(UTC)
        recents = [Offer(each.reference, age(each.at, now), each.digest) for each in self.recents]
        found = [Section("In this registry", "", [self._in_this_registry])] if self._in_this_registry else []
        for heading, offers in (("Recent", recents), ("Registries", self.registries)):
            matching = [offer for offer in offers if wanted in offer.reference.lower()]
            note = f"{len(matching)} of {len(offers)} match" if wanted else ""
            if offers:
                found.append(Section(heading, note, matching + [each for each in offers if each not in matching]))
        return found

    @property
    def _in_this_registry(self) -> Offer | None:
        """A name without a registry, in the registry that is open: it means Docker Hub when it is typed."""
        text = self.input.value.strip()
        typed = understand(text, self.here).typed
        if self.here is None or typed is None or not isinstance(typed.place, Reference) or typed.source is not None:
            return None
        here, meant = self.here.repository.registry, typed.place.repository.registry
        is_short = meant.name == DOCKER_HUB and here.name != DOCKER_HUB and not here.alias and _PATH.fullmatch(text)
        return Offer(f"{here}/{text}") if is_short else None

    @property
    def shown(self) -> list[Offer]:
        """The offers of all sections."""
        return [offer for section in self.sections for offer in section.offers]

    def _lines(self, width: int, styles: TextStyles) -> list[list[Span]]:
        text = self.input.value
        lines: list[list[Span]] = [[("─" * width, styles.rule)], *self._said(text, width, styles), []]
        takes = wrap(TAKES, width - 7)
        self._rows = {}
        sections = self.sections
        room = self.view.size.height - len(lines) - len(takes) - 2 * len(sections)
        begin = 0
        for section, rows in zip(sections, _shares([len(each.offers) for each in sections], room), strict=True):
            lines.append([(section.heading, styles.bold), (f"   {section.note}", styles.secondary)])
            first = max(0, min(self.cursor - begin - rows + 1, len(section.offers) - rows))
            for at in range(first, min(first + rows, len(section.offers))):
                self._rows[len(lines)] = begin + at
                lines.append(self._offer(begin + at, section.offers[at], text.strip().lower(), width))
            lines.append([])
            begin += len(section.offers)
        for i, line in enumerate(takes):
            lines.append([("Takes  " if i == 0 else " " * 7, styles.bold), (line, styles.text)])
        return [clip(line, width) if line and line[-1][0] != "" else line for line in lines]

    def _said(self, text: str, width: int, styles: TextStyles) -> list[list[Span]]:
        """Say how far the opening got, or how a text would be opened."""
        if self.asking:
            return [[(self.asking, styles.secondary)]]
        if self.said:
            return [[(line, styles.text)] for line in wrap(self.said, width)[:3]]
        if self.error is not None:
            return [[(line, styles.error)] for line in wrap(str(self.error), width)[:3]]
        found = understand(text, self.here)
        if found.typed is not None and self.cursor < 0 and self._session.browser is not None:
            found = Understood(self._session.browser.meant(found.typed))
        return _understood(found, width, styles)

    def _offer(self, index: int, offer: Offer, wanted: str, width: int) -> list[Span]:
        themed = theme_styles(self.app)
        row = themed.cursor if index == self.cursor else themed.surface
        matches = wanted in offer.reference.lower()
        bar = ("▌", row.focus) if index == self.cursor else (" ", row.plain)
        right: list[Span] = [(f"{cut_left(offer.note, width // 2):<13}", row.secondary)]
        if width >= WIDE and (offer.digest or len(offer.note) <= 13):
            digest = Digest.parse(offer.digest).short if offer.digest else ""
            right.append((f"{digest:>20} ", row.secondary))
        name = cut(offer.reference, width - width_of(right) - 3)
        left: list[Span] = [bar, (" ", row.plain), (name, row.text if matches else row.tertiary)]
        return [*spread(left, right, width, row.plain), ("", row.plain)]

    def on_input_changed(self) -> None:
        self._forget()
        self.completed = None
        self.cursor = self._first_recent() if self._completes() else -1
        self.view.repaint()

    def _completes(self) -> bool:
        """Tell whether a bare name is the last part of something recent: that is meant before a name on Docker Hub."""
        name = self.input.value.strip().lower()
        matching = [each.reference for each in self.recents if name in each.reference.lower()]
        recent = matching[0].lower() if matching and _BARE.fullmatch(name) else ""
        return "/" in recent and re.split("[:@]", recent.rpartition("/")[2])[0].startswith(name)

    def _first_recent(self) -> int:
        """The row of the first recent one, below what is offered in this registry."""
        return 1 if self._in_this_registry else 0

    def action_move(self, by: int) -> None:
        self._forget()
        self.cursor = max(-1, min(self.cursor + by, len(self.shown) - 1))
        self.view.repaint()

    def _forget(self) -> None:
        """End what is being found out, and say no more what was."""
        self.asking, self.said, self.error = "", "", None
        self.workers.cancel_group(self, "ask")

    def action_complete(self) -> None:
        """Take the offer that is chosen; else ask the registry what begins so, or take the first offer that matches."""
        text, shown = self.input.value.strip(), self.shown
        listing = None if self.cursor >= 0 or self.completed else listing_for(text)
        matching = [offer.reference for offer in shown if text.lower() in offer.reference.lower()]
        if listing is not None:
            whose = "tags" if listing.is_of_tags else "repositories"
            self._ask(f"asking for {whose} of {listing.target.rstrip('/')}", self._complete(listing))
        elif self.cursor >= 0:
            self._put(shown[self.cursor].reference)
        elif matching:
            self._put(matching[0])

    def _put(self, text: str) -> None:
        self.input.value = text
        self.input.cursor_position = len(text)

    async def _complete(self, listing: Listing) -> Answered | None:
        """List what begins as the text does."""
        browser = await self._session.connected()
        typed = browser.meant(read_typed(listing.target))
        if typed.source is not None:
            return self.Answered(said="Files on this machine are not completed.")
        found: list[str] = []
        async with aclosing(completions(browser, listing, typed.place)) as parts:
            async for names, ended in parts:
                found += names[: COMPLETIONS - len(found)]
                self.post_message(self.Completed(listing, list(found), ended))
                if len(found) >= COMPLETIONS:
                    break
        return None

    @on(Completed)
    def _completed(self, message: Completed) -> None:
        """Offer what was found, and type what all of it has in common."""
        listing, found = message.listing, message.found
        if not self.asking:
            return
        whose = "Tags" if listing.is_of_tags else "Repositories"
        if message.ended or len(found) >= COMPLETIONS:
            self.asking = ""
            common = commonprefix(found)  # noqa: RUF071  character by character is what is wanted
            if not found:
                self.said = f'no {"tag" if listing.is_of_tags else "repository"} begins with "{listing.prefix}"'
            elif len(common) > len(self.input.value.strip()):
                with self.input.prevent(Input.Changed):
                    self._put(common)
        more = "" if message.ended else ", and more"
        self.completed = Section(whose, f"{len(found):,}{more}", [Offer(each) for each in found]) if found else None
        self.cursor = -1
        self.view.repaint()

    def on_click(self, event: events.Click) -> None:
        row = self._rows.get(event.screen_y - self.view.region.y + self.view.scroll_offset.y)
        if self.view.region.contains(event.screen_x, event.screen_y) and row is not None:
            event.prevent_default()
            self.cursor = row
            self.action_open()

    def action_open(self) -> None:
        text = self.shown[self.cursor].reference if self.cursor >= 0 else self.input.value
        typed = understand(text, self.here).typed
        if typed is None:
            return
        if typed.short and self.cursor < 0:  # what was opened before is opened again, whatever it stands for now
            if self._session.browser is None:
                self._ask("reading settings", self._read_settings(typed))
                return
            typed = self._session.browser.meant(typed)
        if typed.source is not None:
            self._ask(f"reading {typed.source}", self._read_files(typed, typed.source))
        elif self.here is not None and self.here.target and _DIGEST.fullmatch(text.strip()):
            self._ask("looking what this is", self._identify(typed, self.here))
        else:
            self.dismiss(typed)

    def _ask(self, saying: str, question: Coroutine[None, None, Answered | None]) -> None:
        self._forget()
        self.asking = saying
        self.view.repaint()
        self.run_worker(self._answer(question), group="ask", exclusive=True)

    async def _answer(self, question: Coroutine[None, None, Answered | None]) -> None:
        try:
            answer = await question
            if answer is not None:
                self.post_message(answer)
        except RegbrowseError as error:
            self.post_message(self.Answered(error=error))

    async def _read_settings(self, typed: Typed) -> Answered:
        return self.Answered((await self._session.connected()).meant(typed))

    async def _read_files(self, typed: Typed, source: Source) -> Answered:
        place, _ = await (await self._session.connected()).open_files(source)
        return self.Answered(typed._replace(place=place))

    async def _identify(self, typed: Typed, here: Reference) -> Answered:
        """Find what a digest is: a manifest is opened, anything else is named."""
        from regbrowse.digest_search import DigestSearch

        assert isinstance(typed.place, Reference)
        assert typed.place.digest is not None
        search = DigestSearch(await self._session.connected(), here.repository, typed.place.digest)
        is_manifest, said = await search.what(here)
        return self.Answered(typed) if is_manifest else self.Answered(said=said)

    @on(Answered)
    def _answered(self, message: Answered) -> None:
        if not self.asking:
            return
        if message.typed is not None:
            self.dismiss(message.typed)
            return
        self.asking, self.said, self.error = "", message.said, message.error
        self.view.repaint()


class OpenInput(Input):
    """An input that leaves enter to the dialog, which knows what was typed before the next key is read."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        return action != "submit"


def _shares(counts: list[int], room: int) -> list[int]:
    """Share the rows among sections: the later ones get what they need up to a third, the first one the rest."""
    later = [min(count, max(1, room // 3)) for count in counts[1:]]
    return [max(0, min(counts[0], room - sum(later))), *later] if counts else []


def _understood(found: Understood, width: int, styles: TextStyles) -> list[list[Span]]:
    """Say how a text would be opened, or why it means nothing."""
    if found.problem:
        return [[(line, styles.error)] for line in wrap(found.problem, width)[:3]]
    if found.typed is None:
        return [[("an image, a repository or a registry", styles.secondary)]]
    place = found.typed.place
    if found.typed.source is not None:
        return [[("files on this machine ", styles.secondary), (str(found.typed.source), styles.text)]]
    if isinstance(place, Registry):
        spans: list[Span] = [("registry ", styles.secondary), (str(place), styles.text)]
        spans.append(("   all repositories", styles.secondary))
    else:
        repository = place.repository
        spans = [("registry ", styles.secondary), (str(repository.registry), styles.text)]
        spans += [("   repository ", styles.secondary), (repository.path, styles.text)]
        if place.tag:
            spans += [("   tag ", styles.secondary), (place.tag, styles.key)]
        if place.digest:
            spans += [("   digest ", styles.secondary), (place.digest.short, styles.text)]
    lines = [spans]
    if found.typed.note:
        lines += [[(line, styles.secondary)] for line in wrap(found.typed.note, width)[:2]]
    return lines
