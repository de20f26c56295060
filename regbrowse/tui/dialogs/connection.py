"""How a registry is reached and who asks it; logs in for this session, and writes nothing down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from regbrowse.errors import RealmChanged, RegbrowseError
from regbrowse.redact import Secret
from regbrowse.reference import Registry
from regbrowse.registry.models import Connection
from regbrowse.tui.cells import Span, clip, wrap
from regbrowse.tui.colours import Ink
from regbrowse.tui.dialogs.window import Dialog, Window

if TYPE_CHECKING:
    from regbrowse.settings.login import Source

LABEL = 12
"""Cells of the words before each fact."""
NAMES = 24
"""Cells of the names of places; what is said of a longer one stands below it."""
FIELD_ROWS = 4
"""Rows at the lower end: a rule, user, password, and what is written down."""
_BOLD = Style(bold=True)


@dataclass(frozen=True, slots=True)
class SignIn:
    """Log in for this session."""

    user: str
    password: Secret


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Ask without any login from now on."""


@dataclass(frozen=True, slots=True)
class Foreground:
    """Let the credential helper ask on the terminal."""


@dataclass(frozen=True, slots=True)
class Allow:
    """Send logins to the host that the registry names now."""


Choice = SignIn | Anonymous | Foreground | Allow


class ConnectionWindow(Window):
    """The facts; the inputs lie over its last rows."""

    can_focus = False

    def __init__(
        self, registry: Registry, connection: Connection, notices: tuple[str, ...], keys: tuple[tuple[str, str], ...]
    ) -> None:
        super().__init__("Connection", str(registry), keys)
        self.registry = registry
        self.connection = connection
        self.notices = notices
        self.sources: tuple[Source, ...] | None = None
        self.problem = ""

    def content(self, width: int, ink: Ink) -> list[list[Span]]:
        room = max(0, self.room - FIELD_ROWS)
        above = [[], *self._facts(width, ink), [], *self._saved(width, ink)]
        if len(above) > room:
            above = [*above[: max(0, room - 1)], [("…", ink.secondary)]]
        lines = above + [[] for _ in range(room - len(above))]
        lines.append([("─" * width, ink.rule)])
        lines.append([("user".ljust(LABEL), ink.secondary)])
        lines.append([("password".ljust(LABEL), ink.secondary)])
        if self.problem:
            lines.append([(" " * LABEL, ink.plain), (self.problem, ink.error)])
        else:
            lines.append([(" " * LABEL, ink.plain), ("for this session only; never written to disk", ink.secondary)])
        return [clip(line, width) for line in lines]

    def _facts(self, width: int, ink: Ink) -> list[list[Span]]:
        known, login = self.connection, self.connection.login
        if not known.base:
            reached: list[Span] = [("not asked yet", ink.secondary)]
        elif not known.encrypted and self.registry.is_loopback:
            reached = [(known.base, ink.text), ("   http: not encrypted, on this machine", ink.secondary)]
        elif not known.encrypted:
            reached = [(known.base, ink.text), ("   http: not encrypted", ink.warning)]
        elif known.verified:
            reached = [(known.base, ink.text), ("   certificate checked", ink.secondary)]
        else:
            reached = [(known.base, ink.text), ("   certificate not checked", ink.warning)]
        who: list[Span] = [(login.user or "anonymous", ink.text)]
        if login.source:
            who.append((f"   by {login.source}", ink.secondary))
        lines = [_fact("reached at", reached, ink), _fact("asked by", who, ink)]
        if known.logins_go_to:
            lines.append(_fact("logins to", [(known.logins_go_to, ink.text)], ink))
        for text in (login.note, *known.notes, *self.notices):
            for i, line in enumerate(wrap(text, width - LABEL) if text else []):
                lines.append(_fact("note" if i == 0 else "", [(line, ink.text)], ink))
        return lines

    def _saved(self, width: int, ink: Ink) -> list[list[Span]]:
        if self.registry.alias:
            return []
        lines: list[list[Span]] = [[("Saved logins", ink.primary + _BOLD)]]
        if self.sources is None:
            return [*lines, [("  looking", ink.secondary)]]
        if not self.sources:
            return [*lines, [("  none of the usual places exists", ink.secondary)]]
        column = min(NAMES, max(len(source.name) for source in self.sources)) + 2
        for source in self.sources:
            mark: Span = ("● ", ink.accent) if source.wins else ("  ", ink.plain)
            said = f"{source.user}   {source.note}".strip() if source.user else source.note
            style = ink.text if source.wins else ink.secondary
            if len(source.name) < column and len(said) <= width - column - 2:
                lines.append([mark, (source.name.ljust(column), style), (said, ink.secondary)])
            else:
                lines.append([mark, (source.name, style)])
                lines += [[("    ", ink.plain), (line, ink.secondary)] for line in wrap(said, width - 4)]
        return lines


def _fact(label: str, spans: list[Span], ink: Ink) -> list[Span]:
    return [(label.ljust(LABEL), ink.secondary), *spans]


class ConnectionDialog(Dialog[Choice]):
    """Gives what was decided."""

    wide, high = 92, 24
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+n", "anonymous", show=False, priority=True),
        Binding("ctrl+o", "foreground", show=False, priority=True),
        Binding("ctrl+g", "allow", show=False, priority=True),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(
        self,
        registry: Registry,
        connection: Connection,
        notices: tuple[str, ...],
        error: RegbrowseError | None,
        helper: str = "",
    ) -> None:
        self.registry = registry
        self._helper = helper
        self._moved = isinstance(error, RealmChanged)
        keys = [("enter", "log in")]
        if connection.login.user:
            keys.append(("ctrl+n", "anonymous"))
        if helper:
            keys.append(("ctrl+o", "ask the helper"))
        if self._moved:
            keys.append(("ctrl+g", "send logins there"))
        keys.append(("esc", "close"))
        self._connection = ConnectionWindow(registry, connection, notices, tuple(keys))
        super().__init__(self._connection)

    def compose(self) -> ComposeResult:
        yield self.window
        yield Input(id="user", compact=True)
        yield Input(id="password", password=True, compact=True)

    def on_mount(self) -> None:
        self.fit()
        self.query_one("#user", Input).focus()

    def show_sources(self, sources: tuple[Source, ...]) -> None:
        """What was found on this machine, as soon as it is known."""
        self._connection.sources = sources
        self._connection.refresh()

    def fit(self) -> None:
        super().fit()
        columns, rows = self.app.size
        width, height = min(columns - 4, self.wide), min(rows - 2, self.high)
        left, top = (columns - width) // 2, (rows - height) // 2
        for row, name in enumerate(("user", "password")):
            field = self.query_one(f"#{name}", Input)
            field.styles.width = max(1, width - LABEL - 5)
            field.styles.offset = (left + 2 + LABEL, top + height - 4 + row)

    def on_input_changed(self) -> None:
        if self._connection.problem:
            self._connection.problem = ""
            self._connection.refresh()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        user, password = (self.query_one(f"#{name}", Input) for name in ("user", "password"))
        if event.input is user and not password.value:
            password.focus()
            return
        if not user.value or not password.value:
            self._connection.problem = "A user and a password (or token) are needed."
            self._connection.refresh()
            return
        secret = Secret(password.value)
        password.value = ""
        self.dismiss(SignIn(user.value, secret))

    def action_anonymous(self) -> None:
        self.dismiss(Anonymous())

    def action_foreground(self) -> None:
        if self._helper:
            self.dismiss(Foreground())

    def action_allow(self) -> None:
        if self._moved:
            self.dismiss(Allow())
