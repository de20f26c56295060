"""From the command line's values to the browser that answers: the place, the login and the settings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from regbrowse.cli.arguments import Arguments
from regbrowse.cli.demo_names import DEMO_HOST
from regbrowse.cli.verb_table import DEMO
from regbrowse.errors import BadReference, ConfigError
from regbrowse.reference import Reference, Registry, registry_in

if TYPE_CHECKING:
    from regbrowse.browser import Browser
    from regbrowse.oci.platform import Platform
    from regbrowse.registry.models import Settings
    from regbrowse.registry.responder import Responder
    from regbrowse.registry.transport.early_connection import EarlyConnection
    from regbrowse.settings.login import Login
    from regbrowse.settings.network import Network

ETC = Path("/etc")
CREDENTIALS_VARIABLE = "DOCKER_REGISTRY_CREDENTIALS"


class Connector:
    """The place that the command line names, and how and as whom its registry is asked."""

    def __init__(self, arguments: Arguments) -> None:
        """Check the options and read the reference; open files on this machine. Raises BadReference, ConfigError."""
        self.arguments = arguments
        self.login = _login(arguments)
        _check(arguments)
        self.place: Registry | Reference | None = None
        self.other: Registry | Reference | None = None
        """The second place, of a verb that takes two."""
        self.is_demo = False
        """Whether nothing but the demo is named."""
        self._plain_http: set[str] = set()
        """Registries that may be asked without TLS, by key."""
        self._only_https: set[str] = set()
        self._local: dict[str, Responder] = {}
        """Registries inside this process, by key."""
        self._notices: tuple[str, ...] = ()
        if arguments.reference is not None:
            self.place = self._read(arguments.reference)
            self.is_demo = _is_demo(arguments.reference)
        if arguments.other is not None:
            self.other = self._read(arguments.other)
            self.is_demo = self.is_demo and _is_demo(arguments.other)

    async def browser(self) -> Browser:
        """Make the browser; import in threads, so that neither the first paint nor the connection waits for it."""
        from asyncio import to_thread

        early: EarlyConnection | None = None
        registry = self._registry
        settings = None if self.is_demo else await to_thread(self._settings)
        if settings is not None and registry is not None and self._is_certain(settings):
            from regbrowse.registry.transport.early_connection import EarlyConnection
            from regbrowse.registry.transport.url_policy import https_origin

            early = EarlyConnection(settings)
            early.begin(https_origin(registry))
        browser = await to_thread(self._browser, settings, early)
        if early is not None and registry is not None:
            browser.client.begin(registry)
        return browser

    def _is_certain(self, settings: Settings) -> bool:
        """Tell whether the registry of the reference itself will be asked something."""
        place, registry, network = self.place, self._registry, settings.network
        if place is None or registry is None or settings.offline or registry.key in settings.local:
            return False
        if network is not None and network.blocked(registry):
            return False
        if isinstance(place, Registry):
            from regbrowse.registry.vendor import is_searchable

            return not is_searchable(place)  # the search of some registries has another host
        if place.digest and settings.cache_folder:
            from regbrowse.registry.content.disk_cache import may_contain

            if may_contain(settings.cache_folder, place.digest):
                return False
        if network is None:
            return True
        found = network.resolve(place.repository)
        return not (found.blocked or found.mirror) and found.repository.registry == registry

    def _read(self, text: str) -> Registry | Reference:
        """Read a reference: the demo, something on this machine, or a registry's. Raises BadReference, ConfigError."""
        from regbrowse.reference_input import read_typed

        # The screen shows the demo by its host, and copies names with it.
        if _is_demo(text):
            from regbrowse.demo.registry import DemoRegistry
            from regbrowse.demo.start import REGISTRY, START

            if REGISTRY.key not in self._local:
                self._local[REGISTRY.key] = DemoRegistry()
            rest = text.partition("/")[2]
            return read_typed(f"{REGISTRY.name}/{rest}").place if rest else START
        typed = read_typed(text)
        if typed.short:
            from regbrowse.settings.files import Notices
            from regbrowse.settings.registries_conf import read_registries_conf

            # Their faults are told when all settings are read.
            written, typed = typed, read_registries_conf(os.environ, Path.home(), ETC, Notices()).meant(typed)
            self._notices += (typed.note,) if typed != written else ()
        if typed.source is not None:
            from regbrowse.registry.local.open import open_source

            opened = open_source(typed.source)
            self._notices += opened.notices
            self._local[opened.registry.key] = opened.responder
            return opened.place
        key = registry_in(typed.place).key
        if self.arguments.plain_http or typed.plain_http:
            self._plain_http.add(key)
        elif typed.only_https:
            self._only_https.add(key)
        return typed.place

    @property
    def _registry(self) -> Registry | None:
        return None if self.place is None else registry_in(self.place)

    def _settings(self) -> Settings:
        """Join the command line, the environment and the files of this machine, in this order."""
        import platformdirs

        from regbrowse.registry.models import CACHE_SIZE, Settings
        from regbrowse.settings.network import Network

        arguments, registry = self.arguments, self._registry
        config = Path(platformdirs.user_config_path("regbrowse", appauthor=False))
        network = Network.read(os.environ, Path.home(), config=config / "settings.toml", etc=ETC)
        size = CACHE_SIZE if network.cache_size is None else network.cache_size
        keeps = arguments.cache and size > 0
        named = frozenset(registry_in(place).key for place in (self.place, self.other) if place is not None)
        return Settings(
            user=self.login,
            registry=registry,
            only_https=frozenset(self._only_https - self._plain_http),
            plain_http=frozenset(self._plain_http),
            insecure=named if arguments.insecure else frozenset(),
            ca_file=arguments.ca_file,
            local=self._local,
            network=network,
            cache_folder=Path(platformdirs.user_cache_path("regbrowse", appauthor=False)) if keeps else None,
            cache_size=size,
            state_folder=Path(platformdirs.user_state_path("regbrowse", appauthor=False)),
            offline=arguments.offline,
        )

    def _browser(self, settings: Settings | None, early: EarlyConnection | None) -> Browser:
        from regbrowse.browser import Browser
        from regbrowse.registry.client import Client
        from regbrowse.registry.models import Settings

        if settings is None:
            known = Settings(user=self.login, registry=self._registry, local=self._local)
            return Browser(Client(known), self._platform(None))
        from regbrowse.settings.keychain import Keychain

        network = settings.network
        helpers = network.helpers if network else None
        keychain = Keychain(os.environ, Path.home(), authfile=self.arguments.authfile, helpers=helpers)
        settings = settings._replace(keychain=keychain)
        platform = self._platform(network)
        return Browser(Client(settings, early), platform, self._notices)

    def _platform(self, network: Network | None) -> Platform | None:
        """The platform to show first: that of the options, else that of the settings; None: this machine's."""
        preferred = network.platform if network else None
        if not self.arguments.names_platform:
            return preferred
        from regbrowse.cli.platform_request import requested_platform

        return requested_platform(self.arguments, preferred)


