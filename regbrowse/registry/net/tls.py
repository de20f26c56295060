"""Whom we trust, and whether anybody speaks TLS at all."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
import sys
from pathlib import Path

from regbrowse.errors import ConfigError
from regbrowse.text import visible

PROBE_SECONDS = 3.0


async def trusted_context(ca_file: Path | None) -> ssl.SSLContext:
    """The trust of the operating system plus `ca_file`; reading it takes long enough to be done in a thread."""
    return await asyncio.to_thread(_build, ca_file)


def bare_context() -> ssl.SSLContext:
    """Trusts nobody and costs nothing: for transports that are never to speak TLS."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _build(ca_file: Path | None) -> ssl.SSLContext:
    named = os.environ.get("SSL_CERT_FILE")
    if named and not Path(named).is_file():
        raise ConfigError(
            f"SSL_CERT_FILE names {visible(named)}, which is not a file.", hint="Correct the variable or unset it."
        )
    context = _system()
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError) as error:
            reason = error.strerror if not isinstance(error, ssl.SSLError) and error.strerror else "not a PEM file"
            raise ConfigError(f"The CA file {visible(str(ca_file))} cannot be used: {visible(reason)}.") from None
    return context


def _system() -> ssl.SSLContext:
    if sys.platform not in ("darwin", "win32"):
        context = ssl.create_default_context()
        if context.get_ca_certs() or ssl.get_default_verify_paths().capath:
            return context
    # truststore asks the keychains of macOS and Windows, and knows the files of Linux systems that OpenSSL
    # was not built for. There it would read the store again for every connection, so it comes second.
    import truststore

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


async def speaks_tls(host: str, port: int, *, patient: bool) -> bool:
    """Whether https is the thing to try; False after a refusal, a reset or an answer that is not TLS.

    Nothing is sent but a greeting, and nobody is trusted for it. Silence means False only where plain http
    is no risk (`patient` False), because a silent remote host is no reason to leave encryption.
    """
    context = bare_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
    except TimeoutError:
        return patient
    except ssl.SSLError as error:
        # An alert (client certificate, no common version) is spoken by something that knows TLS.
        return "ALERT" in (error.reason or "")
    except (ConnectionError, EOFError):
        return False
    except OSError as error:
        # A name with several addresses that all refuse is told in the text alone.
        return isinstance(error, socket.gaierror) or f"Errno {errno.ECONNREFUSED}]" not in str(error)
    writer.close()
    return True
