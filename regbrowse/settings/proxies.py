"""Which proxy the environment names, and for which hosts none is used."""

from __future__ import annotations

from dataclasses import dataclass

from regbrowse.redact import Secret


@dataclass(frozen=True, slots=True)
class Proxy:
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
