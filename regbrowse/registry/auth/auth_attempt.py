"""Send one request with a login or without: with what is known first, then with what the challenges demand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from regbrowse.errors import PolicyError
from regbrowse.registry.auth.challenge import Challenge, choose_challenge, has_error, parse_challenges
from regbrowse.registry.auth.credentials import login_state
from regbrowse.registry.auth.errors import no_challenge_error, refused_error
from regbrowse.registry.auth.ping import PingResult
from regbrowse.registry.auth.token_request import Token, TokenKey, basic_authorization, bearer_authorization
from regbrowse.registry.auth.tokens import TokenBudget, Tokens
from regbrowse.registry.requests import Request, Response
from regbrowse.registry.transport.transport import Transport
from regbrowse.settings.login import Login

MAX_REQUESTS = 4
"""How often a request is sent at most, whatever the server answers; one of them is reserved for anonymous."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """The Authorization header of a request, and the token in it."""

    header: str = field(default="", repr=False)
    key: TokenKey | None = None
    token: Token | None = None
    fetched: bool = False
    """Whether the token was fetched for this request."""


class AuthAttempt:
    """One request, and what authentication has cost so far: with a login, and then anonymously."""

    def __init__(self, transport: Transport, tokens: Tokens, ping: PingResult, request: Request) -> None:
        self._transport = transport
        self._tokens = tokens
        self._ping = ping
        self._sent = 0
        self._budget = TokenBudget()
        self.request = request
        self.token_refused = False
        """Whether the registry refused a token that was obtained: then it is not the login that is wrong."""

    async def send(self, login: Login | None) -> Response:
        """Send the request until it is accepted, or nothing else can be tried.

        Returns the response whatever its status but 401 and 403. Raises AuthError for those, PolicyError when the
        login would go where it may not, and what the transport raises.
        """
        ping, scope = self._ping, self.request.scope
        # Rate limits count accounts, so that waiting for one of them is no reason to wait for another.
        request = replace(self.request, user=login_state(login).user)
        limit = MAX_REQUESTS - 1 if login else MAX_REQUESTS
        expected = ping.challenge(scope, proactive=ping.status == 401 or login is not None)
        try:
            authorization = await self._authorize(expected, login) if expected else Authorization()
        except PolicyError:
            # The registry may send a better challenge by now.
            authorization = Authorization()
        scope_extended = False
        while True:
            self._sent += 1
            response = await self._transport.send(request, ping.base + request.path, authorization.header)
            if response.status not in (401, 403) or response.other_origin:
                return response
            challenges = parse_challenges(response.headers.get_list("www-authenticate"), response.url)
            challenge = choose_challenge(challenges)
            demanded = challenge or choose_challenge(ping.challenges)
            if demanded is None:
                raise no_challenge_error(request, response, challenges, login)
            insufficient = has_error(challenges, "insufficient_scope")
            final = response.status == 403 and (scope_extended or not insufficient)
            if final or self._sent >= limit or self._is_repetition(authorization, demanded, login):
                self.token_refused = authorization.token is not None
                raise refused_error(
                    request, response, challenges, login, with_token=self.token_refused, attempts=self._sent
                )
            if authorization.key and authorization.token:
                self._tokens.discard(authorization.key, authorization.token)
            if challenge is not None:
                ping.learn(scope, challenge, challenges)
            scope_extended = scope_extended or insufficient
            authorization = await self._authorize(demanded, login)

    async def _authorize(self, challenge: Challenge, login: Login | None) -> Authorization:
        """Answer a challenge: with the login itself, or with a token."""
        header = _header_without_token(challenge, login)
        if header is not None:
            return Authorization(header)
        key = self._tokens.key(self.request, self._ping.base, challenge, login)
        token, fetched = await self._tokens.get(key, self.request, self._budget)
        return Authorization(token.header, key, token, fetched)

    def _is_repetition(self, authorization: Authorization, challenge: Challenge, login: Login | None) -> bool:
        """Return whether answering the challenge would send the same as before."""
        header = _header_without_token(challenge, login)
        if header is not None:
            return header == authorization.header
        key = self._tokens.key(self.request, self._ping.base, challenge, login)
        return authorization.fetched and authorization.key == key


def _header_without_token(challenge: Challenge, login: Login | None) -> str | None:
    """Return the header for a challenge that needs no token, empty when there is nothing to send; None when it does."""
    if login is not None and login.kind == "bearer":
        return bearer_authorization(login)
    if challenge.scheme == "basic":
        return basic_authorization(login) if login else ""
    return None
