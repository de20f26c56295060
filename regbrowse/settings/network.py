"""What this machine says about reaching registries, merged from all its files and its environment.

Our own settings.toml comes first, then registries.conf, docker's daemon.json and containerd's hosts.toml.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from regbrowse.reference import DOCKER_HUB, Registry, Repository
from regbrowse.settings.certificates import HUB_HOST, Certificates, Trust
from regbrowse.settings.containerd import Hosts
from regbrowse.settings.daemon import Daemon, read_daemon
from regbrowse.settings.preferences import Preferences, Wishes, read_preferences
from regbrowse.settings.proxies import Proxies, Proxy, read_proxies
from regbrowse.settings.reading import Notices, config_folder
from regbrowse.settings.registries import Entry, Registries, read_registries, repository_at
from regbrowse.text import visible

CONNECTIONS = 4
"""Connections to one host and port at a time when no file says otherwise."""


class Resolved(NamedTuple):
    """Where a repository is really read from."""

    repository: Repository
    """With the location that registries.conf gives for it."""
    note: str = ""
    """`docker.io/library/x → mirror.example/hub/library/x (FILE)` when the location differs; else empty."""
    blocked: str = ""
    """A sentence that names the file which forbids this repository; empty when none does."""
    mirror: Repository | None = None
    """The mirror of our own file: wanted for manifests and blobs, never for tag lists."""


class Network:
    """Answers from what was read once; asking does not raise."""

    def __init__(
        self, preferences: Preferences, registries: Registries, daemon: Daemon, proxies: Proxies,
        certificates: Certificates, notices: Notices,
    ) -> None:  # fmt: skip
        self._preferences = preferences
        self._registries = registries
        self._daemon = daemon
        self._proxies = proxies
        self._certificates = certificates
        self._notices = notices
        self.cache_size = preferences.cache_size
        """Bytes of content to keep between runs, as our file says; 0: none; None: it does not say."""
        self.platform = preferences.platform
        """The platform our file prefers, such as `linux/arm64`; None: it does not say."""

    @classmethod
    def read(
        cls,
        environ: Mapping[str, str],
        home: Path,
        *,
        config: Path,
        etc: Path = Path("/etc"),
        platform: str = sys.platform,
    ) -> Network:
        """Reads files, so it belongs into a thread; raises nothing, troubles become `notices`."""
        notices = Notices()
        return cls(
            read_preferences(config, home, notices),
            read_registries(environ, home, etc, notices),
            read_daemon(home, config_folder(environ, home), etc, notices),
            read_proxies(environ, notices),
            Certificates(environ, home, etc, platform, notices),
            notices,
        )

    @property
    def notices(self) -> tuple[str, ...]:
        """One sentence per trouble with a file or variable; grows while hosts are asked for."""
        return self._notices.all

    def resolve(self, repository: Repository) -> Resolved:
        """The longest prefix in registries.conf decides (containers-registries.conf(5)); reads nothing."""
        name = f"{_key(repository.registry)}/{repository.path}"
        entry = self._registries.find(name)
        real, note = repository, ""
        if entry is not None and not entry.location.startswith("*.") and entry.location != entry.prefix:
            place = entry.elsewhere(entry.location, name)
            moved = repository_at(place)
            real = moved or repository
            note = f"{visible(name)} → {visible(place)} ({entry.file})"
            if moved is None:
                note = f'{entry.file} names "{visible(place)}" for {visible(name)}, which is no repository.'
        return Resolved(
            real,
            note,
            _refusal(entry),
            self._own_mirror(real),
        )

    def mirrors(self, repository: Repository) -> tuple[str, ...]:
        """What other tools' files name as mirrors; to be shown. Reads hosts.toml at the first call per host."""
        name = f"{_key(repository.registry)}/{repository.path}"
        named = self._mirrors(self._registries.find(name), name)
        return tuple(dict.fromkeys([*named, *self._other_mirrors(repository)]))

    def blocked(self, registry: Registry) -> str:
        """A sentence that names the file which forbids this registry; empty when none does."""
        return _refusal(self._registries.find(_key(registry)))

    def http_allowed(self, registry: Registry) -> bool:
        """Whether http may be tried after https failed, because a file calls the registry insecure."""
        if self.http_asked(registry) or self._registries.insecure_by(_key(registry)):
            return True
        hosts = self._hosts(registry)
        return self._daemon.is_insecure(registry) or (hosts is not None and hosts.plain_http)

    def http_asked(self, registry: Registry) -> bool:
        """Whether our own file asks for http, and with it for logins over http."""
        return self._preferences.of(_key(registry)).plain_http

    def trust(self, host: str, port: int) -> Trust:
        """Host in lower case without brackets. Looks into folders at the first call per host: not for the loop."""
        keys = _keys_of(host, port)
        wishes = self._preferences.of(*keys)
        found = self._certificates.trust(host, port)
        by = self._preferences.file if wishes.insecure else ""
        by = by or next(filter(None, map(self._registries.insecure_by, keys)), "")
        return found._replace(
            ca_files=(*((wishes.ca,) if wishes.ca is not None else ()), *found.ca_files),
            pair=_pair(wishes) or found.pair,
            verify=found.verify and not by,
            unverified_by=by or found.unverified_by,
        )

    def proxy(self, scheme: str, host: str, port: int) -> Proxy | None:
        """The proxy for `http` or `https` to a host; never one for this machine itself or link-local addresses."""
        return self._proxies.find(scheme, host, port)

    def connections(self, host: str, port: int) -> int:
        """How many connections may be open to a host and port, 1 to 16."""
        return self._preferences.of(*_keys_of(host, port)).connections or CONNECTIONS

    def short_names(self) -> tuple[str, ...]:
        """Registries to offer for a name without one (`unqualified-search-registries`)."""
        return self._registries.searched

    def alias(self, name: str) -> str:
        """The full name that registries.conf gives a short one (`[aliases]`); empty when it gives none."""
        return visible(self._registries.aliases.get(name, ""))

    def _hosts(self, registry: Registry) -> Hosts | None:
        host = HUB_HOST if registry.name == DOCKER_HUB else registry.host
        return self._certificates.hosts(host, registry.port or 443)

    def _own_mirror(self, repository: Repository) -> Repository | None:
        mirror = self._preferences.of(_key(repository.registry)).mirror
        return repository_at(f"{mirror}/{repository.path}") if mirror else None

    def _mirrors(self, entry: Entry | None, name: str) -> list[str]:
        if entry is None:
            return []
        return [
            visible(entry.elsewhere(mirror.location, name)) + (f" ({mirror.only}s only)" if mirror.only else "")
            for mirror in entry.mirrors
        ]

    def _other_mirrors(self, repository: Repository) -> list[str]:
        """Those of docker's daemon, which are for Docker Hub alone, and of containerd."""
        hosts = self._hosts(repository.registry)
        found = list(hosts.mirrors) if hosts is not None else []
        if repository.registry.name == DOCKER_HUB:
            found = [*self._daemon.mirrors, *found]
        return [visible(f"{mirror}/{repository.path}") for mirror in found]


def _refusal(entry: Entry | None) -> str:
    return f"{visible(entry.prefix)} is blocked by {entry.file}." if entry is not None and entry.blocked else ""


def _key(registry: Registry) -> str:
    """How registries are compared: port 443 is never written."""
    return registry.key.removesuffix(":443")


def _keys_of(host: str, port: int) -> tuple[str, ...]:
    """The keys of the registries that are reached at a host and port."""
    shown = f"[{host}]" if ":" in host else host
    if port != 443:
        return (f"{shown}:{port}",)
    return (DOCKER_HUB,) if host == HUB_HOST else (shown,)


def _pair(wishes: Wishes) -> tuple[Path, Path] | None:
    if wishes.client_cert is None or wishes.client_key is None:
        return None
    return wishes.client_cert, wishes.client_key
