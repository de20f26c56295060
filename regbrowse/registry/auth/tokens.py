"""Bearer tokens: fetched once for all requests that need the same one, and kept until shortly before they expire."""

from __future__ import annotations

import time
from dataclasses import dataclass

from regbrowse.errors import AuthError, AuthRejected
from regbrowse.registry.auth.challenge import Challenge, token_scopes
from regbrowse.registry.auth.errors import login_refused_error
from regbrowse.registry.auth.realm_policy import RealmStore, check_realm
from regbrowse.registry.auth.token_request import (
    GrantType,
    Token,
    TokenKey,
    grant_types,
    is_unsupported,
    parse_token,
    token_request,
)
from regbrowse.registry.error_mapping import status_error
from regbrowse.registry.requests import Request, Response
from regbrowse.registry.single_flight import SingleFlight
from regbrowse.registry.transport.transport import Transport
from regbrowse.settings.login import Login

MAX_TOKENS = 1000
"""How many tokens are kept; the oldest are dropped."""


@dataclass(slots=True)
class TokenBudget:
    """How many token requests one request may still cause."""

    left: int = 3

    def spend(self) -> bool:
        """Count one token request. Returns False when none is left."""
        self.left -= 1
        return self.left >= 0


class Tokens:
    """The tokens of this process; they are never written to disk."""

    def __init__(self, transport: Transport, realms: RealmStore) -> None:
        self._transport = transport
        self._realms = realms
        self._tokens: dict[TokenKey, Token] = {}
        self._in_flight: SingleFlight[Token] = SingleFlight()
        self._supported: dict[tuple[str, Login], GrantType] = {}
        """Realm and login -> the form of the token request that brought a token."""

    def key(self, request: Request, base: str, challenge: Challenge, login: Login | None) -> TokenKey:
        """Return the key of the token that a request needs. Raises PolicyError when the realm is refused."""
        realm = check_realm(request, base, challenge.get("realm"))
        scopes = token_scopes(challenge.get("scope"), request.scope)
        return TokenKey(base, realm, challenge.get("service"), scopes, login)

    async def get(self, key: TokenKey, request: Request, budget: TokenBudget) -> tuple[Token, bool]:
        """Return a valid token, and whether it was fetched now.

        Raises RealmChanged, AuthRequired, AuthRejected, AuthError for a response without a token, and what the
        transport raises.
        """
        token = self._tokens.get(key)
        if token is not None and token.valid_until > time.monotonic():
            return token, False
        return await self._in_flight.share(key, lambda: self._fetch(key, request, budget)), True

    def discard(self, key: TokenKey, token: Token) -> None:
        """Drop a token that the registry refused, unless a newer one has replaced it."""
        if self._tokens.get(key) is token:
            del self._tokens[key]

    async def _fetch(self, key: TokenKey, request: Request, budget: TokenBudget) -> Token:
        login = key.login
        if login is not None:
            await self._realms.check(request, key.base, key.realm)
        response, grant_type = await self._send(key, request, budget)
        if response.status in (401, 403) or (grant_type == "refresh_token" and response.status in (400, 404, 405)):
            raise login_refused_error(request, response, login)
        if response.status == 429 or response.status >= 500:
            raise status_error(response)
        token = parse_token(response)
        if login is not None:
            self._supported[key.realm, login] = grant_type
        while len(self._tokens) >= MAX_TOKENS:
            del self._tokens[next(iter(self._tokens))]
        self._tokens[key] = token
        return token

    async def _send(self, key: TokenKey, request: Request, budget: TokenBudget) -> tuple[Response, GrantType]:
        """Send the token request in one form after the other, until the service supports one."""
        supported = self._supported.get((key.realm, key.login)) if key.login else None
        answer: tuple[Response, GrantType] | None = None
        for grant_type in (supported,) if supported else grant_types(key.login):
            if not budget.spend():
                break
            built, authorization = token_request(key, grant_type, request)
            response = await self._transport.send(built, built.path, authorization)
            answer = response, grant_type
            if not is_unsupported(grant_type, response.status):
                break
        if answer is None:
            why = f"{request.host} keeps asking for other tokens."
            raise AuthRejected(why, wanted=request.wanted) if key.login else AuthError(why, wanted=request.wanted)
        return answer
