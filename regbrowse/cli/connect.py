"""Makes the browser with what the command line said; imported late, because httpx is."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from regbrowse.cli.arguments import DEMO, Arguments
from regbrowse.reference import Reference, Registry

if TYPE_CHECKING:
    from regbrowse.browse import Browser
    from regbrowse.registry.facts import Settings
    from regbrowse.registry.net.ahead import Ahead
    from regbrowse.registry.responder import Responder
    from regbrowse.settings.login import Login


@dataclass(slots=True)
class Start:
    """Where to begin and as whom."""

    arguments: Arguments
    user: str | None
    """USER:PASSWORD."""
    source: str
    """Where that came from."""
    place: Registry | Reference | None = None
    local: dict[str, Responder] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    plain_http: bool = False

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
            from regbrowse.registry.sources.open import open_source

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
        from regbrowse.demo.start import START

        return START.repository.registry.key in self.local

    async def browser(self) -> Browser:
        """Imports in threads, so that the first paint and the first keys do not wait.

        As soon as the settings are known, the connection for the first question is opened beside the rest.
        """
        if self.is_demo:
            return await asyncio.to_thread(self._make, None, None)
        if self.place is not None and not (self.local or self.arguments.offline):
            from regbrowse.registry.net.system_trust import read_ahead

            read_ahead()
        settings = await asyncio.to_thread(self._settings)
        from regbrowse.registry.net.ahead import Ahead

        ahead = Ahead(settings)
        certain = self.place is not None and ahead.begin(self.place)
        browser = await asyncio.to_thread(self._make, settings, ahead)
        if certain and self._registry is not None:
            browser.begin(self._registry)
        return browser

    def _make(self, settings: Settings | None, ahead: Ahead | None) -> Browser:
        from regbrowse.registry.net.warm import warm, without_its_command_line

        without_its_command_line()

        from regbrowse.browse import Browser
        from regbrowse.registry.client import Client
        from regbrowse.registry.facts import Settings

        if settings is None:
            return Browser(Client(Settings(registry=self._registry, local=self.local)))
        from regbrowse.settings.keychain import Keychain

        warm()
        settings = settings._replace(keychain=Keychain(os.environ, Path.home(), authfile=self.arguments.authfile))
        wanted, platform = settings.network.platform if settings.network else None, None
        if wanted:
            from regbrowse.errors import BadReference
            from regbrowse.oci.platform import Platform

            try:
                platform = Platform.parse(wanted)
            except BadReference as error:
                self.notices += (f"settings.toml: {error}",)
        return Browser(Client(settings, ahead), platform, self.notices)

    @property
    def _registry(self) -> Registry | None:
        place = self.place
        return place if isinstance(place, Registry) or place is None else place.repository.registry

    def login(self) -> Login | None:
        """What -u or the environment says."""
        from regbrowse.settings.authfile import login_from

        if self.user is None:
            return None
        name, _, password = self.user.partition(":")
        return login_from(name, password, self.source)

    def _settings(self) -> Settings:
        """The command line, then the environment, then the files of this machine; the saved logins come later."""
        import platformdirs

        from regbrowse.registry.facts import CACHE_SIZE, Settings
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
