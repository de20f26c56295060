"""Redirects: follow them without the login at every change of origin, and only where they may lead.

httpx would keep headers of ours and cookies of theirs, and knows nothing of internal addresses.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin, urlsplit

import httpx

from regbrowse.errors import RegistryError
from regbrowse.registry.requests import Request, Response
from regbrowse.registry.transport.body import RequestState
from regbrowse.registry.transport.connection_errors import internal_address, refused_redirect
from regbrowse.registry.transport.url_policy import Origin, is_special, origin_of, problem_with, same_origin
from regbrowse.text import visible

MAX_REDIRECTS = 5
RESOLVED_SECONDS = 600.0
_MAX_RESOLVED = 64
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SAME_METHOD = frozenset({307, 308})
_STALE = frozenset({400, 401, 403})
"""What storage answers when a signed URL has expired."""
_NO_HEAD = frozenset({403, 405, 501})
"""What storage answers to HEAD when a URL was signed for GET."""

Send = Callable[[RequestState, Request, str, str, str], Awaitable[Response]]
"""Sends one HTTP request: state, request, URL, Authorization, and a note for the log."""


@dataclass(slots=True)
class _Hop:
    """Where a request has come by redirects."""

    url: str = field(repr=False)
    request: Request
    seen: set[str] = field(repr=False)
    count: int = 0
    other_origin: bool = False
    """Once another origin was visited, the login is not sent again, not even to the first origin."""
    renewed: bool = False
    """Whether an expired signed URL was asked for anew."""
    reconnected: bool = False
    """Whether a new connection was opened after 421 (RFC 9110, 15.5.20)."""


class Redirects:
    """Follows redirects; remembers for ten minutes, in memory only, where the parts of a blob are."""

    def __init__(self, send: Send, renew: Callable[[Origin], Awaitable[None]]) -> None:
        self._send_when_allowed = send
        self._renew = renew
        self._resolved: OrderedDict[tuple[str, str, bool], tuple[float, str]] = OrderedDict()

    async def follow(self, state: RequestState, note: str) -> Response:
        """Send a request and follow its redirects to the final response. Raises RegistryError, PolicyError."""
        url, asked = state.url, state.request
        key = (url, asked.user, bool(state.authorization))
        ranged = asked.kind == "blob" and any(name.lower() == "range" for name in asked.headers)
        hop = _Hop((self._known(key) if ranged else "") or url, asked, {url})
        while True:
            hop.other_origin = hop.other_origin or not same_origin(hop.url, url)
            authorization = "" if hop.other_origin else state.authorization
            resumed = state.resumes
            try:
                response = await self._send_when_allowed(state, hop.request, hop.url, authorization, note)
            except RegistryError:
                self._resolved.pop(key, None)
                raise
            response = replace(response, other_origin=hop.other_origin)
            if hop.other_origin and hop.request.method == "HEAD" and response.status in _NO_HEAD:
                hop.request = _first_byte(hop.request)
                note = "GET for HEAD"
            elif hop.other_origin and asked.kind == "blob" and response.status in _STALE and not hop.renewed:
                self._resolved.pop(key, None)
                hop = _Hop(url, asked, {url}, renewed=True)
                note = "new redirect"
            elif response.status == 421 and not hop.reconnected:
                hop.reconnected = True
                await self._renew(origin_of(hop.url))
                note = "new connection"
            elif resumed and response.status in (206, 416):
                # What was to be continued is not what is there.
                state.restart()
                note = "from the start"
            elif response.status not in _REDIRECTS or (
                asked.method == "POST" and (hop.count or response.status not in _SAME_METHOD)
            ):
                if ranged and hop.other_origin and response.status == 206:
                    self._remember(key, hop.url)
                return _as_head(asked, response) if hop.request.method != asked.method else response
            else:
                _follow(hop, url, response)
                note = "redirected"

    def _known(self, key: tuple[str, str, bool]) -> str:
        until, url = self._resolved.get(key, (0.0, ""))
        return url if until > time.monotonic() else ""

    def _remember(self, key: tuple[str, str, bool], url: str) -> None:
        until = self._resolved[key][0] if self._known(key) == url else time.monotonic() + RESOLVED_SECONDS
        self._resolved[key] = (until, url)
        self._resolved.move_to_end(key)
        while len(self._resolved) > _MAX_RESOLVED:
            self._resolved.popitem(last=False)


def next_url(request: Request, url: str, response: Response) -> str:
    """Give the URL that a redirect names, if we are willing to go there; `url` is what was asked first.

    Raises PolicyError. Names that resolve to internal addresses are refused when they are connected to.
    """
    host, locations = request.host, response.headers.get_list("location")
    if len(locations) != 1:
        raise refused_redirect(request, response.url, f"{host} redirected without saying where to.")
    problem = problem_with(locations[0])
    if problem:
        raise refused_redirect(request, response.url, f"{host} redirected to an address with {problem}. Refused.")
    target = urljoin(response.url, locations[0]).partition("#")[0]
    scheme, target_host, _ = origin_of(target)
    shown = visible(urlsplit(target).netloc, 260)
    if scheme != "https" and not url.startswith("http:"):
        why = f"{host} redirected to an unencrypted address ({shown}). Refused."
        hint = "A login page of the network may be in between; open a web browser to see."
        raise refused_redirect(request, target, why, hint)
    if request.same_origin and not same_origin(target, url):
        raise refused_redirect(request, target, f"{host} redirected to another host ({shown}). Refused.")
    home = origin_of(url)[1]
    if target_host != home and is_special(target_host) and not is_special(home):
        raise internal_address(replace(request, kind="blob"), target, shown)
    return target


def _follow(hop: _Hop, url: str, response: Response) -> None:
    hop.count += 1
    host = hop.request.host
    if hop.count > MAX_REDIRECTS:
        raise refused_redirect(hop.request, hop.url, f"{host} redirected {MAX_REDIRECTS} times; giving up.")
    hop.url = next_url(hop.request, url, response)
    if hop.url in hop.seen:
        raise refused_redirect(hop.request, hop.url, f"{host} redirects in a circle.")
    hop.seen.add(hop.url)


def _first_byte(request: Request) -> Request:
    """Ask for the first byte: the shortest request that a URL signed for GET answers."""
    return replace(request, method="GET", headers={**request.headers, "Range": "bytes=0-0"}, stop_after=1)


def _as_head(asked: Request, response: Response) -> Response:
    """Make the response to HEAD from a response to a request for the first byte."""
    headers = httpx.Headers(
        [(name, value) for name, value in response.headers.multi_items() if name != "content-range"]
    )
    total = response.headers.get("content-range", "").rpartition("/")[2]
    if response.status == 206 and total.isascii() and total.isdigit():
        headers["content-length"] = total
    status = 200 if response.status == 206 else response.status
    return replace(response, request=asked, status=status, headers=headers, body=b"")
