"""Who asks: the first knock at a registry, its challenges, and the few tries a login gets.

A question is asked at most four times: with what is known, once more with a fresh login, and the same
without credentials when they were refused, because an expired login must not hide a public image.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from regbrowse.errors import (
    AuthError,
    AuthRejected,
    AuthRequired,
    Denied,
    NetError,
    PolicyError,
    RegistryError,
    TlsError,
)
from regbrowse.reference import Registry
from regbrowse.registry.content.cache import Flights
from regbrowse.registry.errors_from import LOGIN_HINT, login_needed, server_words, status_error
from regbrowse.registry.facts import LoginState, Rate, Settings
from regbrowse.registry.login.challenge import Challenge, choose, parse_challenges
from regbrowse.registry.login.tokens import Key, Token, Tokens, basic
from regbrowse.registry.net.transport import Transport
from regbrowse.registry.net.waiting import rate_of
from regbrowse.registry.question import Question, Reply
from regbrowse.settings.login import Login
from regbrowse.text import visible

_ALIVE = frozenset({200, 401, 403})


@dataclass(slots=True)
class Door:
    """What is known of a registry's entrance."""

    base: str
    challenges: list[Challenge]
    status: int
    """Of the first knock."""
    html: bool
    login: Login | None = None
    refused: bool = False
    """Whether the login was refused; it is not offered again."""
    note: str = ""
    extra: dict[str, Challenge] = field(default_factory=dict)
    """Scope of a question -> the challenge its resource answered with, when that was not the first knock's."""

    @property
    def alive(self) -> bool:
        return self.status in _ALIVE and not self.html


class Desk:
    """Asks questions as somebody: every question to a registry goes through `ask`."""

    def __init__(self, transport: Transport, settings: Settings) -> None:
        self._transport = transport
        self._settings = settings
        self._tokens = Tokens(transport)
        self._doors: dict[str, Door] = {}
        self._rates: dict[str, Rate] = {}
        self._knocks: Flights[Door] = Flights()
        self._login_for = settings.registry.key if settings.registry else ""

    async def door(self, registry: Registry) -> Door:
        """Knocks once per registry. Raises only when nothing answers there."""
        if not self._login_for:
            self._login_for = registry.key
        door = self._doors.get(registry.key)
        if door is None:
            door = await self._knocks.share(registry.key, lambda: self._knock(registry))
            self._doors[registry.key] = door
        return door

    async def _knock(self, registry: Registry) -> Door:
        base = await self._transport.base(registry)
        shown = visible(registry.name)
        question = Question(registry, "ping", "/v2/", f"Connecting to {shown}", shown, deadline=10, tries=2)
        try:
            reply = await self._transport.send(question, f"{base}/v2/")
        except (NetError, TlsError, PolicyError):
            raise
        except RegistryError:
            # Some proxies close /v2/ and serve the rest: the real question decides.
            return Door(base, [], 0, False, self._login_of(registry))
        challenges = parse_challenges(reply.headers.get_list("www-authenticate"))
        html = reply.status == 200 and reply.looks_like_html
        return Door(base, challenges, reply.status, html, self._login_of(registry))

    def _login_of(self, registry: Registry) -> Login | None:
        return self._settings.user if registry.key == self._login_for else None

    def state(self, registry: Registry) -> LoginState:
        """Who the registry thinks we are."""
        door = self._doors.get(registry.key)
        login = door.login if door else self._login_of(registry)
        if login is None or (door and door.refused):
            return LoginState(note=door.note if door else "")
        return LoginState(visible(login.user), login.source, door.note if door else "")

    def rate(self, registry: Registry) -> Rate | None:
        """What the registry's pull limit still allows, when it says so."""
        return self._rates.get(registry.key)

    async def ask(self, question: Question) -> Reply:
        """The reply, whatever its status but 401 and 403: those raise AuthError."""
        reply = await self._ask(question)
        rate = rate_of(reply.headers)
        if rate is not None:
            self._rates[question.registry.key] = rate
        return reply

    async def _ask(self, question: Question) -> Reply:
        door = await self.door(question.registry)
        login = None if door.refused else door.login
        try:
            return await self._attempt(door, question, login)
        except AuthError as refusal:
            if login is None or type(refusal) not in (AuthRejected, Denied):
                raise
            try:
                reply = await self._attempt(door, question, None)
            except RegistryError:
                raise refusal from None
            if not 200 <= reply.status < 400:
                raise
            rejected = isinstance(refusal, AuthRejected)
            door.refused = door.refused or rejected
            what = "were rejected" if rejected else f"do not reach {question.about}"
            door.note = f"Credentials from {login.source} {what} — browsing {question.host} anonymously."
            return reply

    async def _attempt(self, door: Door, question: Question, login: Login | None) -> Reply:
        proactive = door.status == 401 or login is not None
        challenge = choose(door.challenges) if proactive else None
        challenge = door.extra.get(question.scope, challenge)
        url = door.base + question.path
        header, key, token, fresh = await self._header(door, question, challenge, login)
        reply = await self._transport.send(question, url, header)
        if not _wants_login(reply):
            return reply
        offered = parse_challenges(reply.headers.get_list("www-authenticate")) or door.challenges
        answer = choose(offered)
        if answer is None:
            raise _unanswerable(question, reply, offered)
        again = self._tokens.key(question, door.base, answer, login) if answer.scheme == "bearer" else None
        if reply.status == 403 and not _says(reply, "insufficient_scope"):
            raise _refusal(question, reply, login, self.state(question.registry), token is not None)
        stuck = (fresh and again == key) or (answer.scheme == "basic" and (header.startswith("Basic ") or not login))
        if not stuck:
            if key and token:
                self._tokens.forget(key, token)
            if answer.scheme == "basic":
                door.challenges, door.status = offered, 401
            else:
                door.extra[question.scope] = answer
            header, key, token, fresh = await self._header(door, question, answer, login)
            reply = await self._transport.send(question, url, header)
            if not _wants_login(reply):
                return reply
        raise _refusal(question, reply, login, self.state(question.registry), token is not None)

    async def _header(
        self, door: Door, question: Question, challenge: Challenge | None, login: Login | None
    ) -> tuple[str, Key | None, Token | None, bool]:
        """The Authorization for a question, the token in it, and whether that was fetched just now."""
        if challenge is None:
            return "", None, None, False
        if challenge.scheme == "basic":
            return basic(login) if login else "", None, None, False
        key = self._tokens.key(question, door.base, challenge, login)
        token = self._tokens.known(key)
        fresh = token is None
        if token is None:
            token = await self._tokens.fetch(key, question, login)
        return token.header, key, token, fresh


