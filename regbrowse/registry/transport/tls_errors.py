"""Why there is no secure connection, in words, and the looks at a server that those words need.

The numbers are those of OpenSSL (x509_vfy.h: X509_V_ERR_…), which Python hands on as `verify_code`.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpcore
import httpx

from regbrowse.errors import Step
from regbrowse.reference import bracketed
from regbrowse.registry.transport.pool import Pools, causes_of
from regbrowse.registry.transport.tls import unverified_context
from regbrowse.registry.transport.url_policy import Origin
from regbrowse.text import visible

UNTRUSTED = "untrusted"
"""Slug of errors after which somebody may want to go on without a check of the certificate."""
NO_TLS = "no-tls"
"""Slug of errors after which plain http is worth a try."""
LOOK_SECONDS = 3.0
_NO_CHECK_TIME = 0x20_0000
"""X509_V_FLAG_NO_CHECK_TIME, for which the ssl module has no name."""
_PLAIN = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG")
_OLD = ("PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "NO_SHARED_CIPHER", "DH_KEY_TOO_SMALL", "EE_KEY_TOO_SMALL")
_REFUSED = ("BAD_CERTIFICATE", "UNKNOWN_CA", "CERTIFICATE_UNKNOWN", "CERTIFICATE_EXPIRED", "CERTIFICATE_REVOKED")
_NOT_YET, _EXPIRED, _SELF_SIGNED, _UNKNOWN_ISSUER, _WRONG_NAME = 9, 10, 18, (19, 20, 21), (62, 64)
_MAX_NAMES = 5
_NOT_TLS_ITSELF = (
    ssl.SSLWantReadError,
    ssl.SSLWantWriteError,
    ssl.SSLEOFError,
    ssl.SSLZeroReturnError,
    ssl.SSLSyscallError,
)
"""How the ssl module says that a connection ended, or is waited for."""


class Certificate(NamedTuple):
    """What a server's certificate says; every text is safe to show."""

    issuer: str = ""
    """The name of the CA and, in brackets, its organisation."""
    names: tuple[str, ...] = ()
    """The hosts and addresses it is for."""
    begins: datetime | None = None
    ends: datetime | None = None


class TlsContext(NamedTuple):
    """What is known of the place where TLS failed."""

    certificate: Certificate | None = None
    folder: Path | None = None
    """Where certificates for this host belong; None when no such folder is read."""
    offer_http: bool = False
    """Whether http may be chosen for it by a key."""
    http_url: str = ""
    """The URL to open for plain http; empty when that is no way out."""


def is_tls_failure(cause: BaseException) -> bool:
    """Tell whether TLS itself failed, and not the connection below it."""
    return isinstance(cause, ssl.SSLError) and not isinstance(cause, _NOT_TLS_ITSELF)


def speaks_no_tls(error: BaseException) -> bool:
    """Tell whether an error of connecting shows that nothing speaks TLS there: refused, hung up, or not TLS.

    Never for a certificate that is not trusted, nor for a TLS alert, which only a TLS server sends.
    """
    causes = list(causes_of(error))
    if not any(isinstance(cause, httpx.ConnectError) for cause in causes):
        return False
    for cause in causes:
        if is_tls_failure(cause):
            said = getattr(cause, "reason", "") or ""
            return not isinstance(cause, ssl.SSLCertVerificationError) and "ALERT" not in said
    return any(isinstance(cause, ConnectionError | ssl.SSLEOFError | ssl.SSLZeroReturnError) for cause in causes)


def distrusted(error: ssl.SSLCertVerificationError, here: str, known: TlsContext) -> tuple[str, Step]:
    """Say why a certificate is not trusted in one sentence, and the next steps."""
    why, step = _distrusted(error, here, known)
    typed = step.typed if isinstance(step, Step) else step
    return why, Step(f"{step} L goes on without checking it.", f"{typed} --insecure goes on without checking it.")


