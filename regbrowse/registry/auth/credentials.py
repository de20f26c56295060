"""The login for each registry: entered for this session, given at the start, or saved on this machine."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from regbrowse.errors import AuthError
from regbrowse.reference import Registry
from regbrowse.registry.models import LoginState, Settings
from regbrowse.registry.single_flight import SingleFlight
from regbrowse.settings.login import Login
from regbrowse.text import visible


@dataclass(slots=True)
class CredentialStatus:
    """Which login a registry gets, and what it made of the logins that it got."""

    login: Login | None = None
    """The login of the last request; None: anonymous."""
    requested: bool = False
    """Whether there has been a request."""
    session: bool = False
    """Whether the user chose for this session: `session_login`, or None for anonymous."""
    session_login: Login | None = None
    rejected: dict[Login, AuthError] = field(default_factory=dict)
    """Never sent again, because wrong passwords lock accounts."""
    verified: set[Login] = field(default_factory=set)
    verifying: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by the request that finds out whether a password is right."""
    denied: dict[tuple[Login, str], AuthError] = field(default_factory=dict)
    """Login and scope -> why the login is not allowed there, where anonymous requests are."""
    note: str = ""

    def refusal(self, login: Login, scope: str = "") -> AuthError | None:
        """Return why the registry refused this login for this scope before; None when it may be sent."""
        return self.rejected.get(login) or self.denied.get((login, scope))

    @property
    def login_state(self) -> LoginState:
        return login_state(None if self.login in self.rejected else self.login, self.note)


class Credentials:
    """Chooses the login for a request. Saved logins are looked up once, unless the registry rejected them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._given_for = settings.registry.key if settings.registry else ""
        self._status: dict[str, CredentialStatus] = {}
        self._saved: dict[tuple[str, str], Login | None] = {}
        """Key of the registry and path of the repository -> what the keychain has for it."""
        self._in_flight: SingleFlight[Login | None] = SingleFlight()

    def status(self, registry: Registry) -> CredentialStatus:
        return self._status.setdefault(registry.key, CredentialStatus())

    def given(self, registry: Registry) -> Login | None:
        """Return the login of the command line or the environment: it is for one registry only."""
        return self._settings.user if self._given_for in ("", registry.key) else None

    async def login(self, registry: Registry, path: str = "") -> Login | None:
        """Return the login for a repository, or for the registry as a whole when the path is empty."""
        if not self._given_for:
            self._given_for = registry.key
        status = self.status(registry)
        login = status.session_login
        if not status.session:
            login = self.given(registry) or await self._find(registry, path)
        status.login, status.requested = login, True
        return login

    def choose(self, registry: Registry, login: Login | None) -> None:
        """Use this login for this session; None: anonymous."""
        self.reset(registry)
        self._status[registry.key] = CredentialStatus(login, requested=True, session=True, session_login=login)

    def reset(self, registry: Registry) -> None:
        """Forget the choice for this session, what was found, and what the registry made of it."""
        self._forget_saved(registry)
        self._status[registry.key] = CredentialStatus()

    def reject(self, registry: Registry, login: Login, error: AuthError) -> None:
        """Remember that the registry rejects this login; a newer one from the same source is tried."""
        self.status(registry).rejected[login] = error
        self._forget_saved(registry)
        if self._settings.keychain is not None:
            self._settings.keychain.forget(registry)

    async def _find(self, registry: Registry, path: str) -> Login | None:
        keychain = self._settings.keychain
        if keychain is None or registry.key in self._settings.local:
            return None
        key = registry.key, path
        saved = self._saved.get(key)
        # The user may log in in another window at any time. A credential helper that hangs is not awaited twice.
        usable = saved is not None and saved not in self.status(registry).rejected
        if usable or (key in self._saved and registry.key in keychain.slow):
            return saved
        found = await self._in_flight.share(key, lambda: keychain.find(registry, path))
        self._saved[key] = found
        return found

    def _forget_saved(self, registry: Registry) -> None:
        for key in [key for key in self._saved if key[0] == registry.key]:
            del self._saved[key]


def login_state(login: Login | None, note: str = "") -> LoginState:
    """Return what may be shown of a login."""
    if login is None:
        return LoginState(note=note)
    return LoginState(visible(login.user, 100) or "token", visible(login.source, 200), note)
