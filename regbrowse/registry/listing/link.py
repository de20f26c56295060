"""`Link` headers (RFC 8288): where a list goes on, and whether we go there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit, urlunsplit

from regbrowse.registry.transport.url_policy import problem_with, same_origin
from regbrowse.text import visible

MAX_LINES = 16
MAX_LINE = 16_384

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"?')
_PLAIN = re.compile(r"[^;, \t\"]*")
_BARE = re.compile(r"[^;, \t\"<>]+")


class Next(NamedTuple):
    """Where a list goes on. `url` is None at the end and when we refuse to follow, then with a `note`."""

    url: str | None = None
    fallback: str | None = None
    """Tried when `url` is answered with 400 or 404."""
    note: str = ""


def next_target(lines: Iterable[str]) -> str | None:
    """The target of the first link whose relations contain `next`, as written. Never raises."""
    for number, line in enumerate(lines):
        if number == MAX_LINES:
            break
        for target, relations in _links(line[:MAX_LINE]):
            if target and "next" in relations.lower().split():
                return target
    return None


def follow(lines: Iterable[str], url: str, path: str, host: str, headers: Mapping[str, str]) -> Next:
    """Decides on the `Link` of an answer to `url`, whose endpoint is `path` on the registry shown as `host`."""
    target = next_target(lines)
    if target is None:
        return Next()
    problem = problem_with(target)
    if problem:
        return Next(note=f"{host} continued its list at an address with {problem}; not followed.")
    try:
        target.encode()
        there = urlsplit(urljoin(url, target.replace(" ", "%20")))
    except ValueError:
        return Next(note=f"{host} continued its list at an address that cannot be read.")
    here = urlsplit(url)
    direct = urlunsplit((here.scheme, here.netloc, path, there.query, ""))
    same, its_path = same_origin(there.geturl(), url), unquote(there.path)
    if its_path == path and (same or its_path.startswith("/v2/")):
        # Behind a proxy the registry may name its inner address: its path and query are still right.
        return Next(url=direct)
    if "x-jfrog-version" in headers or "x-artifactory-id" in headers:
        return Next(url=_with_cursor(url, there.query))
    if not same:
        other = visible(there.netloc, 100)
        return Next(note=f"{host} continued its list on another host ({other}); not followed.")
    if there.path.endswith(path):
        return Next(url=urlunsplit((here.scheme, here.netloc, there.path, there.query, "")), fallback=direct)
    return Next(note=f"{host} continued its list at another place ({visible(there.path, 100)}); not followed.")


def with_query(url: str, **fields: str | int) -> str:
    """The URL with these query fields instead of those of the same name, each encoded exactly once."""
    parts = urlsplit(url)
    pairs = [(name, value) for name, value in _fields(parts.query) if name not in fields]
    pairs += [(name, str(value)) for name, value in fields.items()]
    query = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def _with_cursor(url: str, query: str) -> str:
    """Artifactory forgets its own prefix: only the cursor of its link is of use."""
    cursor = {name: value for name, value in _fields(query) if name in ("last", "n") and value}
    return with_query(url, **cursor)


def _fields(query: str) -> list[tuple[str, str]]:
    """Cursors may be any bytes: what is no UTF-8 stays what it is."""
    return parse_qsl(query, keep_blank_values=True, errors="surrogateescape")


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="surrogateescape")


def _links(line: str) -> Iterable[tuple[str, str]]:
    """Targets and their relations; a target may lack its brackets (regclient, internal/httplink)."""
    at = 0
    while at < len(line):
        if line[at] in ", \t":
            at += 1
            continue
        if line[at] == "<":
            end = line.find(">", at)
            if end < 0:
                return
            target, at = line[at + 1 : end].strip(), end + 1
        else:
            bare = _BARE.match(line, at)
            target, at = (bare[0], bare.end()) if bare else ("", at)
        relations = ""
        while at < len(line) and line[at] != ",":
            if line[at] in "; \t":
                at += 1
                continue
            name, value, at = _parameter(line, at)
            if name == "rel" and not relations:
                relations = value
        yield target, relations


def _parameter(line: str, at: int) -> tuple[str, str, int]:
    match = _NAME.match(line, at)
    if not match:
        return "", "", at + 1
    name, at = match[0].lower(), match.end()
    while line[at : at + 1] in (" ", "\t"):
        at += 1
    if line[at : at + 1] != "=":
        return name, "", at
    at += 1
    while line[at : at + 1] in (" ", "\t"):
        at += 1
    value = (_QUOTED if line[at : at + 1] == '"' else _PLAIN).match(line, at)
    if not value:
        return name, "", at + 1
    return name, value[1] if value.re is _QUOTED else value[0], max(value.end(), at)