def _is_demo(text: str) -> bool:
    return text.partition("/")[0] in (DEMO, DEMO_HOST)


def _login(arguments: Arguments) -> Login | None:
    """Read the login of -u or the environment. Raises ConfigError, without a word of the login."""
    source = CREDENTIALS_VARIABLE if arguments.user is None else "-u"
    user = (os.environ.get(source) or None) if arguments.user is None else arguments.user
    if arguments.reference is None:
        # A login is for the registry of the reference; without one it would go to whatever is opened first.
        if arguments.user is not None:
            raise ConfigError("-u is a login for the registry of a reference, and there is none.")
        return None
    if user is None:
        return None
    from regbrowse.settings.login import login_from, sendable

    name, _, password = user.partition(":")
    if not name or not password:
        raise ConfigError(f"{source} is not of the form USER:PASSWORD.")
    if not sendable(user):
        raise ConfigError(f"{source} is not written in UTF-8.", hint="Set the terminal to UTF-8, or use --authfile.")
    return login_from(name, password, source)


def _check(arguments: Arguments) -> None:
    """Check that the options can be met. Raises ConfigError or BadReference."""
    if arguments.ca_file is not None:
        from regbrowse.settings.certificates import problem_with_ca

        problem = problem_with_ca(arguments.ca_file)
        if problem:
            raise ConfigError(f"--cacert: {problem}.")
    if arguments.authfile is not None and not arguments.authfile.is_file():
        raise ConfigError(f"--authfile {arguments.authfile}: there is no such file.")
    if arguments.offline and not arguments.cache:
        raise ConfigError("--offline shows what --no-cache does not keep.", hint="Leave one of them out.")
    if arguments.names_platform:
        from regbrowse.cli.platform_request import requested_platform

        if arguments.all:
            raise BadReference("--all checks every platform, and one was chosen.", hint="Leave one of them out.")
        requested_platform(arguments)
