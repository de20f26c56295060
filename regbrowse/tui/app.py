"""The application: one screen, a theme, a clipboard."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from regbrowse.tui import recents
from regbrowse.tui.palette import KeyCommands
from regbrowse.tui.screen import BrowseScreen
from regbrowse.tui.state import Connect, Place

DARK, LIGHT = "textual-dark", "textual-light"


class RegbrowseApp(App[None]):
    """Browses registries; `connect` makes the browser after the first paint."""

    CSS_PATH = "browse.tcss"
    TITLE = "regbrowse"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS = App.COMMANDS | {KeyCommands}
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "quit", show=False, priority=True)]

    def __init__(self, connect: Connect, place: Place | None) -> None:
        super().__init__()
        self._connect = connect
        self._place = place
        self.main = BrowseScreen(connect, place)

    def on_mount(self) -> None:
        self.theme = self._first_theme()
        self.push_screen(self.main)
        self.call_after_refresh(self._keep_theme)

    def _keep_theme(self) -> None:
        self.theme_changed_signal.subscribe(self, lambda theme: recents.remember_theme(theme.name))

    def _first_theme(self) -> str:
        kept = recents.theme()
        if kept in self.available_themes:
            return kept
        return LIGHT if _light_terminal(os.environ.get("COLORFGBG", "")) else DARK

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        yield SystemCommand("Theme", "Choose the colours", self.action_change_theme)
        del screen

    async def on_unmount(self) -> None:
        if self.main.browser is not None:
            await self.main.browser.aclose()


def _light_terminal(colours: str) -> bool:
    """COLORFGBG is `front;back` in the sixteen colours; 7 and 15 are light grounds."""
    return colours.rpartition(";")[2] in ("7", "15")
