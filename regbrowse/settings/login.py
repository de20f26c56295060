"""Who somebody is to a registry."""

from __future__ import annotations

from typing import Literal, NamedTuple

from regbrowse.redact import Secret


class Login(NamedTuple):
    """What opens one registry."""

    user: str
    """May be empty for an identity or bearer token."""
    password: Secret
    source: str = "-u"
    """Where it was found, as shown to people: `-u`, `docker config`, `docker-credential-pass`."""
    kind: Literal["password", "identity", "bearer"] = "password"
    """What `password` holds: a password, an OAuth2 refresh token, or a token sent as it is."""


class Source(NamedTuple):
    """One place where a login may be kept, as people see it. Nothing secret is in it."""

    name: str
    """`docker config`, `auth.json`, `credential helper docker-credential-pass`."""
    user: str = ""
    """Who the login is for; empty when there is none here, or when it is a token without a name."""
    note: str = ""
    """Where the place is and what was found there, without a full stop: `~/.docker/config.json: no such file`."""
    wins: bool = False
    """Whether the login that is used comes from here."""
