"""Who somebody is to a registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from regbrowse.redact import Secret


@dataclass(frozen=True, slots=True)
class Login:
    """What opens one registry."""

    user: str
    """May be empty for an identity or bearer token."""
    password: Secret
    source: str = "-u"
    """Where it was found, as shown to people: `-u`, `docker config`, `docker-credential-pass`."""
    kind: Literal["password", "identity", "bearer"] = "password"
    """What `password` holds: a password, an OAuth2 refresh token, or a token sent as it is."""
