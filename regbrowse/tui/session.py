"""The connection to registries for as long as the screen is open: the browser, logins, notices, waiting for limits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from regbrowse.reference import registry_in
from regbrowse.text import span

if TYPE_CHECKING:
    from textual.app import App

    from regbrowse.browser import Browser
    from regbrowse.reference import Registry
    from regbrowse.reference_input import Typed
    from regbrowse.tui.dialogs.connection import Decision
    from regbrowse.tui.navigator import Place

Connect = Callable[[], Awaitable["Browser"]]
"""Makes the browser, off the event loop; called once, after the first paint."""


class RegistrySession:
    """Connects on first use, and knows what is to be said of the connection."""

    def __init__(self, connect: Connect) -> None:
        self.browser: Browser | None = None
        """None until something was asked."""
        self._connect = connect
        self._connecting = asyncio.Lock()
        self._told: set[str] = set()
        """Notices that were given out."""

    async def connected(self) -> Browser:
        """Give the browser, which is made on first use."""
        async with self._connecting:
            if self.browser is None:
                self.browser = await self._connect()
        return self.browser

    async def aclose(self) -> None:
        """Close the connections."""
        if self.browser is not None:
            await self.browser.aclose()

    def new_notices(self, more: tuple[str, ...] = ()) -> list[str]:
        """Give what this machine's files were wrong about, each sentence once."""
        notices = (*(self.browser.notices() if self.browser else ()), *more)
        new = [each for each in dict.fromkeys(notices) if each not in self._told]
        self._told.update(new)
        return new

    # Waiting

    def paused(self, registry: Registry | None, *, short: bool = False) -> str:
        """Say why nothing is asked of a registry at the moment, with the seconds left; `short`: in a few words."""
        if self.browser is None or registry is None:
            return ""
        wait = self.browser.client.limits.wait(registry)
        if wait and wait.left > 0:
            return f"waits {span(wait.left)}" if short else wait.sentence
        helper = self.browser.client.auth.waiting_for_helper
        return f"asking {helper}" if helper else ""

    def retry_now(self, registry: Registry | None) -> None:
        """Forget why a registry had to wait: a person asks."""
        if self.browser is not None and registry is not None:
            self.browser.client.limits.retry_now(registry)

    # Who asks, and where

    async def decide(self, registry: Registry, decision: Decision, app: App[Any]) -> str:
        """Do what was decided in the connection dialog, and say it in one sentence. Raises RegbrowseError."""
        from regbrowse.tui.dialogs.connection import Anonymous, AskHelper, LogIn

        client = (await self.connected()).client
        if isinstance(decision, AskHelper):
            # The helper gets the terminal; nothing is painted meanwhile.
            with app.suspend(), app.batch_update():
                found = await client.auth.run_helper_in_foreground(registry)
            return (
                f"logged in to {registry} by its credential helper" if found else "the credential helper gave no login"
            )
        if isinstance(decision, LogIn):
            await client.auth.log_in(registry, decision.user, decision.password)
            return f"logged in to {registry} as {decision.user}, for this session"
        if isinstance(decision, Anonymous):
            client.auth.use_anonymous(registry)
            return f"browsing {registry} anonymously"
        client.auth.realms.allow(registry)
        return f"logins of {registry} go where it says now"

    async def open_typed(self, typed: Typed) -> tuple[Place, tuple[str, ...]]:
        """Give where a typed text leads, and what is strange about it. Raises RegbrowseError.

        Files on this machine are opened; a registry that was typed with https is never asked without.
        """
        if typed.source is None and not typed.only_https:
            return typed.place, ()
        browser = await self.connected()
        if typed.source is not None:
            return await browser.open_files(typed.source)
        browser.client.require_https(registry_in(typed.place))
        return typed.place, ()
