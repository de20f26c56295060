"""The one transport: everything that leaves the process is sent here.

Only GET and HEAD, and POST for tokens; bodies are bounded and read raw, so that digests stay true; redirects lose the
login at every change of origin; every request has a deadline, waits for its slot and is logged.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from urllib.parse import urlsplit

import httpx

from regbrowse import __version__
from regbrowse.errors import RegistryError
from regbrowse.redact import redact
from regbrowse.reference import Registry
from regbrowse.registry.error_mapping import offline_error
from regbrowse.registry.models import Exchange, Settings
from regbrowse.registry.requests import Request, Response
from regbrowse.registry.secret_echo import repeats
from regbrowse.registry.transport.body import RequestState, check_headers, read, read_into
from regbrowse.registry.transport.concurrency import PER_ORIGIN, ConcurrencyLimit
from regbrowse.registry.transport.connection_errors import (
    circuit_open,
    failure,
    is_unknown_name,
    refused_redirect,
    stalled,
    too_slow,
    where,
)
from regbrowse.registry.transport.early_connection import EarlyConnection
from regbrowse.registry.transport.pool import TIMEOUT, Pools, causes_of, name_of
from regbrowse.registry.transport.rate_limit import MAX_FAILURES, RateLimits, limited
from regbrowse.registry.transport.redirects import Redirects
from regbrowse.registry.transport.request_log import (
    RequestLog,
    Warnings,
    answered_headers,
    asked_form,
    asked_headers,
)
from regbrowse.registry.transport.retry import RETRIED_STATUSES, backoff, retry_after
from regbrowse.registry.transport.scheme_probe import SchemeProbe
from regbrowse.registry.transport.tls_errors import TlsContext, alert_after_handshake, certificate_of
from regbrowse.registry.transport.url_policy import Origin, https_origin, origin_of
from regbrowse.text import visible

PROGRESS = 2**20
"""Bytes after which a broken transfer counts as one that works, so that its attempts begin anew."""
_HEADERS = {"User-Agent": f"regbrowse/{__version__}", "Accept": "application/json, */*;q=0.5"}
_BROKEN = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)


class Transport:
    """Sends requests to registries and returns bounded responses."""

    def __init__(self, settings: Settings, early: EarlyConnection | None = None) -> None:
        self._settings = settings
        self._network = settings.network
        self._pools = Pools(settings, early)
        self._redirects = Redirects(self._send_when_allowed, self._pools.renew)
        self._concurrency = ConcurrencyLimit(self._connections)
        self._warnings = Warnings()
        self._known: set[Origin] = set()
        """Origins that answered, or whose alert was asked for."""
        self.limits = RateLimits()
        self.schemes = SchemeProbe(settings, self._pools)
        self.log = RequestLog()
        """Every HTTP request, oldest first, and those that the cache has answered."""

    async def send(self, request: Request, url: str, authorization: str = "") -> Response:
        """Send a request and return the response, whatever its status. Raises RegistryError when there is none.

        What may pass is sent again after a while. When a registry asks to be left alone for longer than
        Settings.patience, its answer is returned at once, and stands for every such request until that time is over.
        """
        if request.method == "POST" and request.kind != "token":
            raise ValueError("Nothing but a token is asked for with POST.")
        self.check_online(request.registry, request.wanted)
        state = RequestState(request, url, authorization, min(request.deadline, self._settings.deadline))
        attempt, received = 0, state.received
        while True:
            try:
                response = await self._redirects.follow(state, _note(request, attempt))
            except RegistryError as error:
                if state.received - received >= PROGRESS:
                    attempt, received = 0, state.received
                unknown = is_unknown_name(error)
                if not error.transient or attempt + 1 >= request.max_attempts or (unknown and attempt):
                    raise
                # A name may be unknown for the second in which a laptop wakes up.
                wait = backoff(attempt + unknown, self._settings.pause)
                await self.limits.back_off(request.registry.key, wait, "" if request.kind == "vendor" else error.why)
            else:
                if not await self._waited_to_retry(request, response, attempt):
                    return response
            attempt += 1

    def check_online(self, registry: Registry, wanted: str) -> None:
        """Raise Offline when nothing may be sent to a registry."""
        if self._settings.offline and registry.key not in self._settings.local:
            raise offline_error(registry, f"{visible(registry.name)} is not asked offline.", wanted)

    def is_verified(self, base: str) -> bool:
        """Tell whether the certificate of an origin is checked."""
        return base.startswith("https:") and self._pools.tls.known(origin_of(base)).verify

    def allow_unverified(self, registry: Registry) -> None:
        """Verify the certificate of a registry no more."""
        self._pools.tls.allow_unverified(registry.key)

    def notes(self, registry: Registry, base: str) -> tuple[str, ...]:
        """Say how a registry is reached, as far as that is unusual, and what it wants users to know."""
        origin = origin_of(base)
        notes = []
        proxy = self._pools.proxy(origin)
        if proxy is not None:
            notes.append(f"Reached through the proxy {name_of(proxy)}.")
        trust = self._pools.tls.known(origin)
        if origin[0] == "https" and trust.client_certificate is not None:
            notes.append(f"The client certificate {visible(str(trust.client_certificate[0]))} is shown to it.")
        if origin[0] == "https" and not trust.verify:
            asked = visible(self._pools.tls.of_files(origin).unverified_by)
            by = f" (asked for by {asked})" if asked else ""
            notes.append(f"Its certificate is not verified{by}: anybody in between could read along and answer.")
        warnings = self._warnings.of(registry.key)
        return (*notes, *(f"{visible(registry.name)} says: {text}" for text in warnings))

    async def aclose(self) -> None:
        await self._pools.aclose()

    async def _waited_to_retry(self, request: Request, response: Response, attempt: int) -> bool:
        """Wait as long as the response asks for; whether the request is to be sent again."""
        if response.status not in RETRIED_STATUSES:
            return False
        last = attempt + 1 >= request.max_attempts
        asked, registry = retry_after(response.headers), request.registry.key
        bucket = (origin_of(response.url), request.user)
        if asked is not None and asked > self._settings.patience:
            self.limits.hold(bucket, response, asked)
            return False
        wait = backoff(attempt, self._settings.pause, asked)
        if response.status == 429 or (response.status == 503 and asked is not None):
            self.limits.pause(bucket, registry, wait, limited(request))
        elif not last:
            why = "" if request.kind == "vendor" else f"{request.host} has a problem on its side."
            await self.limits.back_off(registry, wait, why)
        return not last

    async def _send_when_allowed(
        self, state: RequestState, request: Request, url: str, authorization: str, note: str
    ) -> Response:
        """Send one HTTP request when its origin may be asked; see `_send`."""
        origin = origin_of(url)
        bucket = (origin, request.user)
        while True:
            held = self.limits.held(bucket, request)
            if held is not None:
                return held
            await self.limits.until_free(bucket)
            async with self._concurrency.slot(origin, background=request.background):
                if self.limits.is_paused(bucket):
                    continue
                if self.limits.circuit_is_open(origin):
                    raise circuit_open(request, url, MAX_FAILURES)
                return await self._send_http_request(state, request, url, authorization, note)

    async def _send_http_request(
        self, state: RequestState, request: Request, url: str, authorization: str, note: str
    ) -> Response:
        """Send one HTTP request and read its response. Raises RegistryError, and ConfigError for unusable settings."""
        origin, home = origin_of(url), _home(request)
        # Reading the system's CAs takes long, and is no time of the server's.
        pool = await self._pools.transport(url, home, _tls_of(request))
        at, started, before = self.log.clock(), time.monotonic(), state.received
        status: int | None = None
        outcome, headers_sent = "", _headers(state, request, authorization)
        result, body = 0, bytearray()
        continued, state.connected = 0, False
        response: httpx.Response | None = None
        streams = False
        try:
            async with asyncio.timeout(state.seconds_left) as clock:
                sent = _http_request(state, request, url, headers_sent)
                response = await pool.handle_async_request(sent)
                status = result = response.status_code
                try:
                    check_headers(request, url, response)
                    if response.is_success and request.sink is not None:
                        streams = True
                        self.limits.succeeded(origin)
                        result = await read_into(request.sink, state, url, response, clock)
                    else:
                        if response.is_success and state.resumable:
                            body = state.buffer_for(response)
                            continued = len(body)
                        await read(request, url, response, body)
                finally:
                    await response.aclose()
        except TimeoutError:
            note, outcome = "no answer" if status is None else "too slow", "timed out"
            self._failed(request, url)
            if streams:
                raise stalled(request, url, state.deadline) from None
            slow = too_slow(request, url, state.deadline, answered=status is not None)
            raise slow from None if state.connected else httpx.ConnectTimeout("")
        except (httpx.InvalidURL, UnicodeError):
            note, outcome = "bad address", "refused"
            if origin[1] == home:
                why = f"The name {request.host} cannot be looked up: it breaks the rules for international names."
                raise refused_redirect(request, url, why, "Check the spelling of the name.") from None
            raise refused_redirect(request, url, f"{request.host} named an address that cannot be read.") from None
        except (httpx.HTTPError, OSError) as error:
            refused = any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes_of(error))
            note = "broke off" if status is not None else "certificate refused" if refused else "no answer"
            outcome = "refused" if refused else note
            raise await self._explained(error, request, url, time.monotonic() - started) from error
        except asyncio.CancelledError:
            note = outcome = "cancelled"
            raise
        finally:
            seconds = time.monotonic() - started
            state.spent += seconds
            received = len(body) - continued
            if streams and response is not None:
                received = max(response.num_bytes_downloaded, state.received - before)
            answered = httpx.Headers() if response is None else response.headers
            self.log.add(
                Exchange(
                    request.method,
                    redact(url),
                    status,
                    seconds,
                    received,
                    note,
                    request.kind,
                    at,
                    outcome,
                    cost=_cost(request, status, answered),
                    elsewhere=origin[1] != home,
                    inside=urlsplit(url).netloc.lower() in self._settings.local,
                    unverified=origin[0] == "https" and not self._pools.tls.known(origin).verify,
                    asked=asked_headers(headers_sent),
                    form=asked_form(request.body),
                    answered=answered_headers(answered, authorization, request.body),
                )
            )
        self.limits.succeeded(origin)
        self._known.add(origin)
        if origin[1] == home:
            lines = response.headers.get_list("warning")
            harmless = [line for line in lines if not repeats(line, authorization, request.body)]
            self._warnings.add(request.registry.key, harmless)
        headers = response.headers
        if continued and state.headers is not None:
            # The parts together are the response to what was asked.
            result, headers = 200, state.headers
        return Response(request, result, headers, bytes(body), url, seconds, authorization=authorization)

    def _failed(self, request: Request, url: str) -> None:
        why = "" if request.kind == "vendor" else f"{where(request, url)} could not be reached several times."
        self.limits.failed(origin_of(url), request.registry.key, why)

    async def _explained(self, error: Exception, request: Request, url: str, seconds: float) -> RegistryError:
        """Make the error for a failed HTTP request; only the registry itself is connected to again for its words."""
        origin = origin_of(url)
        registry = request.registry
        own = origin == https_origin(registry)
        known = TlsContext(
            folder=self._pools.tls.of_files(origin).folder,
            offer_http=own and self._pools.proxy(origin) is None and not self.schemes.is_tolerable(registry),
            http_url=f"http://{visible(registry.authority)}/" if own else "",
        )
        at_home = origin[1] == _home(request)
        if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes_of(error)):
            if at_home:
                known = known._replace(certificate=await certificate_of(self._pools, origin))
            return failure(error, request, url, seconds, known)
        if at_home and origin[0] == "https" and isinstance(error, _BROKEN) and origin not in self._known:
            self._known.add(origin)
            context = await self._pools.tls.context(origin, _tls_of(request))
            error = await alert_after_handshake(self._pools, origin, context) or error
        self._failed(request, url)
        return failure(error, request, url, seconds, known)

    def _connections(self, origin: Origin) -> int:
        return self._network.connections(origin[1], origin[2]) if self._network else PER_ORIGIN


def _headers(state: RequestState, request: Request, authorization: str) -> dict[str, str]:
    """Give the headers of the HTTP request: no cookies, nothing from the environment, nothing encoded."""
    headers = {**_HEADERS, **request.headers}
    if authorization:
        headers["Authorization"] = authorization
    if state.resumes:
        headers["Range"] = f"bytes={state.received}-"
    # What is hashed must come as it is stored.
    headers["Accept-Encoding"] = "identity"
    return headers


def _http_request(state: RequestState, request: Request, url: str, headers: dict[str, str]) -> httpx.Request:
    timeout = {**TIMEOUT, "connect": request.connect_seconds}
    if request.sink is not None:
        timeout["read"] = state.deadline
    extensions = {"timeout": timeout, "trace": state.trace}
    return httpx.Request(request.method, url, headers=headers, content=request.body or None, extensions=extensions)


def _cost(request: Request, status: int | None, answered: httpx.Headers) -> int:
    """Tell what a request took of a pull limit: manifests are counted where limits are told, and HEAD is not."""
    counted = request.kind == "manifest" and request.method == "GET" and "ratelimit-remaining" in answered
    return int(counted and status is not None and 200 <= status < 300)


def _note(request: Request, attempt: int) -> str:
    parts = ["login" if request.kind == "token" else "", f"try {attempt + 1}" if attempt else ""]
    return " · ".join(part for part in parts if part)


def _home(request: Request) -> str:
    """The host that is asked, whichever answers in the end."""
    return https_origin(request.registry)[1]


def _tls_of(request: Request) -> Origin | None:
    """The registry whose CAs are trusted for its login service; none for what redirects lead to."""
    return https_origin(request.registry) if request.kind == "token" else None
