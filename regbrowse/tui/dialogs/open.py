"""The input for a reference: says how it was understood while it is typed, and offers what was open lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from regbrowse.errors import BadReference
from regbrowse.reference import Digest, Registry
from regbrowse.reference_input import Typed, read_typed
from regbrowse.state.recents import Recent
from regbrowse.text import age
from regbrowse.tui.cells import Span, clip, cut, spread, width_of, wrap
from regbrowse.tui.colours import Ink
from regbrowse.tui.dialogs.window import Dialog, Window

WIDE = 84
"""Cells from which digests are shown beside what was open lately."""
TAKES = (
    "name, name:tag, name@sha256:…, or a registry alone: localhost:5000/, a pasted docker pull, FROM or image: line,"
    " a registry's web address, oci:DIR, oci-archive:FILE or docker-archive:FILE"
)
INPUT_ROW = 2
"""Where the input lies over the window."""


@dataclass(frozen=True, slots=True)
class Understood:
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


class OpenWindow(Window):
    can_focus = False

    def __init__(self, recents: list[Recent]) -> None:
        super().__init__("Open", "", (("enter", "open"), ("tab", "complete"), ("↑ ↓", "recent"), ("esc", "close")))
        self.recents = recents
        self.text = ""
        self.cursor = -1

    @property
    def shown(self) -> list[Recent]:
        """Recents that match first, then the others."""
        wanted = self.text.strip().lower()
        matching = [each for each in self.recents if wanted in each.reference.lower()]
        return matching + [each for each in self.recents if each not in matching]

    def content(self, width: int, ink: Ink) -> list[list[Span]]:
        lines: list[list[Span]] = [[], [(">", ink.key)], [("─" * width, ink.rule)], *self._understood(width, ink), []]
        if self.recents:
            wanted = self.text.strip().lower()
            count = sum(wanted in each.reference.lower() for each in self.recents)
            note = f"   {count} of {len(self.recents)} match" if wanted else ""
            lines.append([("Recent", ink.bold), (note, ink.secondary)])
            room = self.room - len(lines) - 3
            lines += [self._recent(i, each, wanted, width, ink) for i, each in enumerate(self.shown[: max(0, room)])]
            lines.append([])
        for i, line in enumerate(wrap(TAKES, width - 7)):
            lines.append([("Takes  " if i == 0 else " " * 7, ink.bold), (line, ink.text)])
        return [clip(line, width) if line and line[-1][0] != "" else line for line in lines]

    def _understood(self, width: int, ink: Ink) -> list[list[Span]]:
        found = understand(self.text)
        if found.problem:
            return [[(line, ink.error)] for line in wrap(found.problem, width)[:3]]
        if found.typed is None:
            return [[("an image, a repository or a registry", ink.secondary)]]
        place = found.typed.place
        if found.typed.source is not None:
            return [[("files on this machine ", ink.secondary), (str(found.typed.source), ink.text)]]
        if isinstance(place, Registry):
            spans: list[Span] = [("registry ", ink.secondary), (str(place), ink.text)]
            spans.append(("   all repositories", ink.secondary))
        else:
            repository = place.repository
            spans = [("registry ", ink.secondary), (str(repository.registry), ink.text)]
            spans += [("   repository ", ink.secondary), (repository.path, ink.text)]
            if place.tag:
                spans += [("   tag ", ink.secondary), (place.tag, ink.key)]
            if place.digest:
                spans += [("   digest ", ink.secondary), (place.digest.short, ink.text)]
        lines = [spans]
        if found.typed.note:
            lines += [[(line, ink.secondary)] for line in wrap(found.typed.note, width)[:2]]
        return lines

    def _recent(self, index: int, recent: Recent, wanted: str, width: int, ink: Ink) -> list[Span]:
        here = index == self.cursor
        row = self.inks.cursor if here else ink
        matches = wanted in recent.reference.lower()
        bar = ("▌", row.focus) if here else (" ", row.plain)
        note = Digest.parse(recent.digest).short if recent.digest and width >= WIDE else ""
        right: list[Span] = [(f"{age(recent.at, datetime.now(UTC)):<13}", row.secondary)]
        if width >= WIDE:
            right.append((f"{note:>20} ", row.secondary))
        name = cut(recent.reference, width - width_of(right) - 3)
        left: list[Span] = [bar, (" ", row.plain), (name, row.text if matches else row.tertiary)]
        return [*spread(left, right, width, row.plain), ("", row.plain)]


class OpenDialog(Dialog[Typed]):
    """Gives what is to be opened."""

    wide, high = 92, 18
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("tab", "complete", show=False, priority=True),
    ]

    def __init__(self, recents: list[Recent]) -> None:
        self._open = OpenWindow(recents)
        super().__init__(self._open)

    def compose(self) -> ComposeResult:
        yield self.window
        yield Input(compact=True)

    def on_mount(self) -> None:
        self.fit()
        self.query_one(Input).focus()

    def fit(self) -> None:
        super().fit()
        columns, rows = self.app.size
        width, height = min(columns - 4, self.wide), min(rows - 2, self.high)
        field = self.query_one(Input)
        field.styles.width = max(1, width - 7)
        field.styles.offset = ((columns - width) // 2 + 4, (rows - height) // 2 + INPUT_ROW)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._open.text = event.value
        self._open.cursor = -1
        self._open.refresh()

    def action_move(self, by: int) -> None:
        self._open.cursor = max(-1, min(self._open.cursor + by, len(self._open.shown) - 1))

    def action_complete(self) -> None:
        shown = self._open.shown
        if shown:
            field = self.query_one(Input)
            field.value = shown[max(0, self._open.cursor)].reference
            field.cursor_position = len(field.value)

    def on_input_submitted(self) -> None:
        chosen = self._open.cursor
        text = self._open.shown[chosen].reference if chosen >= 0 else self._open.text
        found = understand(text)
        if found.typed is not None:
            self.dismiss(found.typed)
