"""The input for a reference: says how it was understood while it is typed, and offers what was open lately."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label

from regbrowse.errors import BadReference, RegbrowseError
from regbrowse.reference import Digest, Registry
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

WIDE = 84
"""Cells from which digests are shown beside what was open lately."""
TAKES = (
    "name, name:tag, name@sha256:…, or a registry alone: localhost:5000/, a pasted docker pull, FROM or image: line,"
    " a registry's web address, oci:DIR, oci-archive:FILE or docker-archive:FILE"
)


class Understood(NamedTuple):
    """What the text means, or the sentence why it means nothing."""

    typed: Typed | None = None
    problem: str = ""


def understand(text: str) -> Understood:
    """How a text would be opened."""
    if not text.strip():
        return Understood()
    try:
        return Understood(read_typed(text))
    except BadReference as error:
        return Understood(problem=str(error))


class OpenDialog(Dialog[Typed]):
    """Gives what is to be opened; files on this machine are read first, and then named by their place."""

    wide, high = 92, 18
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("tab", "complete", show=False),
        Binding("enter", "open", show=False),
    ]

    @dataclass
    class FilesRead(Message, bubble=False):
        """Files on this machine were read, or cannot be."""

        typed: Typed
        error: RegbrowseError | None = None

    def __init__(self, session: RegistrySession, recents: list[Recent]) -> None:
        self.recents = recents
        self.reading = ""
        """The files that are read at the moment."""
        self.error: RegbrowseError | None = None
        """Why they could not be read, until something else is typed."""
        self._session = session
        self.input = OpenInput(compact=True)
        self.view = LineView(self._lines)
        self.cursor = -1
        """The recent one that is chosen instead of what was typed; -1: none."""
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
            lines += rows[first : first + room]
            lines.append([])
        for i, line in enumerate(wrap(TAKES, width - 7)):
            lines.append([("Takes  " if i == 0 else " " * 7, styles.bold), (line, styles.text)])
        return [clip(line, width) if line and line[-1][0] != "" else line for line in lines]

    def _said(self, text: str, width: int, styles: TextStyles) -> list[list[Span]]:
        """Say how far the opening got, or how a text would be opened."""
        if self.reading:
            return [[("reading ", styles.secondary), (self.reading, styles.text)]]
        if self.error is not None:
            return [[(line, styles.error)] for line in wrap(str(self.error), width)[:3]]
        return _understood(text, width, styles)

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
        self.cursor = -1
        self._forget_files()

    def action_move(self, by: int) -> None:
        self.cursor = max(-1, min(self.cursor + by, len(self.recents) - 1))
        self._forget_files()

    def _forget_files(self) -> None:
        self.reading, self.error = "", None
        self.workers.cancel_node(self)
        self.view.repaint()

    def action_complete(self) -> None:
        if self.recents:
            self.input.value = self.shown[max(0, self.cursor)].reference
            self.input.cursor_position = len(self.input.value)

    def action_open(self) -> None:
        text = self.shown[self.cursor].reference if self.cursor >= 0 else self.input.value
        typed = understand(text).typed
        if typed is not None and typed.source is not None:
            self._forget_files()
            self.reading = str(typed.source)
            self.run_worker(self._read_files(typed, typed.source), exclusive=True)
        elif typed is not None:
            self.dismiss(typed)

    async def _read_files(self, typed: Typed, source: Source) -> None:
        try:
            place, _ = await (await self._session.connected()).open_files(source)
        except RegbrowseError as error:
            self.post_message(self.FilesRead(typed, error))
        else:
            self.post_message(self.FilesRead(typed._replace(place=place)))

    @on(FilesRead)
    def _files_read(self, message: FilesRead) -> None:
        if not self.reading:
            return
        if message.error is None:
            self.dismiss(message.typed)
            return
        self.reading, self.error = "", message.error
        self.view.repaint()


class OpenInput(Input):
    """An input that leaves enter to the dialog, which knows what was typed before the next key is read."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        return action != "submit"


def _understood(text: str, width: int, styles: TextStyles) -> list[list[Span]]:
    """Say how a text would be opened, or why it means nothing."""
    found = understand(text)
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
