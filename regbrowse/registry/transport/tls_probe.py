"""Whether anybody speaks TLS at all, and what a server says of itself in it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Iterable, Iterator

import httpcore

from regbrowse.registry.transport.der import Certificate, read_certificate
from regbrowse.registry.transport.network import Backend
from regbrowse.registry.transport.tls import bare_context

PROBE_SECONDS = 3.0
_PASSING = (ssl.SSLWantReadError, ssl.SSLWantWriteError, ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


async def speaks_tls(backend: Backend, host: str, port: int, *, patient: bool) -> bool:
    """Whether https is the thing to try; False after a refusal, a reset or an answer that is not TLS.

    Nothing is sent but a greeting, and nobody is trusted for it. Silence means False only where plain http
    is no risk (`patient` False), because a silent remote host is no reason to leave encryption.
    """

    async def greeting() -> None:
        await (await _greet(backend, host, port)).aclose()

    return await was_greeted(greeting(), patient=patient)


async def was_greeted(greeting: Awaitable[object], *, patient: bool) -> bool:
    """As `speaks_tls`, of somebody who is being greeted already: raises OSError or an ExceptionGroup if in vain."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await greeting
    except TimeoutError:
        return patient
    except (OSError, ExceptionGroup, httpcore.NetworkError, httpcore.TimeoutException) as error:
        causes = list(causes_of(error))
        for cause in causes:
            if is_tls_reason(cause):
                # An alert (client certificate, no common version) is spoken by something that knows TLS.
                said = getattr(cause, "reason", "") or ""
                return isinstance(cause, ssl.SSLCertVerificationError) or "ALERT" in said
        if any(isinstance(cause, ConnectionError) for cause in causes):
            return False
        return any(isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError) for cause in causes)
    return True


async def certificate_of(backend: Backend, host: str, port: int) -> Certificate | None:
    """The certificate that a server shows, for a message about it; None when it shows none."""
    try:
        wire = await _greet(backend, host, port)
    except (OSError, ExceptionGroup, httpcore.NetworkError, httpcore.TimeoutException):
        return None
    try:
        shown = wire.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return read_certificate(shown) if shown else None
    finally:
        await wire.aclose()


async def complaint_of(backend: Backend, context: ssl.SSLContext, host: str, port: int) -> ssl.SSLError | None:
    """What a server has to say against us after the greeting, which may be lost when we speak first.

    In TLS 1.3 a server looks at our certificate, or misses it, only when we believe to be connected (RFC 8446, 4.4.2).
    """
    try:
        wire = await _greet(backend, host, port, context)
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await wire.read(1)
        finally:
            await wire.aclose()
    except (OSError, ExceptionGroup, httpcore.NetworkError, httpcore.TimeoutException) as error:
        said = (cause for cause in causes_of(error) if isinstance(cause, ssl.SSLError) and is_tls_reason(cause))
        return next(said, None)
    return None


async def _greet(
    backend: Backend, host: str, port: int, context: ssl.SSLContext | None = None
) -> httpcore.AsyncNetworkStream:
    async with asyncio.timeout(PROBE_SECONDS):
        wire = await backend.connect_tcp(host, port)
        return await wire.start_tls(context or bare_context(), host)


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
