"""What this machine says about reaching registries, merged from all its files and its environment.

Our own settings.toml comes first, then registries.conf, docker's daemon.json and containerd's hosts.toml.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from regbrowse.errors import BadReference
from regbrowse.reference import DOCKER_HUB, Registry, Repository, bracketed
from regbrowse.reference_input import Typed
from regbrowse.settings.certificates import Trust
from regbrowse.settings.certs_d import HUB_HOST, CertsD, HostsToml
from regbrowse.settings.daemon_json import DaemonJson, read_daemon_json
from regbrowse.settings.files import KnownRegistry, Notices, config_folder
from regbrowse.settings.proxies import Proxies, Proxy, read_proxies
from regbrowse.settings.registries_conf import NameList, RegistriesConf, RegistryEntry, read_registries_conf
from regbrowse.settings.settings_file import SettingsFile, read_settings_file
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
        self, settings: SettingsFile, registries: RegistriesConf, daemon: DaemonJson, proxies: Proxies,
        certificates: CertsD, notices: Notices,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._registries = registries
        self._daemon = daemon
        self._proxies = proxies
        self._certificates = certificates
        self._notices = notices
        self.cache_size = settings.cache_size
        """Bytes of content to keep between runs, as our file says; 0: none; None: it does not say."""
        self.platform = settings.platform
        """The platform our file prefers; None: it does not say."""

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
        """Read all files, so call it in a thread. Raises nothing, troubles become `notices`."""
        notices = Notices()
        return cls(
            read_settings_file(config, home, notices),
            read_registries_conf(environ, home, etc, notices),
            read_daemon_json(home, config_folder(environ, home), etc, notices),
            read_proxies(environ, notices),
            CertsD(environ, home, etc, platform, notices),
            notices,
        )

    @property
    def notices(self) -> tuple[str, ...]:
        """One sentence per trouble with a file or variable; grows while hosts are asked for."""
        return self._notices.all

    def meant(self, typed: Typed) -> Typed:
        """Put what registries.conf says in the place of a name that was written without a registry; reads nothing."""
        return self._registries.meant(typed)

    @property
    def registries(self) -> list[KnownRegistry]:
        """The registries that our settings file and registries.conf name."""
        ours: list[KnownRegistry] = []
        for key in self._settings.registries:
            with suppress(BadReference):
                ours.append(KnownRegistry(Registry.parse(key), self._settings.name))
        return [*ours, *self._registries.registries]

    @property
    def helpers(self) -> NameList | None:
        """The credential helpers that registries.conf names for every registry; None when it names none."""
        return self._registries.helpers

    def resolve(self, repository: Repository) -> Resolved:
        """Apply the longest prefix in registries.conf (containers-registries.conf(5)); reads nothing."""
        name = f"{repository.registry.https_key}/{repository.path}"
        entry = self._registries.find(name)
        real, note = repository, ""
        if entry is not None and not entry.location.startswith("*.") and entry.location != entry.prefix:
            location = entry.relocated(entry.location, name)
            moved = _repository_at(location)
            real = moved or repository
            note = f"{visible(name)} → {visible(location)} ({entry.file})"
            if moved is None:
                note = f'{entry.file} names "{visible(location)}" for {visible(name)}, which is no repository.'
        mirror = self._settings.of(real.registry.https_key).mirror
        return Resolved(real, note, _refusal(entry), _repository_at(f"{mirror}/{real.path}") if mirror else None)

    def mirrors(self, repository: Repository) -> tuple[str, ...]:
        """List what other tools' files name as mirrors; to be shown. Reads hosts.toml at the first call per host."""
        name = f"{repository.registry.https_key}/{repository.path}"
        entry = self._registries.find(name)
        found: list[str] = []
        if entry is not None:
            for mirror in entry.mirrors:
                only = f" ({mirror.only}s only)" if mirror.only else ""
                found.append(visible(entry.relocated(mirror.location, name)) + only)
        # Those of docker's daemon are for Docker Hub alone.
        others = self._daemon.mirrors if repository.registry.name == DOCKER_HUB else ()
        hosts = self._hosts(repository.registry)
        others += hosts.mirrors if hosts is not None else ()
        found += [visible(f"{other}/{repository.path}") for other in others]
        return tuple(dict.fromkeys(found))

    def blocked(self, registry: Registry) -> str:
        """Say which file forbids this registry; empty when none does."""
        return _refusal(self._registries.find(registry.https_key))

    def http_allowed(self, registry: Registry) -> bool:
        """Whether http may be tried after https failed, because a file calls the registry insecure."""
        if self.http_asked(registry) or self._registries.insecure_by(registry.https_key):
            return True
        hosts = self._hosts(registry)
        return self._daemon.is_insecure(registry) or (hosts is not None and hosts.plain_http)

    def http_asked(self, registry: Registry) -> bool:
        """Whether our own file asks for http, and with it for logins over http."""
        return self._settings.of(registry.https_key).plain_http

    def trust(self, host: str, port: int) -> Trust:
        """Host in lower case without brackets. Looks into folders at the first call per host: not for the loop."""
        key = _key_at(host, port)
        options = self._settings.of(key)
        found = self._certificates.trust(host, port)
        by = self._settings.name if options.insecure else self._registries.insecure_by(key)
        return found._replace(
            ca_files=(*((options.ca,) if options.ca is not None else ()), *found.ca_files),
            pair=options.pair or found.pair,
            verify=found.verify and not by,
            unverified_by=by or found.unverified_by,
        )

    def proxy(self, scheme: str, host: str, port: int) -> Proxy | None:
        """The proxy for `http` or `https` to a host; never one for this machine itself or link-local addresses."""
        return self._proxies.find(scheme, host, port)

    def connections(self, host: str, port: int) -> int:
        """How many connections may be open to a host and port, 1 to 16."""
        return self._settings.of(_key_at(host, port)).connections or CONNECTIONS

    def _hosts(self, registry: Registry) -> HostsToml | None:
        host = HUB_HOST if registry.name == DOCKER_HUB else registry.host
        return self._certificates.hosts(host, registry.port or 443)


def _refusal(entry: RegistryEntry | None) -> str:
    return f"{visible(entry.prefix)} is blocked by {entry.file}." if entry is not None and entry.blocked else ""


def _key_at(host: str, port: int) -> str:
    """Give the key by which what files say of a host and port is found."""
    if (host, port) == (HUB_HOST, 443):
        return DOCKER_HUB
    return bracketed(host) if port == 443 else f"{bracketed(host)}:{port}"


def _repository_at(name: str) -> Repository | None:
    """Parse `host[:port]/path`; None when there can be no repository of that name."""
    host, _, path = name.partition("/")
    try:
        return Repository.parse(Registry.parse(host), path)
    except BadReference:
        return None
