"""Whom each origin is trusted by, and the contexts that say so to OpenSSL."""

from __future__ import annotations

import os
import ssl
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from regbrowse.errors import BadReference, ConfigError
from regbrowse.reference import Registry
from regbrowse.registry.transport.system_certificates import default_context
from regbrowse.registry.transport.url_policy import Origin
from regbrowse.settings.certificates import Trust, problem_with_ca
from regbrowse.text import visible

if TYPE_CHECKING:
    from regbrowse.registry.models import Settings


class TlsTrust(NamedTuple):
    """What one origin is trusted by, beside the system's certificates."""

    ca_files: tuple[Path, ...] = ()
    pair: tuple[Path, Path] | None = None
    """Certificate and key that we show; to this origin and to no other."""
    verify: bool = True


class Contexts:
    """A context for each kind of trust. Origins that need nothing special share one."""

    def __init__(self) -> None:
        self._contexts: dict[TlsTrust, ssl.SSLContext] = {}
        self._reading = threading.Lock()

    async def get(self, trusted: TlsTrust) -> ssl.SSLContext:
        """Raises ConfigError for a file that cannot be used."""
        from asyncio import to_thread  # late, as in everything that opens the first connection

        found = self._contexts.get(trusted)
        return found if found is not None else await to_thread(self.now, trusted)

    def now(self, trusted: TlsTrust) -> ssl.SSLContext:
        """As `get`, reading at once: the certificates of a system take long enough to be read in a thread."""
        with self._reading:
            if trusted not in self._contexts:
                self._contexts[trusted] = build(trusted)
            return self._contexts[trusted]


def bare_context() -> ssl.SSLContext:
    """TlsSettings anybody and costs nothing: for what is never to speak TLS, and for a look at who answers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def build(trusted: TlsTrust) -> ssl.SSLContext:
    """Raises ConfigError, naming the file and the reason."""
    context = _system() if trusted.verify else bare_context()
    for path in trusted.ca_files if trusted.verify else ():
        try:
            context.load_verify_locations(cafile=path)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"The CA file {visible(str(path))} cannot be used: {_reason(error)}.") from None
    context.set_alpn_protocols(["http/1.1"])
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


class TlsSettings:
    """What the options and the files of this machine say of every origin."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._network = settings.network
        self._insecure = {_place(key) for key in settings.insecure}
        self.contexts = Contexts()
        self._trust: dict[tuple[str, int], Trust] = {}

    def known(self, origin: Origin) -> TlsTrust:
        """By what an origin is trusted; of one that was never connected to, what the options say."""
        _, host, port = origin
        trust = self._trust.get((host, port), Trust())
        ca_files = (self._settings.ca_file,) if self._settings.ca_file else ()
        verify = trust.verify and (host, port) not in self._insecure
        return TlsTrust((*ca_files, *trust.ca_files), trust.pair, verify)

    def of_files(self, origin: Origin) -> Trust:
        """What the files of this machine say of an origin, once it was connected to."""
        return self._trust.get(origin[1:], Trust())

    async def trusted(self, origin: Origin, patron: Origin | None = None) -> TlsTrust:
        """By what an origin is trusted; looks into this machine's folders the first time. `patron`: see `context`."""
        from asyncio import to_thread

        for place in [origin[1:], *([patron[1:]] if patron else [])]:
            if self._network is not None and place not in self._trust:
                await to_thread(self._look, place)
        trusted = self.known(origin)
        lent = self.known(patron).ca_files if patron and trusted.verify else ()
        return trusted._replace(ca_files=tuple(dict.fromkeys((*trusted.ca_files, *lent))))

    def _look(self, place: tuple[str, int]) -> None:
        if self._network is not None and place not in self._trust:
            self._trust[place] = self._network.trust(*place)

    async def context(self, origin: Origin, patron: Origin | None = None) -> ssl.SSLContext:
        """By what an origin is trusted, and what we show to it. Raises ConfigError for files that cannot be used.

        The authorities that `patron` is trusted by are trusted there, too: a registry's login service is
        (docker and podman have one TLS configuration for both). Its client certificate stays its own.
        """
        return await self.contexts.get(await self.trusted(origin, patron))


def _place(key: str) -> tuple[str, int]:
    """Host and port of a registry by its key."""
    try:
        registry = Registry.parse(key)
    except BadReference:
        return key, 443
    host = urlsplit(f"//{registry.authority}").hostname or registry.host
    return host, registry.port or 443
