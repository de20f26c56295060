"""Our own settings file: TOML, optional in every part, and never a reason not to start.

    platform = "linux/arm64"            # the platform chosen in images for several
    [cache]
    size = "256 MiB"                    # content kept between runs; 0 keeps nothing
    [registry."registry.example.com:5000"]
    plain_http = true                   # unencrypted, logins too
    insecure = true                     # the certificate is not checked
    ca = "ca.pem"                       # trusted beside the system's; relative to the file's folder
    client_cert = "me.pem"
    client_key = "me.key"
    mirror = "mirror.example.com/hub"   # asked first for manifests and blobs
    connections = 4                     # at a time, 1 to 16
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from regbrowse.settings.reading import Notices, read_text


class Wishes(NamedTuple):
    """What our file says of one registry."""

    plain_http: bool = False
    insecure: bool = False
    ca: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None
    mirror: str = ""
    """`host[:port][/path]`."""
    connections: int | None = None


class Preferences(NamedTuple):
    """What our file says; what it does not say has the value that stands for nothing."""

    file: str = ""
    """Its name, as shown to people."""
    platform: str | None = None
    cache_size: int | None = None
    """Bytes; 0: keep nothing."""
    registries: Mapping[str, Wishes] = MappingProxyType({})
    """By the registry's key, without port 443."""

    def of(self, *keys: str) -> Wishes:
        """What is said of the first of these registries that is named at all."""
        return next((self.registries[key] for key in keys if key in self.registries), Wishes())


def read_preferences(file: Path, home: Path, notices: Notices) -> Preferences:
    """Wrong lines are named with their numbers, and the rest is used."""
    text = read_text(file, notices)
    if text is None:
        return Preferences()
    from regbrowse.settings.preference_lines import Lines

    return Lines(file, home, notices).fill(text)
