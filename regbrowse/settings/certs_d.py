"""The folders of this machine that hold certificates for single registries, and containerd's hosts.toml in them.

A folder is named `host` or `host:port`; in it `*.crt` are certificates to trust, and `*.cert` with the `*.key` of the
same name is a client certificate (containers-certs.d(5); docker's documentation on certificates). Of the folders of
podman and docker the first that exists counts, alone; then containerd's (containerd, docs/hosts.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from regbrowse.reference import bracketed
from regbrowse.settings.certificates import Trust, problem_with_ca, problem_with_pair
from regbrowse.settings.files import Notices, Report, config_folder, read_toml, reason_of, shown_path
from regbrowse.text import visible

FILES = 200
"""Entries of one folder that are looked at."""
HUB_HOST = "registry-1.docker.io"
EVERY_HOST = "_default"
"""containerd's folder for hosts that have none."""
_ENTRIES = 50
_HUB = frozenset({"docker.io", "index.docker.io", HUB_HOST})
_HOST = re.compile(r"(?!\.+$)[A-Za-z0-9_.:-]+")
"""What may become the name of a folder; servers name hosts too, when they redirect."""


class HostsToml(NamedTuple):
    """One hosts.toml, as far as it concerns certificates, http and mirrors; the files it names are not yet read."""

    file: Path
    ca_files: tuple[Path, ...] = ()
    pairs: tuple[tuple[Path, Path], ...] = ()
    """Client certificates with their keys; one file that holds both stands twice."""
    skip_verify: bool = False
    plain_http: bool = False
    """Whether the registry itself is given with `http://`."""
    mirrors: tuple[str, ...] = ()
    """The other hosts, `host[:port][/path]`."""


