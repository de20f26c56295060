"""The command palette: what is possible now, with the keys that do it."""

from __future__ import annotations

from functools import partial
from typing import Any

from textual.app import App
from textual.binding import ActiveBinding
from textual.command import CommandInput, CommandPalette, DiscoveryHit, Hit, Hits, Provider, SearchIcon
from textual.content import Content

from regbrowse.tui.cells import content
from regbrowse.tui.keys import KEYS, Key
from regbrowse.tui.theme_styles import theme_styles

NAME = 60
"""Cells of a name, behind which the key stands."""


async def open_palette(app: App[Any]) -> None:
    """Open Textual's palette in the frame that dialogs have; what is typed ahead reaches it."""
    if CommandPalette.is_open(app):
        return
    palette = CommandPalette(placeholder="")
    await app.push_screen(palette)
    styles = theme_styles(app).surface
    frame = palette.query_one("#--container")
    frame.border_title = content([(" Commands ", styles.chip)])
    keys = [("enter", styles.key), (" run   ", styles.text), ("↑ ↓", styles.key), (" choose   ", styles.text)]
    frame.border_subtitle = content([*keys, ("esc", styles.key), (" close", styles.text)])
    icon = palette.query_one(SearchIcon)
    icon.icon = ">"
    icon.refresh()
    palette.set_focus(palette.query_one(CommandInput))


class KeyCommands(Provider):
    """Commands of the main screen."""

    def _commands(self) -> list[tuple[Key, ActiveBinding]]:
        active = {each.binding.action: each for each in self.screen.active_bindings.values() if each.enabled}
        return [(key, active[key.action]) for key in KEYS if key.palette and key.action in active]

    async def discover(self) -> Hits:
        for key, binding in self._commands():
            name = Content(key.palette)
            yield DiscoveryHit(_display(name, key), self._run(binding), text=key.palette)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for key, binding in self._commands():
            score = matcher.match(key.palette)
            if score > 0:
                name = matcher.highlight(key.palette)
                yield Hit(score, _display(name, key), self._run(binding), text=key.palette)

    def _run(self, binding: ActiveBinding) -> partial[Any]:
        return partial(self.app.run_action, binding.binding.action, binding.node)


def _display(name: Content, key: Key) -> Content:
    """Write the key behind the name, in the colour that keys have everywhere."""
    return Content.assemble(name.pad_right(max(1, NAME - len(key.palette))), (key.shown, "bold $text-accent"))
