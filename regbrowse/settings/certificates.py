"""The certificates that folders of this machine hold for single registries.

A folder is named `host` or `host:port`; in it `*.crt` are certificates to trust, and `*.cert` with the `*.key`
of the same name is a client certificate (containers-certs.d(5); docker's documentation on certificates).
The first folder that exists counts, alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from regbrowse.settings.containerd import EVERY_HOST, Hosts, hosts_folder, read_hosts
from regbrowse.settings.reading import Notices, config_folder, named, reason_of

FILES = 200
"""Entries of one folder that are looked at."""
HUB_HOST = "registry-1.docker.io"
_HOST = re.compile(r"(?!\.+$)[A-Za-z0-9_.:-]+")
"""What may become the name of a folder; servers name hosts too, when they redirect."""


class Trust(NamedTuple):
    """What is known about the certificates of one host and port."""

    ca_files: tuple[Path, ...] = ()
    """PEM files trusted in addition to the system's; each can be read and holds certificates."""
    pair: tuple[Path, Path] | None = None
    """PEM files of a client certificate and its key, which needs no password."""
    verify: bool = True
    """False when somebody asked for this host that certificates are not checked."""
    unverified_by: str = ""
    """The file that asked for it, as shown to people."""
    folder: Path | None = None
    """Where files for this host belong: the folder that was read, else the user's own, which can be made."""


class Certificates:
    """Looks into the folders of a host when it is first asked for."""

    def __init__(self, environ: Mapping[str, str], home: Path, etc: Path, platform: str, notices: Notices) -> None:
        user = config_folder(environ, home)
        self._folders = (
            user / "containers" / "certs.d",
            etc / "containers" / "certs.d",
            user / "docker" / "certs.d",
            home / ".docker" / "certs.d",
            etc / "docker" / "certs.d",
        )
        self._containerd = etc / "containerd" / "certs.d"
        self._colon = platform != "win32"
        self._notices = notices
        self._trusted: dict[tuple[str, int], Trust] = {}
        self._hosts: dict[str, Hosts | None] = {}

    def trust(self, host: str, port: int) -> Trust:
        """Host in lower case without brackets. What was found is remembered."""
        if not _HOST.fullmatch(host):
            return Trust()
        key = (host, port)
        if key not in self._trusted:
            self._trusted[key] = self._look(host, port)
        return self._trusted[key]

    def hosts(self, host: str, port: int) -> Hosts | None:
        """What containerd's hosts.toml says of a host; None when there is no such file."""
        names = folder_names(host, port)
        if names[0] not in self._hosts:
            folder = hosts_folder(self._containerd, names, self._notices)
            self._hosts[names[0]] = read_hosts(folder, names[0], self._notices) if folder is not None else None
        return self._hosts[names[0]]

    def _look(self, host: str, port: int) -> Trust:
        names = folder_names(host, port)
        for base in self._folders:
            for name in names:
                folder = base / (name if self._colon else name.replace(":", ""))
                found = self._read(folder)
                if found is not None:
                    return found
        hosts = self.hosts(host, port)
        if hosts is not None:
            return self._from_containerd(hosts)
        plain = hosts_folder(self._containerd, names, self._notices, file="")
        found = self._read(plain, pair=plain.name != EVERY_HOST) if plain is not None else None
        if found is not None:
            return found
        return Trust(folder=self._folders[0] / (names[0] if self._colon else names[0].replace(":", "")))

    def _read(self, folder: Path, *, pair: bool = True) -> Trust | None:
        """None when there is no such folder or it may not be read, so that the next one counts."""
        try:
            files = sorted(path.name for path in folder.iterdir())[:FILES]
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            self._notices.add(f"{named(folder)} cannot be read ({reason_of(error)}); its certificates are not used.")
            return None
        authorities = tuple(folder / name for name in files if name.endswith(".crt"))
        return Trust(
            self._usable(authorities),
            self._pair(folder, set(files)) if pair else None,
            folder=folder,
        )

    def _pair(self, folder: Path, files: set[str]) -> tuple[Path, Path] | None:
        whole: list[tuple[Path, Path]] = []
        halves: list[str] = []
        for name in sorted(files):
            stem, dot, kind = name.rpartition(".")
            other = {"cert": "key", "key": "cert"}.get(kind)
            if not dot or other is None:
                continue
            if f"{stem}.{other}" not in files:
                halves.append(f"found {named(Path(name))} without {named(Path(stem))}.{other}")
            elif kind == "cert":
                pair = (folder / name, folder / f"{stem}.key")
                if self._fits(pair):
                    whole.append(pair)
        using = f"using {named(Path(whole[0][0].name))}" if whole else "not using a client certificate"
        for half in halves:
            advice = " Certificates to be trusted are named *.crt." if ".key" in half.partition(" without ")[2] else ""
            self._notices.add(f"{named(folder)}: {half}; {using}.{advice}")
        if len(whole) > 1:
            self._notices.add(f"{named(folder)}: found {len(whole)} client certificates; {using}.")
        return whole[0] if whole else None

    def _from_containerd(self, hosts: Hosts) -> Trust:
        return Trust(
            self._usable(hosts.ca_files),
            next((pair for pair in hosts.clients if self._fits(pair)), None),
            not hosts.skip_verify,
            named(hosts.file) if hosts.skip_verify else "",
            hosts.file.parent,
        )

    def _usable(self, files: tuple[Path, ...]) -> tuple[Path, ...]:
        problems = {path: problem_with_ca(path) for path in files}
        for problem in filter(None, problems.values()):
            self._notices.add(f"{problem}; it is not used.")
        return tuple(path for path, problem in problems.items() if not problem)

    def _fits(self, pair: tuple[Path, Path]) -> bool:
        problem = problem_with_pair(*pair)
        if problem:
            self._notices.add(f"{problem}; not using this client certificate.")
        return not problem


def folder_names(host: str, port: int) -> tuple[str, ...]:
    """The names that a folder for this host may have, the usual one first."""
    shown = f"[{host}]" if ":" in host else host
    if port != 443:
        return (f"{shown}:{port}",)
    return ("docker.io", host, f"{host}:443") if host == HUB_HOST else (shown, f"{shown}:443")


def problem_with_ca(path: Path) -> str:
    """Why a file cannot be trusted from, in words without a full stop; empty when OpenSSL reads one from it."""
    import ssl

    try:
        if not path.is_file():
            return _absent(path)
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        return f"{named(path)} holds no certificate in PEM form"
    except (OSError, ValueError) as error:
        return f"{named(path)} cannot be read ({reason_of(error)})"
    return ""


def problem_with_pair(certificate: Path, key: Path) -> str:
    """Why a certificate and a key cannot be used, in words without a full stop; empty when they can."""
    import ssl

    try:
        for path in (certificate, key):
            if not path.is_file():
                return _absent(path)
            path.open("rb").close()
        # Without a password of ours OpenSSL would ask on the terminal for that of an encrypted key.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, password="")
    except ssl.SSLError:
        names = dict.fromkeys((named(certificate), named(key)))
        return f"{' and '.join(names)} are no PEM certificate and its key without a password"
    except (OSError, ValueError) as error:
        return f"{named(path)} cannot be read ({reason_of(error)})"
    return ""


def _absent(path: Path) -> str:
    return f"{named(path)} {'is not a file' if path.exists() else 'does not exist'}"
