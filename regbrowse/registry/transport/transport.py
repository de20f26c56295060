"""The one choke point: everything that leaves the process leaves here.

Only GET and HEAD, and POST for tokens; bodies are bounded and read raw, so that digests stay true;
redirects are followed by a loop of our own that drops the login at every change of origin; every
operation has a deadline.
"""

from __future__ import annotations

from collections import deque

from regbrowse.errors import Evidence, NetError, Offline, RegistryError, TlsError
from regbrowse.reference import Registry
from regbrowse.registry.models import Exchange, Settings, Wait
from regbrowse.registry.requests import Request, Response
from regbrowse.registry.transport.concurrency import PER_ORIGIN, ConcurrencyLimit
from regbrowse.registry.transport.early_connection import EarlyConnection
from regbrowse.registry.transport.exchange import Exchanger
from regbrowse.registry.transport.failures import may_retry, unknown_name
from regbrowse.registry.transport.pool import name_of
from regbrowse.registry.transport.pools import Pools
from regbrowse.registry.transport.rate_limit import RateLimits, limiting
from regbrowse.registry.transport.redirects import Redirects
from regbrowse.registry.transport.request_state import RequestState
from regbrowse.registry.transport.retry import RETRIED, pause_before, retry_after
from regbrowse.registry.transport.scheme_probe import SchemeProbe
from regbrowse.registry.transport.tls_errors import Scene
from regbrowse.registry.transport.url_policy import Origin, origin_of
from regbrowse.text import visible

PROGRESS = 2**20
"""Bytes after which a broken transfer counts as one that works, so that its tries begin anew."""


