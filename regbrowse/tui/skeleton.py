"""The first paint: the empty panes, drawn while the rest of the program is still being imported."""

from __future__ import annotations

from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from regbrowse.tui import colours, grid
from regbrowse.tui.cells import strip
from regbrowse.tui.panes import frame

LABELS = {grid.TAGS: "Tags", grid.MANIFESTS: "Manifests", grid.LAYERS: "Layers", grid.CONFIG: "Config"}


class Skeleton(Widget):
    """Frames where the panes will be; the same lines that the main screen paints before anything came."""

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        inks = colours.mix(self.app)
        parts = grid.regions(width, height, grid.Focus())
        row = [
            (region.x, strip(self._line(name, y - region.y, region.width, region.height, inks), region.width, ground))
            for name, region in parts.items()
            if region.y <= y < region.bottom
            for ground in [(inks.panel if name in (grid.HEAD, grid.FOOT) else inks.surface).plain]
        ]
        return Strip.join([part for _, part in sorted(row, key=lambda each: each[0])])

    def _line(self, name: str, y: int, width: int, height: int, inks: colours.Inks) -> list[tuple[str, Style]]:
        ink = inks.pane
        if name == grid.HEAD:
            return [(" regbrowse", inks.panel.bold)]
        if name not in LABELS:
            return []
        focused = name == grid.TAGS
        edges = frame.HEAVY if focused else frame.ROUND
        border = ink.focus if focused else ink.line
        if y == 0:
            number = grid.PANES.index(name) + 1
            return frame.top(width, edges, border, frame.heading(number, LABELS[name], "", ink, focused=focused))
        if y == height - 1:
            return frame.bottom(width, edges, border, [])
        return [(edges.side, border), (" " * (width - 2), ink.plain), (edges.side, border)]
