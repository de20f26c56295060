"""`WWW-Authenticate`: how a registry asks who is there (RFC 9110, 11.6.1), read with tolerance.

A strict reader means "cannot log in" for somebody, so unquoted values, missing commas, several
challenges in one line, any case and unterminated quotes are all understood; nothing ever raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import urljoin

from regbrowse.registry.transport.url_policy import problem_with

MAX_LINES = 16
MAX_LINE = 8192

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_GAP = re.compile(r"[ \t]*")
_SKIP = re.compile(r"[ \t,]*")
_TOKEN68 = re.compile(r"[ \t]+[A-Za-z0-9\-._~+/]+={0,2}(?=[ \t]*(?:,|$))")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"')
_BARE = re.compile(r'[^ \t,"]*')
_ESCAPE = re.compile(r"\\(.)")


class Challenge(NamedTuple):
    """One way to log in that a server offers."""

    scheme: str
    """Lower case: `bearer`, `basic`."""
    params: Mapping[str, str]
    """Names in lower case; of a repeated parameter the first counts."""

    def get(self, name: str) -> str:
        return self.params.get(name, "")


def parse_challenges(lines: Iterable[str]) -> list[Challenge]:
    """Every challenge of every header line, in order. Never raises."""
    found: list[Challenge] = []
    for number, line in enumerate(lines):
        if number == MAX_LINES:
            break
        found += _parse_line(line[:MAX_LINE])
    return found


def choose(challenges: Iterable[Challenge]) -> Challenge | None:
    """The best one that can be answered: Bearer with a realm, then Basic, whatever their order."""
    known = list(challenges)
    for challenge in known:
        if challenge.scheme == "bearer" and challenge.get("realm"):
            return challenge
    return next((challenge for challenge in known if challenge.scheme == "basic"), None)


def says(challenges: Iterable[Challenge], error: str) -> bool:
    """Whether one of them names this error (RFC 6750, 3.1)."""
    return any(challenge.get("error") == error for challenge in challenges)


def located(challenges: Iterable[Challenge], url: str) -> list[Challenge]:
    """The same with relative realms made whole, against the address that was asked."""
    return [_located(challenge, url) for challenge in challenges]


def of_everything(challenges: Iterable[Challenge]) -> list[Challenge]:
    """The same without the names of single repositories.

    The answer to the first knock is about no repository, yet ghcr.io names a placeholder there, and
    several registries grant the first scope only.
    """
    found = []
    for challenge in challenges:
        if challenge.get("scope").startswith("repository:"):
            params = {name: value for name, value in challenge.params.items() if name != "scope"}
            challenge = Challenge(challenge.scheme, params)
        found.append(challenge)
    return found


def scopes_for(demanded: str, own: str) -> tuple[str, ...]:
    """The scopes of a token request: what the challenge demands, word for word and first, then ours.

    Ours is left out when theirs covers it (distribution, docs/content/spec/auth/scope.md). Several
    registries grant the first scope only.
    """
    if not demanded or not own:
        return tuple(scope for scope in (demanded, own) if scope)
    return (demanded,) if any(_covers(one, own) for one in demanded.split()) else (demanded, own)


def _covers(theirs: str, ours: str) -> bool:
    # The name in the middle may hold a host with a port.
    name, _, rights = theirs.rpartition(":")
    own_name, _, own_rights = ours.rpartition(":")
    granted = rights.split(",")
    return name == own_name and ("*" in granted or set(own_rights.split(",")) <= set(granted))


def _located(challenge: Challenge, url: str) -> Challenge:
    realm = challenge.get("realm")
    if challenge.scheme != "bearer" or problem_with(realm):
        # What cannot be an address stays as it is, and is refused with a reason where it is used.
        return challenge
    return Challenge(challenge.scheme, {**challenge.params, "realm": urljoin(url, realm)})


def _parse_line(line: str) -> list[Challenge]:
    found: list[Challenge] = []
    params: dict[str, str] | None = None
    at = 0
    while at < len(line):
        at = _end(_SKIP, line, at)
        token = _TOKEN.match(line, at)
        if token is None:
            at += 1
            continue
        name, at = token[0].lower(), token.end()
        equals = _end(_GAP, line, at)
        if params is not None and line[equals : equals + 1] == "=" and line[equals : equals + 2] != "==":
            value, at = _value(line, _end(_GAP, line, equals + 1))
            if value is not None:
                params.setdefault(name, value)
            continue
        params = {}
        found.append(Challenge(name, params))
        token68 = _TOKEN68.match(line, at)
        # `Bearer x` without "=" may also be a scheme behind a forgotten comma: only padding makes it sure.
        if token68 and "=" in token68[0]:
            at = token68.end()
    return found


def _value(line: str, at: int) -> tuple[str | None, int]:
    if line[at : at + 1] == '"':
        quoted = _QUOTED.match(line, at)
        if quoted is None:
            return None, len(line)
        return _ESCAPE.sub(r"\1", quoted[1]), quoted.end()
    end = _end(_BARE, line, at)
    return line[at:end], end


def _end(pattern: re.Pattern[str], line: str, at: int) -> int:
    match = pattern.match(line, at)
    return match.end() if match else at
