"""TLS settings of each origin: which CAs verify it, which client certificate it is shown, and the ssl contexts."""

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
from regbrowse.registry.transport.url_policy import Origin
from regbrowse.settings.certificates import Trust, problem_with_ca
from regbrowse.text import visible

if TYPE_CHECKING:
    from regbrowse.registry.models import Settings


class TlsTrust(NamedTuple):
    """How one origin is verified, beside the system's CAs, and what it is shown."""

    ca_files: tuple[Path, ...] = ()
    client_certificate: tuple[Path, Path] | None = None
    """Certificate and key; shown to this origin and to no other."""
    verify: bool = True


class TlsSettings:
    """What the options and the files of this machine say of every origin, and one ssl context for each answer.

    Origins that need nothing special share one context, because reading the system's CAs takes 50 ms.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._network = settings.network
        self._insecure = {_host_and_port(key) for key in settings.insecure}
        self._of_files: dict[tuple[str, int], Trust] = {}
        self._contexts: dict[TlsTrust, ssl.SSLContext] = {}
        self._building = threading.Lock()

    def allow_unverified(self, key: str) -> None:
        """Verify a registry's certificate no more, until the program ends."""
        self._insecure.add(_host_and_port(key))

    def known(self, origin: Origin) -> TlsTrust:
        """Say how an origin is verified; of one that was never connected to, what the options say."""
        _, host, port = origin
        found = self.of_files(origin)
        ca_files = (self._settings.ca_file,) if self._settings.ca_file else ()
        verify = found.verify and (host, port) not in self._insecure
        return TlsTrust((*ca_files, *found.ca_files), found.pair, verify)

    def of_files(self, origin: Origin) -> Trust:
        """Give what the files of this machine say of an origin, once it was connected to."""
        return self._of_files.get(origin[1:], Trust())

    async def trust(self, origin: Origin, registry: Origin | None = None) -> TlsTrust:
        """Find out how an origin is verified; reads this machine's folders the first time. See `context`."""
        from asyncio import to_thread  # late: the settings of a verb are read before asyncio is imported

        for place in [origin[1:], *([registry[1:]] if registry else [])]:
            if self._network is not None and place not in self._of_files:
                self._of_files[place] = await to_thread(self._network.trust, *place)
        trust = self.known(origin)
        if registry is None or not trust.verify:
            return trust
        lent = self.known(registry)
        verify = lent.verify or origin[1] != registry[1]
        return trust._replace(ca_files=tuple(dict.fromkeys((*trust.ca_files, *lent.ca_files))), verify=verify)

    async def context(self, origin: Origin, registry: Origin | None = None) -> ssl.SSLContext:
        """Give the context for connections to an origin. Raises ConfigError for a file that cannot be used.

        The CAs of `registry` count for this origin too: a registry's login service is verified with them, as docker
        and podman do, which have one TLS configuration for both. Where the registry is not verified, its login service
        is not either, at any port of the same host. Its client certificate stays its own.
        """
        from asyncio import to_thread

        return await to_thread(self._context, await self.trust(origin, registry))

    def _context(self, trust: TlsTrust) -> ssl.SSLContext:
        with self._building:
            if trust not in self._contexts:
                self._contexts[trust] = build_context(trust)
            return self._contexts[trust]


def unverified_context() -> ssl.SSLContext:
    """Make a context that verifies nothing: for --insecure, and for a look at the certificate a server shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def build_context(trust: TlsTrust) -> ssl.SSLContext:
    """Make the context for these settings. Raises ConfigError that names the file and the reason."""
    context = _system_context() if trust.verify else unverified_context()
    for path in trust.ca_files if trust.verify else ():
        try:
            context.load_verify_locations(cafile=path)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"The CA file {visible(str(path))} cannot be used: {_reason(error)}.") from None
    context.set_alpn_protocols(["http/1.1"])
    if trust.client_certificate is not None:
        certificate, key = trust.client_certificate
        try:
            # Without a password function OpenSSL would ask for the key's password on the terminal.
            context.load_cert_chain(certificate, key, password=_no_password)
        except (OSError, ssl.SSLError, ValueError) as error:
            named = f"{visible(str(certificate))} with {visible(str(key))}"
            raise ConfigError(f"The client certificate {named} cannot be used: {_reason(error)}.") from None
    return context


def _system_context() -> ssl.SSLContext:
    named = os.environ.get("SSL_CERT_FILE")
    problem = problem_with_ca(Path(named)) if named else ""
    if problem:
        raise ConfigError(f"SSL_CERT_FILE: {problem}.", hint="Correct the variable or unset it.")
    if sys.platform not in ("darwin", "win32"):
        context = ssl.create_default_context()
        if context.cert_store_stats()["x509_ca"] or ssl.get_default_verify_paths().capath:
            return context
    # truststore asks the keychains of macOS and Windows, and knows the files of Linux systems that OpenSSL was not
    # built for. On other Linux systems it would read the store again for every connection, so it comes second.
    import truststore

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _no_password() -> str:
    raise ValueError("protected")


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        mismatch = "KEY_VALUES_MISMATCH" in (error.reason or "")
        return "the key belongs to another certificate" if mismatch else "not a PEM file"
    if isinstance(error, OSError):
        return visible(error.strerror or "not readable")
    return "its key is protected by a password"


def _host_and_port(key: str) -> tuple[str, int]:
    """Host and port of a registry by its key."""
    try:
        registry = Registry.parse(key)
    except BadReference:
        return key, 443
    host = urlsplit(f"//{registry.authority}").hostname or registry.host
    return host, registry.port or 443
