"""Makes the browser with what the command line said; imported late, because httpx is."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from regbrowse.cli.arguments import DEMO, Arguments
from regbrowse.reference import Registry

if TYPE_CHECKING:
    from regbrowse.browse import Browser
    from regbrowse.registry.facts import Settings
    from regbrowse.registry.responder import Responder
    from regbrowse.settings.login import Login
    from regbrowse.tui.state import Place


async def browser(
    place: Place | None,
    arguments: Arguments,
    user: str | None,
    source: str,
    *,
    plain_http: bool,
    local: dict[str, Responder],
    notices: tuple[str, ...] = (),
) -> Browser:
    """Imports in a thread, so that the first paint and the first keys do not wait."""
    return await asyncio.to_thread(_make, place, arguments, user, source, plain_http, local, notices)


def _make(
    place: Place | None,
    arguments: Arguments,
    user: str | None,
    source: str,
    plain_http: bool,
    local: dict[str, Responder],
    notices: tuple[str, ...],
) -> Browser:
    from regbrowse.browse import Browser
    from regbrowse.errors import BadReference
    from regbrowse.oci.platform import Platform
    from regbrowse.registry.client import Client
    from regbrowse.registry.facts import Settings
    from regbrowse.registry.net.warm import warm

    registry = place if isinstance(place, Registry) or place is None else place.repository.registry
    if arguments.reference == DEMO:
        from regbrowse.demo.registry import REGISTRY, DemoRegistry

        return Browser(Client(Settings(registry=registry, local={REGISTRY.key: DemoRegistry()})))
    warm()
    settings = _settings(registry, arguments, _login(user, source), plain_http, local)
    wanted, platform = settings.network.platform if settings.network else None, None
    if wanted:
        try:
            platform = Platform.parse(wanted)
        except BadReference as error:
            notices += (f"settings.toml: {error}",)
    return Browser(Client(settings), platform, notices)


def _login(user: str | None, source: str) -> Login | None:
    from regbrowse.settings.authfile import login_from

    if user is None:
        return None
    name, _, password = user.partition(":")
    return login_from(name, password, source)


def _settings(
    registry: Registry | None,
    arguments: Arguments,
    login: Login | None,
    plain_http: bool,
    local: dict[str, Responder],
) -> Settings:
    """The command line, then the environment, then the files of this machine."""
    import platformdirs

    from regbrowse.registry.facts import CACHE_SIZE, Settings
    from regbrowse.settings.keychain import Keychain
    from regbrowse.settings.network import Network

    home = Path.home()
    config = Path(platformdirs.user_config_path("regbrowse", appauthor=False))
    network = Network.read(os.environ, home, config=config / "settings.toml")
    size = CACHE_SIZE if network.cache_size is None else network.cache_size
    keeps = arguments.cache and size > 0
    this = frozenset({registry.key}) if registry else frozenset()
    return Settings(
        user=login,
        registry=registry,
        plain_http=this if plain_http else frozenset(),
        insecure=this if arguments.insecure else frozenset(),
        ca_file=arguments.ca_file,
        local=local,
        keychain=Keychain(os.environ, home, authfile=arguments.authfile),
        network=network,
        cache_folder=Path(platformdirs.user_cache_path("regbrowse", appauthor=False)) if keeps else None,
        cache_size=size,
        state_folder=Path(platformdirs.user_state_path("regbrowse", appauthor=False)),
        offline=arguments.offline,
    )
