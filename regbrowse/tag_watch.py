"""Watch a tag until it points to something else: the watch of both fronts, by HEAD alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.errors import NetError, NotFound, RateLimited, RegbrowseError, ServerError, Unsupported
from regbrowse.text import span, visible

if TYPE_CHECKING:
    from regbrowse.browser import Browser
    from regbrowse.reference import Digest, Reference

INTERVAL = 60.0
"""Seconds between two requests when nothing else is said."""
LEAST_INTERVAL = 10.0
"""Seconds that are between two requests in any case."""
LOW_INTERVAL = 300.0
"""Seconds between two requests while little is left of a pull limit, though HEAD is not counted."""
SECONDS = 3600.0
"""How long a tag is watched when nothing else is said."""


class Moved(NamedTuple):
    """A tag points to something else than before."""

    reference: Reference
    before: Digest
    after: Digest | None
    """None when the tag is gone."""
    at: datetime
    """When that was seen, in UTC."""

    @property
    def sentence(self) -> str:
        """Say it in a line."""
        now = f"points to {self.after}" if self.after else "is gone"
        name, when = visible(self.reference.familiar, 512), f"{self.at:%Y-%m-%d %H:%M:%S} UTC"
        return f"{name} {now}, before to {self.before} ({when})"


def _nothing(_: str) -> None:
    return None


@dataclass(slots=True)
class TagWatch:
    """Asks for the digest of a tag again and again, and ends when it is another one or the time is over."""

    browser: Browser
    reference: Reference
    interval: float = INTERVAL
    """Seconds between two requests; more where the registry asks for it, or little is left of a pull limit."""
    seconds: float = SECONDS
    """How long it is watched."""
    before: Digest | None = None
    """What the tag is known to point to; None: what the first answer says."""
    background: bool = False
    """Whether it stands back behind what somebody waits for."""
    tell: Callable[[str], None] = _nothing
    """Hears why there is no answer for now, each reason once in a row."""
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    asked: int = 0
    """Requests so far."""
    next_at: float = 0.0
    """When the next one is due, on the clock."""

    async def run(self) -> Moved | None:
        """Give what happened to the tag; None when the time is over.

        Raises NotFound where there is no such tag, Unsupported where HEAD does not tell, and RegbrowseError for
        what does not pass by waiting.
        """
        until, told = self.clock() + self.seconds, ""
        registry = self.reference.repository.registry
        while True:
            wait = max(self.interval, LEAST_INTERVAL)
            try:
                moved = await self._ask()
                told = ""
            except (RateLimited, NetError, ServerError) as error:
                moved = None
                wait = max(wait, error.retry_after or 0.0) if isinstance(error, RateLimited) else wait
                told = self._told(error, told)
            if moved is not None:
                return moved
            if self.browser.client.limits.is_low(registry):
                wait = max(wait, LOW_INTERVAL)
            left = until - self.clock()
            self.next_at = self.clock() + min(wait, left)
            await self.sleep(max(0.0, min(wait, left)))
            if wait > left:
                return None

    async def _ask(self) -> Moved | None:
        repository, tag = self.reference.repository, self.reference.tag or "latest"
        head = await self.browser.tag_head(repository, tag, background=self.background, by_get=False)
        self.asked += 1
        name = visible(self.reference.familiar, 512)
        if head is not None and head.digest is None:
            raise Unsupported(
                f"{visible(repository.registry.name)} does not tell by HEAD what a tag points to.",
                wanted=f"Watching {name}",
            )
        digest = head.digest if head is not None else None
        if self.before is None:
            if digest is None:
                raise NotFound(f"{name} is not there.", wanted=f"Watching {name}")
            self.before = digest
        if digest == self.before:
            return None
        return Moved(self.reference, self.before, digest, datetime.now(UTC))

    def _told(self, error: RegbrowseError, before: str) -> str:
        if error.why != before:
            self.tell(error.why)
        return error.why


def planned(interval: float, seconds: float) -> str:
    """Say how a tag is watched: `every 60 s for 1 h`."""
    return f"every {span(interval)} for {span(seconds)}"
