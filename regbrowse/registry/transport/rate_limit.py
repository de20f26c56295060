"""When a registry is left alone: because it asked for it, or because nothing gets through to it.

A registry counts questions per address and account, so everybody who asks it as the same person waits together.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from regbrowse.registry.models import Wait
from regbrowse.registry.requests import Request, Response
from regbrowse.registry.transport import retry
from regbrowse.registry.transport.url_policy import Origin

FAILURES = 5
"""So many in a row, and an origin is left alone."""
QUIET = 30.0
"""Seconds for which it is."""
_HELD = 64

Bucket = tuple[Origin, str]
"""An origin and who is asking."""


@dataclass(frozen=True, slots=True)
class _Pause:
    key: str
    until: float
    why: str
    ended: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class _Trouble:
    key: str
    why: str
    failures: int = 0
    until: float = 0.0


class RateLimits:
    """Every pause of one client. Registries are named by their key; what has no `why` is not told to people."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pauses: dict[Bucket, _Pause] = {}
        self._naps: dict[str, list[_Pause]] = {}
        self._held: dict[tuple[Bucket, str], tuple[float, Response]] = {}
        self._troubles: dict[Origin, _Trouble] = {}

    def begin(self, bucket: Bucket, key: str, seconds: float, why: str) -> None:
        """Everybody of a bucket waits for so long; a longer wait that is under way stays."""
        until, known = self._clock() + seconds, self._pauses.get(bucket)
        if known is None:
            self._pauses[bucket] = _Pause(key, until, why)
        elif known.until < until:
            # Who waits for the shorter one is in a hurry together with who waits for the longer one.
            self._pauses[bucket] = _Pause(key, until, why, known.ended)

    async def over(self, bucket: Bucket) -> None:
        """Waits until a bucket is free."""
        while pause := self._pauses.get(bucket):
            await retry.rest(pause.until - self._clock(), pause.ended)
            if self._pauses.get(bucket) is pause:
                del self._pauses[bucket]

    def paused(self, bucket: Bucket) -> bool:
        return bucket in self._pauses

    async def nap(self, key: str, seconds: float, why: str) -> None:
        """One question's own wait before it is asked again."""
        nap = _Pause(key, self._clock() + seconds, why)
        self._naps.setdefault(key, []).append(nap)
        try:
            await retry.rest(seconds, nap.ended)
        finally:
            self._naps[key].remove(nap)

    def hold(self, bucket: Bucket, reply: Response, seconds: float) -> None:
        """Remembers an answer that stands for longer than anybody waits: "ask again in an hour"."""
        while len(self._held) >= _HELD:
            del self._held[next(iter(self._held))]
        self._held[bucket, reply.question.kind] = (self._clock() + seconds, reply)

    def held(self, bucket: Bucket, question: Request) -> Response | None:
        """The answer to a question of the same kind, while it stands, with the time that is left."""
        until, reply = self._held.get((bucket, question.kind), (0.0, None))
        left = until - self._clock()
        if reply is None or left <= 0:
            return None
        headers = reply.headers.copy()
        headers["retry-after"] = f"{left:.0f}"
        return replace(reply, question=question, headers=headers, seconds=0.0)

    def failed(self, origin: Origin, key: str, why: str) -> None:
        """Counts a failure to get anything out of an origin."""
        trouble = self._troubles.setdefault(origin, _Trouble(key, why))
        trouble.failures += 1
        if trouble.failures >= FAILURES:
            trouble.until = self._clock() + QUIET

    def worked(self, origin: Origin) -> None:
        self._troubles.pop(origin, None)

    def closed(self, origin: Origin) -> float:
        """For how many seconds an origin is still left alone after failures; 0 when it may be asked.

        When the time is over one more failure is enough to begin anew.
        """
        trouble = self._troubles.get(origin)
        return max(0.0, trouble.until - self._clock()) if trouble else 0.0

    def wait(self, key: str) -> Wait | None:
        """Why a registry is not asked right now, the longest reason first."""
        now = self._clock()
        reasons = [Wait(pause.until, pause.why) for pause in self._pauses.values() if pause.key == key]
        reasons += [Wait(nap.until, nap.why) for nap in self._naps.get(key, ())]
        for until, reply in self._held.values():
            if reply.question.registry.key == key:
                reasons.append(Wait(until, limiting(reply.question)))
        reasons += [Wait(trouble.until, trouble.why) for trouble in self._troubles.values() if trouble.key == key]
        told = (reason for reason in reasons if reason.why and reason.until > now)
        return max(told, key=lambda reason: reason.until, default=None)

    def hurry(self, key: str) -> None:
        """Ends everything that keeps questions from a registry."""
        for bucket, pause in list(self._pauses.items()):
            if pause.key == key:
                pause.ended.set()
                del self._pauses[bucket]
        for nap in self._naps.get(key, ()):
            nap.ended.set()
        self._held = {at: held for at, held in self._held.items() if held[1].question.registry.key != key}
        self._troubles = {at: trouble for at, trouble in self._troubles.items() if trouble.key != key}


def limiting(question: Request) -> str:
    """Why everybody waits; nothing when only extras have to, which nobody waits for."""
    return "" if question.kind == "native" else f"{question.host} is limiting requests."
