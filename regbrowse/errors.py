"""Everything that can go wrong and is not a bug of ours.

    RegbrowseError
    ├── BadReference        what was typed names nothing a registry could hold
    │   └── NotInFile           nothing that the file it names holds
    ├── ConfigError         a local file, option or environment variable is wrong
    ├── CostRefused         somebody was told what it takes of a pull limit, and did not want it
    └── RegistryError       a question to a registry failed; carries Evidence
        ├── NetError        no name, nobody listening, broken off, too slow
        ├── TlsError        no trust in the other end
        ├── PolicyError     we refuse: a redirect, a login address, a link
        │   └── RealmChanged    logins would go to another host than before
        ├── AuthError
        │   ├── AuthRequired    a login is needed and none is known
        │   ├── AuthRejected    the login was refused
        │   └── Denied          logged in, but not allowed
        ├── NotFound        no such repository, manifest or blob
        ├── Unsupported     this registry does not have the feature
        ├── RateLimited     too many questions
        ├── ServerError     trouble on the registry's side
        ├── BadResponse     an answer that is not what the protocol says
        ├── Integrity       content that does not match its digest or size
        ├── TooLarge        a limit of ours was reached
        └── Offline         nothing may be asked, and it was not kept

Workers and commands catch RegbrowseError and nothing wider, so that a bug is seen.
"""

from __future__ import annotations

from typing import NamedTuple


class Evidence(NamedTuple):
    """The request behind a failure, safe to show: redacted, bounded, made visible."""

    host: str = ""
    method: str = "GET"
    url: str = ""
    """Redacted; may be empty when no request was sent."""
    status: int | None = None
    codes: tuple[str, ...] = ()
    """The registry's own error codes, such as MANIFEST_UNKNOWN."""
    said: str = ""
    """The registry's own words, at most 500 characters."""
    request_id: str = ""
    seconds: float | None = None
    """From sending the request to the failure."""

    @property
    def short(self) -> str:
        """`401 UNAUTHORIZED`, or what of it is known."""
        parts = [str(self.status)] if self.status else []
        return " ".join(parts + list(self.codes[:3]))


class Step(str):
    """The next step in one sentence, where the screen has a key for it; `typed` is how it is taken without."""

    __slots__ = ("typed",)
    typed: str

    def __new__(cls, text: str, typed: str) -> Step:
        step = super().__new__(cls, text)
        step.typed = typed
        return step


class RegbrowseError(Exception):
    """A failure that can be explained to the person at the keyboard."""

    slug = "error"
    """Stable name for tests and scripts."""
    label = "failed"
    """Two or three words for a heading."""

    def __init__(self, why: str, *, wanted: str = "", hint: str = "", command: str = "") -> None:
        super().__init__(why)
        self.why = why
        """One whole sentence in plain words."""
        self.wanted = wanted
        """What was being done, such as "Listing tags of ghcr.io/acme/app"."""
        self.hint = hint
        """The next step, one whole sentence; may be empty."""
        self.command = command
        """A shell command that is the next step, such as "docker login ghcr.io"; may be empty."""

    @property
    def heading(self) -> str:
        return self.label

    @property
    def mark(self) -> str:
        """The shortest form of the heading, such as `401`."""
        return self.label

    def __str__(self) -> str:
        """All of it in one line, for whoever typed a command."""
        sentence = f"{self.wanted} failed: {self.why}" if self.wanted else self.why
        hint = self.hint.typed if isinstance(self.hint, Step) else self.hint
        steps = [hint] if hint else []
        if self.command and self.command not in self.hint:
            steps.append(f"Run: {self.command}")
        return " ".join([sentence, *steps])


class BadReference(RegbrowseError):
    """What was typed is not a reference."""

    slug = "bad-reference"
    label = "not a reference"


class NotInFile(BadReference):
    """A file on this machine does not hold what was named."""

    slug = "not-in-file"
    label = "not there"


