"""From what went wrong on the wire to the error that explains it.

Many httpx exceptions have an empty text, so the words come from the class and the causes.
"""

from __future__ import annotations

import errno
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
from regbrowse.registry.transport.network import InnerAddress
from regbrowse.registry.transport.pool import ProxyTrouble
from regbrowse.registry.transport.tls_errors import NO_TLS, Scene, distrusted, http_step, no_secure_connection
from regbrowse.registry.transport.tls_probe import causes_of, is_tls_reason, is_unknown_name
from regbrowse.registry.transport.url_policy import origin_of
from regbrowse.text import exact, plural, size, visible

_NO_WAY = (errno.ENETUNREACH, errno.EHOSTUNREACH)
_RETRIED = (httpx.ConnectError, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError, httpx.PoolTimeout)
_TRY_NOW = Step("Press r to try now.", "Try again in a while.")


def failure(
    error: Exception, question: Request, url: str, seconds: float, scene: Scene | None = None
) -> RegistryError:
    """The error for a request that brought no usable answer."""
    scene = scene or Scene()
    evidence = Evidence(question.host, question.method, redact(url), seconds=round(seconds, 3))
    _, _, port = origin_of(url)
    here, wanted = where(question, url), question.wanted
    causes = list(causes_of(error))
    for cause in causes:
        if isinstance(cause, InnerAddress):
            behind = "" if cause.host == cause.address else f" ({cause.address})"
            return inner_address(question, url, f"{visible(cause.host, 260)}{behind}")
        if isinstance(cause, ssl.SSLCertVerificationError):
            why, hint = distrusted(cause, here, scene)
            return TlsError(why, evidence=evidence, wanted=wanted, hint=hint)
        if isinstance(cause, ssl.SSLError) and is_tls_reason(cause):
            why, hint, plain = no_secure_connection(cause, here, port, scene)
            distrust = TlsError(why, evidence=evidence, wanted=wanted, hint=hint)
            return _no_tls(distrust) if plain and scene.offer_http else distrust
    if isinstance(error, ProxyTrouble):
        return _proxy(error, question, evidence, here)
    if isinstance(error, httpx.TimeoutException):
        why = f"{here} did not answer within {max(1, round(seconds))} s."
        return NetError(why, evidence=evidence, wanted=wanted, hint="Try again, or check the network.")
    hint = "A proxy or firewall may be interfering; try again."
    made = NetError(f"The connection to {here} broke off.", evidence=evidence, wanted=wanted, hint=hint)
    if not isinstance(error, httpx.ConnectError):
        return made
    shown = visible(f"{here}:{port}", 260)
    if is_unknown_name(causes):
        why, hint = f"The name {here} is not known (DNS).", "Check the spelling and the network."
        return NetError(why, evidence=evidence, wanted=wanted, hint=hint)
    refused = any(isinstance(cause, ConnectionRefusedError) for cause in causes)
    if not refused and any(getattr(cause, "errno", 0) in _NO_WAY for cause in causes):
        why, hint = f"There is no way to {shown} from here.", "Check the network."
        return NetError(why, evidence=evidence, wanted=wanted, hint=hint)
    if refused:
        why, hint = f"Nothing answers at {shown}.", "Check that the registry is running, and its port."
        made = NetError(why, evidence=evidence, wanted=wanted, hint=hint)
    if scene.offer_http:
        made.hint = http_step(scene)
        return _no_tls(made)
    return made


def where(question: Request, url: str) -> str:
    """The host of an address; Docker Hub is reached by another name than the one people know."""
    if url.partition("//")[2].startswith(question.registry.authority):
        return visible(question.registry.host)
    return visible(origin_of(url)[1])


def may_retry(error: RegistryError) -> bool:
    """Whether it may work the next time; distrust, refusals of ours and long silence are told at once."""
    return isinstance(error, NetError) and isinstance(error.__cause__, _RETRIED)


def unknown_name(error: RegistryError) -> bool:
    return error.__cause__ is not None and is_unknown_name(causes_of(error.__cause__))


def left_alone(question: Request, url: str, failures: int) -> NetError:
    """For an origin that failed so often that nothing is sent to it for a while."""
    why = f"{where(question, url)} failed {plural(failures, 'time')} in a row and is left alone for a while."
    evidence = Evidence(question.host, question.method, redact(url))
    return NetError(why, evidence=evidence, wanted=question.wanted, hint=_TRY_NOW)


def too_slow(question: Request, url: str, seconds: float) -> NetError:
    """For a total deadline: a server that drips bytes never runs into a timeout of the socket."""
    why = f"{question.host} is sending too slowly; stopped after {seconds:.0f} s."
    evidence = Evidence(question.host, question.method, redact(url), seconds=round(seconds, 3))
    return NetError(why, evidence=evidence, wanted=question.wanted, hint="Try again in a while.")


def silent(question: Request, url: str, seconds: float) -> NetError:
    """For a long transfer in which nothing comes any more."""
    why = f"{where(question, url)} sent nothing for {seconds:.0f} s."
    evidence = Evidence(question.host, question.method, redact(url), seconds=round(seconds, 3))
    return NetError(why, evidence=evidence, wanted=question.wanted, hint="Try again, or check the network.")


def too_much(question: Request, url: str, offered: int | None) -> RegistryError:
    """For a body longer than it may be."""
    evidence = Evidence(question.host, question.method, redact(url), 200)
    if question.size is not None:
        got = exact(offered) if offered is not None else "more"
        why = f"The content should be {exact(question.size)}, {question.host} offers {got}. It was not used."
        return Integrity(why, evidence=evidence, wanted=question.wanted)
    noun = {"manifest": "manifest", "blob": "content", "token": "login answer"}.get(question.kind, "answer")
    why = f"The {noun} is larger than {size(question.limit)}."
    hint = "Registries normally cap manifests at 4 MiB." if question.kind == "manifest" else ""
    return TooLarge(why, evidence=evidence, wanted=question.wanted, hint=hint)


def refused_redirect(question: Request, url: str, why: str, hint: str = "") -> PolicyError:
    evidence = Evidence(question.host, question.method, redact(url))
    return PolicyError(why, evidence=evidence, wanted=question.wanted, hint=hint)


def inner_address(question: Request, url: str, shown: str) -> PolicyError:
    """For a public registry that points into the network it is asked from."""
    verb = "wants the login sent" if question.kind == "token" else "redirected"
    return refused_redirect(question, url, f"{question.host} {verb} to the internal address {shown}. Refused.")


def bad_headers(question: Request, url: str) -> BadResponse:
    evidence = Evidence(question.host, question.method, redact(url))
    return BadResponse(f"{question.host} sent too many headers.", evidence=evidence, wanted=question.wanted)


def _proxy(error: ProxyTrouble, question: Request, evidence: Evidence, here: str) -> NetError:
    hint = "Check the proxy setting, or ask whoever runs the proxy."
    if not error.reached:
        why = f"The proxy {error.named} does not answer."
        hint = "Check the proxy setting and that the proxy is running."
    elif error.status == 407:
        why = f"The proxy {error.named} {'refused the login' if error.has_login else 'wants a login'}."
        hint = "Put the right user name and password into the proxy setting."
    else:
        why = f"The proxy {error.named} refused to connect to {here}{f' ({error.status})' if error.status else ''}."
    return NetError(why, evidence=evidence, wanted=question.wanted, hint=hint)


def _no_tls(error: RegistryError) -> RegistryError:
    error.slug = NO_TLS
    return error