def _distrusted(error: ssl.SSLCertVerificationError, here: str, known: TlsContext) -> tuple[str, str]:
    certificate = known.certificate or Certificate()
    code, now = error.verify_code, datetime.now(UTC)
    subject = f"The certificate of {here}"
    if code == _NOT_YET:
        since = f" before {certificate.begins:%Y-%m-%d %H:%M} UTC" if certificate.begins else " yet"
        return f"{subject} is not valid{since}.", f"Check the clock of this computer; it says {now:%Y-%m-%d %H:%M} UTC."
    if code == _EXPIRED:
        when = f"expired on {certificate.ends:%Y-%m-%d}" if certificate.ends else "has expired"
        return f"{subject} {when}.", f"Its administrator must renew it. Your clock says {now:%Y-%m-%d}."
    if code == _SELF_SIGNED:
        return f"{subject} is signed by nobody but itself.", _ca_step("If you trust it, ", "it", known)
    if code in _UNKNOWN_ISSUER:
        who = f'"{certificate.issuer}"' if certificate.issuer else "an authority"
        return f"{subject} is signed by {who}, which this computer does not trust.", _ca_step("", "the CA", known)
    if code in _WRONG_NAME:
        hint = "Use the name of the registry that its certificate is for."
        return f"{subject} is for {_names(certificate)}.", hint
    reason = visible(error.verify_message or "", 100)
    return f"{subject} cannot be trusted{f' ({reason})' if reason else ''}.", "Its administrator must replace it."


def no_secure_connection(error: ssl.SSLError, here: str, port: int, known: TlsContext) -> tuple[str, str, bool]:
    """Say why, the next step, and whether nothing speaks TLS there."""
    reason = error.reason or ""
    if any(word in reason for word in _PLAIN):
        return f"{here} does not speak TLS on port {port}.", http_step(known), True
    if "CERTIFICATE_REQUIRED" in reason:
        where = f" ({known.folder}/*.cert + *.key)" if known.folder else ""
        return f"{here} requires a client certificate{visible(where, 300)}.", "Ask its administrator for one.", False
    if any(word in reason for word in _OLD):
        why = f"{here} speaks only a version of TLS that is no longer secure."
        return why, "Its administrator must update it.", False
    if any(word in reason for word in _REFUSED):
        return f"{here} refused the client certificate.", "Ask its administrator for a valid one.", False
    why = f"No secure connection to {here} could be agreed on."
    return why, "It may want a client certificate, or its TLS may be too old.", False


def http_step(known: TlsContext) -> str:
    """Say what a user can do where nothing speaks TLS."""
    if known.offer_http:
        return Step(
            "If it is meant to be unencrypted, press H to use http for this session.",
            "If it is meant to be unencrypted, use --plain-http.",
        )
    return f'If it is meant to be unencrypted, open it as "{known.http_url}".' if known.http_url else ""


async def certificate_of(pools: Pools, origin: Origin) -> Certificate | None:
    """Connect without verifying and read the certificate that a server shows; None when it shows none.

    The ssl module parses only what it has verified. So the certificate is asked for twice: as bytes, and then in a
    context that trusts just this one and no dates, for the parsed form. No request is sent either time.
    """
    shown: bytes | None = await _look(pools, origin, unverified_context(), _binary_certificate)
    if not shown:
        return None
    context = unverified_context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME
    try:
        context.load_verify_locations(cadata=shown)
    except ssl.SSLError:
        return None
    parsed: dict[str, Any] | None = await _look(pools, origin, context, _parsed_certificate)
    return read_certificate(parsed) if parsed else None


async def alert_after_handshake(pools: Pools, origin: Origin, context: ssl.SSLContext) -> ssl.SSLError | None:
    """Connect again and wait for what the server says before any request; None when it says nothing.

    In TLS 1.3 a server checks the client certificate after the client believes to be connected (RFC 8446, 4.4.2), and
    its alert is lost when a request is written at once.
    """

    async def wait(stream: httpcore.AsyncNetworkStream) -> ssl.SSLError | None:
        try:
            await stream.read(1, LOOK_SECONDS)
        except (httpcore.NetworkError, httpcore.TimeoutException) as error:
            said = (cause for cause in causes_of(error) if isinstance(cause, ssl.SSLError) and is_tls_failure(cause))
            return next(said, None)
        return None

    alert: ssl.SSLError | None = await _look(pools, origin, context, wait)
    return alert


