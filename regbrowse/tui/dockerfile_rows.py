"""The lines of a Dockerfile in the config pane, with the sizes of the layers beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regbrowse.text import size, visible
from regbrowse.tui.cells import Span, clip, shifted, underlined

if TYPE_CHECKING:
    from regbrowse.oci.dockerfile import Dockerfile
    from regbrowse.oci.layers import LayerRow
    from regbrowse.tui.theme_styles import TextStyles

WEIGHT = 10
"""Cells of the sizes."""


class DockerfileRows:
    """One row for each line; an instruction may take several."""

    def __init__(self, file: Dockerfile) -> None:
        self._file = file
        self.lines = [line.text for line in file.lines]

    def layer(self, row: int) -> LayerRow | None:
        """The layer that the instruction on this row made."""
        return self._file.lines[self._file.begin(row)].row

    def is_part(self, row: int) -> bool:
        """Whether an instruction begins on this row."""
        return not (self._file.lines[row].goes_on or self.lines[row].startswith("#"))

    def value(self, row: int) -> str:
        """Give the instruction that this row belongs to, or the comment."""
        return "\n".join(self._file.instruction(row))

    def text(self) -> str:
        """Write all of it, with the sizes in comments."""
        return self._file.text(sizes=True)

    def paint(self, row: int, width: int, shift: int, sought: str, styles: TextStyles) -> list[Span]:
        """Paint a row: what its layer weighs, and the line, in which the instruction stands out."""
        line, made = self._file.lines[row], self._file.lines[row].row
        layer = made.descriptor if made else None
        weight = size(layer.size) if layer and layer.size is not None else "?" if made else ""
        text = visible(line.text, max(8, shift + 4 * width))
        body: list[Span] = [(text, styles.text)]
        if text.startswith("#") and not line.goes_on:
            body = [(text, styles.tertiary)]
        elif self.is_part(row):
            name, space, rest = text.partition(" ")
            body = [(name, styles.primary), (space + rest, styles.text)]
        body = underlined(body, sought) if sought else body
        return clip([(f"{weight:>{WEIGHT}}  ", styles.secondary), *shifted(body, shift)], width)
