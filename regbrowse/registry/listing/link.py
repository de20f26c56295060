"""`Link` headers (RFC 8288): find where a list goes on, and decide whether to request it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit, urlunsplit

from regbrowse.registry.transport.url_policy import problem_with, same_origin
from regbrowse.text import visible

MAX_LINES = 16
MAX_LINE = 16_384

_LINK = re.compile(
    r"""[ \t,]*
    (?: <(?P<target>[^>]*)> | <.* | (?P<bare>[^;,<>" \t]+) )?
    (?P<parameters> (?: "(?:[^"\\]|\\.)*+"? | [^",] )*+ )""",
    re.VERBOSE,
)
_PARAMETER = re.compile(
    r"""([!#$%&'*+\-.^_`|~0-9A-Za-z]+) [ \t]*
    (?: = [ \t]* (?: "((?:[^"\\]|\\.)*+)"? | ([^;,"\ \t]*) ) )?""",
    re.VERBOSE,
)


class NextPage(NamedTuple):
    """Where a list goes on. `url` is None at its end, and with a `note` where we refuse to go on."""

    url: str | None = None
    fallback: str | None = None
    """Requested when `url` is answered with 400 or 404."""
    note: str = ""


def next_target(lines: Iterable[str]) -> str | None:
    """Find the target of the first link whose relations contain `next`, as it is written. Never raises.

    `httpx.Response.links` is not enough. It keeps the last of several links with the same relation, and the last
    `rel` of a link where the first one counts; it ends a target at `;`, a link at a parameter with two `=`, and a
    quoted text at `;` or `, <`; and it finds no second link when targets have no angle brackets, a form that
    clients accept (regclient, internal/httplink).
    """
    return next((target for target, relations in _links(lines) if "next" in relations), None)


def _links(lines: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield targets with their relations, of as much as is read."""
    for line in islice(lines, MAX_LINES):
        for link in _LINK.finditer(line[:MAX_LINE]):
            target = (link["target"] or link["bare"] or "").strip()
            if target:
                yield target, _relations(link["parameters"])


def _relations(parameters: str) -> list[str]:
    for name, quoted, plain in _PARAMETER.findall(parameters):
        if name.lower() == "rel" and (quoted or plain):
            return str(quoted or plain).lower().split()
    return []


def next_page(lines: Sequence[str], url: str, path: str, host: str, headers: Mapping[str, str]) -> NextPage:
    """Decide where a list goes on after the response to `url`.

    `lines` are its `Link` headers, `path` is the endpoint of the list, `host` the registry as it is shown. Only
    the same endpoint on the same origin is requested.
    """
    target = next_target(lines)
    if target is not None:
        return _decide(target, url, path, host, headers)
    for target, relations in _links(lines):
        # Some servers leave `rel` out. A link into the same list is the next page then, other ones are something else.
        page = NextPage() if relations else _decide(target, url, path, host, headers)
        if page.url is not None and page.url != url and _has_cursor(page.url):
            return page
    if len(lines) > MAX_LINES or any(len(line) > MAX_LINE for line in lines):
        return NextPage(note=f"{host} sent more in Link headers than is read; its list may go on.")
    return NextPage()


def _has_cursor(url: str) -> bool:
    """Tell whether a URL says where in a list it begins."""
    return any(value and name != "n" for name, value in _fields(urlsplit(url).query))


def _decide(target: str, url: str, path: str, host: str, headers: Mapping[str, str]) -> NextPage:
    """Decide whether the target of a link is requested; the parameters are those of `next_page`."""
    problem = problem_with(target)
    if problem:
        return NextPage(note=f"{host} continued its list at an address with {problem}; not followed.")
    try:
        target.encode()
        there = urlsplit(urljoin(url, target.replace(" ", "%20")))
    except ValueError:
        return NextPage(note=f"{host} continued its list at an address that cannot be read.")
    here = urlsplit(url)
    direct = urlunsplit((here.scheme, here.netloc, path, there.query, ""))
    same, its_path = same_origin(there.geturl(), url), unquote(there.path)
    if its_path == path and (same or its_path.startswith("/v2/")):
        # Behind a proxy the registry may name its inner address: its path and query are still right.
        return NextPage(url=direct)
    if "x-jfrog-version" in headers or "x-artifactory-id" in headers:
        # Artifactory forgets its own prefix: only the cursor of its link is of use.
        cursor = {name: value for name, value in _fields(there.query) if name in ("last", "n") and value}
        return NextPage(url=with_query(url, **cursor))
    if not same:
        other = visible(there.netloc, 100)
        return NextPage(note=f"{host} continued its list on another host ({other}); not followed.")
    if there.path.endswith(path):
        return NextPage(url=urlunsplit((here.scheme, here.netloc, there.path, there.query, "")), fallback=direct)
    return NextPage(note=f"{host} continued its list at another place ({visible(there.path, 100)}); not followed.")


def with_query(url: str, **fields: str | int) -> str:
    """Replace query fields of the same name and append the others, each encoded exactly once."""
    parts = urlsplit(url)
    pairs = [(name, value) for name, value in _fields(parts.query) if name not in fields]
    pairs += [(name, str(value)) for name, value in fields.items()]
    query = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def path_and_query(url: str) -> str:
    """Cut scheme, host and fragment off a URL."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _fields(query: str) -> list[tuple[str, str]]:
    # Cursors may be any bytes: what is no UTF-8 stays what it is.
    return parse_qsl(query, keep_blank_values=True, errors="surrogateescape")


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="surrogateescape")
