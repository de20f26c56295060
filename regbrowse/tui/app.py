"""The application: paints the empty panes at once, then imports the screen and its client in a thread."""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from regbrowse.tui.skeleton import Skeleton

if TYPE_CHECKING:
    from regbrowse.tui.screen import BrowseScreen
    from regbrowse.tui.state import Connect, Place

LIGHT = "textual-light"


def _key_commands() -> type:
    from regbrowse.tui.palette import KeyCommands

    return KeyCommands


class RegbrowseApp(App[None]):
    """Browses registries; `connect` makes the browser after the first paint."""

    CSS_PATH = "browse.tcss"
    TITLE = "regbrowse"
    COMMANDS = App.COMMANDS | {_key_commands}
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "quit", show=False, priority=True)]

    def __init__(self, connect: Connect, place: Place | None) -> None:
        super().__init__()
        self._connect = connect
        self._place = place
        self._main: BrowseScreen | None = None

    @property
    def is_open(self) -> bool:
        """Whether the main screen is there."""
        return self._main is not None

    @property
    def main(self) -> BrowseScreen:
        """The main screen; there is one as soon as the first paint is done."""
        assert self._main is not None
        return self._main

    def compose(self) -> ComposeResult:
        yield Skeleton()

    def on_mount(self) -> None:
        if _light_terminal(os.environ.get("COLORFGBG", "")):
            self.theme = LIGHT
        self.call_after_refresh(self._begin)

    async def _begin(self) -> None:
        await asyncio.to_thread(importlib.import_module, "regbrowse.tui.screen")
        from regbrowse.state.theme import load_theme, save_theme

        kept = load_theme()
        if kept in self.available_themes:
            self.theme = str(kept)
        self._main = self.new_main(self._connect, self._place)
        # What was imported stays for good: without it a full collection takes 5 ms instead of 40.
        gc.freeze()
        await self.push_screen(self._main)
        self.theme_changed_signal.subscribe(self, lambda theme: save_theme(theme.name))

    def _fatal_error(self) -> None:
        """A bug ends the program; textual would print the values of variables, and a login may be among them."""
        from rich.traceback import Traceback

        self.bell()
        self.panic(Traceback(show_locals=False, width=None))

    def new_main(self, connect: Connect, place: Place | None) -> BrowseScreen:
        """The main screen, once its modules are there."""
        from regbrowse.tui.screen import BrowseScreen

        return BrowseScreen(connect, place)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        del screen
        yield SystemCommand("Theme", "Choose the colours", self.action_change_theme)

    async def on_unmount(self) -> None:
        if self._main is not None and self._main.browser is not None:
            await self._main.browser.aclose()


def _light_terminal(colours: str) -> bool:
    """COLORFGBG is `front;back` in the sixteen colours; 7 and 15 are light grounds."""
    return colours.rpartition(";")[2] in ("7", "15")
