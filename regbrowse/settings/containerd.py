"""What containerd's `certs.d/{host}/hosts.toml` says of one registry (containerd, docs/hosts.md)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from regbrowse.settings.reading import Notices, kind_of, named, read_toml
from regbrowse.text import visible

EVERY_HOST = "_default"
"""The folder for hosts that have none."""
_ENTRIES = 50
_HUB = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})


class Hosts(NamedTuple):
    """One file, as far as it concerns certificates, http and mirrors; not yet looked at are the files it names."""

    file: Path
    ca_files: tuple[Path, ...] = ()
    clients: tuple[tuple[Path, Path], ...] = ()
    """Certificates with their keys; one file that holds both stands twice."""
    skip_verify: bool = False
    plain_http: bool = False
    """Whether the registry itself is given with `http://`."""
    mirrors: tuple[str, ...] = ()
    """The other hosts, `host[:port][/path]`."""


def hosts_folder(root: Path, names: tuple[str, ...], notices: Notices, file: str = "hosts.toml") -> Path | None:
    """The first folder of the names that exists, else `_default` (with that file in it, when one is named)."""
    for folder in (root / each for name in names for each in _spellings(name)):
        try:
            if (folder / file).is_file() if file else folder.is_dir():
                return folder
        except OSError:
            notices.add(f"{named(folder)} cannot be read; it is not used.")
    return None if names == (EVERY_HOST,) else hosts_folder(root, (EVERY_HOST,), notices, file)


def _spellings(name: str) -> tuple[str, ...]:
    """`host_port_`, for systems without colons in names, comes before `host:port`."""
    host, colon, port = name.rpartition(":")
    return (f"{host}_{port}_", name) if colon and port.isdecimal() else (name,)


def read_hosts(folder: Path, name: str, notices: Notices) -> Hosts | None:
    """None when the file cannot be used at all. Certificates of mirrors are not those of the registry.

    What `_default` says of client certificates and of not verifying would hold for every host there is: left out.
    """
    file = folder / "hosts.toml"
    table = read_toml(file, notices)
    if not table:
        return None
    reader = _Reader(file, notices)
    server = reader.text(table, "server", "")
    others = table.get("host", {})
    if not isinstance(others, dict):
        reader.wrong("host", "a table", others)
        others = {}
    own, mirrors = [], []
    if not server or _same(server, name):
        own.append(table)
    else:
        mirrors.append(_bare(server))
    plain = server.lower().startswith("http://") and _same(server, name)
    for address, inner in list(others.items())[:_ENTRIES]:
        if not isinstance(inner, dict):
            reader.wrong(f'host."{visible(address, 64)}"', "a table", inner)
        elif _same(address, name):
            own.append(inner)
            plain = plain or address.lower().startswith("http://")
        else:
            mirrors.append(_bare(address))
    clients = tuple(pair for each in own for pair in reader.clients(each))
    unverified = True in {reader.truth(each, "skip_verify") for each in own}
    if folder.name == EVERY_HOST and (clients or unverified):
        notices.add(f'{named(file)}: "client" and "skip_verify" for every host are not used; name the host.')
        clients, unverified = (), False
    return Hosts(
        file,
        tuple(path for each in own for path in reader.paths(each, "ca")),
        clients,
        unverified,
        plain,
        tuple(visible(mirror, 200) for mirror in mirrors),
    )


def _bare(url: str) -> str:
    """`host[:port][/path]` in lower case, without the path that only says where the API stands."""
    rest = url.lower().partition("://")[2] or url.lower()
    return rest.rpartition("@")[2].partition("?")[0].rstrip("/").removesuffix("/v2")


def _same(url: str, name: str) -> bool:
    """Whether an address means the registry that is called so."""
    one, other = _bare(url).removesuffix(":443"), name.lower().removesuffix(":443")
    return one == other or (one in _HUB and other in _HUB)


class _Reader:
    """Values of the right kind; others are named and left out."""

    def __init__(self, file: Path, notices: Notices) -> None:
        self._file = file
        self._notices = notices

    def wrong(self, key: str, wanted: str, value: object) -> None:
        self._notices.add(f'{named(self._file)}: "{key}" must be {wanted}, not {kind_of(value)}; it is not used.')

    def text(self, table: dict[str, object], key: str, default: str) -> str:
        value = table.get(key, default)
        if isinstance(value, str):
            return value
        self.wrong(key, "a text", value)
        return default

    def truth(self, table: dict[str, object], key: str) -> bool:
        value = table.get(key, False)
        if isinstance(value, bool):
            return value
        self.wrong(key, "true or false", value)
        return False

    def paths(self, table: dict[str, object], key: str) -> Iterator[Path]:
        """A path, or several; relative ones belong to the folder of the file."""
        value = table.get(key, [])
        for each in (value if isinstance(value, list) else [value])[:_ENTRIES]:
            if isinstance(each, str):
                yield self._file.parent / each
            else:
                self.wrong(key, "a path or a list of paths", each)

    def clients(self, table: dict[str, object]) -> Iterator[tuple[Path, Path]]:
        """One file with certificate and key, a list of such files, or a list of pairs of files."""
        value = table.get("client", [])
        for each in (value if isinstance(value, list) else [value])[:_ENTRIES]:
            match each:
                case str():
                    yield self._file.parent / each, self._file.parent / each
                case [str(certificate), ""]:
                    yield self._file.parent / certificate, self._file.parent / certificate
                case [str(certificate), str(key)]:
                    yield self._file.parent / certificate, self._file.parent / key
                case _:
                    self.wrong("client", "a path, a list of paths or a list of pairs of paths", each)
