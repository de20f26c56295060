"""The keys that help after an error."""

from __future__ import annotations

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
from regbrowse.tui.panes.waiting import Step

RETRY = Step("r", "try again")
LOG_IN = Step("L", "log in")
ANONYMOUS = Step("A", "browse anonymously")
PLAIN = Step("H", "use http for this session")
STOP = Step("esc", "stop waiting")
OPEN = Step("o", "open another")


def steps_for(error: RegbrowseError) -> tuple[Step, ...]:
    """The keys that help after this error."""
    if isinstance(error, BadReference | NotFound):
        return (OPEN, RETRY)
    if isinstance(error, RateLimited):
        return (Step("r", "try now"), *((STOP,) if error.retry_after else ()), LOG_IN)
    if isinstance(error, AuthRejected | Denied):
        return (LOG_IN, ANONYMOUS, RETRY)
    if needs_login(error):
        return (LOG_IN, RETRY, OPEN)
    if error.slug == "no-tls":
        return (PLAIN, RETRY, OPEN)
    return (RETRY, OPEN)


def needs_login(error: RegbrowseError) -> bool:
    """Whether another login, or a word about where logins go, may help."""
    return isinstance(error, AuthError | RealmChanged)
