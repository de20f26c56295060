"""One question put to servers that misbehave, and everything that must hold whatever they do.

Nothing but a RegbrowseError comes out of the client; no task dies unseen or is left behind; only GET and HEAD
are sent, and POST to addresses that logins go to; no cookie and no request for a refresh token is ever sent; the
number of requests is bounded; no secret is in what can be shown; memory stays bounded; and the same question
asked anew can be cancelled, which closes its connection.
"""

from __future__ import annotations

import asyncio
import time
import traceback
import tracemalloc
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from faults.internet import settled
from faults.server import Misbehaving
from regbrowse.errors import RegbrowseError
from regbrowse.reference import Registry
from regbrowse.registry.client import Client
from regbrowse.registry.models import Exchange, LoginState, Settings

Answer = TypeVar("Answer")

MIB = 2**20
MEMORY = 100 * MIB
"""How much more than at rest a question may take, whatever is sent."""
CANARY = "canary"
"""A word in every secret of these tests."""


@dataclass
class Seen(Generic[Answer]):
    """What came of a question."""

    answer: Answer | None
    error: RegbrowseError | None
    log: list[Exchange]
    states: list[LoginState]
    """Of each server, in their order."""
    peak: int
    """Bytes above rest; 0 when not measured."""
    seconds: float

    @property
    def why(self) -> str:
        assert self.error is not None, "this was expected to fail"
        return self.error.why

    @property
    def shown(self) -> str:
        """Everything of it that a person or a log may get to see."""
        told = [repr(self.log), repr(self.states), repr(self.answer) if self.error is None else ""]
        if self.error is not None:
            told += [str(self.error), repr(self.error), repr(vars(self.error)), *traceback.format_exception(self.error)]
        return "\n".join(told)


async def trial(
    servers: Misbehaving | Sequence[Misbehaving],
    ask: Callable[[Client], Awaitable[Answer]],
    *,
    at_most: int,
    settings: Settings | None = None,
    memory: int = 0,
    cancel: bool = True,
) -> Seen[Answer]:
    """Asks once with a new client, then once more to cancel it. `at_most` counts every request of every server.

    `memory` is the most bytes it may take; 0 does not measure, which is much faster. `cancel` is False where no
    request is ever sent.
    """
    several = [servers] if isinstance(servers, Misbehaving) else list(servers)
    before = [len(server.asked) for server in several]
    kept = asyncio.all_tasks()
    loop = asyncio.get_running_loop()
    unseen: list[dict[str, Any]] = []
    previous = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: unseen.append(context))
    try:
        seen = await _ask(several, ask, settings or Settings(pause=0), memory)
        sent = sum(len(server.asked) - start for server, start in zip(several, before, strict=True))
        assert sent <= at_most, f"{sent} requests: {[server.paths(ping=True) for server in several]}"
        if cancel:
            await _cancel(several, before, ask, settings or Settings(pause=0))
        await settled()
        left = asyncio.all_tasks() - kept - {task for server in several for task in server.tasks}
        assert not left, f"left behind: {left}"
    finally:
        loop.set_exception_handler(previous)
    for server in several:
        check_requests(server)
    assert CANARY not in seen.shown, seen.shown
    assert not unseen, unseen
    return seen


def check_requests(server: Misbehaving) -> None:
    """Only questions, and nothing that keeps a session."""
    for one in server.asked:
        assert one.method in ("GET", "HEAD", "CONNECT") or (one.method == "POST" and one.path in server.logins), one
        assert "offline" not in one.target, one
        assert b"offline" not in one.body, one
        assert not one.header("cookie"), one
        assert CANARY not in one.target or "X-Amz" in one.target, one


async def _ask(
    servers: Sequence[Misbehaving], ask: Callable[[Client], Awaitable[Answer]], settings: Settings, memory: int
) -> Seen[Answer]:
    answer: Answer | None = None
    error: RegbrowseError | None = None
    client = Client(settings)
    if memory:
        tracemalloc.start()
    rest = tracemalloc.get_traced_memory()[0]
    started = time.monotonic()
    try:
        try:
            answer = await ask(client)
        except RegbrowseError as caught:
            error = caught
        seconds = time.monotonic() - started
        peak = tracemalloc.get_traced_memory()[1] - rest
    finally:
        if memory:
            tracemalloc.stop()
        await client.aclose()
    assert not memory or peak < memory, f"{peak / MIB:.0f} MiB"
    states = [client.auth.login_state(Registry.parse(server.name)) for server in servers]
    return Seen(answer, error, list(client.log), states, peak if memory else 0, seconds)


async def _cancel(
    servers: Sequence[Misbehaving],
    before: Sequence[int],
    ask: Callable[[Client], Awaitable[Answer]],
    settings: Settings,
) -> None:
    """Asks again, holds the first request that is not a greeting, and gives up on it."""
    for server, start in zip(servers, before, strict=True):
        asked = [one.path for one in server.asked[start:]]
        if asked:
            break
    assert asked, "nothing was asked, so nothing can be cancelled"
    path = next((path for path in asked if path != "/v2/"), "/v2/")
    gate = server.hold(path)
    async with Client(settings) as client:
        asking = asyncio.ensure_future(ask(client))
        arrived = asyncio.ensure_future(gate.arrived.wait())
        await asyncio.wait({asking, arrived}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        assert arrived.done(), f"{path} was not asked for again: {asking}"
        started = time.monotonic()
        asking.cancel()
        await asyncio.wait({asking}, timeout=5)
        assert asking.cancelled(), f"not cancelled: {asking}"
        await asyncio.wait_for(server.gone.wait(), 1)
        assert time.monotonic() - started < 1, "cancelling took too long"
