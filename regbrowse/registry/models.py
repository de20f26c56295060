"""The values that questions to a registry are answered with, and the settings they are asked by.

Free of httpx, so that a screen can name these types without loading the network.
"""

from __future__ import annotations

from time import monotonic
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.text import plural, span

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from regbrowse.oci.descriptor import Descriptor
    from regbrowse.reference import Digest, Registry
    from regbrowse.registry.listing.pagination import Cursor
    from regbrowse.registry.responder import Responder
    from regbrowse.settings.keychain import Keychain
    from regbrowse.settings.login import Login
    from regbrowse.settings.network import Network


CACHE_SIZE = 256 * 2**20
"""Bytes of content kept on disk when no file says otherwise."""


class LoginState(NamedTuple):
    """Who is asking a registry."""

    user: str = ""
    """Empty when browsing anonymously."""
    source: str = ""
    note: str = ""
    """A banner, such as that a login was refused; empty when all is well."""


class Rate(NamedTuple):
    """What a registry's pull limit still allows (`ratelimit-limit`, `ratelimit-remaining`)."""

    limit: int
    remaining: int
    window: int | None = None
    """Seconds that the limit counts over, if the registry says so."""


ASK_ABOVE = 10
"""Counted requests above which it is said first what they take of a pull limit."""


class RateCost(NamedTuple):
    """What is about to be read takes so much of a pull limit."""

    manifests: int
    rate: Rate

    @property
    def sentence(self) -> str:
        """Say it: `Reading 23 manifests takes 23 of the 72 pulls that are left.`"""
        left = self.rate.remaining
        few = "the 1 pull that is left" if left == 1 else f"the {left:,} pulls that are left"
        takes = f"{self.manifests:,} of {few}" if self.manifests <= left else f"more than {few}"
        return f"Reading {plural(self.manifests, 'manifest')} takes {takes}."

    @property
    def short(self) -> str:
        """Say the numbers alone: `23 of 72 pulls`."""
        return f"{self.manifests:,} of {plural(self.rate.remaining, 'pull')}"


Fields = tuple[tuple[str, str], ...]
"""Names and values of HTTP headers."""
CACHE = "cache"
"""The outcome of a request that nothing was sent for."""


class Exchange(NamedTuple):
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
    kind: str = ""
    """What was asked for: `ping`, `tags`, `manifest`, `blob`, `token` and more."""
    at: float = 0.0
    """When it began, in seconds since 1970."""
    outcome: str = ""
    """Why there is no whole answer of a server, in at most nine characters: `cancelled`, `timed out`, `no answer`,
    `broke off`, `refused`; or `cache`, when it was answered without one. Empty when there is one."""
    cost: int = 0
    """How much of the pull limit it took, where the registry counts."""
    elsewhere: bool = False
    """Whether another host was asked than the registry: a login service, or storage."""
    inside: bool = False
    """Whether the registry is inside this program, where nothing else reaches it."""
    unverified: bool = False
    """Whether the certificate was not checked."""
    asked: Fields = ()
    """The headers that made the question, secrets replaced."""
    form: str = ""
    """The body of a token request, secrets replaced."""
    answered: Fields = ()
    """The main headers of the answer, redacted."""
    number: int = 0
    """Counts from 1; the log gives it."""

    @property
    def is_cached(self) -> bool:
        """Tell whether nothing was sent."""
        return self.outcome == CACHE


class Settings(NamedTuple):
    """Everything that was decided before the first question."""

    user: Login | None = None
    registry: Registry | None = None
    """The registry that the login is for; None means the first one asked."""
    only_https: frozenset[str] = frozenset()
    """Keys of registries that are asked by https and never otherwise."""
    plain_http: frozenset[str] = frozenset()
    """Keys of registries for which unencrypted http was asked for, and with it logins over http."""
    ca_file: Path | None = None
    """Certificates trusted in addition to those of the system."""
    local: Mapping[str, Responder] = MappingProxyType({})
    """Registry key -> the registry in this process that answers for it."""
    deadline: float = 60
    """The most seconds that one answer may take in all."""
    vendor_seconds: float = 3
    """The most seconds that one answer of a vendor's own API may take."""
    pause: float = 0.5
    """Seconds before the second try of a failed request; doubles with every try."""
    patience: float = 60
    """The longest that a registry's Retry-After is waited for without giving the question up, in seconds."""
    insecure: frozenset[str] = frozenset()
    """Keys of registries whose certificate is not verified, because somebody asked for that."""
    keychain: Keychain | None = None
    """Where saved logins come from; None: nowhere."""
    network: Network | None = None
    """What this machine's files and environment say of registries; None: nothing."""
    cache_folder: Path | None = None
    """Where content is kept between runs; None: nowhere."""
    cache_size: int = CACHE_SIZE
    """The most bytes kept there."""
    state_folder: Path | None = None
    """Where is remembered which host each registry sends logins to; None: nowhere."""
    offline: bool = False
    """Whether nothing is sent, and what was kept on disk answers."""


