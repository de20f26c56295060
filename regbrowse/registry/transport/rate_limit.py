"""Why a registry is not asked right now, and what its pull limit still allows.

There are four reasons to wait: the registry asked for it (429, `Retry-After`), one request waits before it is sent
again, an answer such as "ask again in an hour" stands until its time is over, and an origin that failed several times
in a row is left alone for a while (circuit). A registry counts requests per address and account, so all requests that
are sent as the same user wait together.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from regbrowse.reference import Registry
from regbrowse.registry.models import Rate, Wait
from regbrowse.registry.requests import Request, Response
from regbrowse.registry.transport.url_policy import Origin

MAX_FAILURES = 5
"""Failures in a row after which an origin is left alone."""
CIRCUIT_SECONDS = 30.0
_MAX_HELD = 64
_RATE = re.compile(r"\s*(\d{1,12})(?:\s*;\s*w=(\d{1,12}))?")

Bucket = tuple[Origin, str]
"""An origin and the user that it is asked as: what a registry counts."""


@dataclass(frozen=True, slots=True)
class _Pause:
    registry: str
    until: float
    why: str
    ended: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class _Failures:
    registry: str
    why: str
    count: int = 0
    until: float = 0.0


class RateLimits:
    """Every reason to wait of one client; a pause without a `why` is not shown, because nobody waits for it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pauses: dict[Bucket, _Pause] = {}
        self._backoffs: dict[str, list[_Pause]] = {}
        self._held: dict[tuple[Bucket, str], tuple[float, Response]] = {}
        self._failures: dict[Origin, _Failures] = {}
        self._rates: dict[str, Rate] = {}

    # For the fronts

    def wait(self, registry: Registry) -> Wait | None:
        """Say why a registry is not asked right now, the longest reason first; None when it is asked."""
        now, key = self._clock(), registry.key
        reasons = [Wait(pause.until, pause.why) for pause in self._pauses.values() if pause.registry == key]
        reasons += [Wait(pause.until, pause.why) for pause in self._backoffs.get(key, ())]
        for until, response in self._held.values():
            if response.request.registry.key == key:
                reasons.append(Wait(until, limited(response.request)))
        reasons += [Wait(found.until, found.why) for found in self._failures.values() if found.registry == key]
        shown = (reason for reason in reasons if reason.why and reason.until > now)
        return max(shown, key=lambda reason: reason.until, default=None)

    def retry_now(self, registry: Registry) -> None:
        """End everything that keeps requests from a registry."""
        for bucket, pause in list(self._pauses.items()):
            if pause.registry == registry.key:
                pause.ended.set()
                del self._pauses[bucket]
        for pause in self._backoffs.get(registry.key, ()):
            pause.ended.set()
        self._held = {at: held for at, held in self._held.items() if held[1].request.registry.key != registry.key}
        self._failures = {at: found for at, found in self._failures.items() if found.registry != registry.key}

    def rate(self, registry: Registry) -> Rate | None:
        """Give what the pull limit of a registry still allows; None when it does not say."""
        return self._rates.get(registry.key)

    def is_metered(self, registry: Registry) -> bool:
        """Tell whether a registry counts requests, so that only what is looked at should be asked."""
        return registry.key in self._rates

    def is_low(self, registry: Registry) -> bool:
        """Tell whether so little of the pull limit is left that nothing should be asked without a key pressed."""
        rate = self.rate(registry)
        return rate is not None and rate.remaining <= max(10, rate.limit // 10)

    # For authentication

    def read_rate(self, registry: Registry, headers: Mapping[str, str]) -> None:
        """Remember `ratelimit-limit` and `ratelimit-remaining` (Docker Hub, usage and limits)."""
        limit = _RATE.match(headers.get("ratelimit-limit", ""))
        remaining = _RATE.match(headers.get("ratelimit-remaining", ""))
        if limit and remaining:
            window = limit[2] or remaining[2]
            self._rates[registry.key] = Rate(int(limit[1]), int(remaining[1]), int(window) if window else None)

    def forget_rate(self, registry: Registry) -> None:
        """Forget the pull limit, because another user asks from now on."""
        self._rates.pop(registry.key, None)

    # For the transport

    def pause(self, bucket: Bucket, registry: str, seconds: float, why: str) -> None:
        """Let every request of a bucket wait; a longer wait that is under way stays."""
        until, known = self._clock() + seconds, self._pauses.get(bucket)
        if known is None:
            self._pauses[bucket] = _Pause(registry, until, why)
        elif known.until < until:
            # One event for both: `retry_now` ends the shorter and the longer wait together.
            self._pauses[bucket] = _Pause(registry, until, why, known.ended)

    async def until_free(self, bucket: Bucket) -> None:
        """Wait until no pause holds a bucket."""
        while pause := self._pauses.get(bucket):
            await sleep(pause.until - self._clock(), pause.ended)
            if self._pauses.get(bucket) is pause:
                del self._pauses[bucket]

    def is_paused(self, bucket: Bucket) -> bool:
        return bucket in self._pauses

    async def back_off(self, registry: str, seconds: float, why: str) -> None:
        """Wait before one request is sent again."""
        pause = _Pause(registry, self._clock() + seconds, why)
        self._backoffs.setdefault(registry, []).append(pause)
        try:
            await sleep(seconds, pause.ended)
        finally:
            self._backoffs[registry].remove(pause)

    def hold(self, bucket: Bucket, response: Response, seconds: float) -> None:
        """Remember an answer that stands for so long: "ask again in an hour"."""
        while len(self._held) >= _MAX_HELD:
            del self._held[next(iter(self._held))]
        self._held[bucket, response.request.kind] = (self._clock() + seconds, response)

    def held(self, bucket: Bucket, request: Request) -> Response | None:
        """Give the answer that stands for a request of this kind, with the time that is left as `Retry-After`."""
        until, response = self._held.get((bucket, request.kind), (0.0, None))
        left = until - self._clock()
        if response is None or left <= 0:
            return None
        headers = response.headers.copy()
        headers["retry-after"] = f"{left:.0f}"
        return replace(response, request=request, headers=headers, seconds=0.0)

    def failed(self, origin: Origin, registry: str, why: str) -> None:
        """Count a request that got nothing out of an origin."""
        failures = self._failures.setdefault(origin, _Failures(registry, why))
        failures.count += 1
        if failures.count >= MAX_FAILURES:
            failures.until = self._clock() + CIRCUIT_SECONDS

    def succeeded(self, origin: Origin) -> None:
        self._failures.pop(origin, None)

    def circuit_is_open(self, origin: Origin) -> bool:
        """Tell whether an origin is left alone; when the time is over, one more failure opens the circuit again."""
        failures = self._failures.get(origin)
        return failures is not None and failures.until > self._clock()


def limited(request: Request) -> str:
    """Say why requests wait; nothing for a vendor's API, which only adds to what is shown."""
    return "" if request.kind == "vendor" else f"{request.host} is limiting requests."


async def sleep(seconds: float, ended: asyncio.Event) -> None:
    """Sleep, or less when `ended` is set."""
    if seconds <= 0:
        await asyncio.sleep(0)
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await ended.wait()
