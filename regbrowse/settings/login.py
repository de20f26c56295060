"""Values: a login for one registry, and a place where logins may be saved."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from regbrowse.redact import Secret

TOKEN_USER = "<token>"
"""The user name that says: the password is an identity token (docker/docker-credential-helpers)."""
_BEARER = re.compile(r"[\x21-\x7e]{1,65536}")


class Login(NamedTuple):
    """Credentials for one registry."""

    user: str
    """May be empty for an identity or bearer token."""
    password: Secret
    source: str = "-u"
    """Where it was found, as shown to people: `-u`, `docker config`, `docker-credential-pass`."""
    kind: Literal["password", "identity", "bearer"] = "password"
    """What `password` holds: a password, an OAuth2 refresh token, or a token sent as it is."""


class Source(NamedTuple):
    """One place where a login may be saved, as people see it. Nothing secret is in it."""

    name: str
    """`docker config`, `auth.json`, `credential helper docker-credential-pass`."""
    user: str = ""
    """The user of the login; empty when there is none here, or when it is a token without a name."""
    note: str = ""
    """Where the place is and what was found there, without a full stop: `~/.docker/config.json: no such file`."""
    wins: bool = False
    """Whether the login that is used comes from here."""


def is_bearer_token(text: str) -> bool:
    """Check that a text may stand in a header as a token."""
    return _BEARER.fullmatch(text) is not None


def login_from(user: str, secret: str, source: str) -> Login:
    """Make a login of a user name and a secret; the name may say that the secret is an identity token."""
    if user == TOKEN_USER:
        return Login("", Secret(secret), source, "identity")
    return Login(user, Secret(secret), source)


def sendable(text: str) -> bool:
    """Check that a text has bytes to send: a lone surrogate, from JSON or a command line, has none in UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
