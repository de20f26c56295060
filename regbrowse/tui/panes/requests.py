"""The panes of the request log: the requests, and the one under the cursor as curl with its answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from regbrowse.exchange import (
    INSIDE,
    answer_lines,
    asked_for,
    curl_command,
    has_secrets,
    is_expected,
    received,
    status_word,
    took,
    when,
)
from regbrowse.text import plural
from regbrowse.tui.cells import Span, clip, cut, shifted, underlined, wrap
from regbrowse.tui.copy_forms import Form
from regbrowse.tui.panes.pane import Pane
from regbrowse.tui.theme_styles import theme_styles
from regbrowse.tui.widgets.lines import Detail, Line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.style import Style

    from regbrowse.exchange import Exchange
    from regbrowse.tui.theme_styles import TextStyles

SIZES_FROM, TIMES_FROM = 90, 60
"""Inner cells from which bytes and cost are shown, and from which the times are."""
TIME, TOOK, STATUS, RECEIVED, RATE, METHOD = 8, 7, 9, 9, 4, 4
"""Cells of the columns."""


class RequestsPane(Pane):
    """Every request since the program began, oldest first; new ones come at the end."""

    number = 1
    foot = ("copy", "enter", "find")

    def __init__(self) -> None:
        super().__init__("requests", "Requests")
        self.subject = "since start"
        self.header: ColumnHeader = ColumnHeader()
        self.header.display = True
        self.shown: list[Exchange] = []
        """Those that match the filter, in the order of the rows."""
        self._all: list[Exchange] = []
        self._totals: list[str] = []

    def take(self, entries: Iterable[Exchange], facts: list[str]) -> None:
        """Take the log as it is now; the cursor stays on its request, or at the end when it stood there."""
        self._all, self._totals = list(entries), facts
        self._show()

    @property
    def current(self) -> Exchange | None:
        """The request under the cursor."""
        return self.shown[self.rows.cursor] if self.rows.cursor < len(self.shown) else None

    def _show(self) -> None:
        here, before = self.current, len(self.shown)
        is_last = self.rows.cursor >= before - 1
        wanted = self.sought.lower()
        self.shown = [one for one in self._all if not wanted or wanted in _said(one).lower()]
        self.rows_changed()
        row = len(self.shown) - 1
        if not is_last and here is not None:
            row = next((at for at, one in enumerate(self.shown) if one.number >= here.number), row)
        self.rows.put_cursor(row)
        self.changed()

    def whole_row(self) -> tuple[str, str]:
        return "request and answer", whole(self.current) if self.current is not None else ""

    # Filter

    def search(self, text: str) -> None:
        self.sought = text
        self._show()

    # What is said and copied

    def row_count(self) -> int:
        return len(self.shown)

    def enter_word(self) -> str:
        return "whole" if self.current is not None else ""

    async def action_enter(self) -> None:
        await self.action_details()

    def word(self, action: str) -> str:
        return "copy as curl" if action == "copy" else super().word(action)

    def facts(self) -> list[str]:
        if self.sought:
            return [f"{len(self.shown):,} of {plural(len(self._all), 'request')}", "substring"]
        return self._totals

    def detail(self) -> Detail:
        one = self.current
        if one is None:
            return Detail()
        return Detail(one.method, name=one.url, more=_cost(one))

    def copy_forms(self) -> list[Form]:
        one = self.current
        if one is None:
            return []
        secrets = ", secrets left out" if has_secrets(one) else ""
        return [Form("c", "curl", curl_command(one), f"{one.method} {asked_for(one)} as curl{secrets}")]

    def summary(self, styles: TextStyles) -> list[Span]:
        one = self.current
        return [] if one is None else self.paint_row(self.rows.cursor, self.rows.size.width, styles)

    def empty_lines(self, width: int, styles: TextStyles) -> list[list[Span]]:  # noqa: ARG002
        if self.sought:
            return self.no_match_lines("request", styles)
        return [[("nothing was asked so far", styles.secondary)]]

    def paint_row(self, index: int, width: int, styles: TextStyles) -> list[Span]:
        one = self.shown[index]
        word = status_word(one)
        spans: list[Span] = [(" ", styles.plain)]
        if width >= TIMES_FROM:
            spans += [(f"{when(one)}  ", styles.secondary), (f"{took(one):>{TOOK}}  ", styles.text)]
        spans.append((f"{word:<{STATUS}}  ", _status_style(one, styles)))
        if width >= SIZES_FROM:
            spans.append((f"{received(one):>{RECEIVED}}  ", styles.text if one.received else styles.secondary))
            spans.append((f"{one.cost or '':>{RATE}}  ", styles.text))
        spans.append((f"{one.method:<{METHOD}} ", styles.primary))
        path: list[Span] = [(asked_for(one), styles.tertiary if one.is_cached else styles.text)]
        room = width - sum(len(text) for text, _ in spans)
        path = underlined(path, self.sought) if self.sought else path
        return [*spans, *clip(shifted(path, self.rows.shift), room)]


class CurlPane(Pane):
    """The request under the cursor of the other pane as curl, and the main headers of its answer."""

    number = 2
    foot = ("copy",)

    def __init__(self) -> None:
        super().__init__("curl", "As curl")
        self.exchange: Exchange | None = None
        self._lines: list[tuple[str, bool]] = []
        """Each line, and whether it belongs to the command."""

    def show(self, exchange: Exchange | None) -> None:
        """Show a request; None where there is none."""
        if exchange is self.exchange:
            return
        self.exchange = exchange
        self.subject = "secrets left out" if exchange is not None and has_secrets(exchange) else ""
        self._lay()
        self.rows.reset()

    def on_resize(self) -> None:
        super().on_resize()
        self._lay()

    def _lay(self) -> None:
        """Break the lines at the present width: a command that is cut is of no use."""
        self._lines = []
        if self.exchange is not None:
            width = max(20, self.rows.size.width - 2)
            for text, is_command in _lines_of(self.exchange):
                self._lines += [(line, is_command) for line in wrap(text.rstrip(), width)]
        self.rows_changed()

    def row_count(self) -> int:
        return len(self._lines)

    def search(self, text: str) -> None:
        """Search nothing: all of it is in view."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "find" and super().check_action(action, parameters)

    def word(self, action: str) -> str:
        return "copy as curl" if action == "copy" else super().word(action)

    def facts(self) -> list[str]:
        return []

    def detail(self) -> Detail:
        one = self.exchange
        return Detail() if one is None else Detail(one.method, name=one.url, more=_cost(one))

    def copy_forms(self) -> list[Form]:
        one = self.exchange
        return [] if one is None else [Form("c", "curl", curl_command(one), f"{one.method} {asked_for(one)} as curl")]

    def summary(self, styles: TextStyles) -> list[Span]:
        return [(self._lines[0][0], styles.text)] if self._lines else []

    def empty_lines(self, width: int, styles: TextStyles) -> list[list[Span]]:  # noqa: ARG002
        return [[("waits for a request", styles.secondary)]]

    def paint_row(self, index: int, width: int, styles: TextStyles) -> list[Span]:
        text, is_command = self._lines[index]
        return clip([(text, styles.text if is_command else styles.secondary)], width)


