"""From what went wrong on the wire to the error that explains it.

Many httpx exceptions have an empty text, so the words come from the class and the causes.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator

import httpx

from regbrowse.errors import BadResponse, Evidence, Integrity, NetError, PolicyError, RegistryError, TlsError, TooLarge
from regbrowse.redact import redact
from regbrowse.registry.net.policy import origin_of
from regbrowse.registry.question import Question
from regbrowse.text import exact, size, visible

_NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL")
_CERTIFICATE = {
    9: ("is not valid yet", "Check the clock of this computer."),
    10: ("has expired", "Its administrator must renew it; check the clock of this computer, too."),
    18: ("is signed by nobody but itself", "Set SSL_CERT_FILE to a file with that certificate if you trust it."),
    19: ("is signed by an unknown authority", "Set SSL_CERT_FILE to a file with the authority's certificate."),
    20: ("is signed by an unknown authority", "Set SSL_CERT_FILE to a file with the authority's certificate."),
    21: ("is signed by an unknown authority", "Set SSL_CERT_FILE to a file with the authority's certificate."),
    62: ("is for another name", "Check the name of the registry."),
    64: ("is for another address", "Use the name of the registry instead of its address."),
}


def failure(error: Exception, question: Question, url: str, seconds: float) -> RegistryError:
    """The error for a request that brought no usable answer."""
    evidence = Evidence(question.host, question.method, redact(url), seconds=round(seconds, 3))
    _, host, port = origin_of(url)
    shown = visible(f"{host}:{port}", 260)
    # Docker Hub is reached by another name than the one people know.
    here = visible(question.registry.host if url.partition("//")[2].startswith(question.registry.authority) else host)
    wanted = question.wanted
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            what, hint = _CERTIFICATE.get(cause.verify_code, ("cannot be trusted", "Look at the request log."))
            return TlsError(f"The certificate of {here} {what}.", evidence=evidence, wanted=wanted, hint=hint)
        if isinstance(cause, ssl.SSLError):
            return _tls(cause, question, evidence, here, port)
    if isinstance(error, httpx.TimeoutException):
        why = f"{here} did not answer in time."
        return NetError(why, evidence=evidence, wanted=wanted, hint="Try again, or check the network.")
    if isinstance(error, httpx.ConnectError):
        if any(isinstance(cause, socket.gaierror) for cause in causes):
            why, hint = f"The name {here} is not known (DNS).", "Check the spelling and the network."
        elif any(getattr(cause, "errno", 0) in (errno.ENETUNREACH, errno.EHOSTUNREACH) for cause in causes):
            why, hint = f"There is no way to {shown} from here.", "Check the network."
        else:
            why, hint = f"Nothing answers at {shown}.", "Check that the registry is running, and its port."
        return NetError(why, evidence=evidence, wanted=wanted, hint=hint)
    why = f"The connection to {here} broke off."
    hint = "A proxy or firewall may be interfering; try again."
    return NetError(why, evidence=evidence, wanted=wanted, hint=hint)


def may_retry(error: RegistryError) -> bool:
    """Whether a connection broke that may hold the next time; closed ports and long silence are told at once."""
    passing = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError, httpx.PoolTimeout)
    return isinstance(error.__cause__, passing)


def too_slow(question: Question, url: str, seconds: float) -> NetError:
    """For a total deadline: a server that drips bytes never runs into a timeout of the socket."""
    why = f"{question.host} is sending too slowly; stopped after {seconds:.0f} s."
    evidence = Evidence(question.host, question.method, redact(url), seconds=round(seconds, 3))
    return NetError(why, evidence=evidence, wanted=question.wanted, hint="Try again in a while.")


def too_much(question: Question, url: str, offered: int | None) -> RegistryError:
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


def refused_redirect(question: Question, url: str, why: str, hint: str = "") -> PolicyError:
    evidence = Evidence(question.host, question.method, redact(url))
    return PolicyError(why, evidence=evidence, wanted=question.wanted, hint=hint)


def bad_headers(question: Question, url: str) -> BadResponse:
    evidence = Evidence(question.host, question.method, redact(url))
    return BadResponse(f"{question.host} sent too many headers.", evidence=evidence, wanted=question.wanted)


def _tls(cause: ssl.SSLError, question: Question, evidence: Evidence, here: str, port: int) -> TlsError:
    reason = cause.reason or ""
    if reason in _NOT_TLS:
        why = f"{here} does not speak TLS on port {port}."
        hint = f'If it is meant to be unencrypted, open it as "http://{visible(question.registry.authority)}/".'
    elif "CERTIFICATE_REQUIRED" in reason:
        why, hint = f"{here} requires a client certificate.", ""
    else:
        why, hint = f"No secure connection to {here} could be agreed on.", "Its TLS may be too old."
    return TlsError(why, evidence=evidence, wanted=question.wanted, hint=hint)


def _causes(error: BaseException) -> Iterator[BaseException]:
    queue: list[BaseException] = [error]
    for _ in range(32):
        if not queue:
            return
        cause = queue.pop(0)
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            queue += cause.exceptions
        queue += [other for other in (cause.__cause__, cause.__context__) if other is not None]
