"""From a failed HTTP request to the error that explains it.

Many httpx exceptions have an empty text, so the words come from the class and the causes.
"""

from __future__ import annotations

import errno
import socket
import ssl

import httpx

from regbrowse.errors import (
    BadResponse,
    Evidence,
    Integrity,
    NetError,
    PolicyError,
    RegistryError,
    Step,
    TlsError,
    TooLarge,
)
from regbrowse.redact import redact
from regbrowse.registry.requests import Request
from regbrowse.registry.transport.network import InternalAddress
from regbrowse.registry.transport.pool import ProxyFailure, causes_of
from regbrowse.registry.transport.tls_errors import (
    NO_TLS,
    UNTRUSTED,
    TlsContext,
    distrusted,
    http_step,
    is_tls_failure,
    no_secure_connection,
)
from regbrowse.registry.transport.url_policy import origin_of
from regbrowse.text import exact, plural, size, visible

TOO_SLOW = "too-slow"
"""Slug of errors of a server that did not answer in time, after it was connected to if there is no cause."""
_NO_WAY = (errno.ENETUNREACH, errno.EHOSTUNREACH)
_TRANSIENT = (httpx.ConnectError, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError, httpx.PoolTimeout)
_TRY_NOW = Step("Press r to try now.", "Try again in a while.")


def failure(
    error: Exception, request: Request, url: str, seconds: float, known: TlsContext | None = None
) -> RegistryError:
    """Make the error for a request that brought no usable response."""
    made = _failure(error, request, url, seconds, known or TlsContext())
    made.transient = isinstance(made, NetError) and isinstance(error, _TRANSIENT)
    return made


def _failure(error: Exception, request: Request, url: str, seconds: float, known: TlsContext) -> RegistryError:
    evidence = _evidence(request, url, seconds=seconds)
    _, _, port = origin_of(url)
    here, wanted = where(request, url), request.wanted
    causes = list(causes_of(error))
    hint: str
    for cause in causes:
        if isinstance(cause, InternalAddress):
            behind = "" if cause.host == cause.address else f" ({cause.address})"
            return internal_address(request, url, f"{visible(cause.host, 260)}{behind}")
        if isinstance(cause, ssl.SSLCertVerificationError):
            why, hint = distrusted(cause, here, known)
            untrusted = TlsError(why, evidence=evidence, wanted=wanted, hint=hint)
            untrusted.slug = UNTRUSTED
            return untrusted
        if isinstance(cause, ssl.SSLError) and is_tls_failure(cause):
            why, hint, plain = no_secure_connection(cause, here, port, known)
            distrust = TlsError(why, evidence=evidence, wanted=wanted, hint=hint)
            return _no_tls(distrust) if plain and known.offer_http else distrust
    if isinstance(error, ProxyFailure):
        return _proxy(error, request, evidence, here)
    if isinstance(error, httpx.TimeoutException):
        why = f"{here} did not answer within {max(1, round(seconds))} s."
        return NetError(why, evidence=evidence, wanted=wanted, hint="Try again, or check the network.")
    hint = "A proxy or firewall may be interfering; try again."
    made = NetError(f"The connection to {here} broke off.", evidence=evidence, wanted=wanted, hint=hint)
    if not isinstance(error, httpx.ConnectError):
        return made
    shown = visible(f"{here}:{port}", 260)
    if is_unknown_name(error):
        why, hint = f"The name {here} is not known (DNS).", "Check the spelling and the network."
        return NetError(why, evidence=evidence, wanted=wanted, hint=hint)
    refused = any(isinstance(cause, ConnectionRefusedError) for cause in causes)
    if not refused and any(getattr(cause, "errno", 0) in _NO_WAY for cause in causes):
        why, hint = f"There is no way to {shown} from here.", "Check the network."
        return NetError(why, evidence=evidence, wanted=wanted, hint=hint)
    if refused:
        why, hint = f"Nothing answers at {shown}.", "Check that the registry is running, and its port."
        made = NetError(why, evidence=evidence, wanted=wanted, hint=hint)
    if known.offer_http:
        made.hint = http_step(known)
        return _no_tls(made)
    return made


def where(request: Request, url: str) -> str:
    """Name the host of a URL; Docker Hub is reached by another name than the one users know."""
    if url.partition("//")[2].startswith(request.registry.authority):
        return visible(request.registry.host)
    return visible(origin_of(url)[1])


