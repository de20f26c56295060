"""Drives the real app without a terminal and waits for what a person would wait for: something on the screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from textual import events
from textual.message import Message
from textual.pilot import Pilot

from regbrowse.browser import Browser
from regbrowse.oci.platform import Platform
from regbrowse.reference import Reference
from regbrowse.reference_input import read_typed
from regbrowse.registry.client import Client, Settings
from regbrowse.state import files
from regbrowse.tui.app import RegbrowseApp
from regbrowse.tui.screens.browse import BrowseScreen

SECONDS = 10.0
"""How long a test waits for something that must come."""


@dataclass
class Driven:
    """A running app and what went on in it."""

    app: RegbrowseApp
    pilot: Pilot[Reference | None]
    messages: list[Message] = field(default_factory=list)

    @property
    def screen(self) -> BrowseScreen:
        main = self.app.main
        assert main is not None
        return main

    def lines(self) -> list[str]:
        """The characters on the screen, line by line."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip) for strip in strips]

    def text(self) -> str:
        return "\n".join(self.lines())

    def offers(self, action: str) -> bool:
        """Whether a key does this now."""
        return any(each.binding.action == action and each.enabled for each in self.screen.active_bindings.values())

    @property
    def is_quiet(self) -> bool:
        """Whether no worker runs."""
        return all(worker.is_finished for worker in self.app.workers)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def paste(self, text: str) -> None:
        """Paste a text as a terminal does, which is sooner done than typing it."""
        self.app.post_message(events.Paste(text))
        await self.pilot.pause()

    async def until(self, true: Callable[[], object], what: str = "") -> None:
        """Waits until something is true; fails with the screen's text."""
        try:
            async with asyncio.timeout(SECONDS):
                while not true():
                    await self.pilot.pause(0.01)
        except TimeoutError:
            raise AssertionError(f"not within {SECONDS} s: {what}\n{self.text()}") from None

    async def shows(self, text: str) -> None:
        await self.until(lambda: text in self.text(), text)

    async def lacks(self, text: str) -> None:
        await self.until(lambda: text not in self.text(), f"gone: {text}")


@asynccontextmanager
async def browsing(
    reference: str | None,
    memory: Path,
    *,
    size: tuple[int, int] = (120, 36),
    settings: Settings | None = None,
    platform: Platform | None = None,
    picks: bool = False,
) -> AsyncIterator[Driven]:
    """The app on a reference, with a memory file of its own."""
    files.memory_file.cache_clear()
    kept, files.memory_file = files.memory_file, lambda: memory / "memory.json"  # type: ignore[assignment]

    async def connect() -> Browser:
        return Browser(Client(settings or Settings(pause=0)), platform)

    messages: list[Message] = []
    app = RegbrowseApp(connect, read_typed(reference).place if reference else None, picks=picks)
    try:
        async with app.run_test(size=size, message_hook=messages.append) as pilot:
            driven = Driven(app, pilot, messages)
            await driven.until(lambda: any(each.id == "browse" for each in app.screen_stack), "the main screen")
            yield driven
    finally:
        files.memory_file = kept
