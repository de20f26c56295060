"""Authenticate requests: send each with the login for its registry; fall back to anonymous when it is refused.

A request is sent at most four times and causes at most three token requests: with what is known, again with a new
token or one for more scopes, and without the login when that was refused, because an expired login must not hide a
public image.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from regbrowse.errors import AuthError, AuthRejected, AuthRequired, Denied, PolicyError, RegistryError
from regbrowse.redact import Secret
from regbrowse.reference import Registry
from regbrowse.registry.auth.auth_attempt import AuthAttempt
from regbrowse.registry.auth.credentials import Credentials, CredentialStatus, login_state
from regbrowse.registry.auth.errors import login_refused_error, refused_before_error
from regbrowse.registry.auth.ping import PingResult, Pings, no_registry
from regbrowse.registry.auth.realm_policy import RealmStore, login_host
from regbrowse.registry.auth.token_request import basic_authorization
from regbrowse.registry.auth.tokens import TokenBudget, Tokens
from regbrowse.registry.error_mapping import server_words, status_error
from regbrowse.registry.models import LoginState, Settings
from regbrowse.registry.requests import Request, Response, ping_request
from regbrowse.registry.transport.transport import Transport
from regbrowse.settings.login import Login, Source, login_from, sendable
from regbrowse.text import visible

THIS_SESSION = "this session"
"""The source of a login that the user entered; it is kept in memory only."""


class Authenticator:
    """Sends requests with the login for their registry, and lets the user see and change that login."""

    def __init__(self, transport: Transport, settings: Settings) -> None:
        self._transport = transport
        self._keychain = settings.keychain
        self._credentials = Credentials(settings)
        self.pings = Pings(transport)
        """Whether and how each registry answers; asked before everything else."""
        self.realms = RealmStore(settings.state_folder)
        """The hosts that logins were sent to; a RealmChanged is accepted there."""
        self._tokens = Tokens(transport, self.realms)
        self.on_login_change: list[Callable[[Registry], None]] = []
        """Called when a registry gets another login from now on: what was read with the last one is not to be shown."""

    async def send(self, request: Request) -> Response:
        """Send a request with the saved login; fall back to anonymous when the registry refuses it.

        Returns the response whatever its status but 401 and 403. Raises AuthError for those, PolicyError when the
        login would go where it may not, Unsupported when neither the ping nor this request is answered as a registry
        does, and what the transport raises.
        """
        ping, login = await self._ping_and_login(request.registry, _repository_path(request))
        response = await self._authenticate(request, ping, login)
        if ping.is_something_else and response.status == 404 and not server_words(response.body)[0]:
            raise no_registry(ping, request)
        self._transport.limits.read_rate(request.registry, response.headers)
        return response

    def note_cached(self, request: Request) -> None:
        """Put a request into the log that the cache has answered."""
        ping = self.pings.known(request.registry)
        base = ping.base if ping else f"https://{request.registry.authority}"
        self._transport.log.add_cached(request.method, request.kind, base + request.path)

    # The login of a registry

    def login_state(self, registry: Registry) -> LoginState:
        """Return the login of the last request; before the first request, the one that it will have."""
        status = self._credentials.status(registry)
        return status.login_state if status.requested else login_state(self._credentials.given(registry))

    async def user_for(self, registry: Registry, path: str = "") -> str:
        """Return the user that requests for a repository are sent as, empty for anonymous; sends no request."""
        login = await self._credentials.login(registry, path)
        rejected = login is not None and login in self._credentials.status(registry).rejected
        return "" if rejected else login_state(login).user

    async def base_and_login(self, registry: Registry) -> tuple[str, Login | None]:
        """Return the origin of the registry, and the login that may be sent to it; None for none or after a refusal."""
        ping, login = await self._ping_and_login(registry)
        if login is None or self._would_go_in_clear(ping, registry):
            return ping.base, None
        return ping.base, None if self._credentials.status(registry).refusal(login) else login

    def login_host(self, registry: Registry) -> str:
        """Return the host that logins and token requests are sent to; empty for none, or before the first ping."""
        ping = self.pings.known(registry)
        return visible(login_host(ping.base, ping.likely), 260) if ping else ""

    async def login_sources(self, registry: Registry, path: str = "") -> tuple[Source, ...]:
        """List every place where a login for a repository was looked for, and which of them counts."""
        status, given = self._credentials.status(registry), self._credentials.given(registry)
        first: list[Source] = []
        if status.session:
            note = "" if status.session_login else "browsing anonymously"
            first.append(Source(THIS_SESSION, login_state(status.session_login).user, note, True))
        if given is not None:
            state = login_state(given)
            first.append(Source(state.source, state.user, "", not first))
        saved = await self._keychain.sources(registry, path) if self._keychain else ()
        return (*first, *(source._replace(wins=False) if first else source for source in saved))

    async def log_in(self, registry: Registry, user: str, password: Secret) -> None:
        """Verify a login and use it for this session; it is not saved.

        Raises AuthRejected when the registry refuses it, PolicyError when it would travel in clear or to another host
        than before, and what the transport raises. The login that was used before stays in use then.
        """
        host = visible(registry.name)
        if not (user and password.reveal() and sendable(user + password.reveal())):
            why = f"A login for {host} takes a user name and a password, both of characters that can be sent."
            raise AuthRejected(why, wanted=f"Logging in to {host}", hint="Enter both again.")
        login = login_from(user, password.reveal(), THIS_SESSION)
        ping = await self.pings.ping(registry)
        if self._would_go_in_clear(ping, registry):
            why = f"{host} is reached over http, so anybody on the way could read the password. It was not sent."
            hint = "Start with --plain-http if that is no risk there."
            raise PolicyError(why, wanted=f"Logging in to {host}", hint=hint)
        await self._verify(ping, registry, login)
        self._credentials.choose(registry, login)
        self._login_changed(registry)
        # A login often raises the rate limit that requests were waiting for.
        self._transport.limits.retry_now(registry)

    def use_anonymous(self, registry: Registry) -> None:
        """Use no login for this session."""
        self._credentials.choose(registry, None)
        self._login_changed(registry)

    @property
    def waiting_for_helper(self) -> str:
        """The credential helper that is running, such as `docker-credential-ecr-login`; empty when none is."""
        return self._keychain.asking if self._keychain else ""

    def slow_helper(self, registry: Registry) -> str:
        """Return the credential helper that may want the terminal for a passphrase; empty when none does."""
        if self._keychain is None or registry.key not in self._keychain.slow:
            return ""
        return self._keychain.helper_for(registry) or ""

    async def run_helper_in_foreground(self, registry: Registry) -> bool:
        """Let the credential helper use the terminal, which the caller has left. Returns whether it gave a login."""
        login = await self._keychain.in_foreground(registry) if self._keychain else None
        if login is None:
            return False
        self._credentials.reset(registry)
        self._login_changed(registry)
        return True

    # How a request is authenticated

    async def _ping_and_login(self, registry: Registry, path: str = "") -> tuple[PingResult, Login | None]:
        """Wait for the ping and for the credential helper at the same time: each of them may be slow."""
        lookup = asyncio.ensure_future(self._credentials.login(registry, path))
        try:
            await self.pings.ping(registry)
            login = await lookup
            # The helper may have run for long, and https may have been required since the ping.
            return self.pings.known(registry) or await self.pings.ping(registry), login
        finally:
            if not lookup.done():
                lookup.cancel()
                await asyncio.wait([lookup])

    async def _authenticate(self, request: Request, ping: PingResult, login: Login | None) -> Response:
        attempt = AuthAttempt(self._transport, self._tokens, ping, request)
        status = self._credentials.status(request.registry)
        if login is not None and self._would_go_in_clear(ping, request.registry):
            source = visible(login.source, 200)
            status.note = f"{request.host} is reached over http: browsing without the login from {source}."
            status.login = login = None
        if login is None:
            return await attempt.send(None)
        likely = ping.likely
        if likely is not None and likely.scheme == "basic" and login not in status.verified:
            # Forty requests at once with a wrong password would lock the account: the first one goes alone.
            async with status.verifying:
                if login not in status.verified and login not in status.rejected:
                    return await self._send_with_login(attempt, login, status)
        return await self._send_with_login(attempt, login, status)

    async def _send_with_login(self, attempt: AuthAttempt, login: Login, status: CredentialStatus) -> Response:
        refusal = status.refusal(login, attempt.request.scope)
        if refusal is not None:
            return await self._send_anonymously(attempt, login, status, refusal)
        try:
            response = await attempt.send(login)
        except (AuthRejected, Denied) as error:
            return await self._send_anonymously(attempt, login, status, error)
        status.note = ""
        status.verified.add(login)
        return response

    async def _send_anonymously(
        self, attempt: AuthAttempt, login: Login, status: CredentialStatus, refusal: AuthError
    ) -> Response:
        """Send a request without the login that was refused, and note that in the login state.

        Raises the refusal when anonymous requests are refused, too.
        """
        request = attempt.request
        refused_before = status.refusal(login, request.scope) is not None
        rejected = isinstance(refusal, AuthRejected)
        wrong = rejected and refusal.evidence.status == 401 and not attempt.token_refused
        if wrong and not refused_before:
            self._credentials.reject(request.registry, login, refusal)
            # What is still on its way was requested with the login that is rejected now.
            self._login_changed(request.registry)
        try:
            response = await attempt.send(None)
        except RegistryError as error:
            if not refused_before:
                raise refusal from None
            if not isinstance(error, AuthRequired):
                raise
            raise refused_before_error(refusal, error) from None
        if not refused_before and not 200 <= response.status < 400:
            raise refusal
        what = "were rejected" if rejected else f"do not reach {request.about}"
        status.note = f"Credentials from {visible(login.source, 200)} {what} — browsing {request.host} anonymously."
        if not refused_before and not wrong:
            status.denied[login, request.scope] = refusal
        return response

    async def _verify(self, ping: PingResult, registry: Registry, login: Login) -> None:
        """Request a token with a login, or `/v2/` with Basic, as `docker login` does.

        Raises AuthRejected when the login is refused. While the registry has sent no challenge nothing can be verified:
        then the next request decides.
        """
        challenge = ping.likely
        if challenge is None:
            return
        request = replace(ping_request(registry), wanted=f"Logging in to {visible(registry.name)}")
        if challenge.scheme == "bearer":
            await self._tokens.get(self._tokens.key(request, ping.base, challenge, login), request, TokenBudget())
            return
        response = await self._transport.send(request, ping.base + request.path, basic_authorization(login))
        if response.status in (401, 403):
            raise login_refused_error(request, response, login)
        if response.status == 429 or response.status >= 500:
            raise status_error(response)

    def _would_go_in_clear(self, ping: PingResult, registry: Registry) -> bool:
        """Return whether a login would be sent over http although the user did not ask for that."""
        return ping.is_plain and not self._transport.schemes.http_allowed(registry)

    def _login_changed(self, registry: Registry) -> None:
        self._transport.limits.forget_rate(registry)
        for listener in self.on_login_change:
            listener(registry)


def _repository_path(request: Request) -> str:
    """Return the path of the repository that a request is about; empty when it is about none."""
    kind, _, rest = request.scope.partition(":")
    return rest.rpartition(":")[0] if kind == "repository" else ""
