"""The entrance of a registry: how it answered the first knock, and what it has demanded since."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from regbrowse.errors import Evidence, NetError, PolicyError, RegistryError, TlsError, Unsupported
from regbrowse.reference import Registry
from regbrowse.registry.auth.challenge import Challenge, choose, located, of_everything, parse_challenges
from regbrowse.registry.requests import Request
from regbrowse.registry.single_flight import SingleFlight
from regbrowse.registry.transport.headers import PATH
from regbrowse.registry.transport.transport import Transport
from regbrowse.text import visible

LIFE = 3600.0
"""Seconds after which one knocks again, as dagdotdev does."""
_ALIVE = frozenset({200, 401, 403})


@dataclass(slots=True)
class PingResult:
    """What is known of a registry's entrance."""

    base: str
    """Its origin, `https://host:port`."""
    challenges: list[Challenge]
    """Of the first knock, or of a later refusal that told otherwise."""
    status: int
    """Of the first knock; 0 when it brought nothing."""
    html: bool
    extra: dict[str, Challenge] = field(default_factory=dict)
    """Scope of a question -> the challenge its resource answered with."""
    since: float = field(default_factory=time.monotonic)

    @property
    def alive(self) -> bool:
        return self.status in _ALIVE and not self.html

    @property
    def is_wall(self) -> bool:
        """Whether somebody answered who does not speak like a registry, and not because of some trouble."""
        return not self.alive and 0 < self.status < 500 and self.status != 429

    @property
    def stale(self) -> bool:
        return time.monotonic() - self.since > LIFE

    @property
    def plain(self) -> bool:
        """Whether what is sent can be read on the way."""
        return self.base.startswith("http:")

    @property
    def likely(self) -> Challenge | None:
        """What a login will be asked for, whatever the question."""
        return choose(self.challenges) or next(iter(of_everything(self.extra.values())), None)

    def challenge(self, scope: str, *, proactive: bool) -> Challenge | None:
        """What a question will be asked for, as far as it is known or, `proactive`, can be supposed."""
        return self.extra.get(scope) or (choose(self.challenges) if proactive else None)

    def learn(self, scope: str, answer: Challenge, offered: list[Challenge]) -> None:
        """Takes in the challenge that a resource answered a question of this scope with."""
        if answer.scheme == "basic":
            self.challenges, self.status = offered, 401
            return
        before = choose(self.challenges)
        if before is None or any(before.get(name) != answer.get(name) for name in ("realm", "service")):
            self.extra.clear()
            self.challenges = of_everything(offered)
        self.extra[scope] = answer


class Pings:
    """Knocks at each registry once in an hour."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._doors: dict[str, PingResult] = {}
        self._knocks: SingleFlight[PingResult] = SingleFlight()
        self._begun: dict[str, asyncio.Task[PingResult]] = {}

    def known(self, registry: Registry) -> PingResult | None:
        return self._doors.get(registry.key)

    def begin(self, registry: Registry) -> None:
        """Knocks before anybody wants to know; whoever does first, hears how it went."""
        knock = self._begun[registry.key] = asyncio.create_task(self._look(registry))
        knock.add_done_callback(_heard)

    async def at(self, registry: Registry) -> PingResult:
        """Raises only when nothing answers there."""
        begun = self._begun.pop(registry.key, None)
        return await (begun or self._look(registry))

    async def aclose(self) -> None:
        """Waits for nobody any more."""
        begun = list(self._begun.values())
        self._begun.clear()
        for knock in begun:
            knock.cancel()
        if begun:
            await asyncio.wait(begun)

    async def _look(self, registry: Registry) -> PingResult:
        door = self._doors.get(registry.key)
        if door is None or door.stale:
            door = await self._knocks.share(registry.key, lambda: self._knock(registry))
            self._doors[registry.key] = door
        return door

    async def _knock(self, registry: Registry) -> PingResult:
        base = await self._transport.base(registry)
        question = ping_request(registry)
        try:
            reply = await self._transport.send(question, base + question.path)
        except (NetError, TlsError, PolicyError):
            raise
        except RegistryError:
            # Some proxies close /v2/ and serve the rest: the real question decides.
            return PingResult(base, [], 0, False)
        # Who stands behind a redirect does not say where the logins of this registry go.
        lines = [] if reply.foreign else reply.headers.get_list("www-authenticate")
        challenges = located(parse_challenges(lines), reply.url)
        html = reply.status == 200 and reply.looks_like_html
        return PingResult(base, of_everything(challenges), reply.status, html)


def _heard(knock: asyncio.Task[PingResult]) -> None:
    if not knock.cancelled():
        knock.exception()


def ping_request(registry: Registry) -> Request:
    """Whether there is a registry (distribution-spec, Determining Support)."""
    host = visible(registry.name)
    return Request(registry, "ping", PATH, f"Connecting to {host}", host, deadline=10, tries=2)


def no_registry(door: PingResult, question: Request) -> Unsupported:
    """For a place that answers, but not like a registry."""
    evidence = Evidence(question.host, "GET", f"{door.base}/v2/", door.status or None)
    why = f"{question.host} answers, but not like a container registry."
    hint = "Check its name and port; some registries live under a path."
    return Unsupported(why, evidence=evidence, wanted=question.wanted, hint=hint)
