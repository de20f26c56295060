"""The values that questions to a registry are answered with, and the settings they are asked by.

Free of httpx, so that a screen can name these types without loading the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from regbrowse.reference import Digest, Registry
from regbrowse.registry.redact import Secret
from regbrowse.registry.responder import Responder
from regbrowse.registry.trail import Trail


@dataclass(frozen=True, slots=True)
class Login:
    """A user and password for one registry."""

    user: str
    password: Secret
    source: str = "-u"
    """Where it was found, as shown to people: `-u`."""


@dataclass(frozen=True, slots=True)
class LoginState:
    """Who is asking a registry."""

    user: str = ""
    """Empty when browsing anonymously."""
    source: str = ""
    note: str = ""
    """A banner, such as that a login was refused; empty when all is well."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What a registry's pull limit still allows (`ratelimit-limit`, `ratelimit-remaining`)."""

    limit: int
    remaining: int
    window: int | None = None
    """Seconds that the limit counts over, if the registry says so."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One line of the request log, safe to show."""

    method: str
    url: str
    """Redacted."""
    status: int | None
    """None when there was no answer."""
    seconds: float
    received: int
    """Bytes of the body."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that was decided before the first question."""

    user: Login | None = None
    registry: Registry | None = None
    """The registry that the login is for; None means the first one asked."""
    plain_http: frozenset[str] = frozenset()
    """Keys of registries for which unencrypted http was asked for, and with it logins over http."""
    ca_file: Path | None = None
    """Certificates trusted in addition to those of the system."""
    local: Mapping[str, Responder] = field(default_factory=dict)
    """Registry key -> the registry in this process that answers for it."""
    deadline: float = 60
    """The most seconds that one answer may take in all."""
    pause: float = 0.5
    """Seconds before the second try of a failed request; doubles with every try."""


@dataclass(frozen=True, slots=True)
class TagPage:
    """The new tags of one page of a tag list (distribution-spec, Listing Tags)."""

    tags: tuple[str, ...]
    """Valid, and in no earlier page."""
    total: int
    """Tags so far, this page included."""
    hidden: int = 0
    """Entries so far that are no valid tags."""
    done: bool = False
    """Whether the list is complete."""
    note: str = ""
    """Why the list ended before its end, one sentence; empty while it goes on."""
    next: str | None = None
    """Opaque; when set, `tags(repository, after=page)` goes on behind this page."""
    trail: Trail | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class CatalogPage:
    """The new repositories of one page of a catalog."""

    repositories: tuple[str, ...]
    total: int
    hidden: int = 0
    done: bool = False
    note: str = ""
    next: str | None = None
    trail: Trail | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a HEAD says about a tag; said by the server, not verified."""

    digest: Digest | None
    media_type: str = ""
    size: int | None = None
