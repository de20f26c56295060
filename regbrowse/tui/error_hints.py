"""The keys that help after an error."""

from __future__ import annotations

from typing import NamedTuple

from regbrowse.errors import (
    AuthError,
    AuthRejected,
    BadReference,
    Denied,
    NotFound,
    RateLimited,
    RealmChanged,
    RegbrowseError,
)


class KeyHint(NamedTuple):
    """A key and what it does, in two or three words."""

    key: str
    word: str


RETRY = KeyHint("r", "try again")
LOG_IN = KeyHint("L", "log in")
ANONYMOUS = KeyHint("A", "browse anonymously")
PLAIN = KeyHint("H", "use http for this session")
CERTIFICATE = KeyHint("L", "go on without checking it")
STOP = KeyHint("esc", "stop waiting")
OPEN = KeyHint("o", "open another")
SEE = KeyHint("l", "see the requests")


def hints_for(error: RegbrowseError) -> tuple[KeyHint, ...]:
    """Give the keys that help after this error."""
    if isinstance(error, BadReference | NotFound):
        return (OPEN, RETRY)
    if isinstance(error, RateLimited):
        return (KeyHint("r", "try now"), *((STOP,) if error.retry_after else ()), LOG_IN)
    if isinstance(error, AuthRejected | Denied):
        return (LOG_IN, ANONYMOUS, RETRY, SEE)
    if needs_login(error):
        return (LOG_IN, RETRY, SEE, OPEN)
    if error.slug == "untrusted":
        return (CERTIFICATE, RETRY, OPEN)
    if error.slug == "no-tls":
        return (PLAIN, RETRY, OPEN)
    return (RETRY, OPEN)


def needs_login(error: RegbrowseError) -> bool:
    """Tell whether another login, or a word about where logins go, may help."""
    return isinstance(error, AuthError | RealmChanged)


def needs_connection_dialog(error: RegbrowseError) -> bool:
    """Tell whether what can be decided about the connection may help."""
    return needs_login(error) or error.slug == "untrusted"