def is_unknown_name(error: BaseException) -> bool:
    """Tell whether the name of a host could not be looked up."""
    return any(isinstance(cause, socket.gaierror) for cause in causes_of(error))


def circuit_open(request: Request, url: str, failures: int) -> NetError:
    """Make the error for an origin that failed so often that nothing is sent to it for a while."""
    why = f"{where(request, url)} failed {plural(failures, 'time')} in a row and is left alone for a while."
    evidence = _evidence(request, url)
    return NetError(why, evidence=evidence, wanted=request.wanted, hint=_TRY_NOW)


def too_slow(request: Request, url: str, seconds: float, *, answered: bool) -> NetError:
    """Make the error for a total deadline: a server that drips bytes never runs into a timeout of the socket.

    `answered` when there was a response of which the body was still to come.
    """
    limit = max(1, round(seconds))
    why = f"{where(request, url)} did not answer within {limit} s."
    if answered:
        why = f"{where(request, url)} is sending too slowly; stopped after {limit} s."
    evidence = _evidence(request, url, seconds=seconds)
    made = NetError(why, evidence=evidence, wanted=request.wanted, hint="Try again in a while.")
    made.slug = TOO_SLOW
    return made


def stalled(request: Request, url: str, seconds: float) -> NetError:
    """Make the error for a long transfer in which no byte came for its deadline; it can be resumed."""
    why = f"{where(request, url)} sent nothing for {seconds:.0f} s."
    evidence = _evidence(request, url, seconds=seconds)
    made = NetError(why, evidence=evidence, wanted=request.wanted, hint="Try again, or check the network.")
    made.transient = True
    return made


def too_large(request: Request, url: str, offered: int | None) -> RegistryError:
    """Make the error for a body that is longer than it may be; `offered` bytes, when that was said."""
    evidence = _evidence(request, url, status=200)
    if request.size is not None:
        got = exact(offered) if offered is not None else "more"
        why = f"The content should be {exact(request.size)}, {request.host} offers {got}. It was not used."
        return Integrity(why, evidence=evidence, wanted=request.wanted)
    noun = {"manifest": "manifest", "blob": "content", "token": "login answer"}.get(request.kind, "answer")
    why = f"The {noun} is larger than {size(request.limit)}."
    hint = "Registries normally cap manifests at 4 MiB." if request.kind == "manifest" else ""
    return TooLarge(why, evidence=evidence, wanted=request.wanted, hint=hint)


def refused_redirect(request: Request, url: str, why: str, hint: str = "") -> PolicyError:
    """Make the error for a URL that is not followed."""
    evidence = _evidence(request, url)
    return PolicyError(why, evidence=evidence, wanted=request.wanted, hint=hint)


def internal_address(request: Request, url: str, shown: str) -> PolicyError:
    """Make the error for a public registry that points into the network it is asked from."""
    verb = "wants the login sent" if request.kind == "token" else "redirected"
    return refused_redirect(request, url, f"{request.host} {verb} to the internal address {shown}. Refused.")


def too_many_headers(request: Request, url: str) -> BadResponse:
    """Make the error for more headers than any server needs."""
    evidence = _evidence(request, url)
    return BadResponse(f"{request.host} sent too many headers.", evidence=evidence, wanted=request.wanted)


def _evidence(request: Request, url: str, *, status: int | None = None, seconds: float | None = None) -> Evidence:
    """Describe the HTTP request that failed, as it may be shown."""
    took = None if seconds is None else round(seconds, 3)
    return Evidence(request.host, request.method, redact(url), status, seconds=took)


def _proxy(error: ProxyFailure, request: Request, evidence: Evidence, here: str) -> NetError:
    hint = "Check the proxy setting, or ask whoever runs the proxy."
    if not error.reached:
        why = f"The proxy {error.named} does not answer."
        hint = "Check the proxy setting and that the proxy is running."
    elif error.status == 407:
        why = f"The proxy {error.named} {'refused the login' if error.has_login else 'wants a login'}."
        hint = "Put the right user name and password into the proxy setting."
    else:
        why = f"The proxy {error.named} refused to connect to {here}{f' ({error.status})' if error.status else ''}."
    return NetError(why, evidence=evidence, wanted=request.wanted, hint=hint)


def _no_tls(error: RegistryError) -> RegistryError:
    error.slug = NO_TLS
    return error
