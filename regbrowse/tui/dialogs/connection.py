"""How a registry is reached and who asks it; logs in for this session, and writes nothing down."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from textual import on
from textual.app import SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label

from regbrowse.errors import RealmChanged, RegbrowseError
from regbrowse.redact import Secret
from regbrowse.tui.cells import Span, clip, wrap
from regbrowse.tui.dialogs.dialog import Dialog
from regbrowse.tui.theme_styles import TextStyles
from regbrowse.tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from regbrowse.browser import Browser
    from regbrowse.reference import Registry
    from regbrowse.registry.models import Connection
    from regbrowse.settings.login import Source

LABEL = 12
"""Cells of the words before each fact."""
PROBLEM_ROWS = 3
"""Rows for why something could not be done."""
NAMES = 24
"""Cells of the names of places; what is said of a longer one stands below it."""
_BOLD = Style(bold=True)


class ConnectionDialog(Dialog[str]):
    """Does what is decided, and gives it as a sentence; what cannot be done is said, and the dialog stays."""

    wide, high = 92, 24
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+n", "anonymous", show=False, priority=True),
        Binding("ctrl+o", "ask_helper", show=False, priority=True),
        Binding("ctrl+g", "allow_realm", show=False, priority=True),
        Binding("ctrl+k", "allow_unverified", show=False, priority=True),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
        Binding("pagedown", "scroll(1)", show=False),
        Binding("pageup", "scroll(-1)", show=False),
    ]

    @dataclass
    class Answered(Message, bubble=False):
        """It was done what was decided, or why that could not be."""

        said: str
        error: RegbrowseError | None = None

    @dataclass
    class SourcesLoaded(Message, bubble=False):
        """It was found out where this machine has logins for the registry."""

        sources: tuple[Source, ...]

    def __init__(self, browser: Browser, registry: Registry, path: str, error: RegbrowseError | None) -> None:
        """Take whose connection it is, the repository that is looked at, and what failed last."""
        self.registry = registry
        self.connection: Connection = browser.client.connection(registry, path)
        self.notices = browser.notices()
        self.sources: tuple[Source, ...] | None = None
        """None while it is looked for them."""
        self._client, self._auth, self._path = browser.client, browser.client.auth, path
        self._helper = browser.client.auth.slow_helper(registry)
        self._realm_changed = isinstance(error, RealmChanged)
        self._is_untrusted = error is not None and error.slug == "untrusted"
        self._problem = ""
        self._asking = False
        """Whether the registry is asked about a login at the moment."""
        keys = [("enter", "log in")]
        if self.connection.login.user:
            keys.append(("ctrl+n", "anonymous"))
        if self._helper:
            keys.append(("ctrl+o", "ask the helper"))
        if self._realm_changed:
            keys.append(("ctrl+g", "send logins there"))
        if self._is_untrusted:
            keys.append(("ctrl+k", "do not check the certificate"))
        keys.append(("esc", "close"))
        self.facts = LineView(self._facts)
        self.remark = LineView(self._remark, id="remark")
        super().__init__("Connection", str(registry), keys)

    def parts(self) -> Iterable[Widget]:
        yield self.facts
        yield LineView(lambda width, styles: [[("─" * width, styles.rule)]], id="rule")
        yield Horizontal(Label("user"), Input(id="user-name", compact=True), id="user")
        yield Horizontal(Label("password"), Input(id="secret", password=True, compact=True), id="password")
        yield self.remark

    def on_mount(self) -> None:
        super().on_mount()
        self.run_worker(self._look_for_sources(), exclusive=True)

    async def _look_for_sources(self) -> None:
        self.post_message(self.SourcesLoaded(await self._auth.login_sources(self.registry, self._path)))

    @on(SourcesLoaded)
    def _sources_loaded(self, message: SourcesLoaded) -> None:
        self.sources = message.sources
        self.facts.repaint()

    def _remark(self, width: int, styles: TextStyles) -> list[list[Span]]:
        indent = (" " * LABEL, styles.plain)
        if self._asking:
            return [clip([indent, (f"asking {self.registry}", styles.secondary)], width)]
        if self._problem:
            return [[indent, (line, styles.error)] for line in wrap(self._problem, width - LABEL)[:PROBLEM_ROWS]]
        return [clip([indent, ("for this session only; never written to disk", styles.secondary)], width)]

    def _say(self, problem: str, *, asking: bool = False) -> None:
        if (problem, asking) != (self._problem, self._asking):
            self._problem, self._asking = problem, asking
            self.remark.styles.height = PROBLEM_ROWS if problem else 1
            self.remark.repaint()

    def _facts(self, width: int, styles: TextStyles) -> list[list[Span]]:
        lines = [[], *self._connection(width, styles), [], *self._saved(width, styles)]
        return [clip(line, width) for line in lines]

    def _connection(self, width: int, styles: TextStyles) -> list[list[Span]]:
        known, login = self.connection, self.connection.login
        if known.is_inside:
            where = (
                "files on this machine" if self.registry.alias else "inside this program: nothing goes over a network"
            )
            reached: list[Span] = [(where, styles.text)]
        elif not known.base:
            reached = [("not asked yet", styles.secondary)]
        elif not known.encrypted and self.registry.is_loopback:
            reached = [(known.base, styles.text), ("   http: not encrypted, on this machine", styles.secondary)]
        elif not known.encrypted:
            reached = [(known.base, styles.text), ("   http: not encrypted", styles.warning)]
        elif known.verified:
            reached = [(known.base, styles.text), ("   certificate checked", styles.secondary)]
        else:
            reached = [(known.base, styles.text), ("   certificate not checked", styles.warning)]
        who: list[Span] = [(login.user or "anonymous", styles.text)]
        if login.source:
            who.append((f"   by {login.source}", styles.secondary))
        lines = [_fact("reached at", reached, styles), _fact("asked by", who, styles)]
        if known.logins_go_to:
            lines.append(_fact("logins to", [(known.logins_go_to, styles.text)], styles))
        for text in (login.note, *known.notes, *self.notices):
            for i, line in enumerate(wrap(text, width - LABEL) if text else []):
                lines.append(_fact("note" if i == 0 else "", [(line, styles.text)], styles))
        return lines

    def _saved(self, width: int, styles: TextStyles) -> list[list[Span]]:
        if self.registry.alias:
            return []
        lines: list[list[Span]] = [[("Saved logins", styles.primary + _BOLD)]]
        if self.sources is None:
            return [*lines, [("  looking", styles.secondary)]]
        if not self.sources:
            return [*lines, [("  none of the usual places exists", styles.secondary)]]
        column = min(NAMES, max(len(source.name) for source in self.sources)) + 2
        for source in self.sources:
            mark: Span = ("● ", styles.accent) if source.wins else ("  ", styles.plain)
            said = f"{source.user}   {source.note}".strip() if source.user else source.note
            style = styles.text if source.wins else styles.secondary
            if len(source.name) < column and len(said) <= width - column - 2:
                lines.append([mark, (source.name.ljust(column), style), (said, styles.secondary)])
            else:
                lines.append([mark, (source.name, style)])
                lines += [[("    ", styles.plain), (line, styles.secondary)] for line in wrap(said, width - 4)]
        return lines

    # Deciding

    def on_input_changed(self) -> None:
        self._say("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        user, password = self.query_one("#user-name", Input), self.query_one("#secret", Input)
        if event.input is user and not password.value:
            self.set_focus(password)
        elif not user.value or not password.value:
            self._say("A user and a password (or token) are needed.")
        else:
            secret = Secret(password.value)
            password.value = ""
            self._decide(self._log_in(user.value, secret))

    def action_anonymous(self) -> None:
        self._auth.use_anonymous(self.registry)
        self.dismiss(f"browsing {self.registry} anonymously")

    def action_ask_helper(self) -> None:
        if self._helper:
            self._decide(self._ask_helper())

    def action_allow_realm(self) -> None:
        if self._realm_changed:
            self._auth.realms.allow(self.registry)
            self.dismiss(f"logins of {self.registry} go where it says now")

    def action_allow_unverified(self) -> None:
        if self._is_untrusted:
            self._client.allow_unverified(self.registry)
            self.dismiss(f"the certificate of {self.registry} is not checked, until regbrowse ends")

    def _decide(self, decision: Coroutine[None, None, str]) -> None:
        self._say("", asking=True)
        self.run_worker(self._answer(decision), group="decision", exclusive=True)

    async def _answer(self, decision: Coroutine[None, None, str]) -> None:
        try:
            self.post_message(self.Answered(await decision))
        except RegbrowseError as error:
            self.post_message(self.Answered("", error))

    async def _log_in(self, user: str, password: Secret) -> str:
        await self._auth.log_in(self.registry, user, password)
        return f"logged in to {self.registry} as {user}, for this session"

    async def _ask_helper(self) -> str:
        """Let the credential helper ask on the terminal; nothing is painted meanwhile."""
        try:
            with self.app.suspend(), self.app.batch_update():
                found = await self._auth.run_helper_in_foreground(self.registry)
        except SuspendNotSupported as error:
            raise RegbrowseError("This terminal cannot be lent to a credential helper.") from error
        if not found:
            raise RegbrowseError("The credential helper gave no login.")
        return f"logged in to {self.registry} by its credential helper"

    @on(Answered)
    def _answered(self, message: Answered) -> None:
        if message.error is None:
            self.dismiss(message.said)
        else:
            self._say(message.error.why)

    def action_scroll(self, pages: int) -> None:
        self.facts.scroll_relative(y=pages * max(1, self.facts.size.height - 1), animate=False)


def _fact(label: str, spans: list[Span], styles: TextStyles) -> list[Span]:
    return [(label.ljust(LABEL), styles.secondary), *spans]