class ColumnHeader(Line):
    """The names of the columns, above the rows."""

    def spans(self, width: int) -> list[Span]:
        inner = width - 1
        text = (
            "  " + (f"{'time':<{TIME}}  {'took':>{TOOK}}  " if inner >= TIMES_FROM else "") + f"{'status':<{STATUS}}  "
        )
        text += f"{'received':>{RECEIVED}}  {'rate':>{RATE}}  " if inner >= SIZES_FROM else ""
        return [(cut(text + "what", width), theme_styles(self.app).pane.secondary)]


def whole(exchange: Exchange) -> str:
    """Write all that is known of a request: the command, and the answer."""
    return "\n".join(text for text, _ in _lines_of(exchange))


def _lines_of(exchange: Exchange) -> Sequence[tuple[str, bool]]:
    command = [(line, True) for line in curl_command(exchange).splitlines()]
    remark = [(INSIDE, False)] if exchange.inside else []
    return [*command, *remark, ("", False), *((line, False) for line in answer_lines(exchange))]


def _status_style(exchange: Exchange, styles: TextStyles) -> Style:
    """Give the colour of a status: what failed, what only asks for a login, what is as it should be."""
    status = exchange.status or 0
    if exchange.outcome in ("cache", "cancelled") or is_expected(exchange):
        return styles.secondary
    if exchange.outcome or status >= 400:
        return styles.warning if status in (401, 429) and not exchange.outcome else styles.error
    return styles.secondary if 300 <= status < 400 else styles.success


def _cost(exchange: Exchange) -> str:
    """Say what a request took of the pull limit, where the registry counts."""
    if exchange.is_cached:
        return "answered from the cache: nothing was sent, and it costs nothing"
    if exchange.cost:
        return f"costs {exchange.cost} of the pull limit; HEAD and answers from the cache cost nothing"
    return exchange.note


def _said(exchange: Exchange) -> str:
    """Give the text in which a filter looks: what is painted, and the address in full."""
    return f"{when(exchange)} {status_word(exchange)} {exchange.method} {asked_for(exchange)} {exchange.url}"
