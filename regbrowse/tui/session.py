"""The connection to registries for as long as the screen is open: the browser, logins, notices, waiting for limits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from regbrowse.text import span

if TYPE_CHECKING:
    from regbrowse.browser import Browser
    from regbrowse.reference import Registry
    from regbrowse.registry.models import RateCost

Connect = Callable[[], Awaitable["Browser"]]
"""Makes the browser, off the event loop; called once, after the first paint."""


class RegistrySession:
    """Connects on first use, and knows what is to be said of the connection."""

    def __init__(self, connect: Connect) -> None:
        self.browser: Browser | None = None
        """None until something was asked."""
        self._connect = connect
        self._connecting = asyncio.Lock()
        self._only_https: set[Registry] = set()
        self._told: set[str] = set()
        """Notices that were given out."""
        self.on_cost: Callable[[RateCost], Awaitable[bool]] | None = None
        """Asks a person before much is taken of a pull limit."""

    async def connected(self) -> Browser:
        """Give the browser, which is made on first use."""
        async with self._connecting:
            if self.browser is None:
                self.browser = await self._connect()
                self.browser.on_cost = self.on_cost
                for registry in self._only_https:
                    self.browser.client.require_https(registry)
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

    def wait_reason(self, registry: Registry | None, *, short: bool = False) -> str:
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

    def require_https(self, registry: Registry) -> None:
        """Never ask a registry without TLS: it was typed with https."""
        self._only_https.add(registry)
        if self.browser is not None:
            self.browser.client.require_https(registry)
