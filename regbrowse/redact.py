"""Nothing secret is ever printed: URLs lose what signs them, passwords print as `***`."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from regbrowse.text import visible

URL = re.compile(r"https?://[^\s\"'<>]+", re.IGNORECASE)
"""An address within a text."""
URL_LIMIT = 2000
_SHOWN = frozenset(
    {"scope", "service", "client_id", "n", "last", "artifacttype", "digest", "from", "mount", "ns"}
    | {"page", "page_size", "ordering"}
)
_HARMLESS = re.compile(r"[A-Za-z0-9._~:/,*+%()-]*")
"""Values without anything that could begin another address."""
_SECRET_HEADERS = frozenset({"authorization", "cookie", "set-cookie", "x-jfrog-art-api", "proxy-authorization"})


class Secret:
    """A string that only leaves through `reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "***"


def redact(url: str) -> str:
    """A URL fit for logs and errors: no user info, no fragment, only harmless query values."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return visible(re.sub(r"//[^/]*@", "//", url).partition("?")[0], URL_LIMIT)
    host = parts.netloc.rpartition("@")[2]
    query = "&".join(_field(field) for field in parts.query.split("&")) if parts.query else ""
    head = f"{parts.scheme}://{host}" if parts.scheme else (f"//{host}" if host else "")
    return visible(f"{head}{parts.path}" + (f"?{query}" if query else ""), URL_LIMIT)


def redact_header(name: str, value: str) -> str:
    """The value of a header as it may be shown."""
    if name.lower() in _SECRET_HEADERS:
        return "<redacted>"
    return redact(value) if name.lower() in ("location", "link", "referer") else visible(value)


def _field(field: str) -> str:
    name, equals, value = field.partition("=")
    harmless = name.lower() in _SHOWN and _HARMLESS.fullmatch(value) and "//" not in value
    return field if not equals or harmless else f"{name}=REDACTED"
