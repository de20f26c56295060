"""What docker's daemon.json says: registries that may be reached by http, and mirrors of Docker Hub.

Both as in moby (daemon/pkg/registry, config.go): `insecure-registries` holds `host[:port]` and networks in CIDR
notation, and `registry-mirrors` are URLs that stand for Docker Hub alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

from regbrowse.errors import BadReference
from regbrowse.reference import Registry
from regbrowse.settings.reading import Notices, kind_of, named, read_json
from regbrowse.text import visible

_ENTRIES = 1000


class Daemon:
    """All daemon.json files as one."""

    def __init__(self) -> None:
        self._hosts: set[str] = set()
        self._networks: list[IPv4Network | IPv6Network] = []
        self.mirrors: tuple[str, ...] = ()
        """`host[:port][/path]` each."""

    def is_insecure(self, registry: Registry) -> bool:
        """Names are not looked up: a network covers only registries that are written as addresses."""
        if registry.key.removesuffix(":443") in self._hosts:
            return True
        try:
            address = ip_address(registry.host)
        except ValueError:
            return False
        return any(address.version == network.version and address in network for network in self._networks)

    def add_insecure(self, text: str) -> str:
        """Why an entry cannot be used; empty when it can."""
        if "://" in text:
            return "is a URL; write the host without it"
        if "/" in text:
            try:
                self._networks.append(ip_network(text, strict=False))
            except ValueError:
                return "is not a network"
            return ""
        try:
            self._hosts.add(Registry.parse(text).key.removesuffix(":443"))
        except BadReference:
            return "is neither a host nor a network"
        return ""

    def add_mirror(self, text: str) -> str:
        """Why an entry cannot be used; empty when it can."""
        scheme, mark, rest = text.partition("://")
        host, slash, path = rest.rstrip("/").partition("/")
        try:
            if not mark or scheme not in ("http", "https"):
                return "is not an http or https URL"
            self.mirrors += (f"{Registry.parse(host).key}{slash}{path}",)
        except BadReference:
            return "has no valid host"
        return ""


def read_daemon(home: Path, config_home: Path, etc: Path, notices: Notices) -> Daemon:
    """The files of the system's daemon, of one without root, and of Docker Desktop."""
    daemon = Daemon()
    for path in (etc / "docker", config_home / "docker", home / ".docker"):
        file = path / "daemon.json"
        table = read_json(file, notices)
        for key, add in (("insecure-registries", daemon.add_insecure), ("registry-mirrors", daemon.add_mirror)):
            for text in _texts(table, key, file, notices):
                reason = add(text)
                if reason:
                    shown = "an entry with a user name in it" if "@" in text else f'"{visible(text, 64)}"'
                    notices.add(f'{named(file)}: {shown} in "{key}" {reason}; it is not used.')
    return daemon


def _texts(table: dict[str, object], key: str, file: Path, notices: Notices) -> Iterator[str]:
    value = table.get(key)
    if value is None:
        return
    if not isinstance(value, list):
        notices.add(f'{named(file)}: "{key}" must be a list, not {kind_of(value)}; it is not used.')
        return
    for each in value[:_ENTRIES]:
        if isinstance(each, str):
            yield each
        else:
            notices.add(f'{named(file)}: "{key}" has an entry that is {kind_of(each)}, not a text; it is not used.')
