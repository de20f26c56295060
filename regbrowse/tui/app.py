"""The application: paints the empty panes at once, and imports the main screen and its client in a thread."""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
from collections import deque
from collections.abc import Iterable
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widget import Widget

from regbrowse.tui import layout
from regbrowse.tui.cells import content
from regbrowse.tui.theme_styles import theme_styles

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.theme import Theme

    from regbrowse.reference import Reference  # noqa: F401 - named in the base of the app, as text
    from regbrowse.tui.navigator import Place
    from regbrowse.tui.screens.browse import BrowseScreen
    from regbrowse.tui.session import Connect, RegistrySession

LIGHT = "textual-light"
PANES = ("Tags", "Manifests", "Layers", "Config")
INTERRUPTED = 130
"""The exit code of a chooser that was left by ctrl+c: what called it is interrupted as well."""
LONGEST_KEY = 1.0
"""Seconds after which a key counts as answered even if nothing said so."""


def _key_commands() -> type:
    from regbrowse.tui.command_palette import KeyCommands

    return KeyCommands


class RegbrowseApp(App["Reference | None"]):
    """Browses registries; `connect` makes the browser after the first paint. Ends with what was picked."""

    CSS_PATH = "regbrowse.tcss"
    TITLE = "regbrowse"
    ENABLE_COMMAND_PALETTE = False  # the screen opens it in a frame of ours, with the same key
    COMMANDS = App.COMMANDS | {_key_commands}
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "interrupt", show=False, priority=True)]
    HORIZONTAL_BREAKPOINTS = layout.WIDTHS
    VERTICAL_BREAKPOINTS = layout.HEIGHTS

    def __init__(self, connect: Connect, place: Place | None, *, picks: bool = False) -> None:
        super().__init__()
        self._connect = connect
        self._place = place
        self._picks = picks
        self._session: RegistrySession | None = None
        self._main: BrowseScreen | None = None
        self._keys: deque[events.Key | events.Paste] = deque()
        """What was typed and is not delivered yet, in its order."""
        self._delivered = float("inf")
        """When the last key was delivered that is not answered yet; 0 when all are. Before the main screen is there,
        keys wait for it."""

    @property
    def main(self) -> BrowseScreen | None:
        """The main screen; there is one soon after the first paint."""
        return self._main

    def get_default_screen(self) -> Screen[None]:
        return Screen(id="_default", classes=layout.classes_for(*self.size))

    def compose(self) -> ComposeResult:
        """Frames where the panes will be, as the main screen paints them before anything came."""
        yield Blank("regbrowse", id="header")
        tags, *others = [self._frame(number, name) for number, name in enumerate(PANES, 1)]
        yield Container(tags, Container(*others, id="right"), id="body", classes="-in-tags")
        yield Blank(id="status")
        yield Blank(id="footer")

    def _frame(self, number: int, name: str) -> Widget:
        """Make the frame of a pane; the first one has the keyboard, and the second one the room."""
        styles = theme_styles(self).pane
        pane = Blank(id=name.lower(), classes="pane" + {1: " -active", 2: " -favoured"}.get(number, ""))
        title = [(f" {number} {name} ", styles.chip)]
        if number > 1:
            title = [(str(number), styles.key), (f" {name}", styles.bold)]
        if number > 2:
            pane.styles.height = layout.small_rows(*self.size)
        pane.border_title = content(title)
        return pane

    def on_mount(self) -> None:
        if _light_terminal(os.environ.get("COLORFGBG", "")):
            self.theme = LIGHT
        self.call_after_refresh(self._begin)

    def on_resize(self, event: events.Resize) -> None:
        """Set the classes of the layout before the screen is laid out, and not after, which would do it twice."""
        wanted = layout.classes_for(*event.size).split()
        for screen in self.screen_stack:
            screen.update_classes(
                {name: name in wanted for _, name in (*layout.WIDTHS, *layout.HEIGHTS)}, animate=False
            )

    async def _begin(self) -> None:
        await asyncio.to_thread(importlib.import_module, "regbrowse.tui.screens.browse")
        from regbrowse.state.theme import load_theme
        from regbrowse.tui.screens.browse import BrowseScreen
        from regbrowse.tui.selection import PickSelection, Selection
        from regbrowse.tui.session import RegistrySession

        kept = load_theme()
        if kept in self.available_themes:
            self.theme = str(kept)
        self._session = RegistrySession(self._connect)
        selection = PickSelection() if self._picks else Selection()
        self._main = BrowseScreen(self._session, self._place, selection, layout.classes_for(*self.size))
        # What was imported stays for good: without it a full collection takes 5 ms instead of 40.
        gc.freeze()
        # Painting makes thousands of objects that soon end by themselves. By the usual thresholds these would bring a
        # full collection every second, of 30 ms with 100,000 tags.
        gc.set_threshold(5_000, 5, 50)
        frames = self.screen
        await self.push_screen(self._main)
        await frames.remove_children()  # else they would be laid out again with every change of the size
        self.theme_changed_signal.subscribe(self, self._theme_changed)
        await self._answered()

    def _theme_changed(self, theme: Theme) -> None:
        from regbrowse.state.theme import save_theme

        save_theme(theme.name)
        for screen in self.screen_stack:
            for widget in screen.query():
                widget.refresh()  # rows are painted in colours that CSS knows nothing of

    # Keys one after the other

    async def on_event(self, event: events.Event) -> None:
        """Deliver a key when those before it are answered.

        Textual hands a key to the widget that has the focus when the key arrives. When several arrive at once, that
        is before the first of them moved the focus, and the others would reach the wrong widget.
        """
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded and not self._is_priority(event):
            self._keys.append(event)
            if not self._delivered or monotonic() > self._delivered + LONGEST_KEY:
                await self._deliver(self._keys.popleft())
        else:
            await super().on_event(event)

    def _is_priority(self, event: events.Event) -> bool:
        return isinstance(event, events.Key) and event.key == "ctrl+c"

    async def _deliver(self, event: events.Key | events.Paste) -> None:
        self._delivered = monotonic()
        target = self.focused or self.screen
        await super().on_event(event)
        self._follow(target, target)

    def _follow(self, node: DOMNode, again: DOMNode | None) -> None:
        """Go the way of a key that nobody stops: behind it through the queue of every node up to the app.

        The app runs the key's action, which may post messages to the node that had the key. So go the way once more,
        behind these.
        """
        parent = node.parent
        if parent is not None and node is not self:
            if not node.call_later(self._follow, parent, again):
                self._follow(parent, again)
        elif again is not None:
            self.call_later(self._follow, again, None)
        else:
            self.call_later(self._answered)

    async def _answered(self) -> None:
        self._delivered = 0.0
        if self._keys:
            await self._deliver(self._keys.popleft())

    # The rest of the app

    def _fatal_error(self) -> None:
        """A bug ends the program; textual would print the values of variables, and a login may be among them."""
        from rich.traceback import Traceback

        self.bell()
        self.panic(Traceback(show_locals=False, width=None))

    def action_interrupt(self) -> None:
        self.exit(return_code=INTERRUPTED if self._picks else 0)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        del screen
        yield SystemCommand("Theme: choose the colours", "", self.action_change_theme)

    async def on_unmount(self) -> None:
        if self._session is not None:
            await self._session.aclose()


class Blank(Widget):
    """A part that has nothing to show yet."""

    def __init__(self, text: str = "", *, id: str, classes: str = "") -> None:
        super().__init__(id=id, classes=classes)
        self._text = f" {text}" if text else ""

    def render(self) -> str:
        return self._text


def _light_terminal(colours: str) -> bool:
    """COLORFGBG is `front;back` in the sixteen colours; 7 and 15 are light grounds."""
    return colours.rpartition(";")[2] in ("7", "15")
