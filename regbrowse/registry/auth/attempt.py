"""One question asked as one person: with what is known first, then with what the answer demands."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from regbrowse.errors import PolicyError
from regbrowse.registry.auth.challenge import Challenge, choose_challenge, has_error, parse_challenges
from regbrowse.registry.auth.errors import refusal, state_of, unanswerable
from regbrowse.registry.auth.ping import PingResult
from regbrowse.registry.auth.token_request import Key, Token, basic, raw_bearer
from regbrowse.registry.auth.tokens import TokenBudget, Tokens
from regbrowse.registry.requests import Request, Response
from regbrowse.registry.transport.transport import Transport
from regbrowse.settings.login import Login

TRIES = 4
"""The most requests one question costs, whatever a server answers; one of them is kept for asking as nobody."""


@dataclass(slots=True)
class Visit:
    """One question, and what it has cost so far."""

    door: PingResult
    question: Request
    sent: int = 0
    purse: TokenBudget = field(default_factory=TokenBudget)
    looped: bool = False
    """Whether a token was obtained that the registry did not take: then it is not the login that is wrong."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What a request shows at the door."""

    header: str = field(default="", repr=False)
    """Its Authorization."""
    key: Key | None = None
    token: Token | None = None
    fresh: bool = False
    """Whether the token was fetched just now."""


class AuthAttempts:
    """Asks with as many requests as it takes, and no more than are left."""

    def __init__(self, transport: Transport, tokens: Tokens) -> None:
        self._transport = transport
        self._tokens = tokens

    async def ask(self, visit: Visit, login: Login | None) -> Response:
        """The reply, whatever its status but 401 and 403. Raises AuthError for those, PolicyError when a
        login would go where it may not, and what the transport raises."""
        door = visit.door
        # Pull limits count people, so that a pause for one of them is none for another.
        question = replace(visit.question, identity=state_of(login).user)
        most = TRIES - 1 if login else TRIES
        proactive = door.status == 401 or login is not None
        try:
            shown = await self._pass(visit, door.challenge(question.scope, proactive=proactive), login)
        except PolicyError:
            # It was demanded before; perhaps something better is by now.
            shown = Pass()
        widened = False
        while True:
            visit.sent += 1
            reply = await self._transport.send(question, door.base + question.path, shown.header)
            if reply.status not in (401, 403) or reply.foreign:
                return reply
            offered = parse_challenges(reply.headers.get_list("www-authenticate"), reply.url)
            answer = choose_challenge(offered)
            demanded = answer or choose_challenge(door.challenges)
            if demanded is None:
                raise unanswerable(question, reply, offered, login)
            narrow = has_error(offered, "insufficient_scope")
            final = reply.status == 403 and (widened or not narrow)
            if final or visit.sent >= most or self._nothing_new(visit, shown, demanded, login):
                had = shown.token is not None
                visit.looped = had
                raise refusal(question, reply, offered, login, token=had, attempts=visit.sent)
            if shown.key and shown.token:
                self._tokens.forget(shown.key, shown.token)
            if answer is not None:
                door.learn(question.scope, answer, offered)
            widened = widened or narrow
            shown = await self._pass(visit, demanded, login)

    def _nothing_new(self, visit: Visit, shown: Pass, demanded: Challenge, login: Login | None) -> bool:
        """Whether the next request would show the same again."""
        if demanded.scheme == "basic" or (login is not None and login.kind == "bearer"):
            return shown.header == _plainly(demanded, login)
        key = self._tokens.key(visit.question, visit.door.base, demanded, login)
        return shown.fresh and shown.key == key

    async def _pass(self, visit: Visit, challenge: Challenge | None, login: Login | None) -> Pass:
        if challenge is None:
            return Pass()
        if challenge.scheme == "basic" or (login is not None and login.kind == "bearer"):
            return Pass(_plainly(challenge, login))
        key = self._tokens.key(visit.question, visit.door.base, challenge, login)
        token = self._tokens.known(key)
        fresh = token is None
        if token is None:
            token = await self._tokens.fetch(key, visit.question, visit.purse)
        return Pass(token.header, key, token, fresh)


def _plainly(challenge: Challenge, login: Login | None) -> str:
    """The Authorization of a login that needs no token; empty when there is none for this challenge."""
    if login is None:
        return ""
    if login.kind == "bearer":
        return raw_bearer(login)
    return basic(login) if challenge.scheme == "basic" else ""
