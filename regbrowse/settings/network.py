"""What this machine says about reaching registries, merged from all its files and its environment."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from regbrowse.reference import Registry, Repository
from regbrowse.settings.certificates import Trust
from regbrowse.settings.proxies import Proxy

CONNECTIONS = 4
"""Connections to one host and port at a time when no file says otherwise."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """Where a repository is really read from."""

    repository: Repository
    """With the location that registries.conf gives for it."""
    note: str = ""
    """`docker.io/library/x → mirror.example/hub/library/x (FILE)` when the location differs; else empty."""
    blocked: str = ""
    """A sentence that names the file which forbids this repository; empty when none does."""
    mirrors: tuple[str, ...] = ()
    """Mirrors that other tools' files name, for display only."""
    mirror: Repository | None = None
    """The mirror of our own file: wanted for manifests and blobs, never for tag lists."""


class Network:
    """Answers from what was read once; asking does not raise."""

    def __init__(self) -> None:
        self.cache_size: int | None = None
        self.platform: str | None = None

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
        return cls()

    @property
    def notices(self) -> tuple[str, ...]:
        """One sentence per trouble with a file or variable; grows while hosts are asked for."""
        return ()

    def resolve(self, repository: Repository) -> Resolved:
        return Resolved(repository)

    def blocked(self, registry: Registry) -> str:
        """A sentence that names the file which forbids this registry; empty when none does."""
        return ""

    def http_allowed(self, registry: Registry) -> bool:
        """Whether http may be tried after https failed."""
        return False

    def http_asked(self, registry: Registry) -> bool:
        """Whether our own file asks for http, and with it for logins over http."""
        return False

    def trust(self, host: str, port: int) -> Trust:
        """Host in lower case without brackets. Looks into folders at the first call per host: not for the loop."""
        return Trust()

    def proxy(self, scheme: str, host: str, port: int) -> Proxy | None:
        """The proxy for `http` or `https` to a host; never one for this machine itself or link-local addresses."""
        return None

    def connections(self, host: str, port: int) -> int:
        """How many connections may be open to a host and port, 1 to 16."""
        return CONNECTIONS

    def short_names(self) -> tuple[str, ...]:
        """Registries to offer for a name without one (`unqualified-search-registries`)."""
        return ()

    def alias(self, name: str) -> str:
        """The full name that registries.conf gives a short one; empty when it gives none."""
        return ""
