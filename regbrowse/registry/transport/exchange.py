"""One request and its bounded answer: waits for its turn, keeps to its time, and is written down."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Callable

import httpx

from regbrowse.errors import RegistryError
from regbrowse.redact import redact
from regbrowse.registry.error_mapping import BODY_LIMIT
from regbrowse.registry.models import Exchange
from regbrowse.registry.requests import Request, Response
from regbrowse.registry.secret_echo import repeats
from regbrowse.registry.transport.concurrency import ConcurrencyLimit
from regbrowse.registry.transport.failures import (
    bad_headers,
    failure,
    left_alone,
    refused_redirect,
    silent,
    too_much,
    too_slow,
    where,
)
from regbrowse.registry.transport.pools import Pools, request
from regbrowse.registry.transport.pouring import pour
from regbrowse.registry.transport.rate_limit import FAILURES, RateLimits
from regbrowse.registry.transport.request_state import RequestState
from regbrowse.registry.transport.tls_errors import Scene
from regbrowse.registry.transport.tls_probe import causes_of, certificate_of, complaint_of
from regbrowse.registry.transport.url_policy import Origin, origin_of
from regbrowse.registry.transport.warnings import Warnings

MOST_HEADERS = 200
HEADER_BYTES = 65_536
TURN = 0.02
"""Seconds after which others on the event loop get their turn."""
_CUT = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)


class Exchanger:
    """Every request of one client."""

    def __init__(
        self,
        wires: Pools,
        gates: ConcurrencyLimit,
        pauses: RateLimits,
        log: deque[Exchange],
        scene: Callable[[Request, Origin], Scene],
    ) -> None:
        self._wires = wires
        self._gates = gates
        self._pauses = pauses
        self._log = log
        self._scene = scene
        self.warnings = Warnings()
        self._known: set[Origin] = set()
        """Origins that answered, or were looked at closely."""

    async def send(self, errand: RequestState, question: Request, url: str, authorization: str, note: str) -> Response:
        """Raises RegistryError when there is no whole answer, and ConfigError for settings that cannot be used."""
        origin = origin_of(url)
        bucket = (origin, question.identity)
        while True:
            held = self._pauses.held(bucket, question)
            if held is not None:
                return held
            await self._pauses.over(bucket)
            async with self._gates.through(origin, background=question.background):
                if self._pauses.paused(bucket):
                    continue
                if self._pauses.closed(origin):
                    raise left_alone(question, url, FAILURES)
                return await self._send(errand, question, url, authorization, note)

    async def _send(self, errand: RequestState, question: Request, url: str, authorization: str, note: str) -> Response:
        origin, home = origin_of(url), _home(question)
        headers = dict(question.headers)
        if authorization:
            headers["Authorization"] = authorization
        if errand.resumes:
            headers["Range"] = f"bytes={errand.came}-"
        started = time.monotonic()
        status: int | None = None
        result = 0
        body, before, taken = bytearray(), 0, errand.came
        poured: httpx.Response | None = None
        try:
            async with asyncio.timeout(errand.left) as clock:
                response = await self._wires.send(
                    request(question.method, url, headers, question.body), home, _patron(question)
                )
                status = result = response.status_code
                try:
                    if response.is_success and question.intake is not None:
                        poured = response
                        _check_headers(question, url, response)
                        self._pauses.worked(origin)
                        result = await pour(errand, question.intake, url, response, clock)
                    else:
                        if response.is_success and errand.resumable:
                            body = errand.receive(response)
                            before = len(body)
                        await _read(question, url, response, body)
                finally:
                    await response.aclose()
        except TimeoutError:
            note = "too slow"
            self._failed(question, url)
            raise (silent if poured else too_slow)(question, url, errand.deadline) from None
        except (httpx.InvalidURL, UnicodeError):
            note = "bad address"
            if origin[1] == home:
                why = f"The name {question.host} cannot be looked up: it breaks the rules for international names."
                raise refused_redirect(question, url, why, "Check the spelling of the name.") from None
            why = f"{question.host} named an address that cannot be read."
            raise refused_redirect(question, url, why) from None
        except (httpx.HTTPError, OSError) as error:
            note = "no answer" if status is None else "broke off"
            raise await self._explained(error, question, url, time.monotonic() - started) from error
        except asyncio.CancelledError:
            note = "cancelled"
            raise
        finally:
            seconds = time.monotonic() - started
            errand.spent += seconds
            came = max(poured.num_bytes_downloaded, errand.came - taken) if poured else len(body) - before
            self._log.append(Exchange(question.method, redact(url), status, seconds, came, note))
        self._pauses.worked(origin)
        self._known.add(origin)
        if origin[1] == home:
            lines = response.headers.get_list("warning")
            said = [line for line in lines if not repeats(line, authorization, question.body)]
            self.warnings.keep(question.registry.key, said)
        answered = response.headers
        if before and errand.headers is not None:
            # Its pieces together are the answer to what was asked.
            result, answered = 200, errand.headers
        return Response(question, result, answered, bytes(body), url, seconds, authorization=authorization)

    def _failed(self, question: Request, url: str) -> None:
        why = "" if question.kind == "native" else f"{where(question, url)} could not be reached several times."
        self._pauses.failed(origin_of(url), question.registry.key, why)

    async def _explained(self, error: Exception, question: Request, url: str, seconds: float) -> RegistryError:
        origin = origin_of(url)
        scheme, host, port = origin
        scene = self._scene(question, origin)
        # Nobody is connected to for a message alone but the registry itself.
        scout = self._wires.scout(origin) if host == _home(question) else None
        if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes_of(error)):
            if scout is not None:
                scene = scene.seen(await certificate_of(scout, host, port))
            return failure(error, question, url, seconds, scene)
        if scout is not None and scheme == "https" and isinstance(error, _CUT) and origin not in self._known:
            self._known.add(origin)
            context = await self._wires.trusts.context(origin, _patron(question))
            error = await complaint_of(scout, context, host, port) or error
        self._failed(question, url)
        return failure(error, question, url, seconds, scene)


async def _read(question: Request, url: str, response: httpx.Response, body: bytearray) -> None:
    """Adds the answer's body to what is there, or as much of it as may be read."""
    _check_headers(question, url, response)
    good = response.is_success
    limit = question.limit if question.size is None else min(question.size, question.limit)
    if not good:
        limit = BODY_LIMIT
    elif question.take is not None:
        limit = question.take
    elif question.method != "HEAD":
        length = response.headers.get("content-length", "")
        offered = int(length) if length.isascii() and length.isdigit() and len(length) < 20 else None
        if offered is not None:
            whole = len(body) + offered
            # An encoding nobody asked for makes it shorter; an unasked part is somebody else's to judge.
            exactly = (response.status_code == 200 or body) and "content-encoding" not in response.headers
            if whole > limit or (exactly and question.size not in (None, whole)):
                raise too_much(question, url, whole)
    assert isinstance(response.stream, httpx.AsyncByteStream)
    turn = time.monotonic()
    chunks = aiter(response.stream)
    try:
        async for chunk in chunks:
            body += chunk
            if len(body) >= limit and (question.take is not None or not good):
                del body[limit:]
                return
            if len(body) > limit:
                raise too_much(question, url, None)
            if time.monotonic() - turn > TURN:
                # Thousands of tiny chunks come out of one read without anybody having waited.
                await asyncio.sleep(0)
                turn = time.monotonic()
    finally:
        # Left early, a generator would be closed by whoever collects the garbage.
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()


def _patron(question: Request) -> Origin | None:
    """The registry whose authorities are trusted for a login service; nobody's for what redirects lead to."""
    return origin_of(f"https://{question.registry.authority}") if question.kind == "token" else None


def _check_headers(question: Request, url: str, response: httpx.Response) -> None:
    """Raises BadResponse for more of them than anybody needs."""
    raw = response.headers.raw
    if len(raw) > MOST_HEADERS or sum(len(name) + len(value) + 4 for name, value in raw) > HEADER_BYTES:
        raise bad_headers(question, url)


def _home(question: Request) -> str:
    """The host that is asked, whoever answers in the end."""
    return origin_of(f"https://{question.registry.authority}")[1]