class ConfigError(RegbrowseError):
    """A local file, option or environment variable is wrong."""

    slug = "config"
    label = "bad setting"


class CostRefused(RegbrowseError):
    """Somebody was told what it takes of a pull limit, and did not want it."""

    slug = "cost-refused"
    label = "not read"


class RegistryError(RegbrowseError):
    """A question to a registry failed."""

    slug = "registry"
    transient = False
    """Whether the same request may succeed when it is sent again."""

    def __init__(
        self,
        why: str,
        *,
        evidence: Evidence | None = None,
        wanted: str = "",
        hint: str = "",
        command: str = "",
    ) -> None:
        super().__init__(why, wanted=wanted, hint=hint, command=command)
        self.evidence = evidence or Evidence()

    @property
    def heading(self) -> str:
        status = self.evidence.status
        if status and status >= 400:
            return f"{status} {_PHRASES.get(status, self.label)}"
        return self.label

    @property
    def mark(self) -> str:
        status = self.evidence.status
        return str(status) if status and status >= 400 else self.label

    def __str__(self) -> str:
        text = super().__str__()
        fine = self.evidence.status is not None and self.evidence.status < 400
        short = "" if fine and not self.evidence.codes else self.evidence.short
        if short and short not in text and text.startswith(self.wanted):
            head, dot, tail = text.partition(self.why)
            text = f"{head}{dot.removesuffix('.')} ({short}).{tail}" if dot else text
        return text


_PHRASES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    407: "Proxy Login Required",
    408: "Request Timeout",
    410: "Gone",
    416: "Range Not Satisfiable",
    429: "Too Many Requests",
    451: "Blocked for Legal Reasons",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class NetError(RegistryError):
    """DNS, refused, reset, timeout or a broken protocol."""

    slug = "net"
    label = "no answer"


class TlsError(RegistryError):
    """The other end could not be trusted, or does not speak TLS."""

    slug = "tls"
    label = "no secure connection"


class PolicyError(RegistryError):
    """We refuse to go where the registry pointed."""

    slug = "policy"
    label = "refused"


class RealmChanged(PolicyError):
    """A registry sends logins to another host than it used to: somebody has to say that this is right."""

    slug = "realm-changed"
    label = "login moved"


class AuthError(RegistryError):
    """The registry wants to know who asks, or does not like who it is."""

    slug = "auth"
    label = "login"


class AuthRequired(AuthError):
    """A login is needed and none is known."""

    slug = "auth-required"
    label = "login needed"


class AuthRejected(AuthError):
    """The login was refused."""

    slug = "auth-rejected"
    label = "login refused"


class Denied(AuthError):
    """Logged in, but not allowed to read this."""

    slug = "denied"
    label = "not allowed"


class NotFound(RegistryError):
    """No such repository, manifest or blob."""

    slug = "not-found"
    label = "not found"


class Unsupported(RegistryError):
    """This registry does not have the feature."""

    slug = "unsupported"
    label = "not offered"


class RateLimited(RegistryError):
    """Too many questions in too short a time."""

    slug = "rate-limited"
    label = "rate limit"

    retry_after: float | None = None
    """Seconds until the registry wants to be asked again, if it said so."""


class ServerError(RegistryError):
    """Trouble on the registry's side."""

    slug = "server"
    label = "registry trouble"


class BadResponse(RegistryError):
    """An answer that is not what the protocol says."""

    slug = "bad-response"
    label = "strange answer"


class Integrity(RegistryError):
    """Content that does not match its digest or size."""

    slug = "integrity"
    label = "mismatch"

    content: bytes = b""
    """What was received, for looking at under a warning; never used as the real thing."""
    got: str = ""
    """The digest of what was received."""


class TooLarge(RegistryError):
    """A limit of ours was reached; the connection was closed."""

    slug = "too-large"
    label = "too big"


class Offline(RegistryError):
    """Nothing may be asked, and this was not kept from before."""

    slug = "offline"
    label = "not known offline"
