"""Makes the browser with what the command line said; imported late, because httpx is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from regbrowse.cli.arguments import DEMO, FILES, Arguments
from regbrowse.reference import Reference, Registry

if TYPE_CHECKING:
    from regbrowse.browse import Browser
    from regbrowse.registry.models import Settings
    from regbrowse.registry.responder import Responder
    from regbrowse.registry.transport.early_connection import EarlyConnection
    from regbrowse.settings.login import Login


def look_ahead(arguments: Arguments) -> None:
    """Begins to read the system's certificates, which takes long, if a verb will ask a registry far away."""
    first = arguments.reference or ""
    asks = arguments.verb is not None and arguments.verb.module != "completion"
    if asks and first and not arguments.offline and not first.startswith((DEMO, *FILES)):
        from regbrowse.registry.transport.system_certificates import read_ahead

        read_ahead()


class Start:
    """Where to begin and as whom."""

    def __init__(self, arguments: Arguments, user: str | None, source: str) -> None:
        """`user` is USER:PASSWORD, and `source` where that came from."""
        self.arguments = arguments
        self.user = user
        self.source = source
        self.place: Registry | Reference | None = None
        self.local: dict[str, Responder] = {}
        self.notices: tuple[str, ...] = ()
        self.plain_http = False
        self.settings: Settings | None = None
        """None before it was prepared, and for the demo."""
        self.ahead: EarlyConnection | None = None
        self.certain = False
        """Whether the registry will be asked something, whatever else happens."""

    def find(self, text: str | None) -> None:
        """Understands a reference; opens files on this machine. Raises BadReference or ConfigError."""
        if text is None:
            return
        if text == DEMO or text.startswith(f"{DEMO}/"):
            self._find_demo(text)
            return
        from regbrowse.pasted import read_typed

        typed = read_typed(text)
        self.place, self.plain_http = typed.place, self.arguments.plain_http or typed.plain_http
        if typed.source is not None:
            from regbrowse.registry.local.open import open_source

            opened = open_source(typed.source)
            self.place, self.notices = opened.place, opened.notices
            self.local[opened.registry.key] = opened.responder

    def _find_demo(self, text: str) -> None:
        """`demo`, or `demo/REPOSITORY[:TAG]`."""
        from regbrowse.demo.registry import REGISTRY, DemoRegistry
        from regbrowse.demo.start import START
        from regbrowse.pasted import read_typed

        rest = text.partition("/")[2]
        self.place = read_typed(f"{REGISTRY.name}/{rest}").place if rest else START
        self.local[REGISTRY.key] = DemoRegistry()

    @property
    def is_demo(self) -> bool:
        if not self.local:
            return False
        from regbrowse.demo.start import START

        return START.repository.registry.key in self.local

    def prepare(self) -> None:
        """Reads the settings; not for an event loop."""
        if self.settings is None and not self.is_demo:
            self.settings = self._settings()

    async def browser(self) -> Browser:
        """Imports in threads, so that the first paint and the first keys do not wait, nor the connection."""
        from asyncio import to_thread

        await to_thread(self.prepare)
        if self.settings is not None:
            from regbrowse.registry.transport.early_connection import EarlyConnection

            self.ahead = EarlyConnection(self.settings)
            self.certain = self.place is not None and self.ahead.begin(self.place)
        browser = await to_thread(self._make)
        if self.certain and self._registry is not None:
            browser.begin(self._registry)
        return browser

    def _make(self) -> Browser:
        from regbrowse.browse import Browser
        from regbrowse.registry.client import Client
        from regbrowse.registry.models import Settings

        settings, ahead = self.settings, self.ahead
        if settings is None:
            return Browser(Client(Settings(registry=self._registry, local=self.local)))
        from regbrowse.settings.keychain import Keychain

        settings = settings._replace(keychain=Keychain(os.environ, Path.home(), authfile=self.arguments.authfile))
        platform = settings.network.platform if settings.network else None
        return Browser(Client(settings, ahead), platform, self.notices)

    @property
    def _registry(self) -> Registry | None:
        place = self.place
        return place if isinstance(place, Registry) or place is None else place.repository.registry

    def login(self) -> Login | None:
        """What -u or the environment says."""
        if self.user is None:
            return None
        from regbrowse.settings.login import login_from

        name, _, password = self.user.partition(":")
        return login_from(name, password, self.source)

    def _settings(self) -> Settings:
        """The command line, then the environment, then the files of this machine; the saved logins come later."""
        import platformdirs

        from regbrowse.registry.models import CACHE_SIZE, Settings
        from regbrowse.settings.network import Network

        home, arguments, registry = Path.home(), self.arguments, self._registry
        config = Path(platformdirs.user_config_path("regbrowse", appauthor=False))
        network = Network.read(os.environ, home, config=config / "settings.toml")
        size = CACHE_SIZE if network.cache_size is None else network.cache_size
        keeps = arguments.cache and size > 0
        this = frozenset({registry.key}) if registry else frozenset()
        return Settings(
            user=self.login(),
            registry=registry,
            plain_http=this if self.plain_http else frozenset(),
            insecure=this if arguments.insecure else frozenset(),
            ca_file=arguments.ca_file,
            local=self.local,
            network=network,
            cache_folder=Path(platformdirs.user_cache_path("regbrowse", appauthor=False)) if keeps else None,
            cache_size=size,
            state_folder=Path(platformdirs.user_state_path("regbrowse", appauthor=False)),
            offline=arguments.offline,
        )
