"""The one choke point: everything that leaves the process leaves here.

Only GET and HEAD, and POST for tokens; bodies are bounded and read raw, so that digests stay true;
redirects are followed by a loop of our own that drops the login at every change of origin; every
operation has a deadline.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from urllib.parse import urljoin, urlsplit

import httpx

from regbrowse.errors import RegistryError
from regbrowse.redact import redact
from regbrowse.reference import Registry
from regbrowse.registry.content.cache import Flights
from regbrowse.registry.errors_from import BODY_LIMIT
from regbrowse.registry.facts import Exchange, Settings
from regbrowse.registry.net.failures import bad_headers, failure, may_retry, refused_redirect, too_much, too_slow
from regbrowse.registry.net.policy import is_special, origin_of, problem_with, same_origin
from regbrowse.registry.net.tls import speaks_tls
from regbrowse.registry.net.waiting import PATIENCE, RETRIED, pause_before, retry_after
from regbrowse.registry.net.wires import Wires, request
from regbrowse.registry.question import Question, Reply
from regbrowse.text import visible

HOPS = 5
PER_ORIGIN = 4
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SAME_METHOD = frozenset({307, 308})
_STALE = frozenset({400, 401, 403})
"""What storage says when a signed address has expired."""


class Transport:
    """Carries questions to registries and bounded replies back."""

    def __init__(self, settings: Settings, log: deque[Exchange]) -> None:
        self._settings = settings
        self._log = log
        self._wires = Wires(settings)
        self._gates: dict[tuple[str, str, int], asyncio.Semaphore] = {}
        self._bases: dict[str, str] = {}
        self._probes: Flights[str] = Flights()

    async def base(self, registry: Registry) -> str:
        """`https://host:port`, or `http://` where that is tolerable and https does not work. Remembered."""
        key = registry.key
        if key not in self._bases:
            self._bases[key] = await self._probes.share(key, lambda: self._find_base(registry))
        return self._bases[key]

    async def _find_base(self, registry: Registry) -> str:
        authority = registry.authority
        tolerable = registry.is_loopback or registry.key in self._settings.plain_http
        if registry.key in self._settings.local or not tolerable:
            return f"https://{authority}"
        tls = await speaks_tls(registry.host, registry.port or 443, patient=not registry.is_loopback)
        return f"{'https' if tls else 'http'}://{authority}"

    async def send(self, question: Question, url: str, authorization: str = "") -> Reply:
        """The reply to a question, whatever its status; raises RegistryError when there is none.

        Troubles that pass are waited out, shortly and not often.
        """
        if question.method == "POST" and question.kind != "token":
            raise ValueError("Nothing but a token is asked for with POST.")
        attempt = 0
        while True:
            last = attempt + 1 >= question.tries
            try:
                reply = await self._follow(question, url, authorization, _note(question, attempt))
            except RegistryError as error:
                if last or not may_retry(error):
                    raise
                wait = pause_before(attempt, self._settings.pause, None)
            else:
                asked = retry_after(reply.headers)
                if last or reply.status not in RETRIED or (asked or 0) > PATIENCE:
                    return reply
                wait = pause_before(attempt, self._settings.pause, asked)
            attempt += 1
            await asyncio.sleep(wait)

    async def aclose(self) -> None:
        await self._wires.aclose()

    async def _follow(self, question: Question, url: str, authorization: str, note: str) -> Reply:
        at, seen, renewed, hops, foreign = url, {url}, False, 0, False
        while True:
            # Who has been sent away once does not get the login back, wherever the way leads.
            foreign = foreign or not same_origin(at, url)
            reply = await self._exchange(question, at, "" if foreign else authorization, foreign, note)
            if reply.foreign and reply.status in _STALE and question.kind == "blob" and not renewed:
                at, seen, renewed, hops, foreign, note = url, {url}, True, 0, False, "new redirect"
                continue
            if reply.status not in _REDIRECTS:
                return reply
            if question.method == "POST" and (hops or reply.status not in _SAME_METHOD):
                return reply
            hops += 1
            if hops > HOPS:
                raise refused_redirect(question, at, f"{question.host} redirected {HOPS} times; giving up.")
            at = self._next_hop(question, url, reply)
            if at in seen:
                raise refused_redirect(question, at, f"{question.host} redirects in a circle.")
            seen.add(at)
            note = "redirected"

    def _next_hop(self, question: Question, url: str, reply: Reply) -> str:
        """The address a redirect names, if we are willing to go there."""
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
            why = f"{host} redirected to an unencrypted address ({shown}). Refused."
            hint = "A login page of the network may be in between; open a web browser to see."
            raise refused_redirect(question, target, why, hint)
        if question.stay and not same_origin(target, url):
            raise refused_redirect(question, target, f"{host} redirected to another host ({shown}). Refused.")
        home = origin_of(url)[1]
        if there != home and is_special(there) and not is_special(home):
            raise refused_redirect(question, target, f"{host} redirected to the internal address {shown}. Refused.")
        return target

    async def _exchange(self, question: Question, url: str, authorization: str, foreign: bool, note: str) -> Reply:
        origin = origin_of(url)
        gate = self._gates.setdefault(origin, asyncio.Semaphore(PER_ORIGIN))
        headers = dict(question.headers)
        if authorization:
            headers["Authorization"] = authorization
        async with gate:
            started = time.monotonic()
            status: int | None = None
            body = bytearray()
            try:
                async with asyncio.timeout(min(question.deadline, self._settings.deadline)):
                    outgoing = request(question.method, url, headers, question.body)
                    response = await self._wires.handle_async_request(outgoing)
                    status = response.status_code
                    try:
                        await self._read(question, url, response, body)
                    finally:
                        await response.aclose()
            except TimeoutError:
                note = "too slow"
                raise too_slow(question, url, time.monotonic() - started) from None
            except (httpx.InvalidURL, UnicodeError):
                note = "bad address"
                why = f"{question.host} named an address that cannot be read."
                raise refused_redirect(question, url, why) from None
            except (httpx.HTTPError, OSError) as error:
                note = "no answer" if status is None else "broke off"
                raise failure(error, question, url, time.monotonic() - started) from error
            except asyncio.CancelledError:
                note = "cancelled"
                raise
            finally:
                seconds = time.monotonic() - started
                self._log.append(Exchange(question.method, redact(url), status, seconds, len(body), note))
        return Reply(question, status, response.headers, bytes(body), url, seconds, foreign)

    async def _read(self, question: Question, url: str, response: httpx.Response, body: bytearray) -> None:
        if len(response.headers.raw) > 200:
            raise bad_headers(question, url)
        good = response.is_success
        limit = question.limit if question.size is None else min(question.size, question.limit)
        if not good:
            limit = BODY_LIMIT
        elif question.take is not None:
            limit = question.take
        elif question.method == "GET":
            length = response.headers.get("content-length", "")
            offered = int(length) if length.isascii() and length.isdigit() and len(length) < 20 else None
            if offered is not None and offered > limit:
                raise too_much(question, url, offered)
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) >= limit and (question.take is not None or not good):
                del body[limit:]
                return
            if len(body) > limit:
                raise too_much(question, url, None)




def _note(question: Question, attempt: int) -> str:
    parts = ["login" if question.kind == "token" else "", f"try {attempt + 1}" if attempt else ""]
    return " · ".join(part for part in parts if part)
