"""What docker's daemon.json says: registries that may be reached by http, and mirrors of Docker Hub.

Both as in moby (daemon/pkg/registry, config.go): `insecure-registries` holds `host[:port]` and networks in CIDR
notation, and `registry-mirrors` are URLs that stand for Docker Hub alone.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

from regbrowse.errors import BadReference
from regbrowse.reference import Registry
from regbrowse.settings.files import Notices, Report, kind_of, read_json, registry_key, shown_path
from regbrowse.text import visible

_ENTRIES = 1000


class DaemonJson:
    """All daemon.json files as one."""

    def __init__(self) -> None:
        self._hosts: set[str] = set()
        self._networks: list[IPv4Network | IPv6Network] = []
        self.mirrors: tuple[str, ...] = ()
        """`host[:port][/path]` each."""

    def is_insecure(self, registry: Registry) -> bool:
        """Names are not looked up: a network covers only registries that are written as addresses."""
        if registry.https_key in self._hosts:
            return True
        try:
            address = ip_address(registry.host)
        except ValueError:
            return False
        return any(address in network for network in self._networks)

    def add_insecure(self, text: str) -> str:
        """Add an entry of `insecure-registries`; say why it cannot be used, empty when it can."""
        if "://" in text:
            return "is a URL; write the host without it"
        if "/" in text:
            try:
                self._networks.append(ip_network(text, strict=False))
            except ValueError:
                return "is not a network"
            return ""
        key = registry_key(text)
        if not key:
            return "is neither a host nor a network"
        self._hosts.add(key)
        return ""

    def add_mirror(self, text: str) -> str:
        """Add an entry of `registry-mirrors`; say why it cannot be used, empty when it can."""
        scheme, mark, rest = text.partition("://")
        host, slash, path = rest.rstrip("/").partition("/")
        if not mark or scheme not in ("http", "https"):
            return "is not an http or https URL"
        try:
            self.mirrors += (f"{Registry.parse(host).key}{slash}{path}",)
        except BadReference:
            return "has no valid host"
        return ""


def read_daemon_json(home: Path, config_home: Path, etc: Path, notices: Notices) -> DaemonJson:
    """Read the files of the system's daemon, of one without root, and of Docker Desktop."""
    merged = DaemonJson()
    for folder in (etc / "docker", config_home / "docker", home / ".docker"):
        file = folder / "daemon.json"
        table, report = read_json(file, notices), Report(shown_path(file), notices)
        for key, add in (("insecure-registries", merged.add_insecure), ("registry-mirrors", merged.add_mirror)):
            for text in report.get(table, key, list)[:_ENTRIES]:
                if not isinstance(text, str):
                    report.add(f'"{key}" has an entry that is {kind_of(text)}, not a text; it is not used')
                elif reason := add(text):
                    shown = "an entry with a user name in it" if "@" in text else f'"{visible(text, 64)}"'
                    report.add(f'{shown} in "{key}" {reason}; it is not used')
    return merged
