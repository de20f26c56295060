"""What all four panes are: a frame with a title, rows, and a status where there are none."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.timer import Timer
from textual.widget import Widget

from regbrowse.errors import NotFound, RateLimited, RegbrowseError, RegistryError
from regbrowse.text import exact, span, visible
from regbrowse.tui import keys
from regbrowse.tui.cells import Span, clip, content, joined
from regbrowse.tui.copy_forms import Form
from regbrowse.tui.error_hints import KeyHint, hints_for
from regbrowse.tui.theme_styles import TextStyles, theme_styles
from regbrowse.tui.widgets.filter_bar import FilterBar
from regbrowse.tui.widgets.lines import Detail
from regbrowse.tui.widgets.pane_status import SPINNER, Failed, Idle, Loading, PaneStatus, Status
from regbrowse.tui.widgets.row_list import RowList

PATIENCE = 0.1
"""Seconds of waiting before a pane says that it waits."""
RESTING = 0.12
"""Seconds after which the cursor rests on a row: holding an arrow key asks once."""
LINE_LIMIT = 512
"""Characters of remote text in the status line."""
MARK_WORDS = {"✓": "✓ verified", "·": "· claimed", "×": "× mismatch", "!": "! missing"}


class Pane(Widget, can_focus=True):
    """Owns its rows, what it waits for, its keys, what can be copied, and what the status line says of a row.

    Subclasses say what the rows are. A pane never asks a registry: it tells the screen where the cursor rests and
    what was chosen, and is given what was loaded.
    """

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings(keys.PANE, keys.FILTER)

    header: Widget | None = None
    """What stands between the filter and the rows."""
    number: int
    short_label = ""
    """What the pane is about, in at most six characters, for the status line."""
    foot: ClassVar[tuple[str, ...]]
    """The actions in the footer, what is done most first."""

    label: reactive[str] = reactive("")
    """The title."""
    subject: reactive[str] = reactive("")
    """What the rows belong to, behind the title."""
    active: reactive[bool] = reactive(False, toggle_class="-active")
    """Whether this is the pane that the keyboard works in."""
    status: reactive[Status | None] = reactive(None)
    wait_reason: reactive[str] = reactive("")
    """Why nothing is asked at the moment, with the seconds left."""
    frame: reactive[int] = reactive(0)
    """Which frame of the spinner is shown."""
    has_rows: reactive[bool] = reactive(False)
    """Whether the rows are shown, and not what is said instead of them."""
    has_failed: reactive[bool] = reactive(False, toggle_class="-failed")

    class Changed(Message):
        """Something else is to be said of this pane in the lines around the panes."""

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Pane.Changed)

    class PaneMessage(Message):
        """A message that names its pane."""

        def __init__(self, pane: Pane) -> None:
            super().__init__()
            self.pane = pane

        @property
        def control(self) -> Pane:
            return self.pane

    class Highlighted(PaneMessage):
        """The cursor was moved and rests on a row."""

    class Selected(PaneMessage):
        """Enter was pressed on a row."""

    class NotFound(PaneMessage):
        """What was asked for by name does not exist."""

    class NearSelected(PaneMessage):
        """Enter was pressed where another name was offered."""

    class Requested(PaneMessage):
        """What the pane waits for may be asked again: a limit of the registry has opened."""

    @dataclass
    class Noted(Message):
        """Something is to be said for a moment, such as `copied`, `digest of …`, `by OSC 52`."""

        verb: str
        what: str
        how: str = ""

    def __init__(self, id: str, label: str) -> None:
        super().__init__(id=id, classes="pane")
        self.rows = RowList(self)
        self.filter = FilterBar()
        self.sought = ""
        """The text that the rows are filtered by, or that is looked for in them."""
        self.status_view = PaneStatus(self.empty_lines)
        self.set_reactive(Pane.label, label)
        self.base_url = ""
        """The URL of the registry for commands that are copied; empty where it has none."""
        self.retry_at: float | None = None
        """When what failed is asked again without a key, on the monotonic clock."""
        self._resting: Timer | None = None
        self._border: tuple[list[Span], list[Span]] = [], []
        """What the border says."""
        self._describing = False
        """Whether what is said of the row under the cursor is yet to be painted."""
        self._patience: Timer | None = None
        self._turning: Timer | None = None
        self._waiting: Timer | None = None

    def compose(self) -> ComposeResult:
        yield self.filter
        if self.header is not None:
            yield self.header
        yield self.rows.data_bind(Pane.active)
        yield self.status_view.data_bind(Pane.status, Pane.wait_reason, Pane.frame)

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self._paint_frame())
        self._paint_frame()

    # What subclasses say of their rows

    def row_count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def paint_row(self, index: int, width: int, styles: TextStyles) -> list[Span]:
        """Paint a row without its first cell (the bar), in at most `width` cells."""
        raise NotImplementedError

    def summary(self, styles: TextStyles) -> list[Span]:
        """Paint the pane in one line, for where it has room for one row."""
        raise NotImplementedError

    def empty_lines(self, width: int, styles: TextStyles) -> list[list[Span]]:  # noqa: ARG002
        """Paint what is said when there are no rows and none are awaited."""
        return []

    def facts(self) -> list[str]:
        """Say what the subtitle says, the most important first."""
        raise NotImplementedError

    def detail(self) -> Detail:
        """Say what the status line says of the row under the cursor."""
        raise NotImplementedError

    def whole_row(self) -> tuple[str, str]:
        """Give all that is known of the row under the cursor, and what to call the row."""
        detail = self.detail()
        size = exact(detail.size) if detail.size is not None else ""
        facts = [detail.name, *detail.more.split("; "), "", detail.kind, detail.digest, size, detail.mark]
        return detail.name or detail.kind, "\n".join(fact for fact in facts if fact)

    def copy_forms(self) -> list[Form]:
        """Give the forms in which the row under the cursor can be copied, the plain digest first."""
        return []

    def digest_form(self) -> Form | None:
        """Give the digest of the row under the cursor."""
        return next((form for form in self.copy_forms() if form.key == "d"), None)

    def copy_title(self) -> str:
        """Name what the forms are of, such as `linux/amd64 of webapp:2.14.1`."""
        return ""

    def enter_word(self) -> str:
        """Say what enter does on this row; empty when nothing."""
        return ""

    def word(self, action: str) -> str:
        """Give a better word for the footer than the table of keys has; empty when there is none."""
        if action == "enter" and self.near and not self.row_count():
            return f"open {self.near[0]}"
        return self.enter_word() if action == "enter" else ""

    # Status

    @property
    def error(self) -> RegbrowseError | None:
        """What failed last, until something else is asked."""
        return self.status.error if isinstance(self.status, Failed) else None

    @property
    def near(self) -> tuple[str, ...]:
        """The names that may be meant instead of the one that does not exist."""
        return self.status.near if isinstance(self.status, Failed) else ()

    def offer(self, near: tuple[str, ...]) -> None:
        """Offer other names instead of the one that does not exist."""
        if isinstance(self.status, Failed):
            opens = KeyHint("enter", "open it")
            self.status = self.status._replace(near=near, hints=(opens, *self.status.hints))

    @property
    def is_loading(self) -> bool:
        """Whether the pane says that it waits for an answer."""
        return isinstance(self.status, Loading)

    def wait_for(self, what: str) -> None:
        """Say that nothing was asked: `waits for a tag`."""
        self._settle(Idle(what))

    def start_loading(self, what: str) -> None:
        """Say what is asked for, after a moment; rows that are there stay until then."""
        self._settle(None)
        self._patience = self.set_timer(PATIENCE, lambda: self._say_loading(what))

    def stop_loading(self) -> None:
        """An answer came, or none is awaited any more."""
        if not isinstance(self.status, Failed | Idle):
            self._settle(None)

    def fail(self, error: RegbrowseError) -> None:
        """Say what failed; count down where it is asked again without a key."""
        self._settle(Failed(error, self.error_hints(error)))
        if isinstance(error, NotFound):
            self.post_message(self.NotFound(self))
        if isinstance(error, RateLimited) and error.retry_after:
            self.retry_at = monotonic() + error.retry_after
            self._waiting = self.set_interval(0.5, self._count_down)

    def error_hints(self, error: RegbrowseError) -> tuple[KeyHint, ...]:
        """Give the keys that help after an error."""
        return hints_for(error)

    def stop_waiting(self) -> None:
        """Do not ask again without a key."""
        self.retry_at = None
        self.wait_reason = ""
        if self._waiting:
            self._waiting.stop()
            self._waiting = None

    def _settle(self, status: Status | None) -> None:
        if self._patience:
            self._patience.stop()
            self._patience = None
        self.stop_waiting()
        self.turn_spinner(False)
        self.status = status

    def _say_loading(self, what: str) -> None:
        if self._patience is not None:
            self._patience = None
            self.status = Loading(what)
            self.turn_spinner(True)

    def _count_down(self) -> None:
        left = (self.retry_at or 0.0) - monotonic()
        if left > 0:
            self.wait_reason = f"It opens again in {span(left)}; asked again then."
        else:
            self.stop_waiting()
            self.post_message(self.Requested(self))

    def turn_spinner(self, on: bool) -> None:
        """Turn the spinner, the only thing that moves without a key."""
        if on and not self._turning:
            self._turning = self.set_interval(1 / 8, self._turn)
        elif not on and self._turning:
            self._turning.stop()
            self._turning = None

    def _turn(self) -> None:
        self.frame = (self.frame + 1) % len(SPINNER)

    @property
    def spinner(self) -> str:
        """The present frame of the spinner."""
        return SPINNER[self.frame]

    # The frame

    def rows_changed(self) -> None:
        """Follow the model, whose rows are others than before."""
        self.has_rows = self.row_count() > 0
        self.rows.rows_changed()
        self.status_view.refresh()
        self.changed()

    def changed(self) -> None:
        """Say anew what is said of this pane: in its border, and in the lines around the panes."""
        if self.is_attached:
            self._paint_frame()
            self.post_message(self.Changed())

    def watch_status(self) -> None:
        self.has_failed = self.error is not None
        self.changed()

    def watch_has_rows(self) -> None:
        # By the styles themselves: a class would take effect one frame after what the border says.
        self.rows.display = self.has_rows
        self.status_view.display = not self.has_rows

    def watch_frame(self) -> None:
        self._paint_frame()

    def watch_wait_reason(self) -> None:
        self.changed()

    def watch_label(self) -> None:
        self.changed()

    def watch_subject(self) -> None:
        self.changed()

    def watch_active(self) -> None:
        self.changed()

    def on_resize(self) -> None:
        self._paint_frame()

    def _paint_frame(self) -> None:
        styles = theme_styles(self.app).pane
        room = max(1, self.outer_size.width - 6)
        title: list[Span] = [(str(self.number), styles.key), (f" {self.label}", styles.bold)]
        if self.active:
            title = [(f" {self.number} {self.label} ", styles.chip)]
        if self.subject:
            title.append((f" {self.subject}", styles.secondary))
        wanted = clip(title, room), clip(self._subtitle(room, styles), room)
        # To set one of them paints the whole pane.
        if wanted[0] != self._border[0]:
            self.border_title = content(wanted[0])
        if wanted[1] != self._border[1]:
            self.border_subtitle = content(wanted[1])
        self._border = wanted

    def _subtitle(self, room: int, styles: TextStyles) -> list[Span]:
        if self.outer_size.height <= 3:
            return []  # the summary says it
        style = styles.text if self.active else styles.secondary
        if self.error and not self.row_count():
            return [("× " + self.error.mark, style)]
        text = joined(self.facts(), room)
        if text.startswith(tuple(SPINNER)):
            return [(text[0], styles.accent), (text[1:], style)]
        return [(text, style)] if text else []

    def error_detail(self) -> Detail:
        """Say of an error what was asked, what was answered and how long it took."""
        error, kind = self.error, self.short_label
        if not isinstance(error, RegistryError) or not error.evidence.url:
            return Detail(kind=kind)
        evidence = error.evidence
        took = f"  after {evidence.seconds * 1000:.0f} ms" if evidence.seconds is not None else ""
        path = "/" + evidence.url.split("://", 1)[-1].partition("/")[2]
        name = f"{evidence.status or ''} {evidence.method} {path}{took}".strip()
        more = ", ".join(evidence.codes) or error.hint
        return Detail(kind, name=name, more=visible(more, LINE_LIMIT))

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        match action:
            case "enter" | "copy" | "digest" if self.filter.input.has_focus:
                return False
            case "enter":
                return self.enter_word() != "" or self.near != ()
            case "find":
                return self.row_count() > 0 or self.is_filtered
            case "keep_filter":
                return self.filter.input.has_focus
            case "clear_filter":
                return self.is_filtered
            case "shift":
                return self.row_count() > 0
            case "details":
                return self.row_count() > 0 and not self.filter.input.has_focus
            case "copy":
                return bool(self.copy_forms())
            case "digest":
                return self.digest_form() is not None
            case _:
                return True

    def action_move(self, by: int) -> None:
        if self.row_count():
            self.rows.move(by)
        else:
            self.status_view.scroll_relative(y=by, animate=False)

    def action_page(self, direction: int) -> None:
        self.rows.page(direction)

    def action_first(self) -> None:
        self.rows.jump(0)

    def action_last(self) -> None:
        self.rows.jump(self.row_count() - 1)

    def action_shift(self, direction: int) -> None:
        """Scroll what is cut at the right."""
        self.rows.shift_by(direction)

    async def action_enter(self) -> None:
        self.post_message(self.NearSelected(self) if self.near and not self.row_count() else self.Selected(self))

    async def action_details(self) -> None:
        """Show everything that is known of the row, whatever had to be cut."""
        from regbrowse.tui.dialogs.whole import WholeDialog

        await self.app.push_screen(WholeDialog(*self.whole_row()))

    async def action_copy(self) -> None:
        forms = self.copy_forms()
        if len(forms) == 1:
            self._copy(forms[0])
            return
        from regbrowse.tui.dialogs.copy import CopyDialog

        await self.app.push_screen(CopyDialog(self.copy_title(), forms), self._copy)

    def action_digest(self) -> None:
        self._copy(self.digest_form())

    def _copy(self, form: Form | None) -> None:
        if form is not None:
            self.run_worker(self._copy_form(form), group="copy", exclusive=True)

    async def _copy_form(self, form: Form) -> None:
        from regbrowse.tui.clipboard import copy

        copied = await copy(self.app, form.value)
        said = f"not copied: {form.said}" if copied.verb == "×" else form.said
        self.post_message(self.Noted(copied.verb, said, copied.how))

    # Filter or search

    @property
    def filter_text(self) -> str:
        """What stands in the filter when it is opened again; esc clears it."""
        return self.sought

    def search(self, text: str) -> None:
        """Filter the rows by a text, or look for it in them; everything is shown again for an empty one."""
        raise NotImplementedError

    @property
    def is_filtered(self) -> bool:
        """Whether esc would clear something."""
        return self.filter.is_open or bool(self.filter_text)

    def action_find(self) -> None:
        self.filter.open(self.filter_text)
        self.changed()

    def action_keep_filter(self) -> None:
        """Give the keyboard back to the rows, which stay filtered."""
        self.screen.set_focus(self)
        self.search(self.filter.text)
        if not self.filter_text:
            self.action_clear_filter()
        self.post_message(self.Highlighted(self))
        self.changed()

    def action_clear_filter(self) -> None:
        """Take the filter away."""
        self.drop_filter()
        self.screen.set_focus(self)
        self.search("")
        self.post_message(self.Highlighted(self))
        self.changed()

    def reset_rows(self) -> None:
        """Begin anew for other rows: without a filter, at the first one."""
        self.sought = ""
        self.drop_filter()
        self.rows.reset()

    def drop_filter(self) -> None:
        """Take the input away; the keyboard stays in this pane where it was in the input."""
        if self.filter.input.has_focus:
            self.screen.set_focus(self)
        self.filter.close()

    @on(FilterBar.Changed)
    def _filter_changed(self, event: FilterBar.Changed) -> None:
        event.stop()
        self.search(event.text)

    def no_match_lines(self, noun: str, styles: TextStyles) -> list[list[Span]]:
        """Paint what is said where the filter leaves no row."""
        nothing = f'no {noun} matches "{visible(self.filter_text, 64)}"'
        return [[(nothing, styles.text)], [], [("esc", styles.key), ("     clear", styles.text)]]

    @on(RowList.Moved)
    def _moved(self, event: RowList.Moved) -> None:
        event.stop()
        if event.by_hand and self.rows.is_moved:
            if self._resting:
                self._resting.stop()
            self._resting = self.set_timer(RESTING, self._rested)
        if not self._describing:
            # The row first: what is said of it around the rows follows with the next paint.
            self._describing = True
            self.call_after_refresh(self._describe)

    def _describe(self) -> None:
        self._describing = False
        self.changed()

    def _rested(self) -> None:
        if self.take_unreported_move():
            self.post_message(self.Highlighted(self))

    def take_unreported_move(self) -> bool:
        """Tell whether the cursor was moved and nobody was told so far; from now on it counts as told."""
        is_moved, self.rows.is_moved = self.rows.is_moved, False
        if self._resting:
            self._resting.stop()
            self._resting = None
        return is_moved

    @on(RowList.Chosen)
    async def _chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        if self.check_action("enter", ()):
            await self.action_enter()