def _wants_login(reply: Reply) -> bool:
    return reply.status in (401, 403) and not reply.foreign


def _says(reply: Reply, error: str) -> bool:
    challenges = parse_challenges(reply.headers.get_list("www-authenticate"))
    return any(challenge.get("error") == error for challenge in challenges)


def _refusal(
    question: Question, reply: Reply, login: Login | None, state: LoginState, had_token: bool
) -> RegistryError:
    host, name = question.host, question.about
    codes, said = server_words(reply.body)
    evidence = reply.evidence(codes, said)
    if reply.status == 401 and had_token:
        if login is None and not _says(reply, "invalid_token"):
            return AuthRequired(login_needed(question), evidence=evidence, wanted=question.wanted, hint=LOGIN_HINT)
        if login is not None and _says(reply, "insufficient_scope"):
            why = f"You are logged in to {host} as {visible(login.user)}, but may not read {name}."
            return Denied(why, evidence=evidence, wanted=question.wanted, hint="Ask its owner for access.")
        why = f"{host} keeps asking for authentication although a token was obtained."
        hint = f"The account may not be allowed to read {name}." if login else LOGIN_HINT
        return AuthRejected(why, evidence=evidence, wanted=question.wanted, hint=hint)
    return status_error(reply, state if login else None)


def _unanswerable(question: Question, reply: Reply, offered: list[Challenge]) -> RegistryError:
    host = question.host
    codes, said = server_words(reply.body)
    evidence = reply.evidence(codes, said)
    if reply.status == 403:
        return status_error(reply)
    schemes = ", ".join(dict.fromkeys(visible(challenge.scheme, 30) for challenge in offered))
    if schemes:
        why = f"{host} only offers {schemes} authentication; regbrowse supports Bearer and Basic."
        return AuthRequired(why, evidence=evidence, wanted=question.wanted)
    why = f"{host} answered 401 without saying how to log in (no WWW-Authenticate header)."
    hint = "A proxy in between may be removing it."
    return AuthRequired(why, evidence=evidence, wanted=question.wanted, hint=hint)
