"""Bearer tokens: fetched once for everyone who needs the same, kept until shortly before they expire."""

from __future__ import annotations

import time
from dataclasses import dataclass

from regbrowse.errors import AuthError, AuthRejected
from regbrowse.registry.auth.challenge import Challenge, scopes_for
from regbrowse.registry.auth.errors import token_refused
from regbrowse.registry.auth.realm_policy import RealmStore, check_realm
from regbrowse.registry.auth.token_request import Form, Key, Token, forms_for, read_token, request, try_another
from regbrowse.registry.error_mapping import status_error
from regbrowse.registry.requests import Request, Response
from regbrowse.registry.single_flight import SingleFlight
from regbrowse.registry.transport.transport import Transport
from regbrowse.settings.login import Login

KEPT = 1000
"""Tokens; the oldest are dropped."""


@dataclass(slots=True)
class TokenBudget:
    """How many token requests one question may still cost."""

    left: int = 3

    def take(self) -> bool:
        self.left -= 1
        return self.left >= 0


class Tokens:
    """Every token of this process. Nothing of it is ever written down."""

    def __init__(self, transport: Transport, realms: RealmStore) -> None:
        self._transport = transport
        self._realms = realms
        self._tokens: dict[Key, Token] = {}
        self._flights: SingleFlight[Token] = SingleFlight()
        self._works: dict[tuple[str, Login], Form] = {}
        """Realm and login -> the form that brought a token."""

    def key(self, question: Request, base: str, challenge: Challenge, login: Login | None) -> Key:
        """What the token for this question is known by. Raises PolicyError when its realm is refused."""
        realm = check_realm(question, base, challenge.get("realm"))
        scopes = scopes_for(challenge.get("scope"), question.scope)
        return Key(base, realm, challenge.get("service"), scopes, login)

    def known(self, key: Key) -> Token | None:
        token = self._tokens.get(key)
        return token if token is not None and token.until > time.monotonic() else None

    def forget(self, key: Key, token: Token) -> None:
        """Drops a token that was refused, unless somebody already fetched a newer one."""
        if self._tokens.get(key) is token:
            del self._tokens[key]

    async def fetch(self, key: Key, question: Request, purse: TokenBudget) -> Token:
        """Raises RealmChanged, AuthRequired, AuthRejected, AuthError without a token in the answer, and what
        the transport raises."""
        token = self.known(key)
        if token is None:
            token = await self._flights.share(key, lambda: self._request(key, question, purse))
        return token

    async def _request(self, key: Key, question: Request, purse: TokenBudget) -> Token:
        login = key.login
        if login is not None:
            await self._realms.check(question, key.base, key.realm)
        reply, form = await self._ask(key, question, purse)
        if reply.status in (401, 403) or (form == "refresh" and reply.status in (400, 404, 405)):
            raise token_refused(question, reply, login)
        if reply.status == 429 or reply.status >= 500:
            raise status_error(reply)
        token = read_token(reply)
        if login is not None:
            self._works[key.realm, login] = form
        while len(self._tokens) >= KEPT:
            del self._tokens[next(iter(self._tokens))]
        self._tokens[key] = token
        return token

    async def _ask(self, key: Key, question: Request, purse: TokenBudget) -> tuple[Response, Form]:
        forms = list(forms_for(key.login))
        works = self._works.get((key.realm, key.login)) if key.login else None
        if works is not None:
            forms = [works]
        answer: tuple[Response, Form] | None = None
        for form in forms:
            if not purse.take():
                break
            asking, authorization = request(key, form, question)
            answer = await self._transport.send(asking, asking.path, authorization), form
            if not try_another(form, answer[0].status):
                break
        if answer is None:
            why = f"{question.host} keeps asking for other tokens."
            raise AuthRejected(why, wanted=question.wanted) if key.login else AuthError(why, wanted=question.wanted)
        return answer
