"""Which proxy the environment names, and for which hosts none is used.

The rules are those of Go's httpproxy package, by which docker and podman read the same variables, with the
spelling of curl where it is wider. The `proxies` of docker's config.json are for containers, and not read.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from regbrowse.redact import Secret
from regbrowse.settings.reading import Notices
from regbrowse.text import visible

VALUE_LIMIT = 65_536
ENTRIES = 1000
"""Entries of NO_PROXY that are read."""
_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?")
_PATTERN = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::([0-9]{1,5}))?")
_VARIABLES = {"http": ("http_proxy", "all_proxy"), "https": ("https_proxy", "all_proxy")}

Address = IPv4Address | IPv6Address
NetworkRange = IPv4Network | IPv6Network


class Proxy(NamedTuple):
    """Who carries requests to one host."""

    url: str
    """`scheme://host:port`, always with a port and never with a user."""
    user: str = ""
    password: Secret | None = None
    variable: str = ""
    """The environment variable that names it, in the spelling that was found."""

    @property
    def address(self) -> str:
        """`host:port`, for messages."""
        return self.url.partition("://")[2]


class Direct(NamedTuple):
    """One entry of NO_PROXY: a network, or names."""

    suffix: str = ""
    """`.example.com`: every name that ends with it."""
    name: str = ""
    """`example.com`: that name itself; empty when only those below it are meant."""
    network: NetworkRange | None = None
    port: int | None = None
    """None: every port."""

    def covers(self, host: str, address: Address | None, port: int) -> bool:
        if self.port is not None and self.port != port:
            return False
        if self.network is not None:
            return address is not None and address.version == self.network.version and address in self.network
        return host == self.name or host.endswith(self.suffix)


class Proxies:
    """What the environment said when it was read."""

    def __init__(self, found: Mapping[str, Proxy], direct: tuple[Direct, ...] = (), *, never: bool = False) -> None:
        self._found = found
        self._direct = direct
        self._never = never

    def find(self, scheme: str, host: str, port: int) -> Proxy | None:
        """The proxy for requests by `http` or `https` to a host (no brackets needed) and port."""
        proxy = self._found.get(scheme)
        if proxy is None or self._never:
            return None
        name = host.strip("[]").rstrip(".").lower()
        address = _address(name)
        if _is_near(name, address) or any(entry.covers(name, address, port) for entry in self._direct):
            return None
        return proxy


def read_proxies(environ: Mapping[str, str], notices: Notices) -> Proxies:
    """HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY; of two spellings the one in lower case counts."""
    read = {lower: _read_variable(environ, lower, notices) for lower in ("http_proxy", "https_proxy", "all_proxy")}
    found: dict[str, Proxy] = {}
    for scheme, variables in _VARIABLES.items():
        proxy = next((read[name] for name in variables if read[name] is not None), None)
        if proxy is not None:
            found[scheme] = proxy
    if not found:
        return Proxies({})
    variable, value = _value(environ, "no_proxy")
    direct, never = _read_direct(variable, value, notices)
    return Proxies(found, direct, never=never)


def _value(environ: Mapping[str, str], lower: str) -> tuple[str, str]:
    """The variable that counts, and its value; an empty one in lower case switches the other off."""
    name = lower if lower in environ else lower.upper()
    return name, environ.get(name, "").strip()


def _read_variable(environ: Mapping[str, str], lower: str, notices: Notices) -> Proxy | None:
    variable, value = _value(environ, lower)
    if not value:
        return None
    if variable == "HTTP_PROXY" and environ.get("REQUEST_METHOD"):
        # A web server hands the header "Proxy" of a request to its programs under this very name.
        notices.add("Ignoring HTTP_PROXY: REQUEST_METHOD is set, so a web request may have written it.")
        return None
    proxy = parse_proxy(value, variable)
    if isinstance(proxy, str):
        notices.add(f"Ignoring {variable}: {proxy}.")
        return None
    if proxy.url.startswith("socks5") and importlib.util.find_spec("socksio") is None:
        notices.add(
            f"Ignoring {variable}: SOCKS proxies need the Python package socksio, which is not installed;"
            " install it beside regbrowse or name an http proxy."
        )
        return None
    return proxy


def parse_proxy(value: str, variable: str) -> Proxy | str:
    """A proxy, or why the value names none: words that show nothing of the value, which may hold a password."""
    if len(value) > VALUE_LIMIT:
        return f"it has more than {VALUE_LIMIT:,} characters"
    if any(char.isspace() or not char.isprintable() for char in value):
        return "it has a space or control character in it"
    scheme, mark, rest = value.partition("://")
    if not mark:
        scheme, rest = "http", value
    scheme = scheme.lower()
    if scheme not in _PORTS:
        return "its scheme is none of http, https, socks5 and socks5h"
    try:
        parts = urlsplit(f"{scheme}://{rest}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "it is not a URL with a valid host and port"
    if not host:
        return "it has no host"
    address = _address(host)
    if address is None and not _HOST.fullmatch(host):
        return "its host is neither a name nor an address"
    if port == 0:
        return "its port is not a number from 1 to 65535"
    shown = f"[{host}]" if ":" in host else host
    url = f"{scheme}://{shown}:{port or _PORTS[scheme]}"
    user = unquote(parts.username or "")
    password = Secret(unquote(parts.password)) if parts.password is not None else None
    return Proxy(url, user, password, variable)


def _read_direct(variable: str, value: str, notices: Notices) -> tuple[tuple[Direct, ...], bool]:
    if len(value) > VALUE_LIMIT:
        notices.add(f"Ignoring the end of {variable}: it has more than {VALUE_LIMIT:,} characters.")
        value = value[:VALUE_LIMIT].rpartition(",")[0]
    words = [word.lower() for word in re.split(r"[\s,]+", value) if word]
    if "*" in words:
        return (), True
    if len(words) > ENTRIES:
        notices.add(f"Ignoring the end of {variable}: it has more than {ENTRIES:,} entries.")
    entries: list[Direct] = []
    for word in words[:ENTRIES]:
        read = parse_direct(word)
        if isinstance(read, str):
            notices.add(f"Ignoring a part of {variable}: {read}.")
        else:
            entries.append(read)
    return tuple(entries), False


def parse_direct(word: str) -> Direct | str:
    """One entry of NO_PROXY in lower case, or why it is none.

    `example.com` is that name and all below it, `.example.com` and `*.example.com` only those below it; an
    address or network in CIDR notation covers addresses as they are written, since no name is looked up.
    """
    if "@" in word:
        return "an entry has a user name in it"
    shown = f'"{visible(word, 64)}"'
    if "://" in word:
        return f"{shown} is a URL; write the host alone"
    if "/" in word:
        try:
            return Direct(network=ip_network(word, strict=False))
        except ValueError:
            return f"{shown} is not a network"
    address = _address(word.strip("[]"))
    if address is not None:
        return Direct(network=ip_network(address))
    match = _PATTERN.fullmatch(word)
    host, digits = match.groups() if match else ("", None)
    port = int(digits) if digits else None
    if port is not None and not 1 <= port <= 65535:
        return f"{shown} has an impossible port"
    address = _address(host.strip("[]"))
    if address is not None:
        return Direct(network=ip_network(address), port=port)
    below = host.startswith((".", "*."))
    name = host.removeprefix("*").strip(".")
    if not _HOST.fullmatch(name):
        return f"{shown} is neither a host nor a network"
    return Direct(f".{name}", "" if below else name, port=port)


def _address(host: str) -> Address | None:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_near(name: str, address: Address | None) -> bool:
    """Whether only this machine or its own cable can be meant: there no proxy leads."""
    if address is None:
        return name == "localhost" or name.endswith(".localhost")
    return address.is_loopback or address.is_link_local or address.is_unspecified
