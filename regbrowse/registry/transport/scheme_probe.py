"""https or http: which of them a registry is asked by, and who may choose.

https comes first. http comes second, only where it is tolerable (this machine, a registry somebody configured
or named so), and only when the port is closed, hangs up or speaks something that is not TLS; never because a
certificate is not trusted or a remote host is silent.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from regbrowse.errors import ConfigError, PolicyError
from regbrowse.reference import Registry
from regbrowse.registry.models import Settings
from regbrowse.registry.single_flight import SingleFlight
from regbrowse.registry.transport.early_connection import EarlyConnection
from regbrowse.registry.transport.network import leads_here
from regbrowse.registry.transport.pools import Pools
from regbrowse.registry.transport.tls_probe import speaks_tls, was_greeted
from regbrowse.registry.transport.url_policy import Origin, origin_of
from regbrowse.text import visible


class SchemeProbe:
    """How each registry is reached, once it was found out."""

    def __init__(self, settings: Settings, wires: Pools, ahead: EarlyConnection | None = None) -> None:
        self._settings = settings
        self._network = settings.network
        self._wires = wires
        self._ahead = ahead
        self._bases: dict[str, str] = {}
        self._probes: SingleFlight[str] = SingleFlight()
        self._allowed: set[str] = set()
        self._elsewhere: set[str] = set()
        """Registries whose names promise this machine and lead to another (RFC 6761, 6.3, is not heeded everywhere)."""

    async def base(self, registry: Registry) -> str:
        """`https://host:port`, or `http://` where that is tolerable and https does not work. Remembered.

        Raises PolicyError for a registry that is blocked on this machine.
        """
        key = registry.key
        if key not in self._bases:
            self._bases[key] = await self._probes.share(key, lambda: self._find(registry))
        return self._bases[key]

    def known(self, registry: Registry) -> str:
        """The base, if it was found already; else what is tried first."""
        return self._bases.get(registry.key, f"https://{registry.authority}")

    def found(self, registry: Registry) -> str:
        """The base, if it was found already; else empty."""
        return self._bases.get(registry.key, "")

    def forget(self, registry: Registry) -> None:
        """Finds out again the next time."""
        self._bases.pop(registry.key, None)

    def allow_http(self, registry: Registry) -> None:
        """For as long as the program runs."""
        self._allowed.add(registry.key)
        self.forget(registry)

    def http_asked(self, registry: Registry) -> bool:
        """Whether somebody chose http for it, or it cannot be overheard; logins may go over http then."""
        if self._is_here(registry) or registry.key in self._settings.plain_http or registry.key in self._allowed:
            return True
        return self._network is not None and self._network.http_asked(registry)

    def _is_here(self, registry: Registry) -> bool:
        return registry.is_loopback and registry.key not in self._elsewhere

    def tolerable(self, registry: Registry) -> bool:
        """Whether http may be tried when https does not work."""
        return self.http_asked(registry) or (self._network is not None and self._network.http_allowed(registry))

    def _look(self, registry: Registry, origin: Origin) -> bool:
        """As `tolerable`, after a look at where its name leads. Blocks: names are looked up, and files read."""
        if registry.is_loopback and not leads_here(*origin[1:]):
            self._elsewhere.add(registry.key)
        return self.tolerable(registry)

    async def _find(self, registry: Registry) -> str:
        secure, plain = f"https://{registry.authority}", f"http://{registry.authority}"
        if registry.key in self._settings.local:
            return secure
        blocked = self._network.blocked(registry) if self._network else ""
        if blocked:
            raise PolicyError(blocked, wanted=f"Connecting to {visible(registry.name)}")
        origin = origin_of(secure)
        if not await asyncio.to_thread(self._look, registry, origin):
            return secure
        if self._wires.proxy(origin) is not None:
            # Whatever we could try without the proxy says nothing about the way through it.
            return plain if self.http_asked(registry) else secure
        _, host, port = origin
        patient = not self._is_here(registry)
        opening = self._ahead.to(host, port) if self._ahead is not None else None
        tls = None
        if opening is not None:
            with suppress(ConfigError):  # which matters only to those who are asked by https
                tls = await was_greeted(asyncio.shield(opening), patient=patient)
        if tls is None:
            tls = await speaks_tls(self._wires.backend, host, port, patient=patient)
        if not tls and self._ahead is not None:
            await self._ahead.aclose()
        return secure if tls else plain
