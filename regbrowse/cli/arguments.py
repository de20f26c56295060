"""What can be written on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from regbrowse import __version__

CREDENTIALS_VARIABLE = "DOCKER_REGISTRY_CREDENTIALS"
DEMO = "demo"

_DESCRIPTION = "Browse a container registry by keyboard, without pulling images."
_EPILOG = f"""\
REF is an image (alpine, alpine:3.20, ghcr.io/org/app@sha256:...), a registry
(localhost:5000 lists its repositories), something on this machine
(oci:DIR[:TAG], oci-archive:FILE, docker-archive:FILE), or "{DEMO}" for a built-in
registry that needs no network. Without REF it opens with what you looked at last.

logins: -u, {CREDENTIALS_VARIABLE}, --authfile, DOCKER_AUTH_CONFIG, the files of
docker and podman with their credential helpers, or the key L for one session.

environment:
  {CREDENTIALS_VARIABLE}  USER:PASSWORD, as -u
  SSL_CERT_FILE                certificates to trust instead of the system's
  HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY

exit codes: 0 ok, 2 wrong usage or a setting that cannot be used, 130 interrupted
"""


@dataclass(frozen=True, slots=True)
class Arguments:
    """The command line, as values."""

    reference: str | None
    user: str | None
    """USER:PASSWORD."""
    ca_file: Path | None
    plain_http: bool
    insecure: bool
    authfile: Path | None
    cache: bool
    """Whether content is kept on disk."""
    offline: bool


def parser() -> argparse.ArgumentParser:
    """The parser, for --help and for the shell."""
    out = argparse.ArgumentParser(
        prog="regbrowse",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    out.add_argument("reference", nargs="?", metavar="REF", help='what to open; "demo" needs no network')
    out.add_argument("-u", "--user", metavar="USER:PASSWORD", help="log in to the registry of REF")
    out.add_argument("--cacert", metavar="FILE", type=Path, help="trust this CA certificate (PEM) too")
    out.add_argument("--plain-http", action="store_true", help="speak http, not https, with the registry of REF")
    out.add_argument("--insecure", action="store_true", help="do not check the certificate of the registry of REF")
    out.add_argument("--authfile", metavar="FILE", type=Path, help="look for logins in this file first")
    out.add_argument("--no-cache", action="store_true", help="keep nothing on disk, and use nothing kept there")
    out.add_argument("--offline", action="store_true", help="send nothing; show what was kept on disk")
    out.add_argument("-V", "--version", action="version", version=f"regbrowse {__version__}")
    return out


def parse(words: Sequence[str] | None) -> Arguments:
    """Raises SystemExit(2) with the usage on stderr when the words are wrong."""
    found = parser().parse_args(words)
    return Arguments(
        found.reference,
        found.user,
        found.cacert,
        found.plain_http,
        found.insecure,
        found.authfile,
        not found.no_cache,
        found.offline,
    )