class NamePage(NamedTuple):
    """The new names of one page of a list."""

    names: tuple[str, ...]
    """Valid, and in no earlier page."""
    total: int
    """Names so far, this page included."""
    hidden: int = 0
    """Entries so far that are no valid names."""
    done: bool = False
    """Whether the list is complete."""
    note: str = ""
    """Why the list ended before its end, one sentence; empty while it goes on."""
    next: str | None = None
    """Opaque; when set, the list goes on behind this page with `after=page`."""
    cursor: Cursor | None = None


class TagPage(NamePage):
    """The new tags of one page of a tag list (distribution-spec, Listing Tags)."""

    __slots__ = ()

    @property
    def tags(self) -> tuple[str, ...]:
        return self.names


class CatalogPage(NamePage):
    """The new repositories of one page of a catalog (distribution, docs/content/spec/api.md, Listing Repositories)."""

    __slots__ = ()

    @property
    def repositories(self) -> tuple[str, ...]:
        return self.names


class TagHead(NamedTuple):
    """What a HEAD says about a tag; said by the server, not verified."""

    digest: Digest | None
    media_type: str = ""
    size: int | None = None


class Wait(NamedTuple):
    """Why a registry is not asked right now."""

    until: float
    """On the monotonic clock."""
    why: str
    """One sentence without a number of seconds: `ghcr.io is limiting requests.`"""

    @property
    def left(self) -> float:
        """Seconds until the registry is asked again; 0 when it may be."""
        return max(0.0, self.until - monotonic())

    @property
    def sentence(self) -> str:
        """Why and for how long; empty when it is over."""
        left = self.left
        return f"{self.why} Trying again in {span(left)}." if left else ""


class Connection(NamedTuple):
    """How a registry is reached, for people who ask. Every text is safe to show."""

    base: str
    """`https://registry-1.docker.io`; empty before the first question."""
    encrypted: bool
    verified: bool
    """Whether its certificate is checked."""
    login: LoginState
    logins_go_to: str = ""
    """The host that credentials or token requests are sent to; empty when none are wanted."""
    notes: tuple[str, ...] = ()
    """Proxy, mirrors, rewrites, client certificate; the registry's own warnings; each one sentence."""
    is_inside: bool = False
    """Whether nothing is asked over a network: files on this machine, or a registry inside the program."""


class Referrer(NamedTuple):
    """Something attached to a manifest (distribution-spec, Listing Referrers)."""

    descriptor: Descriptor
    found_by: tuple[str, ...]
    """Every place that named it: `API`, `tag`, `signature tag`."""
    tag: str = ""
    """The tag it hangs on, when it was found by one."""


class Referrers(NamedTuple):
    """What is attached to one manifest, from every place that was looked at."""

    subject: Digest
    entries: tuple[Referrer, ...]
    places: int
    """How many places were looked at."""
    note: str = ""
    """One sentence when something could not be asked or was left out; empty when all is well."""


class TagFact(NamedTuple):
    """What a registry's own API says of a tag, beyond the standard. Claimed, never verified."""

    tag: str
    pushed: datetime | None = None
    size: int | None = None
    """Compressed bytes, as far as `size_of` says."""
    size_of: str = ""
    """What the size is of, such as `linux/amd64`; empty: of everything."""
    digest: Digest | None = None


class TagFacts(NamedTuple):
    """Some tags' facts, as they arrive; or why there are none."""

    facts: tuple[TagFact, ...]
    note: str = ""
    """`Dates and sizes are not available right now (hub.docker.com: …).`; empty when all is well."""


class Found(NamedTuple):
    """One repository that a search found."""

    path: str
    """Valid as a repository path of the registry that was searched."""
    about: str = ""
    """Its description, made visible, one line."""
    official: bool = False
    stars: int | None = None
