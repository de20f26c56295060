"""How registries are reached and who asks them: the half of the questions that is not about images."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from regbrowse.reference import Digest, Reference, Registry, Repository

if TYPE_CHECKING:
    from regbrowse.oci.platform import Platform
    from regbrowse.pasted import Source
    from regbrowse.redact import Secret
    from regbrowse.registry.client import Client
    from regbrowse.registry.models import Connection, Exchange, LoginState, Rate, Wait
    from regbrowse.settings.login import Source as LoginSource


class Seen(NamedTuple):
    """What a tag pointed to, and when that was learnt."""

    digest: Digest
    at: float


class Reaching:
    """One client, and what of it can be asked and changed while it runs."""

    def __init__(self, client: Client, platform: Platform | None = None, notices: tuple[str, ...] = ()) -> None:
        self._client = client
        self._notices = notices
        self.platform = platform
        """The platform to show first, from the settings file; None: this machine's."""
        self._seen: dict[tuple[Repository, str], Seen] = {}

    async def aclose(self) -> None:
        await self._client.aclose()

    def begin(self, registry: Registry) -> None:
        """Knocks at a registry at once, because it will be asked something."""
        self._client.begin(registry)

    def requests(self) -> tuple[Exchange, ...]:
        """Every request so far, safe to show, oldest first."""
        return tuple(self._client.log)

    def notices(self) -> tuple[str, ...]:
        """What was wrong with files and variables of this machine, one sentence each."""
        return (*self._notices, *self._client.notices())

    def connection(self, registry: Registry, path: str = "") -> Connection:
        """How a registry, or a repository of it, is reached."""
        return self._client.connection(registry, path)

    async def open_files(self, source: Source) -> tuple[Registry | Reference, tuple[str, ...]]:
        """Where to go in a folder or archive on this machine, and what is strange about it.

        Raises BadReference or ConfigError.
        """
        from regbrowse.registry.local.open import open_source_in_thread

        found = await open_source_in_thread(source)
        self._client.add(found.registry, found.responder)
        self._notices += found.notices
        return found.place, found.notices

    def wait(self, registry: Registry) -> Wait | None:
        """Why the registry is not asked just now; None when it is."""
        return self._client.limits.wait(registry)

    def asking(self) -> str:
        """The credential helper that is being waited for; empty when none is."""
        return self._client.auth.waiting_for_helper

    def hurry(self, registry: Registry) -> None:
        """Asks at once, whatever is being waited for."""
        self._client.limits.retry_now(registry)

    def allow_http(self, registry: Registry) -> None:
        """For this session the registry may be asked unencrypted."""
        self._client.allow_http(registry)

    def allow_realm(self, registry: Registry) -> None:
        """Logins may go to the host that the registry names now."""
        self._client.auth.realms.allow(registry)

    async def sign_in(self, registry: Registry, user: str, password: Secret) -> None:
        """From now on this is who asks, until the program ends. Raises when the registry refuses."""
        await self._client.auth.log_in(registry, user, password)
        self._forget(registry)

    async def browse_anonymously(self, registry: Registry) -> None:
        self._client.auth.use_anonymous(registry)
        self._forget(registry)

    async def sources(self, registry: Registry, path: str = "") -> tuple[LoginSource, ...]:
        """Where logins are looked for, and which of them counts."""
        return await self._client.auth.login_sources(registry, path)

    def slow_helper(self, registry: Registry) -> str:
        """The credential helper that wants the terminal for itself; empty when none does."""
        return self._client.auth.slow_helper(registry)

    async def helper_in_foreground(self, registry: Registry) -> bool:
        """Runs that helper with the terminal; whether it gave a login."""
        found = await self._client.auth.run_helper_in_foreground(registry)
        self._forget(registry)
        return found

    def _forget(self, registry: Registry) -> None:
        """What tags pointed to for somebody else says nothing any more."""
        self._seen = {key: seen for key, seen in self._seen.items() if key[0].registry.key != registry.key}

    def login(self, registry: Registry) -> LoginState:
        return self._client.auth.login_state(registry)

    def rate(self, registry: Registry) -> Rate | None:
        return self._client.limits.rate(registry)

    def frugal(self, registry: Registry) -> bool:
        """Whether the registry counts requests, so that only what is looked at should be asked."""
        return self._client.limits.rate(registry) is not None

    def spent(self, registry: Registry) -> bool:
        """Whether so little of the rate limit is left that nothing is asked without a key."""
        rate = self._client.limits.rate(registry)
        return rate is not None and rate.remaining <= max(10, rate.limit // 10)
