"""The input for a reference: says how it was understood while it is typed, and offers what was open lately."""

from __future__ import annotations

import re
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label

from regbrowse.errors import BadReference, RegbrowseError
from regbrowse.oci.identify import read_digest
from regbrowse.reference import Digest, Reference, Registry
from regbrowse.reference_input import Typed, read_typed
from regbrowse.state.recents import Recent
from regbrowse.text import age
from regbrowse.tui.cells import Span, clip, cut, spread, width_of, wrap
from regbrowse.tui.dialogs.dialog import Dialog
from regbrowse.tui.theme_styles import TextStyles, theme_styles
from regbrowse.tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from regbrowse.reference_input import Source
    from regbrowse.tui.session import RegistrySession

_DIGEST = re.compile(r"[a-z0-9]+:[0-9a-f]{32,128}|[0-9a-f]{64}")
_BARE = re.compile(r"[a-z0-9][a-z0-9._-]*")
"""A name without registry, folder, tag or digest."""
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
        self.cursor = -1
        """The recent one that is chosen instead of what was typed; -1: none."""
        self._first_row = self._first_shown = self._row_count = 0
        """On which line the recent ones begin, which of them stands there, and how many are shown."""
        super().__init__("Open", "", (("enter", "open"), ("tab", "complete"), ("↑ ↓", "recent"), ("esc", "close")))

    def parts(self) -> Iterable[Widget]:
        yield Horizontal(Label(">"), self.input, id="prompt")
        yield self.view

    @property
    def shown(self) -> list[Recent]:
        """Recents that match first, then the others."""
        wanted = self.input.value.strip().lower()
        matching = [each for each in self.recents if wanted in each.reference.lower()]
        return matching + [each for each in self.recents if each not in matching]

    def _lines(self, width: int, styles: TextStyles) -> list[list[Span]]:
        text = self.input.value
        lines: list[list[Span]] = [[("─" * width, styles.rule)], *self._said(text, width, styles), []]
        if self.recents:
            wanted = text.strip().lower()
            count = sum(wanted in each.reference.lower() for each in self.recents)
            note = f"   {count} of {len(self.recents)} match" if wanted else ""
            lines.append([("Recent", styles.bold), (note, styles.secondary)])
            room = max(0, self.view.size.height - len(lines) - 3)
            rows = [self._recent(i, each, wanted, width) for i, each in enumerate(self.shown)]
            first = max(0, min(self.cursor - room + 1, len(rows) - room))
            self._first_row, self._first_shown, self._row_count = len(lines), first, len(rows[first : first + room])
            lines += rows[first : first + room]
            lines.append([])
        for i, line in enumerate(wrap(TAKES, width - 7)):
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

    def _recent(self, index: int, recent: Recent, wanted: str, width: int) -> list[Span]:
        themed = theme_styles(self.app)
        row = themed.cursor if index == self.cursor else themed.surface
        matches = wanted in recent.reference.lower()
        bar = ("▌", row.focus) if index == self.cursor else (" ", row.plain)
        note = Digest.parse(recent.digest).short if recent.digest and width >= WIDE else ""
        right: list[Span] = [(f"{age(recent.at, datetime.now(UTC)):<13}", row.secondary)]
        if width >= WIDE:
            right.append((f"{note:>20} ", row.secondary))
        name = cut(recent.reference, width - width_of(right) - 3)
        left: list[Span] = [bar, (" ", row.plain), (name, row.text if matches else row.tertiary)]
        return [*spread(left, right, width, row.plain), ("", row.plain)]

    def on_input_changed(self) -> None:
        self._forget()
        self.cursor = 0 if self._completes() else -1
        self.view.repaint()

    def _completes(self) -> bool:
        """Tell whether a bare name is the last part of something recent: that is meant before a name on Docker Hub."""
        name = self.input.value.strip().lower()
        recent = self.shown[0].reference.lower() if self.recents and _BARE.fullmatch(name) else ""
        return "/" in recent and re.split("[:@]", recent.rpartition("/")[2])[0].startswith(name)

    def action_move(self, by: int) -> None:
        self._forget()
        self.cursor = max(-1, min(self.cursor + by, len(self.recents) - 1))
        self.view.repaint()

    def _forget(self) -> None:
        """End what is being found out, and say no more what was."""
        self.asking, self.said, self.error = "", "", None
        self.workers.cancel_node(self)

    def action_complete(self) -> None:
        if self.recents:
            self.input.value = self.shown[max(0, self.cursor)].reference
            self.input.cursor_position = len(self.input.value)

    def on_click(self, event: events.Click) -> None:
        row = event.screen_y - self.view.region.y + self.view.scroll_offset.y - self._first_row
        if self.view.region.contains(event.screen_x, event.screen_y) and 0 <= row < self._row_count:
            event.prevent_default()
            self.cursor = self._first_shown + row
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

    def _ask(self, saying: str, question: Coroutine[None, None, Answered]) -> None:
        self._forget()
        self.asking = saying
        self.view.repaint()
        self.run_worker(self._answer(question), exclusive=True)

    async def _answer(self, question: Coroutine[None, None, Answered]) -> None:
        try:
            self.post_message(await question)
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
