"""Who we are to each registry: said for this session, on the command line, or by this machine's files."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from regbrowse.errors import AuthError
from regbrowse.reference import Registry
from regbrowse.registry.auth.errors import state_of
from regbrowse.registry.models import LoginState, Settings
from regbrowse.registry.requests import Request
from regbrowse.registry.single_flight import SingleFlight
from regbrowse.settings.login import Login, Source

THIS_SESSION = "this session"
"""The source of a login that was typed in; it is kept in memory only."""


@dataclass(slots=True)
class LoginStanding:
    """How we stand with one registry."""

    login: Login | None = None
    """The one that the last question was to be asked with."""
    asked: bool = False
    """Whether there has been a question."""
    chosen: bool = False
    """Whether somebody said for this session who we are: `session`, or nobody."""
    session: Login | None = None
    refused: dict[Login, AuthError] = field(default_factory=dict)
    """Never offered again: wrong passwords lock accounts."""
    proven: set[Login] = field(default_factory=set)
    first: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by the question that finds out whether a password is right."""
    denied: dict[tuple[Login, str], AuthError] = field(default_factory=dict)
    """Login and scope -> why it does not reach there, where anybody may read."""
    note: str = ""

    def turned_away(self, login: Login, scope: str) -> AuthError | None:
        """Why this login is not to be offered for this scope; None when it may."""
        return self.refused.get(login) or self.denied.get((login, scope))

    @property
    def state(self) -> LoginState:
        return state_of(None if self.login in self.refused else self.login, self.note)


class Credentials:
    """Finds the login for a question. Saved ones are looked up once, unless they were refused."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._given_for = settings.registry.key if settings.registry else ""
        self._standing: dict[str, LoginStanding] = {}
        self._saved: dict[tuple[str, str], Login | None] = {}
        self._flights: SingleFlight[Login | None] = SingleFlight()

    def standing(self, registry: Registry) -> LoginStanding:
        return self._standing.setdefault(registry.key, LoginStanding())

    def state(self, registry: Registry) -> LoginState:
        """Who the registry thinks we are; before the first question, who we would say."""
        standing = self.standing(registry)
        return standing.state if standing.asked else state_of(self._given(registry))

    async def of(self, registry: Registry, path: str) -> Login | None:
        """The login for a repository, or of the registry as a whole when the path is empty."""
        if not self._given_for:
            self._given_for = registry.key
        standing = self.standing(registry)
        login = standing.session
        if not standing.chosen:
            login = self._given(registry) or await self._find(registry, path)
        standing.login, standing.asked = login, True
        return login

    def say(self, registry: Registry, login: Login | None) -> None:
        """From now on this is who we are; None: nobody."""
        self._forget(registry)
        self._standing[registry.key] = LoginStanding(login, asked=True, chosen=True, session=login)

    def look_again(self, registry: Registry) -> None:
        """Forgets what was said for this session, and what was found."""
        self._forget(registry)
        self._standing[registry.key] = LoginStanding()

    def refuse(self, registry: Registry, login: Login, why: AuthError) -> None:
        """Remembers that the registry does not take this login; a newer one in the same place is tried."""
        self.standing(registry).refused[login] = why
        self._forget(registry)
        if self._settings.keychain is not None:
            self._settings.keychain.forget(registry)

    async def in_foreground(self, registry: Registry) -> Login | None:
        """What the credential helper says when it has the terminal."""
        keychain = self._settings.keychain
        return await keychain.in_foreground(registry) if keychain else None

    async def sources(self, registry: Registry, path: str) -> tuple[Source, ...]:
        """Every place that was looked at for a login, and which of them counts."""
        standing, given = self.standing(registry), self._given(registry)
        own: list[Source] = []
        if standing.chosen:
            state = state_of(standing.session)
            note = "" if standing.session else "browsing anonymously"
            own.append(Source(THIS_SESSION, state.user, note, True))
        if given is not None:
            state = state_of(given)
            own.append(Source(state.source, state.user, "", not own))
        keychain = self._settings.keychain
        saved = await keychain.sources(registry, path) if keychain else ()
        return (*own, *(source._replace(wins=False) if own else source for source in saved))

    def _given(self, registry: Registry) -> Login | None:
        """From the command line or the environment: meant for one registry only."""
        return self._settings.user if self._given_for in ("", registry.key) else None

    async def _find(self, registry: Registry, path: str) -> Login | None:
        keychain = self._settings.keychain
        if keychain is None or registry.key in self._settings.local:
            return None
        key = registry.key, path
        known = self._saved.get(key)
        # Who has not logged in yet, or no more, may do so in another window. A helper that hangs is not waited
        # for twice.
        good = known is not None and known not in self.standing(registry).refused
        if good or (key in self._saved and registry.key in keychain.slow):
            return known
        found = await self._flights.share(key, lambda: keychain.find(registry, path))
        self._saved[key] = found
        return found

    def _forget(self, registry: Registry) -> None:
        for key in [key for key in self._saved if key[0] == registry.key]:
            del self._saved[key]


def path_of(question: Request) -> str:
    """The repository a question is about; empty when it is about none."""
    kind, _, rest = question.scope.partition(":")
    return rest.rpartition(":")[0] if kind == "repository" else ""
