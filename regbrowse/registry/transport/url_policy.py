"""Where we refuse to go: addresses with tricks in them, and inner addresses named from outside."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from regbrowse.errors import BadReference
from regbrowse.reference import Registry

URL_LIMIT = 16_384
_NETLOC = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\[\]:]*)(?::[0-9]*)?")
"""Brackets anywhere else are read in different ways by different programs."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int]
"""Scheme, host and port: what logins and connections are bound to."""

_HIDDEN_NETWORKS = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("100.64.0.0/10", "224.0.0.0/4"),
        *("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "fc00::/7", "ff00::/8"),
    )
)


def problem_with(url: str) -> str:
    """What is wrong with an address that a server gave, in words that follow "with"; empty when nothing is."""
    if not url or url.startswith("#"):
        return "nothing in it"
    if len(url) > URL_LIMIT:
        return f"more than {URL_LIMIT:,} characters"
    if "\\" in url:
        return "a backslash in it"
    if _CONTROL.search(url):
        return "control characters in it"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "an impossible host or port"
    if "@" in parts.netloc:
        return "a user name in it"
    if not _NETLOC.fullmatch(parts.netloc):
        return "an impossible host or port"
    if parts.scheme not in ("", "http", "https"):
        return f'the scheme "{parts.scheme[:20]}"'
    if parts.scheme and not parts.hostname:
        return "no host in it"
    return ""


def origin_of(url: str) -> Origin:
    """Where an address leads; the port 0 means that there is none."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    return parts.scheme, host, parts.port or PORTS.get(parts.scheme, 0)


def https_origin(registry: Registry) -> Origin:
    """Give the origin of a registry by https."""
    return origin_of(f"https://{registry.authority}")


def same_origin(one: str, other: str) -> bool:
    return origin_of(one) == origin_of(other)


def is_special(host: str) -> bool:
    """Whether a host can only be something inside: this machine, a private network, a reserved range."""
    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return _is_disguised(host)
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        address = mapped
    return not address.is_global or any(
        address.version == network.version and address in network for network in _HIDDEN_NETWORKS
    )


def _is_disguised(host: str) -> bool:
    """Spellings such as 127.1 or 0x7f.1: a name to us, an address to the resolver."""
    try:
        Registry.parse(host)
    except BadReference:
        return True
    return False
