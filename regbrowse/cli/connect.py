"""Makes the browser with what the command line said; imported late, because httpx is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from regbrowse.cli.arguments import DEMO, Arguments
from regbrowse.reference import Registry

if TYPE_CHECKING:
    from regbrowse.browse import Browser
    from regbrowse.pasted import Typed
    from regbrowse.registry.responder import Responder


async def browser(typed: Typed | None, arguments: Arguments, user: str | None, source: str) -> Browser:
    """Imports in a thread, so that the first paint and the first keys do not wait."""
    return await asyncio.to_thread(_make, typed, arguments, user, source)


def _make(typed: Typed | None, arguments: Arguments, user: str | None, source: str) -> Browser:
    from regbrowse.browse import Browser
    from regbrowse.redact import Secret
    from regbrowse.registry.client import Client
    from regbrowse.registry.facts import Settings
    from regbrowse.registry.net.warm import warm
    from regbrowse.settings.login import Login

    registry = _registry(typed)
    login = None
    if user is not None:
        name, _, password = user.partition(":")
        login = Login(name, Secret(password), source)
    plain = arguments.plain_http or (typed is not None and typed.plain_http)
    if arguments.reference != DEMO:
        warm()
    local: dict[str, Responder] = {}
    if arguments.reference == DEMO:
        from regbrowse.demo.registry import REGISTRY, DemoRegistry

        local = {REGISTRY.key: DemoRegistry()}
    settings = Settings(
        user=login,
        registry=registry,
        plain_http=frozenset({registry.key}) if plain and registry else frozenset(),
        ca_file=arguments.ca_file,
        local=local,
    )
    return Browser(Client(settings))


def _registry(typed: Typed | None) -> Registry | None:
    if typed is None:
        return None
    return typed.place if isinstance(typed.place, Registry) else typed.place.repository.registry
