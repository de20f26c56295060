"""https or http: which a registry is pinged by, and where http is allowed.

https comes first. http comes second, only where it is tolerable (this machine, a registry that a user named or
configured so), and only when nothing speaks TLS there: the port is closed, hangs up, or speaks something else. It is
never tried after a certificate was refused, and never because a remote host is silent.
"""

from __future__ import annotations

import ipaddress

import httpx

from regbrowse.errors import PolicyError, RegistryError
from regbrowse.reference import Registry
from regbrowse.registry.models import Settings
from regbrowse.registry.transport.early_connection import addresses_in, resolve
from regbrowse.registry.transport.pool import Pools, causes_of
from regbrowse.registry.transport.tls_errors import speaks_no_tls
from regbrowse.registry.transport.url_policy import https_origin
from regbrowse.text import visible

SILENCE = 3.0
"""Seconds after which a loopback port that does not answer TLS is asked by http."""


class SchemeProbe:
    """Says by which schemes a registry may be asked, and when the next one is tried."""

    def __init__(self, settings: Settings, pools: Pools) -> None:
        self._settings = settings
        self._network = settings.network
        self._pools = pools
        self._allowed = set(settings.plain_http)
        self._only_https = set(settings.only_https)
        self._remote: set[str] = set()
        """Registries with a loopback name that leads to another machine (RFC 6761, 6.3, is not heeded everywhere)."""

    async def bases(self, registry: Registry) -> tuple[str, ...]:
        """Give the origins to ping, in order, such as `https://host:port`. Raises PolicyError for a blocked one."""
        secure, plain = f"https://{registry.authority}", f"http://{registry.authority}"
        if registry.key in self._settings.local:
            return (secure,)
        blocked = self._network.blocked(registry) if self._network else ""
        if blocked:
            raise PolicyError(blocked, wanted=f"Connecting to {visible(registry.name)}")
        if registry.is_loopback and not await _leads_here(registry):
            self._remote.add(registry.key)
        if not self.is_tolerable(registry):
            return (secure,)
        if self._pools.proxy(https_origin(registry)) is not None:
            # What cannot be reached directly says nothing about the way through the proxy.
            return (plain,) if self.http_allowed(registry) else (secure,)
        return secure, plain

    def allow_http(self, registry: Registry) -> None:
        """Allow http, and logins over it, for as long as the program runs."""
        self._allowed.add(registry.key)
        self._only_https.discard(registry.key)

    def require_https(self, registry: Registry) -> None:
        """Never try http, for as long as the program runs or until it is allowed."""
        self._allowed.discard(registry.key)
        self._only_https.add(registry.key)

    def http_allowed(self, registry: Registry) -> bool:
        """Tell whether logins may go over http: to this machine, or where the user chose http."""
        if self._is_here(registry) or registry.key in self._allowed:
            return True
        return self._network is not None and self._network.http_asked(registry)

    def is_tolerable(self, registry: Registry) -> bool:
        """Tell whether http may be tried when nothing speaks TLS."""
        if registry.key in self._only_https:
            return False
        return self.http_allowed(registry) or (self._network is not None and self._network.http_allowed(registry))

    def connect_seconds(self, registry: Registry, usual: float) -> float:
        """Give the time for name, TCP and TLS when http may follow."""
        return SILENCE if self._is_here(registry) else usual

    def is_no_tls(self, registry: Registry, error: RegistryError) -> bool:
        """Tell whether a failed ping by https says that http is to be tried.

        A server that is silent instead of answering TLS counts only on this machine, where http is no risk.
        """
        causes = list(causes_of(error))
        silent = any(isinstance(cause, httpx.ConnectTimeout) for cause in causes)
        return speaks_no_tls(error) or (silent and self._is_here(registry))

    def _is_here(self, registry: Registry) -> bool:
        return registry.is_loopback and registry.key not in self._remote


async def _leads_here(registry: Registry) -> bool:
    """Tell whether a name means nothing but this machine, as far as it can be looked up."""
    _, host, port = https_origin(registry)
    try:
        addresses = addresses_in(await resolve(host, port))
    except OSError:
        return True
    return all(ipaddress.ip_address(address.partition("%")[0]).is_loopback for address in addresses)
