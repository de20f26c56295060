"""`WWW-Authenticate`: how a registry asks who is there (RFC 9110, 11.6.1), read with tolerance.

A strict reader means "cannot log in" for somebody, so unquoted values, missing commas, several
challenges in one line, any case and unterminated quotes are all understood; nothing ever raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MAX_LINES = 16
MAX_LINE = 8192

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_GAP = re.compile(r"[ \t]*")
_SKIP = re.compile(r"[ \t,]*")
_TOKEN68 = re.compile(r"[ \t]+[A-Za-z0-9\-._~+/]+={0,2}(?=[ \t]*(?:,|$))")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"')
_BARE = re.compile(r'[^ \t,"]*')
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Challenge:
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
