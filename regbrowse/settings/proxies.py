"""Which proxy the environment names, and for which hosts none is used.

The rules are those of Go's httpproxy package, by which docker and podman read the same variables, with the
spelling of curl where it is wider. urllib and httpx read these variables too, but know no networks in NO_PROXY; httpx
refuses to start for some values. The `proxies` of docker's config.json are for containers, and not read.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from regbrowse.redact import Secret
from regbrowse.reference import bracketed
from regbrowse.settings.files import Notices
from regbrowse.text import visible

VALUE_LIMIT = 65_536
ENTRIES = 1000
"""Entries of NO_PROXY that are read."""
_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?")
_HOST_AND_PORT = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::([0-9]{1,5}))?")


class Proxy(NamedTuple):
    """The proxy for requests to one host."""

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


class NoProxy(NamedTuple):
    """One entry of NO_PROXY: a network, or names."""

    suffix: str = ""
    """`.example.com`: every name that ends with it."""
    name: str = ""
    """`example.com`: that name itself; empty when only those below it are meant."""
    network: IPv4Network | IPv6Network | None = None
    port: int | None = None
    """None: every port."""

    def covers(self, host: str, address: IPv4Address | IPv6Address | None, port: int) -> bool:
        if self.port is not None and self.port != port:
            return False
        if self.network is not None:
            return address is not None and address in self.network
        return host == self.name or host.endswith(self.suffix)


class Proxies:
    """What the environment said when it was read."""

    def __init__(self, by_scheme: Mapping[str, Proxy], no_proxy: Sequence[NoProxy] = ()) -> None:
        self._by_scheme = by_scheme
        self._no_proxy = no_proxy

    def find(self, scheme: str, host: str, port: int) -> Proxy | None:
        """Find the proxy for requests by `http` or `https` to a host (no brackets needed) and port.

        None for this machine itself and for link-local addresses, which no proxy could reach.
        """
        name = host.strip("[]").rstrip(".").lower()
        address = _address(name)
        if address is None:
            near = name == "localhost" or name.endswith(".localhost")
        else:
            near = address.is_loopback or address.is_link_local or address.is_unspecified
        if near or any(entry.covers(name, address, port) for entry in self._no_proxy):
            return None
        return self._by_scheme.get(scheme)


def read_proxies(environ: Mapping[str, str], notices: Notices) -> Proxies:
    """Read HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY; of two spellings the one in lower case counts."""
    http, https, other = (_read_proxy(environ, f"{name}_proxy", notices) for name in ("http", "https", "all"))
    found = {scheme: proxy for scheme, proxy in (("http", http or other), ("https", https or other)) if proxy}
    if not found:
        return Proxies({})
    variable, value = _variable(environ, "no_proxy")
    if len(value) > VALUE_LIMIT:
        notices.add(f"Ignoring the end of {variable}: it has more than {VALUE_LIMIT:,} characters.")
        value = value[:VALUE_LIMIT].rpartition(",")[0]
    words = [word.lower() for word in re.split(r"[\s,]+", value) if word]
    if "*" in words:
        return Proxies({})
    if len(words) > ENTRIES:
        notices.add(f"Ignoring the end of {variable}: it has more than {ENTRIES:,} entries.")
    entries = [parse_no_proxy(word) for word in words[:ENTRIES]]
    for entry in entries:
        if isinstance(entry, str):
            notices.add(f"Ignoring a part of {variable}: {entry}.")
    return Proxies(found, [entry for entry in entries if isinstance(entry, NoProxy)])


def _variable(environ: Mapping[str, str], lower: str) -> tuple[str, str]:
    """Get the variable that counts, and its value; an empty one in lower case switches the other off."""
    name = lower if lower in environ else lower.upper()
    return name, environ.get(name, "").strip()


def _read_proxy(environ: Mapping[str, str], lower: str, notices: Notices) -> Proxy | None:
    variable, value = _variable(environ, lower)
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
    """Parse a proxy, or say why the value names none; nothing of the value is said, which may hold a password."""
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
    if _address(host) is None and not _HOST.fullmatch(host):
        return "its host is neither a name nor an address"
    if port == 0:
        return "its port is not a number from 1 to 65535"
    password = Secret(unquote(parts.password)) if parts.password is not None else None
    url = f"{scheme}://{bracketed(host)}:{port or _PORTS[scheme]}"
    return Proxy(url, unquote(parts.username or ""), password, variable)


def parse_no_proxy(word: str) -> NoProxy | str:
    """Parse one entry of NO_PROXY in lower case, or say why it is none.

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
            return NoProxy(network=ip_network(word, strict=False))
        except ValueError:
            return f"{shown} is not a network"
    match = _HOST_AND_PORT.fullmatch(word)
    # An address of IPv6 may stand without brackets, and is no host with a port then.
    host, digits = match.groups() if match and _address(word) is None else (word, None)
    port = int(digits) if digits else None
    if port is not None and not 1 <= port <= 65535:
        return f"{shown} has an impossible port"
    address = _address(host.strip("[]"))
    if address is not None:
        return NoProxy(network=ip_network(address), port=port)
    name = host.removeprefix("*").strip(".")
    if not _HOST.fullmatch(name):
        return f"{shown} is neither a host nor a network"
    return NoProxy(f".{name}", "" if host.startswith((".", "*.")) else name, port=port)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
