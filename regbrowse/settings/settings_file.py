"""Our own settings file: TOML, optional in every part, and never a reason not to start.

    platform = "linux/arm64"            # the platform chosen in images for several
    [cache]
    size = "256 MiB"                    # content kept between runs; 0 keeps nothing
    [registry."registry.example.com:5000"]
    plain_http = true                   # unencrypted, logins too
    insecure = true                     # the certificate is not checked
    ca = "ca.pem"                       # trusted beside the system's; relative to the file's folder
    client_cert = "me.pem"
    client_key = "me.key"
    mirror = "mirror.example.com/hub"   # asked first for manifests and blobs
    connections = 4                     # at a time, 1 to 16

A value that cannot be used is named by its table and key, and the rest is used. A file that is not TOML is not used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from regbrowse.errors import BadReference
from regbrowse.reference import Registry, is_repository_path
from regbrowse.settings.certificates import problem_with_ca, problem_with_pair
from regbrowse.settings.files import Notices, kind_of, read_toml
from regbrowse.text import visible

if TYPE_CHECKING:
    from regbrowse.oci.platform import Platform

MOST_CONNECTIONS = 16
MOST_CACHE = 2**40
_SIZE = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,3}))?\s*([A-Za-z]*)")
_UNITS = {
    "": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
    "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40,
}  # fmt: skip


class RegistryOptions(NamedTuple):
    """What our file says of one registry."""

    plain_http: bool = False
    insecure: bool = False
    ca: Path | None = None
    pair: tuple[Path, Path] | None = None
    """A client certificate and its key, which can be loaded."""
    mirror: str = ""
    """`host[:port][/path]`."""
    connections: int | None = None


class SettingsFile(NamedTuple):
    """What our file says; what it does not say has the value that stands for nothing."""

    name: str = ""
    """Its name, as shown to people."""
    platform: Platform | None = None
    cache_size: int | None = None
    """Bytes; 0: keep nothing."""
    registries: Mapping[str, RegistryOptions] = MappingProxyType({})
    """By the registry's key, without port 443."""

    def of(self, key: str) -> RegistryOptions:
        """Get what is said of a registry."""
        return self.registries.get(key, RegistryOptions())


def read_settings_file(file: Path, home: Path, notices: Notices) -> SettingsFile:
    """Read our file; `~` in it is `home`. Raises nothing."""
    top = read_toml(file, notices)
    return _Reader(file, home, notices).read(top) if top else SettingsFile()


class _Unusable(Exception):
    """Why a value cannot be used, as the rest of a sentence."""


_Convert = Callable[[str, object], object]
"""Takes key and value to what is used. Raises _Unusable."""


