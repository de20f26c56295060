"""How a client reaches its registries and as whom; the part of it that people ask about and change."""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import Self

from regbrowse.errors import PolicyError
from regbrowse.redact import Secret
from regbrowse.reference import Digest, Registry, Repository
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.content.cache import ContentCache
from regbrowse.registry.models import Connection, Exchange, LoginState, Rate, Settings, Wait
from regbrowse.registry.responder import Responder
from regbrowse.registry.transport.early_connection import EarlyConnection
from regbrowse.registry.transport.transport import Transport
from regbrowse.settings.login import Source
from regbrowse.settings.network import Resolved
from regbrowse.text import visible

LOG_LENGTH = 500


class Reached:
    """One transport, one desk and one store, and what can be said of them."""

    def __init__(self, settings: Settings, ahead: EarlyConnection | None = None) -> None:
        self.requests: deque[Exchange] = deque(maxlen=LOG_LENGTH)
        """The request log, oldest first."""
        self._local = dict(settings.local)
        settings = settings._replace(local=self._local)
        self._settings = settings
        self._transport = Transport(settings, self.requests, ahead)
        self._desk = Authenticator(self._transport, settings)
        self._store = ContentCache(
            self._desk.who, folder=settings.cache_folder, size=settings.cache_size, local=self._local
        )
        self._desk.on_change = self._changed

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes every connection, and puts on disk what is to be kept."""
        await self._desk.aclose()
        await self._transport.aclose()
        await self._store.aclose()

    def begin(self, registry: Registry) -> None:
        """Knocks at a registry at once, because it will be asked something."""
        self._desk.begin(registry)

    def add(self, registry: Registry, responder: Responder) -> None:
        """From now on a registry inside this process answers under this name."""
        self._local[registry.key] = responder

    def _changed(self, registry: Registry) -> None:
        self._store.forget(registry)

    # Where it really is

    def resolved(self, repository: Repository) -> Resolved:
        """The place that the files of this machine give for a repository. Raises PolicyError when they forbid it."""
        network = self._settings.network
        if network is None or repository.registry.key in self._local:
            return Resolved(repository)
        place = network.resolve(repository)
        if place.blocked:
            raise PolicyError(place.blocked, wanted=f"Opening {repository.familiar}")
        return place

    def allowed(self, registry: Registry) -> None:
        """Raises PolicyError when a file of this machine forbids a registry."""
        network = self._settings.network
        blocked = network.blocked(registry) if network and registry.key not in self._local else ""
        if blocked:
            raise PolicyError(blocked, wanted=f"Opening {visible(registry.name)}")

    # What is known of it

    def login(self, registry: Registry) -> LoginState:
        return self._desk.state(registry)

    def rate(self, registry: Registry) -> Rate | None:
        return self._desk.rate(registry)

    def wait(self, registry: Registry) -> Wait | None:
        """Why a registry is not asked right now; None when it is."""
        return self._transport.wait(registry)

    def asking(self) -> str:
        """The credential helper that is being waited for; empty when none is."""
        return self._settings.keychain.asking if self._settings.keychain else ""

    def connection(self, registry: Registry, path: str = "") -> Connection:
        """How a registry is reached, and what is unusual about that; sends nothing."""
        if registry.key in self._local:
            return Connection("", True, True, self._desk.state(registry), notes=("It is inside this program.",))
        base = self._transport.known(registry)
        notes = list(self._transport.notes(registry)) if base else []
        network = self._settings.network
        if network is not None and path:
            place = network.resolve(Repository(registry, path))
            notes += [place.note] if place.note else []
            if place.mirror is not None:
                notes.append(f"Manifests and blobs come from the mirror {place.mirror} when it has them.")
            elif mirrors := network.mirrors(Repository(registry, path)):
                notes.append(f"A mirror is configured and not used: {', '.join(mirrors)}.")
        return Connection(
            base,
            base.startswith("https:"),
            bool(base) and self._transport.verified(registry),
            self._desk.state(registry),
            self._desk.logins_go_to(registry),
            tuple(notes),
        )

    def notices(self) -> tuple[str, ...]:
        """What was wrong with files, variables and folders of this machine, one sentence each."""
        network, keychain = self._settings.network, self._settings.keychain
        return (
            *(network.notices if network else ()),
            *(keychain.notices if keychain else ()),
            *self._store.notices,
        )

    async def sources(self, registry: Registry, path: str = "") -> tuple[Source, ...]:
        """Where logins for a registry are looked for, and which of them counts."""
        return await self._desk.sources(registry, path)

    def slow_helper(self, registry: Registry) -> str:
        """The credential helper that may want the terminal for itself; empty when none does."""
        keychain = self._settings.keychain
        return (keychain.helper_for(registry) or "") if keychain and registry.key in keychain.slow else ""

    def cached(self, digest: Digest) -> bytes | None:
        """Verified content, when it is at hand."""
        cached = self._store.memory.get(digest)
        return cached.content if cached else None

    # What can be changed while it runs

    def hurry(self, registry: Registry) -> None:
        """Asks at once, whatever is being waited for."""
        self._transport.hurry(registry)

    def allow_http(self, registry: Registry) -> None:
        """For this session http may be used when https does not work, and logins may go over it."""
        self._transport.allow_http(registry)

    def allow_realm(self, registry: Registry) -> None:
        """Logins may go to the host that the registry names now."""
        self._desk.allow_realm(registry)

    async def sign_in(self, registry: Registry, user: str, password: Secret) -> None:
        """Logs in for this session. Raises AuthError or NetError when that does not work."""
        await self._desk.sign_in(registry, user, password)
        # A login often raises the limit that was being waited for.
        self.hurry(registry)

    async def browse_anonymously(self, registry: Registry) -> None:
        await self._desk.browse_anonymously(registry)

    async def helper_in_foreground(self, registry: Registry) -> bool:
        """Runs the credential helper with the terminal; whether it gave a login."""
        return await self._desk.ask_helper_in_foreground(registry)
