"""The command palette: the key table's commands that are possible now, and the themes."""

from __future__ import annotations

from functools import partial
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider

from regbrowse.tui.actions import Actions
from regbrowse.tui.keys import KEYS, Key


class KeyCommands(Provider):
    """Commands of the main screen."""

    def _commands(self) -> list[Key]:
        screen = self.screen
        if not isinstance(screen, Actions):
            return []
        return [key for key in KEYS if key.palette and screen.possible(key.action)]

    async def discover(self) -> Hits:
        for key in self._commands():
            yield DiscoveryHit(key.palette, self._run(key), help=key.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for key in self._commands():
            score = matcher.match(key.palette)
            if score > 0:
                yield Hit(score, matcher.highlight(key.palette), self._run(key), help=key.help)

    def _run(self, key: Key) -> partial[Any]:
        return partial(self.screen.run_action, key.action)
