"""The certificates that one host is trusted by, and whether the files that hold them can be used."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from regbrowse.settings.files import reason_of, shown_path


class Trust(NamedTuple):
    """What is known about the certificates of one host and port."""

    ca_files: tuple[Path, ...] = ()
    """PEM files trusted in addition to the system's; each can be read and holds certificates."""
    pair: tuple[Path, Path] | None = None
    """PEM files of a client certificate and its key, which needs no password."""
    verify: bool = True
    """False when the user asked for this host that certificates are not checked."""
    unverified_by: str = ""
    """The file that asks for it, as shown to people."""
    folder: Path | None = None
    """Where files for this host belong: the folder that was read, else the user's own, which can be made."""


def problem_with_ca(path: Path) -> str:
    """Say why a file cannot be trusted from, without a full stop; empty when OpenSSL reads a certificate from it."""
    import ssl

    try:
        if not path.is_file():
            return _absent(path)
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        return f"{shown_path(path)} holds no certificate in PEM form"
    except (OSError, ValueError) as error:
        return f"{shown_path(path)} cannot be read ({reason_of(error)})"
    return ""


def problem_with_pair(certificate: Path, key: Path) -> str:
    """Say why a certificate and a key cannot be used, without a full stop; empty when they can."""
    import ssl

    try:
        for path in (certificate, key):
            if not path.is_file():
                return _absent(path)
            path.open("rb").close()
        # Without a password of ours OpenSSL would ask on the terminal for that of an encrypted key.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, password="")
    except ssl.SSLError:
        names = dict.fromkeys((shown_path(certificate), shown_path(key)))
        return f"{' and '.join(names)} are no PEM certificate and its key without a password"
    except (OSError, ValueError) as error:
        return f"{shown_path(path)} cannot be read ({reason_of(error)})"
    return ""


def _absent(path: Path) -> str:
    return f"{shown_path(path)} {'is not a file' if path.exists() else 'does not exist'}"
