"""What registries.conf says: other locations, forbidden and insecure registries, mirrors, short names.

The format is version 2 of containers-registries.conf(5). A registry written in a later file replaces the same
one of an earlier file as a whole (containers/image, sysregistriesv2).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from regbrowse.errors import BadReference
from regbrowse.reference import Registry, Repository
from regbrowse.settings.reading import Notices, kind_of, named, read_toml
from regbrowse.text import visible

_REGISTRIES = 1000
_MIRRORS = 20
_DROP_INS = 200
_ALIASES = 10_000
_SEARCHED = 20


class Mirror(NamedTuple):
    """A copy of what a registry holds."""

    location: str
    """`host[:port][/path]`."""
    insecure: bool = False
    only: str = ""
    """`digest` or `tag` when it is meant for nothing else."""


class Entry(NamedTuple):
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
        """What follows the prefix in `host[:port][/path]`; None when it is not in front, on whole components."""
        host, slash, path = name.partition("/")
        if self.prefix.startswith("*."):
            bare = host if ":" in self.prefix else host.partition(":")[0]
            return f"{slash}{path}" if bare.endswith(self.prefix[1:]) else None
        if name == self.prefix or name.startswith(f"{self.prefix}/"):
            return name[len(self.prefix) :]
        return None

    def elsewhere(self, location: str, name: str) -> str:
        """The name under another location."""
        return f"{location}{self.rest(name) or ''}"


class Registries:
    """All registries.conf files as one."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._insecure: dict[str, str] = {}
        self.searched: tuple[str, ...] = ()
        self.aliases: dict[str, str] = {}

    def add(self, entries: Mapping[str, Entry]) -> None:
        self._entries.update(entries)

    def finish(self) -> None:
        """Works out which hosts are insecure, once all files are read."""
        for entry in self._entries.values():
            places = [entry.location] if entry.insecure else []
            for place in [*places, *(mirror.location for mirror in entry.mirrors if mirror.insecure)]:
                self._insecure[place.partition("/")[0]] = entry.file

    def find(self, name: str) -> Entry | None:
        """The entry with the longest prefix of `host[:port][/path]`, in which port 443 is never written.

        A host beats a wildcard of the same length, `a.example.com` beats `*.example.com`.
        """
        fitting = (entry for entry in self._entries.values() if entry.rest(name) is not None)
        return max(fitting, key=lambda entry: (len(entry.prefix), entry.prefix[0] != "*"), default=None)

    def insecure_by(self, host: str) -> str:
        """The file that says `insecure` of `host[:port]`; empty when none does.

        It says so of a host however much of it the prefix covers: a host has one certificate.
        """
        entry = self.find(host)
        if entry is not None and entry.insecure and entry.location.startswith("*."):
            return entry.file
        return self._insecure.get(host, "")


def read_registries(environ: Mapping[str, str], home: Path, etc: Path, notices: Notices) -> Registries:
    """The file of CONTAINERS_REGISTRIES_CONF, else the user's, else the system's; then the drop-ins of both levels."""
    user = home / ".config" / "containers"
    given = environ.get("CONTAINERS_REGISTRIES_CONF", "")
    if given:
        main = Path(given)
        if not _exists(main):
            notices.add(f"CONTAINERS_REGISTRIES_CONF names {named(main)}, which does not exist.")
    else:
        main = user / "registries.conf"
        main = main if _exists(main) else etc / "containers" / "registries.conf"
    drop_ins = [
        *_drop_ins(etc / "containers" / "registries.conf.d", notices),
        *_drop_ins(user / "registries.conf.d", notices),
    ]
    merged = Registries()
    for path in [main, *drop_ins]:
        _File(path, notices).read_into(merged)
    merged.finish()
    return merged


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
        notices.add(f"{named(folder)} cannot be read; its files are not used.")
        return []


