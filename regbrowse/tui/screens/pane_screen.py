"""What the screens of panes have in common: the lines around the panes, and the keys that every screen has."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from textual import on
from textual.screen import Screen

from regbrowse.tui import keys
from regbrowse.tui.panes.pane import Pane
from regbrowse.tui.widgets.lines import Footer, Header, Hint, Note, StatusLine

WAITING_SECONDS = 0.5
"""Seconds between two looks at what the registry makes us wait for."""
FIXED = (Hint("?", "help", "help"), Hint("q", "quit", "quit"))
"""The keys at the right edge of the footer."""
FILTER_HINTS = (Hint("enter", "keep"), Hint("esc", "clear"), Hint("↑ ↓", "move"))
"""The keys of the input above the rows."""


class PaneScreen(Screen[None]):
    """A screen with a header, a status line and a footer around its panes, one of which has the keyboard."""

    def __init__(self, id: str, classes: str) -> None:
        super().__init__(id=id, classes=classes)
        self.header, self.status_line, self.footer = Header(id="header"), StatusLine(id="status"), Footer(id="footer")

    @property
    def pane(self) -> Pane:
        """The pane that the keyboard works in."""
        raise NotImplementedError

    @property
    def help_group(self) -> str:
        """The group of keys that only this screen has; empty when there is none."""
        return ""

    # The lines

    def note(self, verb: str, what: str, how: str = "") -> None:
        """Say for a moment, or until the next key, what was done."""
        self.status_line.say(Note(verb, what, how))

    def on_key(self) -> None:
        self.status_line.say_no_more()

    @on(Pane.Noted)
    def _noted(self, event: Pane.Noted) -> None:
        self.note(event.verb, event.what, event.how)

    @on(Footer.Pressed)
    async def _footer_pressed(self, event: Footer.Pressed) -> None:
        for active in self.active_bindings.values():
            if active.binding.action == event.action and active.enabled:
                await self.app.run_action(event.action, active.node)
                return

    def show_hints(self, hints: Callable[[], tuple[Hint, ...]]) -> None:
        """Let the footer name the keys that work now; under a dialog none of them does."""
        is_on_top = self.app.screen is self
        self.footer.hints = hints() if is_on_top else ()
        self.footer.fixed = FIXED if is_on_top and self.focused in (self.pane, None) else ()

    @property
    def enabled_actions(self) -> set[str]:
        """The actions whose keys do something now."""
        return {each.binding.action for each in self.active_bindings.values() if each.enabled}

    def hints_of(self, actions: Iterable[str], word: Callable[[str], str]) -> list[Hint]:
        """Give the keys of those actions that do something now; `word` is asked for a better word than the table's."""
        enabled = self.enabled_actions
        known = ((action, keys.key_for(action)) for action in actions if action in enabled)
        return [Hint(key.foot_key or key.shown, word(action) or key.foot, action) for action, key in known]

    # Keys

    async def action_palette(self) -> None:
        from regbrowse.tui.command_palette import open_palette

        await open_palette(self.app)

    async def action_help(self) -> None:
        from regbrowse.tui.dialogs.help import HelpDialog

        await self.app.push_screen(HelpDialog(self.help_group))

    def action_suspend(self) -> None:
        self.app.action_suspend_process()

    def action_quit(self) -> None:
        self.app.exit()
