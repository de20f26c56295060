"""Redirects: a loop of our own, which loses the login at every change of origin and goes only where it may.

httpx would keep headers of ours and cookies of theirs, and knows nothing of addresses inside.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin, urlsplit

import httpx

from regbrowse.errors import PolicyError, RegistryError
from regbrowse.registry.requests import Request, Response
from regbrowse.registry.transport.exchange import Exchanger
from regbrowse.registry.transport.failures import inner_address, refused_redirect
from regbrowse.registry.transport.pools import Pools
from regbrowse.registry.transport.request_state import RequestState
from regbrowse.registry.transport.url_policy import is_special, origin_of, problem_with, same_origin
from regbrowse.text import visible

HOPS = 5
RESOLVED_SECONDS = 600.0
_RESOLVED = 64
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SAME_METHOD = frozenset({307, 308})
_STALE = frozenset({400, 401, 403})
"""What storage says when a signed address has expired."""
_NO_HEAD = frozenset({403, 405, 501})
"""What storage says to HEAD when an address was signed for GET."""


@dataclass(slots=True)
class _Way:
    """How far a question has come."""

    at: str = field(repr=False)
    question: Request
    seen: set[str] = field(repr=False)
    hops: int = 0
    foreign: bool = False
    """Whether it left the origin that was asked; who has been sent away once does not get the login back."""
    renewed: bool = False
    moved: bool = False
    """Whether a server that was not meant has been left for a new connection."""


class Redirects:
    """Follows redirects; remembers for ten minutes where the parts of a blob are, in memory only."""

    def __init__(self, exchanges: Exchanger, wires: Pools) -> None:
        self._exchanges = exchanges
        self._wires = wires
        self._resolved: OrderedDict[tuple[str, str, bool], tuple[float, str]] = OrderedDict()

    async def follow(self, errand: RequestState, note: str) -> Response:
        """The answer at the end of the way; raises PolicyError for a way we do not go."""
        url, asked = errand.url, errand.question
        key = (url, asked.identity, bool(errand.authorization))
        ranged = asked.kind == "blob" and any(name.lower() == "range" for name in asked.headers)
        known = self._known(key) if ranged else ""
        way = _Way(known or url, asked, {url})
        while True:
            way.foreign = way.foreign or not same_origin(way.at, url)
            authorization = "" if way.foreign else errand.authorization
            resumed = errand.resumes
            try:
                reply = await self._exchanges.send(errand, way.question, way.at, authorization, note)
            except RegistryError:
                self._resolved.pop(key, None)
                raise
            reply = replace(reply, foreign=way.foreign)
            if way.foreign and way.question.method == "HEAD" and reply.status in _NO_HEAD:
                way.question = _without_head(way.question)
                note = "GET for HEAD"
            elif way.foreign and asked.kind == "blob" and reply.status in _STALE and not way.renewed:
                self._resolved.pop(key, None)
                way = _Way(url, asked, {url}, renewed=True)
                note = "new redirect"
            elif reply.status == 421 and not way.moved:
                way.moved = True
                await self._wires.renew(origin_of(way.at))
                note = "new connection"
            elif resumed and reply.status in (206, 416):
                # What was to be continued is not what is there.
                errand.restart()
                note = "from the start"
            elif reply.status not in _REDIRECTS or (
                asked.method == "POST" and (way.hops or reply.status not in _SAME_METHOD)
            ):
                if ranged and way.foreign and reply.status == 206:
                    self._remember(key, way.at)
                return _as_head(asked, reply) if way.question.method != asked.method else reply
            else:
                self._go_on(way, url, reply)
                note = "redirected"

    def _go_on(self, way: _Way, url: str, reply: Response) -> None:
        way.hops += 1
        host = way.question.host
        if way.hops > HOPS:
            raise refused_redirect(way.question, way.at, f"{host} redirected {HOPS} times; giving up.")
        way.at = next_hop(way.question, url, reply)
        if way.at in way.seen:
            raise refused_redirect(way.question, way.at, f"{host} redirects in a circle.")
        way.seen.add(way.at)

    def _known(self, key: tuple[str, str, bool]) -> str:
        until, url = self._resolved.get(key, (0.0, ""))
        return url if until > time.monotonic() else ""

    def _remember(self, key: tuple[str, str, bool], url: str) -> None:
        until = self._resolved[key][0] if self._known(key) == url else time.monotonic() + RESOLVED_SECONDS
        self._resolved[key] = (until, url)
        self._resolved.move_to_end(key)
        while len(self._resolved) > _RESOLVED:
            self._resolved.popitem(last=False)


def next_hop(question: Request, url: str, reply: Response) -> str:
    """The address a redirect names, if we are willing to go there; `url` is what was asked first.

    Raises PolicyError. Names that lead inside are found out when they are connected to.
    """
    host, locations = question.host, reply.headers.get_list("location")
    if len(locations) != 1:
        raise refused_redirect(question, reply.url, f"{host} redirected without saying where to.")
    problem = problem_with(locations[0])
    if problem:
        raise refused_redirect(question, reply.url, f"{host} redirected to an address with {problem}. Refused.")
    target = urljoin(reply.url, locations[0]).partition("#")[0]
    scheme, there, _ = origin_of(target)
    shown = visible(urlsplit(target).netloc, 260)
    if scheme != "https" and not url.startswith("http:"):
        raise _unencrypted(question, target, shown)
    if question.stay and not same_origin(target, url):
        raise refused_redirect(question, target, f"{host} redirected to another host ({shown}). Refused.")
    home = origin_of(url)[1]
    if there != home and is_special(there) and not is_special(home):
        raise inner_address(replace(question, kind="blob"), target, shown)
    return target


def _unencrypted(question: Request, target: str, shown: str) -> PolicyError:
    why = f"{question.host} redirected to an unencrypted address ({shown}). Refused."
    hint = "A login page of the network may be in between; open a web browser to see."
    return refused_redirect(question, target, why, hint)


def _without_head(question: Request) -> Request:
    """The shortest question that an address signed for GET answers."""
    return replace(question, method="GET", headers={**question.headers, "Range": "bytes=0-0"}, take=1)


def _as_head(asked: Request, reply: Response) -> Response:
    """What HEAD would have said, from the answer to a question for the first byte."""
    headers = httpx.Headers([(name, value) for name, value in reply.headers.multi_items() if name != "content-range"])
    total = reply.headers.get("content-range", "").rpartition("/")[2]
    if reply.status == 206 and total.isascii() and total.isdigit():
        headers["content-length"] = total
    status = 200 if reply.status == 206 else reply.status
    return replace(reply, question=asked, status=status, headers=headers, body=b"")