class Transport:
    """Carries questions to registries and bounded replies back."""

    def __init__(self, settings: Settings, log: deque[Exchange], ahead: EarlyConnection | None = None) -> None:
        self._settings = settings
        self._network = settings.network
        self._wires = Pools(settings, ahead)
        self._schemes = SchemeProbe(settings, self._wires, ahead)
        self._pauses = RateLimits()
        gates = ConcurrencyLimit(self._room)
        self._exchanges = Exchanger(self._wires, gates, self._pauses, log, self._scene)
        self._hops = Redirects(self._exchanges, self._wires)

    async def base(self, registry: Registry) -> str:
        """`https://host:port`, or `http://` where that is tolerable and https does not work. Remembered.

        Raises PolicyError for a registry that is blocked on this machine, and Offline.
        """
        self._check_online(registry, f"Connecting to {visible(registry.name)}")
        return await self._schemes.base(registry)

    async def send(self, question: Request, url: str, authorization: str = "") -> Response:
        """The reply to a question, whatever its status; raises RegistryError when there is none.

        Troubles that pass are waited out. A registry that wants to be left alone for longer than
        Settings.patience gets its answer through at once, and the same answer stands until the time is over.
        """
        if question.method == "POST" and question.kind != "token":
            raise ValueError("Nothing but a token is asked for with POST.")
        self._check_online(question.registry, question.wanted)
        errand = RequestState(question, url, authorization, min(question.deadline, self._settings.deadline))
        attempt, came = 0, errand.came
        while True:
            try:
                reply = await self._hops.follow(errand, _note(question, attempt))
            except RegistryError as error:
                if question.kind == "ping" and isinstance(error, NetError | TlsError):
                    self._schemes.forget(question.registry)
                if errand.came - came >= PROGRESS:
                    attempt, came = 0, errand.came
                if attempt + 1 >= question.attempts or not may_retry(error) or (unknown_name(error) and attempt):
                    raise
                # A name may be unknown for the second in which a laptop wakes up.
                wait = pause_before(attempt + unknown_name(error), self._settings.pause)
                await self._pauses.nap(question.registry.key, wait, "" if question.kind == "native" else error.why)
            else:
                if not await self._asked_again(question, reply, attempt):
                    return reply
            attempt += 1

    async def _asked_again(self, question: Request, reply: Response, attempt: int) -> bool:
        """Whether the question is to be asked again, after the wait that this takes."""
        if reply.status not in RETRIED:
            return False
        last = attempt + 1 >= question.attempts
        asked, key = retry_after(reply.headers), question.registry.key
        bucket = (origin_of(reply.url), question.identity)
        if asked is not None and asked > self._settings.patience:
            self._pauses.hold(bucket, reply, asked)
            return False
        wait = pause_before(attempt, self._settings.pause, asked)
        if reply.status == 429 or (reply.status == 503 and asked is not None):
            self._pauses.begin(bucket, key, wait, limiting(question))
        elif not last:
            why = "" if question.kind == "native" else f"{question.host} has a problem on its side."
            await self._pauses.nap(key, wait, why)
        return not last

    def wait(self, registry: Registry) -> Wait | None:
        """Why a registry is not asked right now, and until when; None when it is."""
        return self._pauses.wait(registry.key)

    def hurry(self, registry: Registry) -> None:
        """Try now: nothing that went wrong before keeps questions from this registry."""
        self._pauses.hurry(registry.key)
        self._schemes.forget(registry)

    def allow_http(self, registry: Registry) -> None:
        """For this session http is tried when https fails, and logins may go over it."""
        self._schemes.allow_http(registry)
        self._pauses.hurry(registry.key)

    def known(self, registry: Registry) -> str:
        """`https://host:port` as far as it was found out; empty before the first question."""
        return self._schemes.found(registry)

    def http_asked(self, registry: Registry) -> bool:
        """Whether logins may go to it over http: it is this machine, or somebody chose http for it."""
        return self._schemes.http_asked(registry)

    def verified(self, registry: Registry) -> bool:
        """Whether its certificate is checked."""
        origin = origin_of(self._schemes.known(registry))
        return origin[0] == "https" and self._wires.trusts.known(origin).verify

    def notes(self, registry: Registry) -> tuple[str, ...]:
        """How it is reached, as far as that is unusual, and what it wants people to know; each one sentence."""
        origin = origin_of(self._schemes.known(registry))
        notes = []
        proxy = self._wires.proxy(origin)
        if proxy is not None:
            notes.append(f"Reached through the proxy {name_of(proxy)}.")
        trusted = self._wires.trusts.known(origin)
        if origin[0] == "https" and trusted.pair is not None:
            notes.append(f"The client certificate {visible(str(trusted.pair[0]))} is shown to it.")
        if origin[0] == "https" and not trusted.verify:
            asked = visible(self._wires.trusts.of_files(origin).unverified_by)
            by = f" (asked for by {asked})" if asked else ""
            notes.append(f"Its certificate is not verified{by}: anybody in between could read along and answer.")
        says = self._exchanges.warnings.of(registry.key)
        return (*notes, *(f"{visible(registry.name)} says: {text}" for text in says))

    def _check_online(self, registry: Registry, wanted: str) -> None:
        if self._settings.offline and registry.key not in self._settings.local:
            host = visible(registry.name)
            hint = f"Start without --offline to ask {host}."
            raise Offline(f"{host} is not asked offline.", evidence=Evidence(host), wanted=wanted, hint=hint)

    async def aclose(self) -> None:
        await self._wires.aclose()

    def _room(self, origin: Origin) -> int:
        return self._network.connections(origin[1], origin[2]) if self._network else PER_ORIGIN

    def _scene(self, question: Request, origin: Origin) -> Scene:
        registry = question.registry
        own = origin == origin_of(f"https://{registry.authority}")
        direct = self._wires.proxy(origin) is None
        return Scene(
            folder=self._wires.trusts.of_files(origin).folder,
            offer_http=own and direct and not self._schemes.tolerable(registry),
            http_url=f"http://{visible(registry.authority)}/" if own else "",
        )


def _note(question: Request, attempt: int) -> str:
    parts = ["login" if question.kind == "token" else "", f"try {attempt + 1}" if attempt else ""]
    return " · ".join(part for part in parts if part)
