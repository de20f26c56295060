"""The breakpoints of the layouts, and the one height that CSS cannot say."""

from __future__ import annotations

WIDTHS = [(0, "-w0"), (40, "-w40"), (70, "-w70"), (100, "-w100"), (160, "-w160"), (200, "-w200")]
HEIGHTS = [(0, "-h0"), (10, "-h10"), (18, "-h18"), (30, "-h30")]
STACKED = range(70, 160)
"""Widths at which three panes stand above each other beside the tags."""
TALL = 30
"""Rows of the terminal from which the panes without the keyboard show rows."""


def classes_for(width: int, height: int) -> str:
    """Give the classes that Textual will set for a terminal of this size, for the first paint."""
    found = [max(each for each in steps if size >= each[0])[1] for steps, size in ((WIDTHS, width), (HEIGHTS, height))]
    return " ".join(found)


def small_rows(width: int, height: int) -> int | None:
    """Give the rows of a stacked pane without the keyboard, a whole number of sevenths; None: CSS says it."""
    return 2 * (height - 4) // 7 if width in STACKED and height >= TALL else None
