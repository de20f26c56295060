"""The rows of a comparison: what both images are, their layers by what a pull costs, and what is not the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.oci.comparison import Change
from regbrowse.oci.manifest import Index, config_of
from regbrowse.text import exact, moment, plural, size, visible
from regbrowse.tui.cells import Span, clip, cut, cut_left, shifted, short_digest, underlined, width_of
from regbrowse.tui.copy_forms import Form, digest_forms, short_name
from regbrowse.tui.panes.pane import LINE_LIMIT
from regbrowse.tui.widgets.lines import Detail

if TYPE_CHECKING:
    from rich.style import Style

    from regbrowse.image_comparison import ComparedImages, Opened
    from regbrowse.oci.comparison import LayerPair
    from regbrowse.oci.layers import LayerRow
    from regbrowse.reference import Digest, Reference
    from regbrowse.tui.theme_styles import TextStyles

NAME, COLUMN = 12, 44
"""Cells of the summary: of the names, and of A and of B where they stand beside each other."""
PATH, VALUE = 41, 36
"""Cells of the differences: of the place in the config, and of what A says."""
DIGEST_FROM = 56
"""Inner cells from which the digests of layers are shown."""
METER, LEAST_METER = 70, 8
"""Cells of the bar that shows what of B is shared."""
CELL_LIMIT = 4_096
"""Characters of a command that are painted, and can be scrolled to."""


class ComparisonRows:
    """Rows that are made of a comparison."""

    id, label, number = "", "", 0
    filters = True
    """Whether it has a filter."""
    splits = True
    """Whether a row takes two lines where A and B do not fit beside each other."""

    def __init__(self) -> None:
        self.compared: ComparedImages | None = None
        self.sought = ""
        """The text that the rows are filtered by."""
        self.lines = 1
        """Lines of a row."""

    def take(self, compared: ComparedImages | None) -> None:
        """Take what was compared; None while it is awaited."""
        self.compared = compared
        self.filter(self.sought)

    def filter(self, sought: str) -> None:
        """Keep the rows that hold a text."""
        self.sought = sought

    def subject(self) -> str:
        """Say what the rows are about, for the title."""
        raise NotImplementedError

    def line_count(self) -> int:
        """Count the lines of all rows."""
        raise NotImplementedError

    def first(self) -> int:
        """Give the row that has the cursor first."""
        return 0

    def header(self, width: int, styles: TextStyles) -> list[Span]:
        """Paint the names of the columns; nothing where there are none."""
        raise NotImplementedError

    def paint(self, row: int, line: int, width: int, shift: int, styles: TextStyles) -> list[Span]:
        """Paint a line of a row."""
        raise NotImplementedError

    def facts(self) -> list[str]:
        """Say what the subtitle says."""
        raise NotImplementedError

    def summary(self, styles: TextStyles) -> list[Span]:
        """Paint all of it in one line."""
        return [(" · ".join(self.facts()), styles.text)]

    def nothing(self) -> str:
        """Say why there are no rows."""
        return ""

    def detail(self, row: int, line: int) -> Detail:
        """Say what the status line says of a line of a row."""
        raise NotImplementedError

    def forms(self, row: int) -> list[Form]:
        """Give the forms in which a row can be copied."""
        raise NotImplementedError

    def digest_form(self, row: int) -> Form | None:
        """Give the digest of a row."""
        return next((form for form in self.forms(row) if form.key == "d"), None)

    def title(self, row: int) -> str:
        """Name a row."""
        raise NotImplementedError

    def whole(self, row: int) -> str:
        """Write all that is known of a row."""
        return "\n\n".join(f"{form.label}:\n{form.value}" for form in self.forms(row))


def side_names(a: Reference, b: Reference) -> tuple[str, str]:
    """Name both sides: by tag or digest where they are of one repository, else in full."""
    if a.repository == b.repository:
        return _place(a), _place(b)
    return visible(a.familiar, LINE_LIMIT), visible(b.familiar, LINE_LIMIT)


def _place(reference: Reference) -> str:
    if reference.digest is None:
        return reference.tag or "latest"
    return f"{reference.tag}@{reference.digest.short}" if reference.tag else reference.digest.short


# Summary


class SummaryRow(NamedTuple):
    """One fact of both sides."""

    name: str
    a: str
    b: str
    difference: str = ""
    """In a word or two."""
    digests: tuple[Digest | None, Digest | None] = (None, None)
    """What a and b are short for."""

    @property
    def whole(self) -> tuple[str, str]:
        """Both values in full."""
        one, two = self.digests
        return (str(one) if one else self.a, str(two) if two else self.b)


PULL = "pull cost"


class SummaryRows(ComparisonRows):
    """Index, image, config, date and size of both sides, and what a pull of B costs."""

    id, label, number = "summary", "Summary", 1
    filters = False

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[SummaryRow, ...] = ()

    def filter(self, sought: str) -> None:
        super().filter(sought)
        self.rows = tuple(_summary_rows(self.compared)) if self.compared else ()

    def subject(self) -> str:
        compared = self.compared
        if compared is None:
            return ""
        lasts = dict.fromkeys(opened.reference.repository.last for opened in (compared.a, compared.b))
        platforms = dict.fromkeys(each for each in compared.platforms if each)
        return ", ".join(filter(None, [" and ".join(lasts), " and ".join(platforms)]))

    def line_count(self) -> int:
        # What a pull costs is one line in both layouts.
        return max(0, len(self.rows) * self.lines - (self.lines - 1))

    def header(self, width: int, styles: TextStyles) -> list[Span]:
        if self.compared is None or self.lines == 2:
            return []
        spans: list[Span] = [(" " * (NAME + 1), styles.plain)]
        column = _column(width - 1)
        names = side_names(self.compared.a.reference, self.compared.b.reference)
        for letter, name in zip("AB", names, strict=True):
            spans += [(f"{letter}  ", styles.key), (cut_left(name, column - 5).ljust(column - 3), styles.bold)]
        return spans

    def paint(self, row: int, line: int, width: int, shift: int, styles: TextStyles) -> list[Span]:  # noqa: ARG002
        shown = self.rows[row]
        name: list[Span] = [(f"{shown.name:<{NAME}}", styles.secondary)]
        if shown.name == PULL:
            return self._paint_cost(width, styles, name)
        style = styles.warning if shown.difference.startswith(Change.CHANGED.value) else styles.secondary
        difference: list[Span] = [(shown.difference, style)]
        if self.lines == 1:
            column = _column(width)
            both = [(cut(each, column - 2).ljust(column), styles.text) for each in (shown.a, shown.b)]
            return clip([*name, *both, *difference], width)
        if line:
            value: list[Span] = [(" " * NAME, styles.plain), ("B  ", styles.key), (f"{shown.b}  ", styles.text)]
            return clip([*value, *difference], width)
        return clip([*name, ("A  ", styles.key), (shown.a, styles.text)], width)

    def _paint_cost(self, width: int, styles: TextStyles, name: list[Span]) -> list[Span]:
        assert self.compared is not None
        cost, words = self.compared.images.cost, _cost_words(self.compared, styles)
        total = cost.new + cost.shared
        cells = min(METER, width - NAME - width_of(words) - 2)
        if cells < LEAST_METER or not total:
            return clip([*name, *words], width)
        new = max(1, round(cells * cost.new / total)) if cost.new else 0
        meter: list[Span] = [("━" * (cells - new), styles.tertiary), ("━" * new, styles.accent)]
        return [*name, *meter, ("  ", styles.plain), *words]

    def facts(self) -> list[str]:
        if self.compared is None:
            return []
        return [*(["the same image"] if self.compared.same else []), *self.compared.notes[:1]]

    def summary(self, styles: TextStyles) -> list[Span]:
        return _cost_words(self.compared, styles) if self.compared else []

    def detail(self, row: int, line: int) -> Detail:
        if row >= len(self.rows) or self.compared is None:
            return Detail()
        shown = self.rows[row]
        if shown.name == PULL:
            cost = self.compared.images.cost
            said = f"{exact(cost.new)} new, {exact(cost.shared)} shared"
            return Detail("pull", name=said, more="layers that A has not, each digest once")
        a, b = shown.whole
        if self.lines > 1:
            return Detail(shown.name[:6], name=b if line else a, more=shown.difference)
        return Detail(shown.name[:6], name=f"A  {a}", more=f"B  {b}")

    def forms(self, row: int) -> list[Form]:
        if row >= len(self.rows) or self.compared is None:
            return []
        shown, found = self.rows[row], []
        for key, value, opened in zip("ab", shown.whole, (self.compared.a, self.compared.b), strict=True):
            if value:
                said = f"{shown.name} of {short_name(opened.reference)}"
                found.append(Form(key, f"{shown.name} of {key.upper()}", value, said))
        return found

    def digest_form(self, row: int) -> Form | None:
        """Give the digest of B."""
        if row >= len(self.rows) or self.rows[row].digests[1] is None:
            return None
        return next((form for form in self.forms(row) if form.key == "b"), None)

    def title(self, row: int) -> str:
        return self.rows[row].name if row < len(self.rows) else ""


def _column(width: int) -> int:
    """Give the cells of A and of B beside each other."""
    return min(COLUMN, (width - NAME - 14) // 2)


def _cost_words(compared: ComparedImages, styles: TextStyles) -> list[Span]:
    cost = compared.images.cost
    new = f"{size(cost.new)} new" if cost.new or cost.unknown else "nothing new"
    unknown = f" and {plural(cost.unknown, 'layer')} of unknown size" if cost.unknown else ""
    return [(new + unknown, styles.bold), (f", {size(cost.shared)} shared", styles.secondary)]


def _summary_rows(compared: ComparedImages) -> list[SummaryRow]:
    a, b = compared.images.a, compared.images.b
    roots = _index_digest(compared.a), _index_digest(compared.b)
    configs = [config_of(side.manifest) for side in (a, b)]
    ids = configs[0].digest if configs[0] else None, configs[1].digest if configs[1] else None
    rows = [_digest_row("index", *roots)] if any(roots) else []
    rows.append(_digest_row("image", a.manifest.digest, b.manifest.digest))
    rows += [_digest_row("config", *ids)] if any(ids) else []
    made = [moment(side.config.created) if side.config else "" for side in (a, b)]
    rows += [SummaryRow("created", made[0], made[1], _between(made[0], made[1]))] if any(made) else []
    sizes = [f"{size(side.total) or '?'} in {plural(side.count, 'layer')}" for side in (a, b)]
    rows.append(SummaryRow("size", sizes[0], sizes[1], _grown(a.total, b.total)))
    return [*rows, SummaryRow(PULL, "", "")]


def _index_digest(opened: Opened) -> Digest | None:
    return opened.root.digest if isinstance(opened.root, Index) else None


def _digest_row(name: str, a: Digest | None, b: Digest | None) -> SummaryRow:
    difference = "= same" if a == b else "~ differs"
    return SummaryRow(name, a.short if a else "", b.short if b else "", difference, (a, b))


def _between(a: str, b: str) -> str:
    """Say how much later B was made."""
    try:
        one, two = (datetime.strptime(each, "%Y-%m-%d %H:%M UTC").replace(tzinfo=UTC) for each in (a, b))
    except ValueError:
        return ""
    if one == two:
        return "= same"
    days, word = abs(two - one).days, "later" if two > one else "earlier"
    return f"{plural(days, 'day')} {word}" if days else word


def _grown(a: int | None, b: int | None) -> str:
    if a is None or b is None:
        return ""
    return "= same" if a == b else f"{'+' if b > a else '-'}{size(abs(b - a))}"


# Layers


class LayerRows(ComparisonRows):
    """Every layer of both images, oldest first, and in which of them it is."""

    id, label, number = "layer-pairs", "Layers", 2
    splits = False

    def __init__(self) -> None:
        super().__init__()
        self.pairs: tuple[LayerPair, ...] = ()

    @property
    def every(self) -> tuple[LayerPair, ...]:
        """The rows without a filter."""
        return self.compared.images.layers if self.compared else ()

    def filter(self, sought: str) -> None:
        super().filter(sought)
        self.pairs = tuple(pair for pair in self.every if sought.lower() in _said(pair).lower())

    def subject(self) -> str:
        return "what a pull of B needs when A is there" if self.compared else ""

    def line_count(self) -> int:
        return len(self.pairs)

    def first(self) -> int:
        """Give the first layer that is new."""
        return next((at for at, pair in enumerate(self.pairs) if pair.change is Change.ADDED), 0)

    def header(self, width: int, styles: TextStyles) -> list[Span]:
        digest = f"  {'digest':<19}" if width >= DIGEST_FROM else ""
        return [(f"{'':4}{'A':>3} {'B':>3} compressed{digest}  made by", styles.secondary)] if self.pairs else []

    def paint(self, row: int, line: int, width: int, shift: int, styles: TextStyles) -> list[Span]:  # noqa: ARG002
        pair = self.pairs[row]
        layer, weight = pair.row.descriptor, styles.secondary if pair.change is Change.SAME else styles.text
        amount = size(layer.size) if layer and layer.size is not None else "?"
        spans: list[Span] = [(f" {pair.change.value} ", _change_style(pair.change, styles))]
        spans += [(f"{each.number if each else '':>3} ", styles.secondary) for each in (pair.a, pair.b)]
        spans.append((f"{amount:>10}", weight))
        if width + 1 >= DIGEST_FROM:
            digest = layer.digest if layer else None
            spans += [("  ", styles.plain), *(short_digest(digest, styles) if digest else [(" " * 19, styles.plain)])]
        made = _found([(visible(_command(pair.row), CELL_LIMIT), weight)], self.sought)
        return clip([*spans, ("  ", styles.plain), *shifted(made, shift)], width)

    def facts(self) -> list[str]:
        if self.compared is None:
            return []
        if self.sought:
            return [f"{len(self.pairs):,} of {len(self.every):,}", "substring"]
        words = {Change.SAME: "shared", Change.REMOVED: "removed", Change.ADDED: "new"}
        return [f"{sum(pair.change is change for pair in self.every):,} {word}" for change, word in words.items()]

    def nothing(self) -> str:
        return "no layers: both are empty"

    def detail(self, row: int, line: int) -> Detail:  # noqa: ARG002
        if row >= len(self.pairs):
            return Detail()
        pair = self.pairs[row]
        layer, command = pair.row.descriptor, visible(pair.row.command.whole, LINE_LIMIT)
        digest = str(layer.digest) if layer and layer.digest else ""
        return Detail("layer", digest, layer.size if layer else None, _relation(pair), command)

    def forms(self, row: int) -> list[Form]:
        if row >= len(self.pairs) or self.compared is None:
            return []
        pair = self.pairs[row]
        digest = pair.row.descriptor.digest if pair.row.descriptor else None
        reference = (self.compared.b if pair.b is not None else self.compared.a).reference
        of = f"of {self.title(row)} of {short_name(reference)}"
        return digest_forms(reference.repository, digest, "layer digest", of) if digest else []

    def title(self, row: int) -> str:
        return f"layer {self.pairs[row].row.number}" if row < len(self.pairs) else ""

    def whole(self, row: int) -> str:
        pair = self.pairs[row]
        layer = pair.row.descriptor
        lines = [pair.row.command.whole, ""] if pair.row.command.whole else []
        lines.append(f"digest  {layer.digest if layer and layer.digest else 'none that can be used'}")
        lines += [f"size    {exact(layer.size)}"] if layer and layer.size is not None else []
        return "\n".join([*lines, f"{_relation(pair)}"])


def _change_style(change: Change, styles: TextStyles) -> Style:
    return {
        Change.ADDED: styles.success,
        Change.REMOVED: styles.error,
        Change.CHANGED: styles.warning,
        Change.SAME: styles.secondary,
    }[change]


def _found(spans: list[Span], sought: str) -> list[Span]:
    return underlined(spans, sought) if sought else spans


def _command(row: LayerRow) -> str:
    return " ".join(filter(None, (row.command.instruction, row.command.rest)))


def _relation(pair: LayerPair) -> str:
    words = {Change.SAME: "shared", Change.REMOVED: "only in A", Change.ADDED: "new in B"}
    return words[pair.change] + (", packed otherwise in the other" if pair.repacked else "")


def _said(pair: LayerPair) -> str:
    """Give the text in which a filter looks."""
    layer = pair.row.descriptor
    return f"{_command(pair.row)} {layer.digest if layer else ''} {_relation(pair)}"


# Config


class ValueRow(NamedTuple):
    """One value that is not the same."""

    change: Change
    path: str
    a: str
    b: str


class ValueRows(ComparisonRows):
    """What the configs do not say alike, and the steps without a layer that came and went."""

    id, label, number = "differences", "Config", 3

    def __init__(self) -> None:
        super().__init__()
        self.every: tuple[ValueRow, ...] = ()
        """The rows without a filter."""
        self.values: tuple[ValueRow, ...] = ()

    def take(self, compared: ComparedImages | None) -> None:
        self.every = tuple(_value_rows(compared)) if compared else ()
        super().take(compared)

    def filter(self, sought: str) -> None:
        super().filter(sought)
        wanted = sought.lower()
        self.values = tuple(row for row in self.every if wanted in f"{row.path} {row.a} {row.b}".lower())

    def subject(self) -> str:
        known = self.compared is not None and self.compared.images.config is not None
        return plural(len(self.every), "difference") if known else ""

    def line_count(self) -> int:
        return len(self.values) * self.lines

    def header(self, width: int, styles: TextStyles) -> list[Span]:  # noqa: ARG002
        return [(f"    {'path':<{PATH}}{'A':<{VALUE}}B", styles.secondary)] if self.values and self.lines == 1 else []

    def paint(self, row: int, line: int, width: int, shift: int, styles: TextStyles) -> list[Span]:
        shown = self.values[row]
        mark: Span = (f" {shown.change.value} ", _change_style(shown.change, styles))
        limit = max(8, shift + 4 * width)
        a, b = (shifted(_found([(visible(each, limit), styles.text)], self.sought), shift) for each in shown[2:])
        column = PATH if self.lines == 1 else min(PATH, width // 2)
        path = _found([(cut_left(shown.path, column - 2).ljust(column), styles.primary)], self.sought)
        if self.lines == 1:
            first = clip(a, VALUE - 1)
            return clip([mark, *path, *first, (" " * (VALUE - width_of(first)), styles.plain), *b], width)
        head = [(" " * (column + 3), styles.plain)] if line else [mark, *path]
        return clip([*head, ("B  " if line else "A  ", styles.key), *(b if line else a)], width)

    def facts(self) -> list[str]:
        if self.compared is None:
            return []
        if self.sought:
            return [f"{len(self.values):,} of {len(self.every):,}", "substring"]
        words = {Change.REMOVED: "removed", Change.ADDED: "added", Change.CHANGED: "changed"}
        counts = {change: sum(row.change is change for row in self.every) for change in words}
        return [f"{count:,} {words[change]}" for change, count in counts.items() if count]

    def summary(self, styles: TextStyles) -> list[Span]:
        said = " · ".join(self.facts()) or (self.nothing() if self.compared else "")
        return [(said, styles.text)]

    def nothing(self) -> str:
        known = self.compared is not None and self.compared.images.config is not None
        return "the configs say the same" if known else "not compared: at least one has no config that can be read"

    def detail(self, row: int, line: int) -> Detail:  # noqa: ARG002
        if row >= len(self.values):
            return Detail()
        shown = self.values[row]
        a, b = (visible(each, LINE_LIMIT) for each in (shown.a, shown.b))
        said = {Change.ADDED: f"only in B: {b}", Change.REMOVED: f"only in A: {a}"}
        return Detail("config", name=shown.path, more=said.get(shown.change, f"A  {a}   B  {b}"))

    def forms(self, row: int) -> list[Form]:
        if row >= len(self.values) or self.compared is None:
            return []
        shown, opened = self.values[row], (self.compared.a, self.compared.b)
        absent = Change.ADDED, Change.REMOVED
        return [
            Form(key, f"value in {key.upper()}", value, f"{shown.path} of {short_name(side.reference)}")
            for key, value, side, missing in zip("ab", shown[2:], opened, absent, strict=True)
            if shown.change is not missing
        ]

    def title(self, row: int) -> str:
        return self.values[row].path if row < len(self.values) else ""


def _value_rows(compared: ComparedImages) -> list[ValueRow]:
    images = compared.images
    rows = [ValueRow(each.change, each.path, each.a, each.b) for each in images.config or ()]
    for pair in images.history or ():
        if pair.change is not Change.SAME and pair.row.empty:
            command = _command(pair.row)
            a, b = ("", command) if pair.change is Change.ADDED else (command, "")
            rows.append(ValueRow(pair.change, ".history", a, b))
    return rows
