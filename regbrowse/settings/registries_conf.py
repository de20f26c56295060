"""What registries.conf says: other locations, forbidden and insecure registries, mirrors, short names, helpers.

The format is version 2 of containers-registries.conf(5). A registry written in a later file replaces the same
one of an earlier file as a whole (containers/image, sysregistriesv2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from regbrowse.errors import BadReference
from regbrowse.reference import DOCKER_HUB, Reference, Registry, Repository
from regbrowse.reference_input import Typed, read_typed
from regbrowse.settings.files import KnownRegistry, Notices, Report, read_toml, registry_key, shown_path
from regbrowse.text import visible

_REGISTRIES = 1000
_MIRRORS = 20
_DROP_INS = 200
_ALIASES = 10_000
_NAMES = 20
"""Credential helpers, and registries to search, that are read."""
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


class Alias(NamedTuple):
    """What a short name stands for."""

    repository: Repository | None
    """None when a later file took the alias back."""
    file: str
    """As shown to people."""


class NameList(NamedTuple):
    """A list of names, and the file that has it."""

    names: tuple[str, ...]
    file: Path


@dataclass(frozen=True, slots=True)
class FileContent:
    """What one file says, or several as one."""

    entries: Mapping[str, RegistryEntry] = field(default_factory=dict)
    """By prefix."""
    aliases: Mapping[str, Alias] = field(default_factory=dict)
    """By short name."""
    helpers: NameList | None = None
    """`credential-helpers`; None when it is not there."""
    search: NameList | None = None
    """`unqualified-search-registries`; None when it is not there."""

    def updated(self, later: FileContent) -> FileContent:
        """Let a later file replace what it says, too (sysregistriesv2, updateWithConfigurationFrom)."""
        return FileContent(
            {**self.entries, **later.entries},
            {**self.aliases, **later.aliases},
            later.helpers or self.helpers,
            later.search or self.search,
        )


class RegistriesConf:
    """All registries.conf files as one."""

    def __init__(self, content: FileContent) -> None:
        self.helpers = content.helpers
        """The credential helpers to ask for every registry; None when no file names any."""
        self._aliases = content.aliases
        self._search = content.search
        self._entries = entries = content.entries
        self._insecure: dict[str, str] = {}
        """The file that says so, by host."""
        for entry in entries.values():
            insecure = [entry.location] if entry.insecure else []
            for location in [*insecure, *(mirror.location for mirror in entry.mirrors if mirror.insecure)]:
                self._insecure[location.partition("/")[0]] = entry.file

    @property
    def registries(self) -> list[KnownRegistry]:
        """The registries of the entries, without those that are blocked or a wildcard."""
        found: list[KnownRegistry] = []
        for entry in self._entries.values():
            with suppress(BadReference):
                if not entry.blocked and not entry.prefix.startswith("*."):
                    found.append(KnownRegistry(Registry.parse(entry.prefix.partition("/")[0]), entry.file))
        return found

    def find(self, name: str) -> RegistryEntry | None:
        """Find the entry with the longest prefix of `host[:port][/path]`, in which port 443 is never written.

        A host beats a wildcard of the same length, `a.example.com` beats `*.example.com`.
        """
        fitting = (entry for entry in self._entries.values() if entry.rest(name) is not None)
        return max(fitting, key=lambda entry: (len(entry.prefix), entry.prefix[0] != "*"), default=None)

    def meant(self, typed: Typed) -> Typed:
        """Put what an alias says in the place of a name that was written without a registry, with a note."""
        if not typed.short or not isinstance(typed.place, Reference):
            return typed
        name, place = visible(typed.short, 100), typed.place
        alias = self._aliases.get(typed.short)
        if alias is not None and alias.repository is not None:
            if alias.repository == place.repository:
                return typed
            place = place._replace(repository=alias.repository)
            return typed._replace(place=place, note=f'"{name}" means {place.familiar}, an alias in {alias.file}.')
        if self._search is not None and self._search.names and self._search.names[0] != DOCKER_HUB:
            others = visible(", ".join(self._search.names), 200)
            note = f'"{name}" is taken from Docker Hub. podman would search {others} ({shown_path(self._search.file)}).'
            return typed._replace(note=" ".join(filter(None, (typed.note, note))))
        return typed

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
    content = FileContent()
    for path in [main, *drop_ins]:
        content = content.updated(_Reader(path, notices).read())
    return RegistriesConf(content)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _is_short(name: str) -> bool:
    """Tell whether a name has neither registry nor tag nor digest."""
    try:
        return read_typed(name).short == name
    except BadReference:
        return False


def _full_repository(text: str) -> Repository | None:
    """Read a registry and a repository; None for anything else."""
    try:
        typed = read_typed(text)
    except BadReference:
        return None
    place = typed.place
    is_full = isinstance(place, Reference) and place.target is None and not (typed.short or typed.source or typed.note)
    return place.repository if is_full and isinstance(place, Reference) else None


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
        self._path = path
        self._table = read_toml(path, notices)
        self._report = Report(shown_path(path), notices)

    def read(self) -> FileContent:
        """Read everything that is used here."""
        return FileContent(
            self._registries(),
            dict(self._aliases()),
            self._names("credential-helpers"),
            self._names("unqualified-search-registries"),
        )

    def _aliases(self) -> Iterator[tuple[str, Alias]]:
        table = self._report.get(self._table, "aliases", dict)
        if len(table) > _ALIASES:
            self._report.add(f'"aliases" has more than {_ALIASES:,} entries; the rest is not used')
        for name, value in islice(table.items(), _ALIASES):
            label = f'the alias "{visible(name, 100)}"'
            if not isinstance(value, str):
                self._report.wrong(label, "a text", value)
            elif not _is_short(name):
                self._report.add(f"{label} is no name without registry, tag and digest; it is not used")
            elif not value:
                yield name, Alias(None, self._report.name)
            elif (repository := _full_repository(value)) is not None:
                yield name, Alias(repository, self._report.name)
            else:
                shown = visible(value, 100)
                self._report.add(f'{label} stands for "{shown}", which is no registry and repository; it is not used')

    def _names(self, key: str) -> NameList | None:
        if key not in self._table:
            return None
        found = self._list(self._table, key, _NAMES)
        names = tuple(name for name in found if isinstance(name, str) and name)
        if len(names) < len(found):
            self._report.add(f'"{key}" must be a list of texts; the rest of it is used')
        return NameList(names, self._path)

    def _registries(self) -> dict[str, RegistryEntry]:
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
