"""What registries.conf says: other locations, forbidden and insecure registries, mirrors.

The format is version 2 of containers-registries.conf(5). A registry written in a later file replaces the same
one of an earlier file as a whole (containers/image, sysregistriesv2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from regbrowse.settings.files import Notices, Report, read_toml, registry_key, shown_path
from regbrowse.text import visible

_REGISTRIES = 1000
_MIRRORS = 20
_DROP_INS = 200
_ONLY = {"": "", "all": "", "digest-only": "digest", "tag-only": "tag"}
"""What `pull-from-mirror` may say, and what the mirror is only for."""


class Mirror(NamedTuple):
    """A copy of what a registry holds."""

    location: str
    """`host[:port][/path]`."""
    insecure: bool = False
    only: str = ""
    """`digest` or `tag` when it is meant for nothing else."""


class RegistryEntry(NamedTuple):
    """One `[[registry]]`."""

    prefix: str
    """`host[:port][/path]` or `*.domain`."""
    location: str
    """What the prefix is replaced by; the prefix itself, wildcard and all, when nothing is."""
    file: str
    """As shown to people."""
    blocked: bool = False
    insecure: bool = False
    mirrors: tuple[Mirror, ...] = ()

    def rest(self, name: str) -> str | None:
        """Get what follows the prefix in `host[:port][/path]`; None when it is not in front, on whole components."""
        host, slash, path = name.partition("/")
        if self.prefix.startswith("*."):
            bare = host if ":" in self.prefix else host.partition(":")[0]
            return f"{slash}{path}" if bare.endswith(self.prefix[1:]) else None
        if name == self.prefix or name.startswith(f"{self.prefix}/"):
            return name[len(self.prefix) :]
        return None

    def relocated(self, location: str, name: str) -> str:
        """Write a name that has the prefix under another location."""
        return f"{location}{self.rest(name) or ''}"


class RegistriesConf:
    """All registries.conf files as one."""

    def __init__(self, entries: Mapping[str, RegistryEntry]) -> None:
        """`entries` are by prefix."""
        self._entries = entries
        self._insecure: dict[str, str] = {}
        """The file that says so, by host."""
        for entry in entries.values():
            insecure = [entry.location] if entry.insecure else []
            for location in [*insecure, *(mirror.location for mirror in entry.mirrors if mirror.insecure)]:
                self._insecure[location.partition("/")[0]] = entry.file

    def find(self, name: str) -> RegistryEntry | None:
        """Find the entry with the longest prefix of `host[:port][/path]`, in which port 443 is never written.

        A host beats a wildcard of the same length, `a.example.com` beats `*.example.com`.
        """
        fitting = (entry for entry in self._entries.values() if entry.rest(name) is not None)
        return max(fitting, key=lambda entry: (len(entry.prefix), entry.prefix[0] != "*"), default=None)

    def insecure_by(self, host: str) -> str:
        """Name the file that says `insecure` of `host[:port]`; empty when none does.

        It says so of a host however much of it the prefix covers: a host has one certificate.
        """
        entry = self.find(host)
        if entry is not None and entry.insecure and entry.location.startswith("*."):
            return entry.file
        return self._insecure.get(host, "")


def read_registries_conf(environ: Mapping[str, str], home: Path, etc: Path, notices: Notices) -> RegistriesConf:
    """Read CONTAINERS_REGISTRIES_CONF, else the user's file, else the system's; then the drop-ins of both levels."""
    user = home / ".config" / "containers"
    given = environ.get("CONTAINERS_REGISTRIES_CONF", "")
    if given:
        main = Path(given)
        if not _exists(main):
            notices.add(f"CONTAINERS_REGISTRIES_CONF names {shown_path(main)}, which does not exist.")
    else:
        main = user / "registries.conf"
        main = main if _exists(main) else etc / "containers" / "registries.conf"
    drop_ins = [
        *_drop_ins(etc / "containers" / "registries.conf.d", notices),
        *_drop_ins(user / "registries.conf.d", notices),
    ]
    entries: dict[str, RegistryEntry] = {}
    for path in [main, *drop_ins]:
        entries |= _Reader(path, notices).read()
    return RegistriesConf(entries)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _drop_ins(folder: Path, notices: Notices) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.name.endswith(".conf"))[:_DROP_INS]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (OSError, ValueError):
        notices.add(f"{shown_path(folder)} cannot be read; its files are not used.")
        return []


class _Reader:
    """Reads one file; what is of the wrong kind is named and left out."""

    def __init__(self, path: Path, notices: Notices) -> None:
        self._table = read_toml(path, notices)
        self._report = Report(shown_path(path), notices)

    def read(self) -> dict[str, RegistryEntry]:
        """Read the entries by prefix."""
        if isinstance(self._table.get("registries"), dict):
            self._report.add('it is written in version 1 of the format; "[registries.…]" is not used')
        tables = enumerate(self._list(self._table, "registry", _REGISTRIES), 1)
        found = [entry for index, table in tables if (entry := self._entry(table, f"[[registry]] number {index}"))]
        entries: dict[str, RegistryEntry] = {}
        for entry in self._as_strict_as_any(self._as_strict_as_any(found, "location"), "prefix"):
            if entries.setdefault(entry.prefix, entry) != entry:
                name = visible(entry.prefix, 100)
                self._report.add(f'the prefix "{name}" is written more than once; its first entry counts')
        return entries

    def _as_strict_as_any(self, entries: list[RegistryEntry], same: str) -> list[RegistryEntry]:
        """Make entries with the same `prefix` or `location` as strict as the strictest of them.

        containers/image refuses a file in which those for one location do not agree (sysregistriesv2,
        postProcessRegistries). Refused here, it would block nothing at all.
        """
        groups: dict[str, list[RegistryEntry]] = {}
        for entry in entries:
            groups.setdefault(getattr(entry, same), []).append(entry)
        strict: dict[str, tuple[bool, bool]] = {}
        for name, group in groups.items():
            blocked, insecure = any(each.blocked for each in group), all(each.insecure for each in group)
            disagreement = f'the entries for the {same} "{visible(name, 100)}" do not agree; it'
            if not all(each.blocked == blocked for each in group):
                self._report.add(f"{disagreement} counts as blocked")
            if not all(each.insecure == insecure for each in group):
                self._report.add(f"{disagreement} does not count as insecure")
            strict[name] = blocked, insecure
        return [
            each._replace(blocked=strict[getattr(each, same)][0], insecure=strict[getattr(each, same)][1])
            for each in entries
        ]

    def _entry(self, table: object, where: str) -> RegistryEntry | None:
        if not isinstance(table, dict):
            self._report.wrong(where, "a table", table)
            return None
        prefix = self._location(table, "prefix", where)
        location = self._location(table, "location", where)
        if prefix is None or location is None:
            return None
        if not prefix and not location:
            self._report.add(f"{where} has neither prefix nor location; it is not used")
            return None
        if prefix.startswith("*.") and "/" in prefix:
            self._report.add(f'{where}: the prefix "{visible(prefix)}" has a path behind a wildcard; it is not used')
            return None
        return RegistryEntry(
            prefix or location,
            location or prefix,
            self._report.name,
            self._truth(table, "blocked", where),
            self._truth(table, "insecure", where),
            tuple(self._mirrors(table, where)),
        )

    def _mirrors(self, table: dict[str, Any], where: str) -> Iterator[Mirror]:
        usual = "digest-only" if self._truth(table, "mirror-by-digest-only", where) else "all"
        for index, mirror in enumerate(self._list(table, "mirror", _MIRRORS, where), 1):
            place = f"{where}, mirror {index}"
            if not isinstance(mirror, dict):
                self._report.wrong(place, "a table", mirror)
                continue
            location = self._location(mirror, "location", place)
            only = mirror.get("pull-from-mirror", usual)
            if not isinstance(only, str) or only not in _ONLY:
                self._report.add(f'{place}: "pull-from-mirror" must be all, digest-only or tag-only')
                only = "all"
            if location:
                yield Mirror(location, self._truth(mirror, "insecure", place), _ONLY[only])
            elif location is not None:
                self._report.add(f"{place} has no location; it is not used")

    def _location(self, table: dict[str, Any], key: str, where: str) -> str | None:
        """Read `host[:port][/path]` in its one spelling; empty when it is not there, None when it cannot be used."""
        value = table.get(key, "")
        if not isinstance(value, str):
            self._report.wrong(f"{key} of {where}", "a text", value)
            return None
        location = value.strip().rstrip("/")
        reason = ""
        if "://" in location:
            reason = "is a URL; write the host without it"
        elif location and not (key == "prefix" and location.startswith("*.")):
            host, slash, path = location.partition("/")
            known = registry_key(host)
            if not known:
                reason = "does not begin with a host"
            elif "@" in path or ":" in path:
                reason = "names a single tag or digest"
            location = f"{known}{slash}{path}"
        if reason:
            self._report.add(f'{where}: the {key} "{visible(value, 100)}" {reason}; it is not used')
            return None
        return location.lower() if location.startswith("*.") else location

    def _list(self, table: dict[str, Any], key: str, limit: int, where: str = "") -> list[Any]:
        value = self._report.get(table, key, list, f"{key} of {where}" if where else key)
        if len(value) > limit:
            self._report.add(f'"{key}" has more than {limit:,} entries; the rest is not used')
        return value[:limit]

    def _truth(self, table: dict[str, Any], key: str, where: str) -> bool:
        return self._report.get(table, key, bool, f"{key} of {where}")
