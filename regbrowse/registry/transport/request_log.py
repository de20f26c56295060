"""What was asked, and what registries want users to know of it."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import overload
from urllib.parse import parse_qsl, quote

from regbrowse.redact import URL, redact
from regbrowse.registry.models import CACHE, Exchange, Fields
from regbrowse.registry.secret_echo import repeats
from regbrowse.text import visible

MAX_ENTRIES = 500
MAX_HEADER_CHARACTERS = 600
"""Of one header in the log; the longest are the media types of `Accept`, and challenges."""
_ASKED = ("accept", "content-type", "range", "cache-control")
"""Headers that change what is answered. Others are those of every program."""
_ANSWERED = (
    "content-type", "docker-content-digest", "content-length", "content-range", "location", "link", "www-authenticate",
    "retry-after", "ratelimit-limit", "ratelimit-remaining",
)  # fmt: skip
_SHOWN_FIELDS = frozenset({"grant_type", "service", "scope", "client_id", "access_type"})
"""Of the form of a token request; the others hold logins."""
_TARGET = re.compile(r"<([^>]*)>")
_CREDENTIALS = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
MAX_WARNING_BYTES = 4096
"""Of all warnings of one registry together."""
_WARNING = re.compile(r'\s*299 - "((?:[^"\\]|\\.)*)"', re.DOTALL)
_QUOTED = re.compile(r"\\(.)", re.DOTALL)
_TO_COMMA = re.compile(r"[^,]*,")


class RequestLog(Sequence[Exchange]):
    """The last MAX_ENTRIES requests, oldest first, and what all of them came to."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        """Gives the time in seconds since 1970."""
        self.sent = 0
        """HTTP requests so far."""
        self.cached = 0
        """Requests so far for which nothing was sent."""
        self.received = 0
        """Bytes of bodies so far."""
        self._entries: deque[Exchange] = deque(maxlen=MAX_ENTRIES)

    def add(self, exchange: Exchange) -> None:
        """Put a request at the end; the first one is forgotten when there are too many."""
        if exchange.is_cached:
            self.cached += 1
        else:
            self.sent += 1
        self.received += exchange.received
        self._entries.append(exchange._replace(number=self.sent + self.cached))

    def add_cached(self, method: str, kind: str, url: str) -> None:
        """Note that a request was answered without being sent."""
        self.add(Exchange(method, redact(url), None, 0.0, 0, kind=kind, at=self.clock(), outcome=CACHE))

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self._entries)

    @overload
    def __getitem__(self, at: int) -> Exchange: ...
    @overload
    def __getitem__(self, at: slice) -> list[Exchange]: ...
    def __getitem__(self, at: int | slice) -> Exchange | list[Exchange]:
        return list(self._entries)[at] if isinstance(at, slice) else self._entries[at]


def asked_headers(headers: Mapping[str, str]) -> Fields:
    """Give the headers that make a question, the login replaced by `***`."""
    known = {name.lower(): value for name, value in headers.items()}
    shown = [(name.title(), visible(known[name], MAX_HEADER_CHARACTERS)) for name in _ASKED if name in known]
    if authorization := known.get("authorization"):
        scheme = authorization.partition(" ")[0] if " " in authorization else ""
        shown.append(("Authorization", f"{scheme} ***" if _CREDENTIALS.fullmatch(scheme) else "***"))
    return tuple(shown)


def asked_form(body: bytes) -> str:
    """Give the body of a token request, logins replaced by `***`."""
    fields = parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True)
    shown = [
        f"{visible(name)}={quote(value, safe=':/,*') if name in _SHOWN_FIELDS else '***'}" for name, value in fields
    ]
    return visible("&".join(shown), MAX_HEADER_CHARACTERS)


def answered_headers(headers: Mapping[str, str], authorization: str = "", body: bytes = b"") -> Fields:
    """Give the main headers of an answer, addresses redacted; none that repeats what was sent as a login."""
    shown = []
    for name in _ANSWERED:
        value = headers.get(name, "")[: 2 * MAX_HEADER_CHARACTERS]
        if not value or repeats(value, authorization, body):
            continue
        if name == "location":
            value = redact(value)
        elif name == "link":
            value = _TARGET.sub(lambda match: f"<{redact(match[1])}>", value)
        value = URL.sub(lambda match: redact(match[0]), value)
        shown.append((name, visible(value, MAX_HEADER_CHARACTERS)))
    return tuple(shown)


class Warnings:
    """The warnings of each registry, each once, as long as there is room; they never change what is done."""

    def __init__(self) -> None:
        self._texts: dict[str, dict[str, None]] = {}

    def add(self, registry: str, lines: Iterable[str]) -> None:
        """Keep the warnings in the `Warning` headers of an answer; `registry` is the key."""
        texts = self._texts.setdefault(registry, {})
        for text in warnings_in(lines):
            if sum(len(kept.encode()) for kept in [*texts, text]) <= MAX_WARNING_BYTES:
                texts[text] = None

    def of(self, registry: str) -> tuple[str, ...]:
        return tuple(self._texts.get(registry, ()))


def warnings_in(lines: Iterable[str]) -> list[str]:
    """Read `Warning: 299 - "text"` (distribution-spec, Warnings), made visible; other codes are passed over."""
    found: list[str] = []
    for line in lines:
        at = 0
        while match := _WARNING.match(line, at):
            found.append(visible(_QUOTED.sub(r"\1", match[1]).strip(), MAX_WARNING_BYTES))
            comma = _TO_COMMA.match(line, match.end())
            if comma is None:
                break
            at = comma.end()
    return [text for text in found if text]
