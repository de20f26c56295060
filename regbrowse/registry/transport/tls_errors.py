"""Why there is no secure connection, in words.

The numbers are those of OpenSSL (x509_vfy.h: X509_V_ERR_…), which Python hands on as `verify_code`.
"""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from regbrowse.errors import Step
from regbrowse.registry.transport.der import Certificate
from regbrowse.text import visible

NO_TLS = "no-tls"
"""Slug of errors after which plain http is worth a try."""
_PLAIN = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG")
_OLD = ("PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "NO_SHARED_CIPHER", "DH_KEY_TOO_SMALL", "EE_KEY_TOO_SMALL")
_DISLIKED = ("BAD_CERTIFICATE", "UNKNOWN_CA", "CERTIFICATE_UNKNOWN", "CERTIFICATE_EXPIRED", "CERTIFICATE_REVOKED")
_NOT_YET, _EXPIRED, _SELF_SIGNED, _UNKNOWN_ISSUER, _WRONG_NAME = 9, 10, 18, (19, 20, 21), (62, 64)
_MOST_NAMES = 5


class Scene(NamedTuple):
    """What is known of the place where it went wrong."""

    certificate: Certificate | None = None
    """What was shown there."""
    folder: Path | None = None
    """Where certificates for this host belong; None when no such folder is looked into."""
    offer_http: bool = False
    """Whether plain http may be chosen for it by a key."""
    http_url: str = ""
    """The address to open for plain http; empty when that is no way out."""

    def seen(self, certificate: Certificate | None) -> Scene:
        return self._replace(certificate=certificate)


def distrusted(error: ssl.SSLCertVerificationError, here: str, scene: Scene) -> tuple[str, str]:
    """Why a certificate is not trusted, and the next step; one sentence each."""
    certificate = scene.certificate or Certificate()
    code, now = error.verify_code, datetime.now(UTC)
    subject = f"The certificate of {here}"
    if code == _NOT_YET:
        since = f" before {certificate.begins:%Y-%m-%d %H:%M} UTC" if certificate.begins else " yet"
        return f"{subject} is not valid{since}.", f"Check the clock of this computer; it says {now:%Y-%m-%d %H:%M} UTC."
    if code == _EXPIRED:
        when = f"expired on {certificate.ends:%Y-%m-%d}" if certificate.ends else "has expired"
        return f"{subject} {when}.", f"Its administrator must renew it. Your clock says {now:%Y-%m-%d}."
    if code == _SELF_SIGNED:
        return f"{subject} is signed by nobody but itself.", _ca_step("If you trust it, ", "it", scene)
    if code in _UNKNOWN_ISSUER:
        who = f'"{certificate.issuer}"' if certificate.issuer else "an authority"
        return f"{subject} is signed by {who}, which this computer does not trust.", _ca_step("", "the CA", scene)
    if code in _WRONG_NAME:
        hint = "Use the name of the registry that its certificate is for."
        return f"{subject} is for {_names(certificate)}.", hint
    reason = visible(error.verify_message or "", 100)
    return f"{subject} cannot be trusted{f' ({reason})' if reason else ''}.", "Its administrator must replace it."


def no_secure_connection(error: ssl.SSLError, here: str, port: int, scene: Scene) -> tuple[str, str, bool]:
    """Why, the next step, and whether nobody speaks TLS there."""
    reason = error.reason or ""
    if any(word in reason for word in _PLAIN):
        return f"{here} does not speak TLS on port {port}.", http_step(scene), True
    if "CERTIFICATE_REQUIRED" in reason:
        where = f" ({scene.folder}/*.cert + *.key)" if scene.folder else ""
        return f"{here} requires a client certificate{visible(where, 300)}.", "Ask its administrator for one.", False
    if any(word in reason for word in _OLD):
        why = f"{here} speaks only a version of TLS that is no longer secure."
        return why, "Its administrator must update it.", False
    if any(word in reason for word in _DISLIKED):
        return f"{here} refused the client certificate.", "Ask its administrator for a valid one.", False
    why = f"No secure connection to {here} could be agreed on."
    return why, "It may want a client certificate, or its TLS may be too old.", False


def http_step(scene: Scene) -> str:
    """What somebody can do where nobody speaks TLS."""
    if scene.offer_http:
        return Step(
            "If it is meant to be unencrypted, press H to use http for this session.",
            "If it is meant to be unencrypted, use --plain-http.",
        )
    return f'If it is meant to be unencrypted, open it as "{scene.http_url}".' if scene.http_url else ""


def _ca_step(lead: str, what: str, scene: Scene) -> str:
    name, put = ("name", "put") if lead else ("Name", "Put")
    if scene.folder:
        step = f"{lead}{put} {what} into {visible(str(scene.folder), 300)}/ca.crt or"
        return Step(f"{step} set SSL_CERT_FILE.", f"{step} name it by --cacert FILE.")
    return f"{lead}{name} a file with {what if what != 'it' else 'its certificate'} by --cacert or SSL_CERT_FILE."


def _names(certificate: Certificate) -> str:
    names = certificate.names
    more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more if names else "another name"
