"""The rows of a decoded document: its head, the names of the columns, and the table; painted at the width there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from regbrowse.oci.decode.values import Fact, Row
from regbrowse.text import visible
from regbrowse.tui.cells import Span, clip, cut, shifted, underlined

if TYPE_CHECKING:
    from regbrowse.oci.decode.values import Decoded
    from regbrowse.tui.theme_styles import TextStyles

NAMES = 12
"""Cells of the names in the head."""
MEASURED = 2_000
"""Rows whose cells are measured for the widths of the columns."""
GAP = 2
_ROOMY = 100


class DecodedRows:
    """Gives each row as text, as what is copied, as a whole and painted."""

    def __init__(self, decoded: Decoded) -> None:
        self.decoded = decoded
        part = decoded.part
        table: list[Row | None] = [None, *part.rows] if part.columns else []
        self.rows: list[Fact | Row | None] = [*decoded.facts, *table]
        """None stands for the names of the columns."""
        self._names = [column.name for column in part.columns]
        self.lines = [self._line(row) for row in self.rows]
        """The text of each row, in which is searched."""
        measured = [self._names, *(row.cells for row in part.rows[:MEASURED])]
        self._natural = [max(cell_len(cells[at]) for cells in measured) for at in range(len(part.columns))]

    def _line(self, row: Fact | Row | None) -> str:
        if row is None:
            return "  ".join(self._names)
        return "  ".join(row.cells) if isinstance(row, Row) else f"{row.name}  {row.value}"

    def value(self, index: int) -> str:
        """Give what is copied; empty for the names of the columns."""
        row = self.rows[index]
        return row.value if row is not None else ""

    def label(self, index: int) -> str:
        """Say what is copied: the name of a value of the head, or of the column that it stands in."""
        row = self.rows[index]
        if row is None:
            return ""
        if isinstance(row, Fact):
            return row.name
        at = len(row.cells) - 1 - row.cells[::-1].index(row.value) if row.value in row.cells else -1
        return self._names[at] if at >= 0 else self.decoded.part.noun

    def is_part(self, index: int) -> bool:
        """Tell whether something new begins with a row: another value of the head, or the table."""
        row, before = self.rows[index], self.rows[index - 1] if index else None
        if isinstance(row, Fact):
            return not isinstance(before, Fact) or before.name != row.name
        return row is None

    def whole(self, index: int) -> str:
        """Give all that is known of a row."""
        row = self.rows[index]
        if row is None:
            return self._line(row)
        if isinstance(row, Fact):
            return row.value
        told = [*zip(self._names, row.cells, strict=True), *row.more]
        width = max(len(name) for name, _ in told)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in told if value)

    def paint(self, index: int, width: int, shift: int, sought: str, styles: TextStyles) -> list[Span]:
        """Paint a row in at most `width` cells, `shift` of them scrolled out at the left."""
        row = self.rows[index]
        if isinstance(row, Fact):
            name = row.name if self.is_part(index) else ""
            spans: list[Span] = [(f" {name:<{NAMES}}", styles.secondary)]
            body: list[Span] = [(visible(row.value, max(8, shift + 4 * width)), styles.text)]
            if sought:
                spans, body = underlined(spans, sought), underlined(body, sought)
            return clip([*spans, *shifted(body, shift)], width)
        cells = self._names if row is None else row.cells
        spans = [(" ", styles.plain)]
        last = len(cells) - 1
        for at, (cell, column) in enumerate(zip(cells, self.decoded.part.columns, strict=True)):
            style = styles.secondary if row is None or at else styles.text
            room = self._width(at, width)
            shown = cut(cell, room) if at < last else visible(cell, max(8, shift + 4 * width))
            gap = " " * (room - cell_len(shown)) if at < last or column.is_number else ""
            spans.append((gap + shown if column.is_number else shown + gap, style))
            spans.append((" " * GAP, styles.plain))
        if sought and row is not None:
            spans = underlined(spans, sought)
        return clip(shifted(spans[:-1], shift), width)

    def _width(self, at: int, width: int) -> int:
        """Give the cells of a column: what its widest cell takes, as far as the others keep room."""
        most = (40, 24) if width >= _ROOMY else (max(NAMES, width * 2 // 5), 16)
        return min(self._natural[at], most[0] if at == 0 else most[1])
