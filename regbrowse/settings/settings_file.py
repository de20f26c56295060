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
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.errors import BadReference
from regbrowse.reference import is_repository_path
from regbrowse.settings.certificates import problem_with_ca, problem_with_pair
from regbrowse.settings.files import Notices, Report, read_toml, registry_key
from regbrowse.text import visible

if TYPE_CHECKING:
    from regbrowse.oci.platform import Platform

MOST_CONNECTIONS = 16
MOST_CACHE = 2**40
_SIZE = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,3}))?\s*([A-Za-z]*)")
_OPTIONS = frozenset({"plain_http", "insecure", "ca", "client_cert", "client_key", "mirror", "connections"})
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
    if not top:
        return SettingsFile()
    report = Report(visible(file.name, 100), notices)
    _report_unknown(top, ("platform", "cache", "registry"), report)
    cache, of_cache = report.get(top, "cache", dict), Report(f"{report.name} [cache]", notices)
    _report_unknown(cache, ("size",), of_cache, "the cache")
    registries = {
        key: _options(table, of_registry, file.parent, home)
        for key, (table, of_registry) in _by_registry(report.get(top, "registry", dict), report, notices).items()
    }
    return SettingsFile(report.name, _platform(top, report), _cache_size(cache, of_cache), registries)


def _report_unknown(table: Mapping[str, object], known: Collection[str], report: Report, of: str = "") -> None:
    """Report every key that is not known; `of` says what the table is about, empty for the top table."""
    for key, value in table.items():
        if key in known:
            continue
        if of:
            report.add(f'"{visible(key, 64)}" is not a setting of {of}; it is not used')
        elif isinstance(value, dict):
            report.add(f"there is no table [{visible(key, 100)}]; nothing in it is used")
        else:
            report.add(f'there is no setting "{visible(key, 64)}"; it is not used')


def _by_registry(
    tables: Mapping[str, object], report: Report, notices: Notices
) -> dict[str, tuple[dict[str, object], Report]]:
    """Put the tables, each with its own report, under the keys of their registries.

    Two spellings of one registry become one table; what the first says counts.
    """
    found: dict[str, tuple[dict[str, object], Report]] = {}
    for name, table in tables.items():
        registry, shown = registry_key(name), visible(name, 100)
        if not isinstance(table, dict):
            report.add(f'"{shown}" is no table; settings of a registry stand below [registry."HOST"]')
            continue
        of_registry = Report(f'{report.name} [registry."{shown}"]', notices)
        inner = {key: value for key, value in table.items() if isinstance(value, dict) and key not in _OPTIONS}
        for first, value in inner.items():
            right = visible(".".join((name, first, *_only_tables(value))), 100)
            reason = f'a name with dots needs quotation marks, as in [registry."{right}"]'
            report.add(f"{reason}; nothing in it is used")
        if not registry:
            if not inner:
                report.add(f'"{shown}" is no registry; write its host and perhaps its port; nothing in it is used')
            continue
        options, _ = found.setdefault(registry, ({}, of_registry))
        for option, value in table.items():
            if option in options:
                of_registry.add(f'"{visible(option, 64)}" was set for this registry already; it is not used')
            elif option not in inner:
                options[option] = value
    return found


def _only_tables(table: Mapping[str, object]) -> Iterator[str]:
    """Follow tables that hold nothing but one table: TOML reads the dots of `[registry.quay.io]` so."""
    while len(table) == 1:
        [(key, value)] = table.items()
        if not isinstance(value, dict):
            return
        yield key
        table = value


def _options(table: Mapping[str, object], report: Report, folder: Path, home: Path) -> RegistryOptions:
    """Read the options of one registry; relative files belong to the folder of the settings."""
    _report_unknown(table, _OPTIONS, report, "a registry")
    ca, certificate, key = (
        _file(table, option, report, folder, home) for option in ("ca", "client_cert", "client_key")
    )
    if ca is not None and (problem := problem_with_ca(ca)):
        report.add(f"{problem}; it is not used")
        ca = None
    return RegistryOptions(
        report.get(table, "plain_http", bool),
        report.get(table, "insecure", bool),
        ca,
        _pair(certificate, key, report),
        _mirror(table, report),
        _connections(table, report),
    )


def _file(table: Mapping[str, object], option: str, report: Report, folder: Path, home: Path) -> Path | None:
    value = table.get(option)
    if value is None:
        return None
    if not isinstance(value, str) or not value or "\0" in value:
        report.add(f'"{option}" must be the name of a file; it is not used')
        return None
    return home / value[2:] if value == "~" or value.startswith(("~/", "~\\")) else folder / value


def _pair(certificate: Path | None, key: Path | None, report: Report) -> tuple[Path, Path] | None:
    if certificate is None and key is None:
        return None
    if certificate is None:
        problem = '"client_key" without "client_cert"'
    elif key is None:
        problem = '"client_cert" without "client_key"'
    else:
        problem = problem_with_pair(certificate, key)
        if not problem:
            return certificate, key
    report.add(f"{problem}; not using a client certificate")
    return None


def _mirror(table: Mapping[str, object], report: Report) -> str:
    text = report.find(table, "mirror", str)
    if text is None:
        return ""
    host, _, path = text.strip().rstrip("/").partition("/")
    key = registry_key(host)
    if "://" in text:
        report.add('"mirror" is written without "https://"; it is not used')
    elif not key or (path and not is_repository_path(path)):
        report.add(f'"{visible(text, 100)}" is no mirror; write "host" or "host/path"; it is not used')
    else:
        return f"{key}/{path}" if path else key
    return ""


def _connections(table: Mapping[str, object], report: Report) -> int | None:
    value = table.get("connections")
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_CONNECTIONS):
        return value
    report.add(f'"connections" must be a whole number from 1 to {MOST_CONNECTIONS}; it is not used')
    return None


def _platform(table: Mapping[str, object], report: Report) -> Platform | None:
    text = report.find(table, "platform", str)
    if text is None:
        return None
    from regbrowse.oci.platform import Platform

    try:
        return Platform.parse(text)
    except BadReference:
        report.add(f'"{visible(text, 64)}" is not a platform; write for example "linux/arm64"; it is not used')
        return None


def _cache_size(table: Mapping[str, object], report: Report) -> int | None:
    value = table.get("size")
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        count = value
    elif isinstance(value, str):
        match = _SIZE.fullmatch(value.strip())
        unit = _UNITS.get(match[3].lower()) if match else None
        if match is None or unit is None:
            report.add(f'"{visible(value, 64)}" is not a size; write for example "256 MiB"; it is not used')
            return None
        count = int(match[1]) * unit + int(f"0{match[2] or ''}") * unit // 10 ** len(match[2] or "")
    else:
        report.wrong('"size"', "a text or a whole number", value)
        return None
    if not 0 <= count <= MOST_CACHE:
        report.add("the size must be from 0 to 1 TiB; it is not used")
        return None
    return count