class _File:
    """Reads one file; what is of the wrong kind is named and left out."""

    def __init__(self, path: Path, notices: Notices) -> None:
        self._path = path
        self._notices = notices

    def read_into(self, merged: Registries) -> None:
        table = read_toml(self._path, self._notices)
        if isinstance(table.get("registries"), dict):
            self._say('it is written in version 1 of the format; "[registries.…]" is not used')
        entries: dict[str, Entry] = {}
        for index, each in enumerate(self._list(table, "registry", _REGISTRIES), 1):
            entry = self._entry(each, f"[[registry]] number {index}")
            if entry is not None:
                entries[entry.prefix] = entry
        merged.add(entries)
        if "unqualified-search-registries" in table:
            merged.searched = tuple(self._searched(table))
        aliases = table.get("aliases", {})
        if not isinstance(aliases, dict):
            self._wrong("aliases", "a table", aliases)
            return
        for name, value in list(aliases.items())[:_ALIASES]:
            if not isinstance(value, str):
                self._wrong(f'aliases."{visible(name, 64)}"', "a text", value)
            elif value:
                merged.aliases[name] = value
            else:
                merged.aliases.pop(name, None)

    def _searched(self, table: dict[str, object]) -> list[str]:
        found = []
        for each in self._list(table, "unqualified-search-registries", _SEARCHED):
            host = _host_of(each) if isinstance(each, str) and "/" not in each else ""
            if host:
                found.append(host)
            else:
                shown = f' "{visible(each, 64)}"' if isinstance(each, str) else ""
                self._say(f'"unqualified-search-registries" has an entry{shown} that is no host; it is not used')
        return found

    def _entry(self, table: object, where: str) -> Entry | None:
        if not isinstance(table, dict):
            self._wrong(where, "a table", table)
            return None
        prefix = self._place(table, "prefix", where)
        location = self._place(table, "location", where)
        if prefix is None or location is None:
            return None
        if not prefix and not location:
            self._say(f"{where} has neither prefix nor location; it is not used")
            return None
        if prefix.startswith("*.") and "/" in prefix:
            self._say(f'{where}: the prefix "{visible(prefix)}" has a path behind a wildcard; it is not used')
            return None
        return Entry(
            prefix or location,
            location or prefix,
            named(self._path),
            self._truth(table, "blocked", where),
            self._truth(table, "insecure", where),
            tuple(self._mirrors(table, where)),
        )

    def _mirrors(self, table: dict[str, object], where: str) -> list[Mirror]:
        digests = self._truth(table, "mirror-by-digest-only", where)
        found = []
        for index, each in enumerate(self._list(table, "mirror", _MIRRORS, where), 1):
            place = f"{where}, mirror {index}"
            if not isinstance(each, dict):
                self._wrong(place, "a table", each)
                continue
            location = self._place(each, "location", place)
            only = each.get("pull-from-mirror", "digest-only" if digests else "all")
            if only not in ("", "all", "digest-only", "tag-only"):
                self._say(f'{place}: "pull-from-mirror" must be all, digest-only or tag-only')
                only = "all"
            if location:
                kind = str(only).partition("-only")[0] if only not in ("", "all") else ""
                found.append(Mirror(location, self._truth(each, "insecure", place), kind))
            elif location is not None:
                self._say(f"{place} has no location; it is not used")
        return found

    def _place(self, table: dict[str, object], key: str, where: str) -> str | None:
        """`host[:port][/path]` in its one spelling; empty when it is not there, None when it cannot be used."""
        value = table.get(key, "")
        if not isinstance(value, str):
            self._wrong(f"{key} of {where}", "a text", value)
            return None
        place = value.strip().rstrip("/")
        reason = ""
        if "://" in place:
            reason = "is a URL; write the host without it"
        elif place and not (key == "prefix" and place.startswith("*.")):
            host, slash, path = place.partition("/")
            known = _host_of(host)
            if not known:
                reason = "does not begin with a host"
            elif "@" in path or ":" in path:
                reason = "names a single tag or digest"
            place = f"{known}{slash}{path}"
        if reason:
            self._say(f'{where}: the {key} "{visible(value, 100)}" {reason}; it is not used')
            return None
        return place.lower() if place.startswith("*.") else place

    def _list(self, table: dict[str, object], key: str, limit: int, where: str = "") -> list[object]:
        value = table.get(key, [])
        if not isinstance(value, list):
            self._wrong(f"{key} of {where}" if where else key, "a list", value)
            return []
        if len(value) > limit:
            self._say(f'"{key}" has more than {limit:,} entries; the rest is not used')
        return value[:limit]

    def _truth(self, table: dict[str, object], key: str, where: str) -> bool:
        value = table.get(key, False)
        if isinstance(value, bool):
            return value
        self._wrong(f"{key} of {where}", "true or false", value)
        return False

    def _wrong(self, what: str, wanted: str, value: object) -> None:
        self._say(f"{what} must be {wanted}, not {kind_of(value)}; it is not used")

    def _say(self, words: str) -> None:
        self._notices.add(f"{named(self._path)}: {words}.")


def _host_of(text: str) -> str:
    """The key of a registry without port 443; empty when the text is none."""
    try:
        return Registry.parse(text).key.removesuffix(":443")
    except BadReference:
        return ""


def repository_at(name: str) -> Repository | None:
    """The repository that `host[:port]/path` names; None when there is none of that name."""
    host, _, path = name.partition("/")
    try:
        return Repository.parse(Registry.parse(host), path)
    except BadReference:
        return None