def read_certificate(parsed: dict[str, Any]) -> Certificate:
    """Read what ssl.SSLSocket.getpeercert gives."""
    issuer = {name: str(value) for part in parsed.get("issuer", ()) for name, value in part}
    common, organisation = (visible(issuer.get(name, ""), 100) for name in ("commonName", "organizationName"))
    subject = [str(value) for part in parsed.get("subject", ()) for name, value in part if name == "commonName"]
    names = [str(value) for kind, value in parsed.get("subjectAltName", ()) if kind in ("DNS", "IP Address")]
    return Certificate(
        f"{common} ({organisation})" if common and organisation else common or organisation,
        tuple(visible(name.strip(), 253) for name in names or subject),
        _moment(parsed.get("notBefore")),
        _moment(parsed.get("notAfter")),
    )


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(text)), UTC)
    except (ValueError, OverflowError, OSError):
        return None


class _Seen(Exception):
    """Ends a request before it is sent: what was looked for is known."""


async def _look(
    pools: Pools,
    origin: Origin,
    context: ssl.SSLContext,
    look: Callable[[httpcore.AsyncNetworkStream], Awaitable[Any]],
) -> Any:
    """Connect to an origin as requests do, proxies included, and look at the stream when TLS is spoken.

    httpcore's trace extension tells of the handshake; the exception raised there keeps the request from being sent.
    """
    found: list[Any] = []
    _, host, port = origin
    name = host.encode("ascii", "replace").decode()
    server_names: list[str] = []
    """The names that certificates were asked for: of a proxy, and of the origin."""

    async def trace(event: str, info: dict[str, Any]) -> None:
        if event.endswith("start_tls.started"):
            server_names.append(str(info.get("server_hostname")))
        if event.endswith("start_tls.complete") and server_names[-1:] == [name]:
            stream = info["return_value"]
            try:
                found.append(await look(stream))
            finally:
                await stream.aclose()  # httpcore closes only connections that it has finished
            raise _Seen

    timeout = {"connect": LOOK_SECONDS, "read": LOOK_SECONDS, "write": LOOK_SECONDS, "pool": None}
    request = httpx.Request(
        "HEAD", f"https://{bracketed(host)}:{port}/v2/", extensions={"timeout": timeout, "trace": trace}
    )
    pool = await pools.unpooled(origin, context)
    try:
        async with asyncio.timeout(2 * LOOK_SECONDS):
            with suppress(_Seen, httpx.TransportError, OSError):
                await (await pool.handle_async_request(request)).aclose()
    except TimeoutError:
        pass
    finally:
        await pool.aclose()
    return found[0] if found else None


async def _binary_certificate(stream: httpcore.AsyncNetworkStream) -> bytes | None:
    secured = stream.get_extra_info("ssl_object")
    return secured.getpeercert(binary_form=True) if secured is not None else None


async def _parsed_certificate(stream: httpcore.AsyncNetworkStream) -> dict[str, Any] | None:
    secured = stream.get_extra_info("ssl_object")
    return secured.getpeercert() if secured is not None else None


def _ca_step(lead: str, what: str, known: TlsContext) -> str:
    name, put = ("name", "put") if lead else ("Name", "Put")
    if known.folder:
        step = f"{lead}{put} {what} into {visible(str(known.folder), 300)}/ca.crt or"
        return Step(f"{step} set SSL_CERT_FILE.", f"{step} name it by --cacert FILE.")
    return f"{lead}{name} a file with {what if what != 'it' else 'its certificate'} by --cacert or SSL_CERT_FILE."


def _names(certificate: Certificate) -> str:
    names = certificate.names
    more = f" and {len(names) - _MAX_NAMES:,} more" if len(names) > _MAX_NAMES else ""
    return ", ".join(names[:_MAX_NAMES]) + more if names else "another name"
