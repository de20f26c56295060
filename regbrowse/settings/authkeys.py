"""Which keys of a credential file mean a registry.

Docker accepts host names and URLs (docker/cli, cli/config/credentials, ConvertToHostname); podman also
namespaces such as `quay.io/org` (containers/image, pkg/docker/config, authKeysForKey). A key means a registry
only when its host is equal to the registry's, never when it merely contains it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, TypeAlias

from regbrowse.reference import DOCKER_HUB, Registry
from regbrowse.text import visible

Style: TypeAlias = Literal["docker", "containers"]
"""Whose rules for keys a file follows."""
HUB_URL = "https://index.docker.io/v1/"
"""The key under which Docker keeps the login for Docker Hub."""
_HUB_HOSTS = ("index.docker.io", "docker.io", "registry-1.docker.io")
_HUB_TOKENS = frozenset({"v1/access-token", "v1/refresh-token"})
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_DEFAULT_PORT = re.compile(r":(?:443|80)$")
_LAST_DOT = re.compile(r"\.(?=(?::[0-9]+)?$)")


def matching(keys: Iterable[str], registry: Registry, path: str, style: Style) -> list[str]:
    """The keys that mean this registry or a namespace around `path` in it, the most precise first."""
    hosts = _hosts(registry)
    ranked: list[tuple[tuple[int, int], str]] = []
    for key in keys:
        rank = _rank(key, registry, hosts, path, style)
        if rank is not None:
            ranked.append((rank, key))
    return [key for _, key in sorted(ranked, key=lambda pair: pair[0])]


def helper_key(keys: Iterable[str], registry: Registry) -> str | None:
    """The key of `credHelpers` that means this registry: a host, or Docker Hub's URL."""
    exact = {HUB_URL, *_HUB_HOSTS[:2]} if registry.name == DOCKER_HUB else set()
    hosts = _hosts(registry)
    found: dict[int, str] = {}
    for key in keys:
        host = _normal_host(key)
        if key == HUB_URL and key in exact:
            return key
        if host in hosts and "/" not in key and (not exact or host in exact):
            found.setdefault(hosts.index(host), key)
    return found[min(found)] if found else None


def store_keys(registry: Registry, matched: Iterable[str], style: Style) -> list[str]:
    """What a credential store is asked for: the keys a file names, then the registry's own, each once."""
    named = [key for key in matched if "/" not in key or _SCHEME.match(key)]
    if registry.name == DOCKER_HUB:
        own = [HUB_URL if style == "docker" else DOCKER_HUB]
    else:
        own = [registry.name, *_hosts(registry)]
    return list(dict.fromkeys([*named[:1], *own]))


def shown_key(key: str) -> str:
    """A key as it may stand in a warning: without user info and query."""
    scheme = _SCHEME.match(key)
    head = scheme.group() if scheme else ""
    return visible(head + key.removeprefix(head).partition("?")[0].rpartition("@")[2], 96)


def _hosts(registry: Registry) -> tuple[str, ...]:
    if registry.name == DOCKER_HUB:
        return _HUB_HOSTS
    return tuple(dict.fromkeys((registry.key, _DEFAULT_PORT.sub("", registry.key))))


def _normal_host(host: str) -> str:
    return _LAST_DOT.sub("", host.lower()) if host.isascii() else ""


def _rank(key: str, registry: Registry, hosts: tuple[str, ...], path: str, style: Style) -> tuple[int, int] | None:
    """Smaller is more precise; None when the key means something else."""
    scheme = _SCHEME.match(key)
    host, _, rest = key[scheme.end() if scheme else 0 :].partition("/")
    host, rest = _normal_host(host), rest.strip("/")
    if host not in hosts:
        return None
    hub = registry.name == DOCKER_HUB
    if hub and rest in _HUB_TOKENS:
        return None  # what Docker's browser login keeps for itself; no registry takes it as a password
    if rest and not scheme:
        if path == rest or path.startswith(f"{rest}/"):
            return 0, -len(rest)
        return (3, hosts.index(host)) if style == "docker" else None
    canonical = (HUB_URL if style == "docker" else DOCKER_HUB) if hub else registry.name
    return (1, 0) if key == canonical else (2, hosts.index(host))
