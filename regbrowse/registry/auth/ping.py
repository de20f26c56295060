"""The ping of a registry: by which scheme it answers `GET /v2/`, and what it demands of a client there.

distribution-spec, Determining Support. The ping is also the probe for https or http; see transport/scheme_probe.py.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace

from regbrowse.errors import Evidence, NetError, PolicyError, RegistryError, TlsError, Unsupported
from regbrowse.reference import Registry
from regbrowse.registry.auth.challenge import Challenge, choose_challenge, parse_challenges, without_repository_scopes
from regbrowse.registry.requests import PING_PATH, Request, ping_request
from regbrowse.registry.single_flight import SingleFlight
from regbrowse.registry.transport.connection_errors import TOO_SLOW
from regbrowse.registry.transport.transport import Transport
from regbrowse.text import visible

LIFETIME = 3600.0
"""Seconds after which a registry is pinged again."""
_ALIVE = frozenset({200, 401, 403})


@dataclass(slots=True)
class PingResult:
    """How a registry answered the ping, and the challenges that it has sent since."""

    base: str
    """Its origin, `https://host:port`."""
    challenges: list[Challenge]
    """Of the ping, or of a later 401 that said otherwise."""
    status: int
    """0 when there was no answer in time."""
    is_html: bool
    error: RegistryError | None = None
    """Why there was no answer in time."""
    by_scope: dict[str, Challenge] = field(default_factory=dict)
    """Auth scope of a request -> the challenge that it was answered with."""
    at: float = field(default_factory=time.monotonic)

    @property
    def is_registry(self) -> bool:
        return self.status in _ALIVE and not self.is_html

    @property
    def is_something_else(self) -> bool:
        """Tell whether a server answered that is no registry, and not because of a passing trouble."""
        return not self.is_registry and 0 < self.status < 500 and self.status != 429

    @property
    def is_stale(self) -> bool:
        return time.monotonic() - self.at > LIFETIME

    @property
    def is_plain(self) -> bool:
        """Tell whether it is reached by http, so that what is sent can be read on the way."""
        return self.base.startswith("http:")

    @property
    def likely(self) -> Challenge | None:
        """Give the challenge that any request can expect."""
        return choose_challenge(self.challenges) or next(iter(without_repository_scopes(self.by_scope.values())), None)

    def challenge(self, scope: str, *, proactive: bool) -> Challenge | None:
        """Give the challenge for a scope, as far as it is known or, `proactive`, can be expected."""
        return self.by_scope.get(scope) or (choose_challenge(self.challenges) if proactive else None)

    def learn(self, scope: str, answer: Challenge, offered: list[Challenge]) -> None:
        """Take in the challenge that a request of this scope was answered with."""
        if answer.scheme == "basic":
            self.challenges, self.status = offered, 401
            return
        before = choose_challenge(self.challenges)
        if before is None or any(before.get(name) != answer.get(name) for name in ("realm", "service")):
            self.by_scope.clear()
            self.challenges = without_repository_scopes(offered)
        self.by_scope[scope] = answer


class Pings:
    """Pings each registry once in an hour."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._results: dict[str, PingResult] = {}
        self._in_flight: SingleFlight[PingResult] = SingleFlight()
        self._begun: dict[str, asyncio.Task[PingResult]] = {}

    def known(self, registry: Registry) -> PingResult | None:
        """Give the last result without sending anything; none by http where http is no longer tolerable."""
        result = self._results.get(registry.key)
        if result is not None and result.is_plain and not self._transport.schemes.is_tolerable(registry):
            return None
        return result

    def begin(self, registry: Registry) -> None:
        """Start a ping that the first request will wait for."""
        task = self._begun[registry.key] = asyncio.create_task(self._current(registry))
        # An error is raised where the result is wanted; without this, one that nothing waits for would be reported.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def ping(self, registry: Registry) -> PingResult:
        """Give the result, of a new ping if need be. Raises RegistryError when nothing answers there."""
        begun = self._begun.pop(registry.key, None)
        if begun is not None:
            await begun
        return await self._current(registry)

    def forget(self, registry: Registry) -> None:
        """Ping again before the next request."""
        self._results.pop(registry.key, None)

    async def aclose(self) -> None:
        """Cancel the pings that no request waits for."""
        begun = list(self._begun.values())
        self._begun.clear()
        for task in begun:
            task.cancel()
        if begun:
            await asyncio.wait(begun)

    async def _current(self, registry: Registry) -> PingResult:
        result = self.known(registry)
        if result is not None and result.is_stale:
            result = None
        # Https may be required while a ping by http is on its way.
        while result is None:
            self._results[registry.key] = await self._in_flight.share(registry.key, lambda: self._ping(registry))
            result = self.known(registry)
        return result

    async def _ping(self, registry: Registry) -> PingResult:
        """Ping by https and, where nothing speaks TLS and http is tolerable, by http."""
        request, schemes = ping_request(registry), self._transport.schemes
        self._transport.check_online(registry, request.wanted)
        *others, last = await schemes.bases(registry)
        for base in others:
            seconds = schemes.connect_seconds(registry, request.connect_seconds)
            try:
                return await self._ping_at(base, replace(request, attempts=1, connect_seconds=seconds))
            except (NetError, TlsError) as error:
                # Https may have been required while this was on its way.
                if not (schemes.is_no_tls(registry, error) and schemes.is_tolerable(registry)):
                    raise
        return await self._ping_at(last, request)

    async def _ping_at(self, base: str, request: Request) -> PingResult:
        try:
            response = await self._transport.send(request, base + PING_PATH)
        except (NetError, TlsError, PolicyError) as error:
            if error.slug != TOO_SLOW or error.__cause__ is not None:
                raise
            # The server is there and says nothing at /v2/: the real request decides.
            return PingResult(base, [], 0, False, error)
        except RegistryError as error:
            # Some proxies close /v2/ and serve the rest: the real request decides.
            return PingResult(base, [], 0, False, error)
        # What a redirect leads to does not say where the logins of this registry go.
        lines = [] if response.other_origin else response.headers.get_list("www-authenticate")
        challenges = parse_challenges(lines, response.url)
        is_html = response.status == 200 and response.looks_like_html
        return PingResult(base, without_repository_scopes(challenges), response.status, is_html)


def no_registry(ping: PingResult, request: Request) -> Unsupported:
    """Make the error for a server that answers, but not like a registry."""
    host = visible(request.registry.name)
    evidence = Evidence(host, "GET", f"{ping.base}{PING_PATH}", ping.status or None)
    why = f"{host} answers, but not like a container registry."
    hint = "Check its name and port; some registries live under a path."
    return Unsupported(why, evidence=evidence, wanted=request.wanted, hint=hint)