class _Reader:
    """Reads the tables of one file."""

    def __init__(self, file: Path, home: Path, notices: Notices) -> None:
        self._name = visible(file.name, 100)
        self._folder = file.parent
        self._home = home
        self._notices = notices
        self._of_registry: dict[str, _Convert] = {
            "plain_http": _truth,
            "insecure": _truth,
            "ca": self._ca,
            "client_cert": self._file,
            "client_key": self._file,
            "mirror": _mirror,
            "connections": _connections,
        }

    def read(self, top: Mapping[str, object]) -> SettingsFile:
        found = self._values((), top, {"platform": _platform, "cache": _table, "registry": _table})
        cache = self._values(("cache",), found.get("cache", {}), {"size": _cache_size})
        registries = self._registries(found.get("registry", {}))
        return SettingsFile(self._name, found.get("platform"), cache.get("size"), registries)

    def _registries(self, tables: Mapping[str, object]) -> dict[str, RegistryOptions]:
        found: dict[str, dict[str, Any]] = {}
        for name, table in tables.items():
            key = _key_of(name)
            if not isinstance(table, Mapping):
                reason = f'"{visible(name, 64)}" is no table; settings of a registry stand below [registry."HOST"]'
                self._say(("registry",), reason)
            elif key is None:
                reason = f'"{visible(name, 100)}" is no registry; write its host and perhaps its port'
                self._say((), f"{reason}; nothing in it is used")
            else:
                values = self._values(("registry", name), table, self._of_registry)
                earlier = found.get(key, {})
                for setting in [setting for setting in values if setting in earlier]:
                    self._say(("registry", name), f'"{setting}" was set for this registry already; it is not used')
                found[key] = values | earlier
        return {key: RegistryOptions(**self._paired(("registry", key), options)) for key, options in found.items()}

    def _values(
        self, path: tuple[str, ...], table: Mapping[str, object], known: Mapping[str, _Convert]
    ) -> dict[str, Any]:
        """Convert the values of the table at a path by their keys; say what is unknown or cannot be used."""
        found = {}
        for key, value in table.items():
            if key not in known:
                self._say_unknown(path, key, value)
                continue
            try:
                found[key] = known[key](key, value)
            except _Unusable as reason:
                self._say(path, f"{reason}; it is not used")
        return found

    def _say_unknown(self, path: tuple[str, ...], key: str, value: object) -> None:
        shown = f'"{visible(key, 64)}"'
        match path, value:
            case ("registry", name), Mapping():
                right = visible(".".join((name, key, *_only_tables(value))), 100)
                reason = f'a name with dots needs quotation marks, as in [registry."{right}"]'
                self._say((), f"{reason}; nothing in it is used")
            case _, Mapping():
                self._say((), f"there is no table [{visible('.'.join((*path, key)), 100)}]; nothing in it is used")
            case ("registry", _), _:
                self._say(path, f"{shown} is not a setting of a registry; it is not used")
            case ("cache",), _:
                self._say(path, f"{shown} is not a setting of the cache; it is not used")
            case _:
                self._say(path, f"there is no setting {shown}; it is not used")

    def _say(self, path: tuple[str, ...], words: str) -> None:
        where = ".".join((*path[:1], *(f'"{visible(name, 100)}"' for name in path[1:])))
        self._notices.add(f"{self._name} [{where}]: {words}." if where else f"{self._name}: {words}.")

    def _file(self, key: str, value: object) -> Path:
        """`~` is the user's folder; what is relative belongs to the folder of the settings."""
        if not isinstance(value, str) or not value or "\0" in value:
            raise _Unusable(f'"{key}" must be the name of a file')
        if value == "~" or value.startswith(("~/", "~\\")):
            return self._home / value[2:]
        return self._folder / value

    def _ca(self, key: str, value: object) -> Path:
        file = self._file(key, value)
        if problem := problem_with_ca(file):
            raise _Unusable(problem)
        return file

    def _paired(self, path: tuple[str, ...], options: dict[str, Any]) -> dict[str, Any]:
        """Join the halves of a client certificate; say why they are no whole."""
        certificate, key = options.pop("client_cert", None), options.pop("client_key", None)
        if certificate and key:
            problem = problem_with_pair(certificate, key)
            if not problem:
                return options | {"pair": (certificate, key)}
        elif certificate or key:
            have, lack = ("client_cert", "client_key") if certificate else ("client_key", "client_cert")
            problem = f'"{have}" without "{lack}"'
        else:
            return options
        self._say(path, f"{problem}; not using a client certificate")
        return options


def _only_tables(table: Mapping[str, object]) -> Iterator[str]:
    """Follow tables that hold nothing but one table: TOML reads the dots of `[registry.quay.io]` so."""
    while len(table) == 1:
        [(key, value)] = table.items()
        if not isinstance(value, Mapping):
            return
        yield key
        table = value


def _key_of(name: str) -> str | None:
    try:
        return Registry.parse(name).key.removesuffix(":443")
    except BadReference:
        return None


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise _Unusable(f'"{key}" must be a text, not {kind_of(value)}')
    return value.strip()


def _truth(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _Unusable(f'"{key}" must be true or false, not {kind_of(value)}')
    return value


def _table(key: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise _Unusable(f'"{key}" must be a table, not {kind_of(value)}')
    return value


def _platform(key: str, value: object) -> Platform:
    from regbrowse.oci.platform import Platform

    text = _text(key, value)
    try:
        return Platform.parse(text)
    except BadReference:
        raise _Unusable(f'"{visible(text, 64)}" is not a platform; write for example "linux/arm64"') from None


def _cache_size(key: str, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        count = value
    elif isinstance(value, str):
        match = _SIZE.fullmatch(value.strip())
        unit = _UNITS.get(match[3].lower()) if match else None
        if match is None or unit is None:
            raise _Unusable(f'"{visible(value, 64)}" is not a size; write for example "256 MiB"')
        count = int(match[1]) * unit + int(f"0{match[2] or ''}") * unit // 10 ** len(match[2] or "")
    else:
        raise _Unusable(f'"{key}" must be a text or a whole number, not {kind_of(value)}')
    if not 0 <= count <= MOST_CACHE:
        raise _Unusable("the size must be from 0 to 1 TiB")
    return count


def _mirror(key: str, value: object) -> str:
    text = _text(key, value).rstrip("/")
    if "://" in text:
        raise _Unusable('"mirror" is written without "https://"')
    host, _, path = text.partition("/")
    registry = _key_of(host)
    if registry is None or (path and not is_repository_path(path)):
        raise _Unusable(f'"{visible(text, 100)}" is no mirror; write "host" or "host/path"')
    return f"{registry}/{path}" if path else registry


def _connections(key: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_CONNECTIONS:
        raise _Unusable(f'"{key}" must be a whole number from 1 to {MOST_CONNECTIONS}')
    return value
