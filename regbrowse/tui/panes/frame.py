"""The border of a pane with its title and subtitle."""

from __future__ import annotations

from dataclasses import dataclass

from rich.style import Style

from regbrowse.tui.cells import Span, clip, width_of
from regbrowse.tui.colours import Ink


@dataclass(frozen=True, slots=True)
class Edges:
    """The characters of one kind of border."""

    top: str
    bottom: str
    across: str
    side: str


ROUND = Edges("╭╮", "╰╯", "─", "│")
HEAVY = Edges("┏┓", "┗┛", "━", "┃")


def top(width: int, edges: Edges, border: Style, title: list[Span]) -> list[Span]:
    """The upper border: the title two cells in."""
    room = width - 6
    title = clip(title, max(0, room))
    rest = width - 5 - width_of(title)
    return [
        (edges.top[0] + edges.across + " ", border),
        *title,
        (" " + edges.across * max(0, rest) + edges.top[1], border),
    ]


def bottom(width: int, edges: Edges, border: Style, subtitle: list[Span]) -> list[Span]:
    """The lower border: the subtitle at the right."""
    if not subtitle:
        return [(edges.bottom[0] + edges.across * (width - 2) + edges.bottom[1], border)]
    subtitle = clip(subtitle, max(0, width - 6))
    rest = width - 5 - width_of(subtitle)
    return [
        (edges.bottom[0] + edges.across * max(0, rest) + " ", border),
        *subtitle,
        (" " + edges.across + edges.bottom[1], border),
    ]


def heading(number: int, name: str, subject: str, ink: Ink, *, focused: bool) -> list[Span]:
    """`2 Manifests 2.14.1`; a chip when the pane has the focus."""
    after: list[Span] = [(f" {subject}", ink.secondary)] if subject else []
    if focused:
        return [(f" {number} {name} ", ink.chip), *after]
    return [(str(number), ink.key), (f" {name}", ink.bold), *after]


def joined(facts: list[str], room: int) -> str:
    """At most three facts joined by dots; the last ones are dropped when they do not fit."""
    facts = facts[:3]
    while len(facts) > 1 and len(" · ".join(facts)) > room:
        facts = facts[:-1]
    return " · ".join(facts)
