"""Who asks: every question to a registry goes through here, as somebody or as nobody.

A question is asked at most four times, and costs at most three token requests: with what is known, again
with a fresh login or one for more rights, and without credentials when they were refused, because an
expired login must not hide a public image.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from regbrowse.errors import AuthError, AuthRejected, AuthRequired, Denied, PolicyError, RegistryError
from regbrowse.redact import Secret
from regbrowse.reference import Registry
from regbrowse.registry.auth.attempt import AuthAttempts, Visit
from regbrowse.registry.auth.credentials import THIS_SESSION, Credentials, LoginStanding, path_of
from regbrowse.registry.auth.errors import state_of
from regbrowse.registry.auth.ping import PingResult, Pings, no_registry
from regbrowse.registry.auth.realm_policy import RealmStore, logins_go_to
from regbrowse.registry.auth.tokens import Tokens
from regbrowse.registry.auth.verify_login import prove
from regbrowse.registry.error_mapping import server_words
from regbrowse.registry.models import LoginState, Rate, Settings
from regbrowse.registry.requests import Request, Response
from regbrowse.registry.transport.retry import rate_of
from regbrowse.registry.transport.transport import Transport
from regbrowse.settings.login import Login, Source, login_from, sendable
from regbrowse.text import visible


class Authenticator:
    """Asks questions as whoever we are to each registry."""

    def __init__(self, transport: Transport, settings: Settings) -> None:
        self._transport = transport
        self._doors = Pings(transport)
        self._logins = Credentials(settings)
        self._realms = RealmStore(settings.state_folder)
        self._tokens = Tokens(transport, self._realms)
        self._attempts = AuthAttempts(transport, self._tokens)
        self._rates: dict[str, Rate] = {}
        self.on_change: Callable[[Registry], None] = _nothing
        """Called when we have become somebody else to a registry: what was read before is not ours any more."""

    async def door(self, registry: Registry) -> PingResult:
        """Knocks once per registry and hour. Raises only when nothing answers there."""
        return await self._doors.at(registry)

    def begin(self, registry: Registry) -> None:
        """Knocks at once, because somebody will ask."""
        self._doors.begin(registry)

    async def aclose(self) -> None:
        await self._doors.aclose()

    def state(self, registry: Registry) -> LoginState:
        """Who the registry thinks we are."""
        return self._logins.state(registry)

    async def login_for(self, registry: Registry, path: str = "") -> Login | None:
        """The login that may be sent to this registry itself; None when there is none, or it was refused."""
        door = await self.door(registry)
        login = await self._logins.of(registry, path)
        if login is None or (door.plain and not self._transport.http_asked(registry)):
            return None
        return None if self._logins.standing(registry).turned_away(login, "") else login

    async def who(self, registry: Registry, path: str = "") -> str:
        """The user that questions are asked as, empty for nobody; asks no registry."""
        login = await self._logins.of(registry, path)
        refused = login is not None and login in self._logins.standing(registry).refused
        return "" if refused else state_of(login).user

    def rate(self, registry: Registry) -> Rate | None:
        """What the registry's pull limit still allows, when it says so."""
        return self._rates.get(registry.key)

    def logins_go_to(self, registry: Registry) -> str:
        """The host that credentials or token requests are sent to; empty when none are wanted, as far as is known."""
        door = self._doors.known(registry)
        return visible(logins_go_to(door.base, door.likely), 260) if door else ""

    async def sources(self, registry: Registry, path: str = "") -> tuple[Source, ...]:
        """Every place that was looked at for a login, and which of them counts."""
        return await self._logins.sources(registry, path)

    # Becoming somebody else

    async def sign_in(self, registry: Registry, user: str, password: Secret) -> None:
        """Logs in for this session; nothing of it is written down.

        Raises AuthRejected when the registry refuses, PolicyError when the login would travel in clear or to
        another place than before, and what stops any question. Whoever we were stays who we are then.
        """
        host = visible(registry.name)
        if not (user and password.reveal() and sendable(user + password.reveal())):
            why = f"A login for {host} takes a user name and a password, both of characters that can be sent."
            raise AuthRejected(why, wanted=f"Logging in to {host}", hint="Enter both again.")
        login = login_from(user, password.reveal(), THIS_SESSION)
        door = await self.door(registry)
        if door.plain and not self._transport.http_asked(registry):
            why = f"{host} is reached over http, so anybody on the way could read the password. It was not sent."
            hint = "Start with --plain-http if that is no risk there."
            raise PolicyError(why, wanted=f"Logging in to {host}", hint=hint)
        await prove(self._transport, self._tokens, door, registry, login)
        self._become(registry, login)

    async def browse_anonymously(self, registry: Registry) -> None:
        """From now on and for this session no login is used there."""
        self._become(registry, None)

    async def ask_helper_in_foreground(self, registry: Registry) -> bool:
        """Lets the credential helper use the terminal; whether it brought a login."""
        login = await self._logins.in_foreground(registry)
        if login is None:
            return False
        self._logins.look_again(registry)
        self._changed(registry)
        return True

    def allow_realm(self, registry: Registry) -> None:
        """Accepts, for good, the host that a RealmChanged named, unless there were several of them."""
        self._realms.allow(registry)

    def _become(self, registry: Registry, login: Login | None) -> None:
        self._logins.say(registry, login)
        self._changed(registry)

    def _changed(self, registry: Registry) -> None:
        self._rates.pop(registry.key, None)
        self.on_change(registry)

    # Asking

    async def ask(self, question: Request) -> Response:
        """The reply, whatever its status but 401 and 403: those raise AuthError.

        Raises Unsupported, too, when neither the first knock nor this question was answered like a registry does.
        """
        reply = await self._ask(question)
        door = self._doors.known(question.registry)
        if door is not None and door.is_wall and reply.status == 404 and not server_words(reply.body)[0]:
            raise no_registry(door, question)
        rate = rate_of(reply.headers)
        if rate is not None:
            self._rates[question.registry.key] = rate
        return reply

    async def _ask(self, question: Request) -> Response:
        registry = question.registry
        door, login = await self._enter(question)
        standing = self._logins.standing(registry)
        visit = Visit(door, question)
        if login is not None and door.plain and not self._transport.http_asked(registry):
            kept = f"browsing without the login from {visible(login.source, 200)}."
            standing.login, standing.note = None, f"{question.host} is reached over http: {kept}"
            return await self._attempts.ask(visit, None)
        if login is None:
            return await self._attempts.ask(visit, None)
        likely = door.likely
        if likely is not None and likely.scheme == "basic" and login not in standing.proven:
            # Forty questions at once with a wrong password would lock the account: the first one goes alone.
            async with standing.first:
                if login not in standing.proven and login not in standing.refused:
                    return await self._as(visit, login, standing)
        return await self._as(visit, login, standing)

    async def _as(self, visit: Visit, login: Login, standing: LoginStanding) -> Response:
        """The reply to somebody, or else to nobody."""
        refused = standing.turned_away(login, visit.question.scope)
        if refused is not None:
            return await self._as_nobody(visit, login, standing, refused)
        try:
            reply = await self._attempts.ask(visit, login)
        except (AuthRejected, Denied) as refusal:
            return await self._as_nobody(visit, login, standing, refusal)
        standing.note = ""
        standing.proven.add(login)
        return reply

    async def _enter(self, question: Request) -> tuple[PingResult, Login | None]:
        """The door and the login; a slow credential helper and a slow registry are waited for together."""
        looking = asyncio.ensure_future(self._logins.of(question.registry, path_of(question)))
        try:
            door = await self.door(question.registry)
            return door, await looking
        finally:
            if not looking.done():
                looking.cancel()
                await asyncio.wait([looking])

    async def _as_nobody(self, visit: Visit, login: Login, standing: LoginStanding, refusal: AuthError) -> Response:
        """What anybody may read, after a login was refused; never silently."""
        question = visit.question
        known = standing.turned_away(login, question.scope) is not None
        wrong = isinstance(refusal, AuthRejected) and refusal.evidence.status == 401 and not visit.looped
        if wrong and not known:
            self._logins.refuse(question.registry, login, refusal)
            # From here on nobody asks: what is still on its way belongs to the login that was refused.
            self._changed(question.registry)
        try:
            reply = await self._attempts.ask(visit, None)
        except RegistryError as error:
            if not known:
                raise refusal from None
            if not isinstance(error, AuthRequired):
                raise
            raise _again(refusal, error) from None
        if not known and not 200 <= reply.status < 400:
            raise refusal
        rejected = isinstance(refusal, AuthRejected)
        what = "were rejected" if rejected else f"do not reach {question.about}"
        standing.note = f"Credentials from {visible(login.source, 200)} {what} — browsing {question.host} anonymously."
        if not known and not wrong:
            standing.denied[login, question.scope] = refusal
        return reply


def _again(refusal: AuthError, error: AuthRequired) -> AuthError:
    """A refusal from before, for another question."""
    kind = AuthRejected if isinstance(refusal, AuthRejected) else Denied
    return kind(
        refusal.why, evidence=error.evidence, wanted=error.wanted, hint=refusal.hint, command=refusal.command
    )


def _nothing(_: Registry) -> None:
    """When nobody wants to know."""
