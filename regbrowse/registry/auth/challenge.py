"""Parse `WWW-Authenticate` challenges (RFC 9110, 11.6.1) with tolerance, and choose the one to answer.

A strict parser would make logging in to some registries impossible. So unquoted values, missing commas, several
challenges in one line, any case and unterminated quotes are understood, and nothing raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import NamedTuple
from urllib.parse import urljoin

from regbrowse.registry.transport.url_policy import problem_with

MAX_LINES = 16
MAX_LINE = 8192

_SCHEME_OR_PARAMETER = re.compile(
    r"""(?P<name>[!#$%&'*+\-.^_`|~0-9A-Za-z]+)
    (?P<value>
        [ \t]* = (?!=) [ \t]*
        (?: "(?P<quoted>(?:[^"\\]|\\.)*+)" | (?P<unterminated>") | (?P<unquoted>[^ \t,"]*) )
    )?""",
    re.VERBOSE,
)
_TOKEN68 = re.compile(r"[ \t]+[A-Za-z0-9\-._~+/]+={1,2}(?=[ \t]*(?:,|$))")
"""With padding only: `Bearer x` may also be two schemes without a comma between them."""
_ESCAPE = re.compile(r"\\(.)")


class Challenge(NamedTuple):
    """One authentication scheme that a server offers, with its parameters."""

    scheme: str
    """In lower case: `bearer`, `basic`."""
    params: Mapping[str, str]
    """Name in lower case -> value; of a repeated parameter the first value counts."""

    def get(self, name: str) -> str:
        return self.params.get(name, "")


def parse_challenges(lines: Iterable[str], url: str = "") -> list[Challenge]:
    """Parse every challenge of every `WWW-Authenticate` line, in order. Never raises.

    `url` is the address of the request: a relative realm of Bearer is resolved against it.
    """
    found = [challenge for line in islice(lines, MAX_LINES) for challenge in _parse_line(line[:MAX_LINE])]
    return [_resolve_realm(challenge, url) for challenge in found] if url else found


def choose_challenge(challenges: Sequence[Challenge]) -> Challenge | None:
    """Return the best challenge that can be answered, whatever their order: Bearer with a realm, then Basic."""
    bearer = (challenge for challenge in challenges if challenge.scheme == "bearer" and challenge.get("realm"))
    basic = (challenge for challenge in challenges if challenge.scheme == "basic")
    return next(chain(bearer, basic), None)


def has_error(challenges: Iterable[Challenge], error: str) -> bool:
    """Return whether a challenge has this error code (RFC 6750, 3.1)."""
    return any(challenge.get("error") == error for challenge in challenges)


def without_repository_scopes(challenges: Iterable[Challenge]) -> list[Challenge]:
    """Return the challenges without scopes of single repositories.

    A ping is about no repository, yet ghcr.io answers it with a scope whose repository is a placeholder, and several
    registries grant the first scope only.
    """
    found = []
    for challenge in challenges:
        if challenge.get("scope").startswith("repository:"):
            params = {name: value for name, value in challenge.params.items() if name != "scope"}
            challenge = Challenge(challenge.scheme, params)
        found.append(challenge)
    return found


def token_scopes(demanded: str, needed: str) -> tuple[str, ...]:
    """Return the scopes of a token request: what the challenge `demanded`, unchanged, then what the request `needed`.

    `needed` is left out when `demanded` covers it (distribution, docs/content/spec/auth/scope.md), because several
    registries grant the first scope only.
    """
    if not demanded or not needed:
        return tuple(scope for scope in (demanded, needed) if scope)
    return (demanded,) if any(_covers(scope, needed) for scope in demanded.split()) else (demanded, needed)


def _covers(scope: str, needed: str) -> bool:
    # The name in the middle may contain a host with a port, so only the last colon separates the actions.
    name, _, actions = scope.rpartition(":")
    needed_name, _, needed_actions = needed.rpartition(":")
    granted = actions.split(",")
    return name == needed_name and ("*" in granted or set(needed_actions.split(",")) <= set(granted))


def _resolve_realm(challenge: Challenge, url: str) -> Challenge:
    realm = challenge.get("realm")
    if challenge.scheme != "bearer" or problem_with(realm):
        # What cannot be an address stays as it is; check_realm refuses it and says why.
        return challenge
    return Challenge(challenge.scheme, {**challenge.params, "realm": urljoin(url, realm)})


def _parse_line(line: str) -> list[Challenge]:
    found: list[Challenge] = []
    params: dict[str, str] | None = None
    position = 0
    while match := _SCHEME_OR_PARAMETER.search(line, position):
        name = match["name"].lower()
        if params is None or match["value"] is None:
            params = {}
            found.append(Challenge(name, params))
            position = match.end("name")
            if token68 := _TOKEN68.match(line, position):
                position = token68.end()
        elif match["unterminated"]:
            break
        else:
            quoted = match["quoted"]
            params.setdefault(name, match["unquoted"] if quoted is None else _ESCAPE.sub(r"\1", quoted))
            position = match.end()
    return found
