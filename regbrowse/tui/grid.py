"""Where everything is: the layouts by the terminal's size, as a pure function and as a textual layout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual.geometry import NULL_OFFSET, Region, Size, Spacing
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

TAGS, MANIFESTS, LAYERS, CONFIG = "tags", "manifests", "layers", "config"
PANES = (TAGS, MANIFESTS, LAYERS, CONFIG)
HEAD, STRIP, FOOT, REFUSE = "head", "strip", "foot", "refuse"
MIN_WIDTH, MIN_HEIGHT = 40, 10
SMALL = 3
"""Rows of a pane that shows its summary."""


@dataclass(frozen=True, slots=True)
class Focus:
    """What the layout depends on besides the size."""

    pane: str = TAGS
    room: str = MANIFESTS
    """The right pane that keeps the room while Tags has the focus."""
    zoomed: bool = False


def regions(width: int, height: int, focus: Focus) -> dict[str, Region]:
    """The region of every visible part; a pane that is not in the answer is not shown."""
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return {REFUSE: Region(0, 0, width, height)}
    strip_rows = 2 if height >= 30 else 1
    body = height - 2 - strip_rows
    parts = {
        HEAD: Region(0, 0, width, 1),
        STRIP: Region(0, height - 1 - strip_rows, width, strip_rows),
        FOOT: Region(0, height - 1, width, 1),
    }
    if focus.zoomed:
        parts[focus.pane] = Region(0, 1, width, body)
    elif width >= 160:
        parts |= _three(width, body)
    elif width >= 70:
        parts |= _stack(width, height, body, focus)
    else:
        parts |= _single(width, height, body, focus)
    return parts


def _three(width: int, body: int) -> dict[str, Region]:
    tags = 50 if width >= 200 else 40
    config = int((width - tags) * 0.44 + 0.5)
    middle = width - tags - config
    upper = int(0.42 * body + 0.5)
    return {
        TAGS: Region(0, 1, tags, body),
        MANIFESTS: Region(tags, 1, middle, upper),
        LAYERS: Region(tags, 1 + upper, middle, body - upper),
        CONFIG: Region(tags + middle, 1, config, body),
    }


def _stack(width: int, height: int, body: int, focus: Focus) -> dict[str, Region]:
    tags = 34 if width >= 100 else 26
    small = 2 * body // 7 if height >= 30 else SMALL
    favoured = focus.room if focus.pane == TAGS else focus.pane
    parts = {TAGS: Region(0, 1, tags, body)}
    y = 1
    for pane in PANES[1:]:
        rows = body - 2 * small if pane == favoured else small
        parts[pane] = Region(tags, y, width - tags, rows)
        y += rows
    return parts


def _single(width: int, height: int, body: int, focus: Focus) -> dict[str, Region]:
    if height < 18:
        return {focus.pane: Region(0, 1, width, body)}
    parts = {}
    y = 1
    for pane in PANES:
        rows = body - 3 * SMALL if pane == focus.pane else SMALL
        parts[pane] = Region(0, y, width, rows)
        y += rows
    return parts


class Grid(Layout):
    """Places a screen's children by their id."""

    name = "grid-of-panes"

    def __init__(self, focus: Callable[[], Focus]) -> None:
        super().__init__()
        self._focus = focus

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:  # noqa: ARG002
        parts = regions(size.width, size.height, self._focus())
        nowhere = Region(0, 0, 0, 0)
        return [
            WidgetPlacement(parts.get(child.id or "", nowhere), NULL_OFFSET, Spacing(), child) for child in children
        ]