class CertsD:
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
        self._hosts: dict[str, HostsToml | None] = {}

    def trust(self, host: str, port: int) -> Trust:
        """Find the certificates for a host, in lower case without brackets. The answer is remembered."""
        if not _HOST.fullmatch(host):
            return Trust()
        key = (host, port)
        if key not in self._trusted:
            self._trusted[key] = self._find(_folder_names(host, port))
        return self._trusted[key]

    def hosts(self, host: str, port: int) -> HostsToml | None:
        """Read containerd's hosts.toml of a host; None when there is none. The answer is remembered."""
        return self._hosts_of(_folder_names(host, port))

    def _hosts_of(self, names: tuple[str, ...]) -> HostsToml | None:
        if names[0] not in self._hosts:
            folder = self._containerd_folder(names, "hosts.toml")
            self._hosts[names[0]] = _read_hosts(folder, names[0], self._notices) if folder is not None else None
        return self._hosts[names[0]]

    def _find(self, names: tuple[str, ...]) -> Trust:
        spelled = [name if self._colon else name.replace(":", "") for name in names]
        for folder in (base / name for base in self._folders for name in spelled):
            found = self._read(folder)
            if found is not None:
                return found
        hosts = self._hosts_of(names)
        if hosts is not None:
            return self._from_hosts(hosts)
        plain = self._containerd_folder(names)
        found = self._read(plain, pair=plain.name != EVERY_HOST) if plain is not None else None
        return found if found is not None else Trust(folder=self._folders[0] / spelled[0])

    def _containerd_folder(self, names: tuple[str, ...], file: str = "") -> Path | None:
        """Find the first folder of the names that exists, else `_default`, with that file in it when one is named."""
        for name in (*(spelled for each in names for spelled in _containerd_names(each)), EVERY_HOST):
            folder = self._containerd / name
            try:
                if (folder / file).is_file() if file else folder.is_dir():
                    return folder
            except OSError:
                self._notices.add(f"{shown_path(folder)} cannot be read; it is not used.")
        return None

    def _read(self, folder: Path, *, pair: bool = True) -> Trust | None:
        """Read a folder; None when it does not exist or may not be read, so that the next one counts."""
        try:
            names = sorted(path.name for path in folder.iterdir())[:FILES]
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            reason = f"{shown_path(folder)} cannot be read ({reason_of(error)})"
            self._notices.add(f"{reason}; its certificates are not used.")
            return None
        authorities = tuple(folder / name for name in names if name.endswith(".crt"))
        return Trust(self._usable(authorities), self._pair(folder, names) if pair else None, folder=folder)

    def _pair(self, folder: Path, names: list[str]) -> tuple[Path, Path] | None:
        """Find the first client certificate with its key; say what is without its other half."""
        usable: list[tuple[Path, Path]] = []
        halves: list[tuple[str, str]] = []
        for name in names:
            stem, dot, kind = name.rpartition(".")
            other = {"cert": "key", "key": "cert"}.get(kind)
            if not dot or other is None:
                continue
            if f"{stem}.{other}" not in names:
                advice = " Certificates to be trusted are named *.crt." if kind == "cert" else ""
                halves.append((f"found {visible(name, 200)} without {visible(stem, 200)}.{other}", advice))
            elif kind == "cert" and self._fits(pair := (folder / name, folder / f"{stem}.key")):
                usable.append(pair)
        using = f"using {shown_path(Path(usable[0][0].name))}" if usable else "not using a client certificate"
        for half, advice in halves:
            self._notices.add(f"{shown_path(folder)}: {half}; {using}.{advice}")
        if len(usable) > 1:
            self._notices.add(f"{shown_path(folder)}: found {len(usable)} client certificates; {using}.")
        return usable[0] if usable else None

    def _from_hosts(self, hosts: HostsToml) -> Trust:
        return Trust(
            self._usable(hosts.ca_files),
            next((pair for pair in hosts.pairs if self._fits(pair)), None),
            not hosts.skip_verify,
            shown_path(hosts.file) if hosts.skip_verify else "",
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


def _folder_names(host: str, port: int) -> tuple[str, ...]:
    """List the names that a folder for this host may have, the usual one first."""
    shown = bracketed(host)
    if port != 443:
        return (f"{shown}:{port}",)
    return ("docker.io", host, f"{host}:443") if host == HUB_HOST else (shown, f"{shown}:443")


def _containerd_names(name: str) -> tuple[str, ...]:
    """`host_port_`, for systems without colons in names, comes before `host:port`."""
    host, colon, port = name.rpartition(":")
    return (f"{host}_{port}_", name) if colon and port.isdecimal() else (name,)


def _read_hosts(folder: Path, name: str, notices: Notices) -> HostsToml | None:
    """Read hosts.toml for the registry `name`; None when it cannot be used. Mirrors' certificates are not its own.

    What `_default` says of client certificates and of not verifying would hold for every host there is: left out.
    """
    file = folder / "hosts.toml"
    top = read_toml(file, notices)
    if not top:
        return None
    report = Report(shown_path(file), notices)
    server = report.get(top, "server", str)
    own, mirrors = ([top], []) if not server or _same(server, name) else ([], [_bare(server)])
    plain = server.lower().startswith("http://") and _same(server, name)
    for address, table in list(report.get(top, "host", dict).items())[:_ENTRIES]:
        if not isinstance(table, dict):
            report.wrong(f'"host."{visible(address, 64)}""', "a table", table)
        elif _same(address, name):
            own.append(table)
            plain = plain or address.lower().startswith("http://")
        else:
            mirrors.append(_bare(address))
    pairs = tuple(pair for table in own for pair in _pairs(table, file, report))
    unverified = True in [report.get(table, "skip_verify", bool) for table in own]
    if folder.name == EVERY_HOST and (pairs or unverified):
        report.add('"client" and "skip_verify" for every host are not used; name the host')
        pairs, unverified = (), False
    ca_files = tuple(path for table in own for path in _paths(table, file, report))
    return HostsToml(file, ca_files, pairs, unverified, plain, tuple(visible(mirror, 200) for mirror in mirrors))


def _paths(table: dict[str, Any], file: Path, report: Report) -> Iterator[Path]:
    """Read `ca`: a path, or several; relative ones belong to the folder of the file."""
    for each in _entries(table.get("ca", [])):
        if isinstance(each, str):
            yield file.parent / each
        else:
            report.wrong('"ca"', "a path or a list of paths", each)


def _pairs(table: dict[str, Any], file: Path, report: Report) -> Iterator[tuple[Path, Path]]:
    """Read `client`: one file with certificate and key, a list of such files, or a list of pairs of files."""
    for each in _entries(table.get("client", [])):
        match each:
            case str() | [str(), ""]:
                both = file.parent / (each if isinstance(each, str) else each[0])
                yield both, both
            case [str(certificate), str(key)]:
                yield file.parent / certificate, file.parent / key
            case _:
                report.wrong('"client"', "a path, a list of paths or a list of pairs of paths", each)


def _entries(value: object) -> list[Any]:
    return (value if isinstance(value, list) else [value])[:_ENTRIES]


def _bare(url: str) -> str:
    """`host[:port][/path]` in lower case, without the path that only says where the API stands."""
    rest = url.lower().partition("://")[2] or url.lower()
    return rest.rpartition("@")[2].partition("?")[0].rstrip("/").removesuffix("/v2")


def _same(url: str, name: str) -> bool:
    """Check that an address means the registry of that name."""
    one, other = _bare(url).removesuffix(":443"), name.lower().removesuffix(":443")
    return one == other or (one in _HUB and other in _HUB)
