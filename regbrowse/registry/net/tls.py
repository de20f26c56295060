"""Whom we trust, and whether anybody speaks TLS at all."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpcore

from regbrowse.errors import ConfigError
from regbrowse.registry.net.ahead import default_context
from regbrowse.registry.net.der import Certificate, read_certificate
from regbrowse.registry.net.guard import Dialer
from regbrowse.settings.certificates import problem_with_ca
from regbrowse.text import visible

PROBE_SECONDS = 3.0
_PASSING = (ssl.SSLWantReadError, ssl.SSLWantWriteError, ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


@dataclass(frozen=True, slots=True)
class Trusted:
    """What one origin is trusted by, beside the system's certificates."""

    ca_files: tuple[Path, ...] = ()
    pair: tuple[Path, Path] | None = None
    """Certificate and key that we show; to this origin and to no other."""
    verify: bool = True


class Contexts:
    """A context for each kind of trust. Origins that need nothing special share one.

    Reading the certificates of a system takes long enough to be done in a thread.
    """

    def __init__(self) -> None:
        self._contexts: dict[Trusted, ssl.SSLContext] = {}
        self._reading = asyncio.Lock()

    async def get(self, trusted: Trusted) -> ssl.SSLContext:
        """Raises ConfigError for a file that cannot be used."""
        async with self._reading:
            if trusted not in self._contexts:
                self._contexts[trusted] = await asyncio.to_thread(build, trusted)
            return self._contexts[trusted]


def bare_context() -> ssl.SSLContext:
    """Trusts anybody and costs nothing: for what is never to speak TLS, and for a look at who answers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def build(trusted: Trusted) -> ssl.SSLContext:
    """Raises ConfigError, naming the file and the reason."""
    context = _system() if trusted.verify else bare_context()
    for path in trusted.ca_files if trusted.verify else ():
        try:
            context.load_verify_locations(cafile=path)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"The CA file {visible(str(path))} cannot be used: {_reason(error)}.") from None
    if trusted.pair is not None:
        certificate, key = trusted.pair
        try:
            # Without a word of ours OpenSSL would ask for the key's password on the terminal.
            context.load_cert_chain(certificate, key, password=_no_password)
        except (OSError, ssl.SSLError, ValueError) as error:
            named = f"{visible(str(certificate))} with {visible(str(key))}"
            raise ConfigError(f"The client certificate {named} cannot be used: {_reason(error)}.") from None
    return context


def _no_password() -> str:
    raise ValueError("protected")


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        mismatch = "KEY_VALUES_MISMATCH" in (error.reason or "")
        return "the key belongs to another certificate" if mismatch else "not a PEM file"
    if isinstance(error, OSError):
        return visible(error.strerror or "not readable")
    return "its key is protected by a password"


def _system() -> ssl.SSLContext:
    named = os.environ.get("SSL_CERT_FILE")
    problem = problem_with_ca(Path(named)) if named else ""
    if problem:
        raise ConfigError(f"SSL_CERT_FILE: {problem}.", hint="Correct the variable or unset it.")
    if sys.platform not in ("darwin", "win32"):
        context = default_context()
        if context.cert_store_stats()["x509_ca"] or ssl.get_default_verify_paths().capath:
            return context
    # truststore asks the keychains of macOS and Windows, and knows the files of Linux systems that OpenSSL
    # was not built for. There it would read the store again for every connection, so it comes second.
    import truststore

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


async def speaks_tls(dialer: Dialer, host: str, port: int, *, patient: bool) -> bool:
    """Whether https is the thing to try; False after a refusal, a reset or an answer that is not TLS.

    Nothing is sent but a greeting, and nobody is trusted for it. Silence means False only where plain http
    is no risk (`patient` False), because a silent remote host is no reason to leave encryption.
    """
    try:
        stream = await _greet(dialer, host, port)
    except (TimeoutError, httpcore.TimeoutException):
        return patient
    except httpcore.NetworkError as error:
        causes = list(causes_of(error))
        for cause in causes:
            if is_tls_reason(cause):
                # An alert (client certificate, no common version) is spoken by something that knows TLS.
                return "ALERT" in (getattr(cause, "reason", "") or "")
        if any(isinstance(cause, ConnectionError) for cause in causes):
            return False
        return any(isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError) for cause in causes)
    await stream.aclose()
    return True


async def certificate_of(dialer: Dialer, host: str, port: int) -> Certificate | None:
    """The certificate that a server shows, for a message about it; None when it shows none."""
    try:
        stream = await _greet(dialer, host, port)
    except (httpcore.TimeoutException, httpcore.NetworkError, OSError):
        return None
    try:
        shown = stream.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return read_certificate(shown) if shown else None
    finally:
        await stream.aclose()


async def complaint_of(dialer: Dialer, context: ssl.SSLContext, host: str, port: int) -> ssl.SSLError | None:
    """What a server has to say against us after the greeting, which may be lost when we speak first.

    In TLS 1.3 a server looks at our certificate, or misses it, only when we believe to be connected (RFC 8446, 4.4.2).
    """
    try:
        stream = await _greet(dialer, host, port, context)
        try:
            await stream.read(1, PROBE_SECONDS)
        finally:
            await stream.aclose()
    except (httpcore.TimeoutException, httpcore.NetworkError, OSError) as error:
        said = (cause for cause in causes_of(error) if isinstance(cause, ssl.SSLError) and is_tls_reason(cause))
        return next(said, None)
    return None


async def _greet(
    dialer: Dialer, host: str, port: int, context: ssl.SSLContext | None = None
) -> httpcore.AsyncNetworkStream:
    async with asyncio.timeout(PROBE_SECONDS):
        stream = await dialer.connect_tcp(host, port)
        return await stream.start_tls(context or bare_context(), host)


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """An exception, its causes and theirs, nearest first."""
    queue: list[BaseException] = [error]
    for _ in range(64):
        if not queue:
            return
        cause = queue.pop(0)
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            queue += cause.exceptions
        queue += [other for other in (cause.__cause__, cause.__context__) if other is not None]


def is_tls_reason(cause: BaseException) -> bool:
    """Whether TLS itself is what went wrong; that a connection ended, or is waited for, is told in the same way."""
    return isinstance(cause, ssl.SSLError) and not isinstance(cause, _PASSING)


def is_unknown_name(causes: Iterable[BaseException]) -> bool:
    return any(isinstance(cause, socket.gaierror) for cause in causes)
