"""The lines of our own settings file, each understood or named with its number; loaded when there is a file."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from regbrowse.errors import BadReference
from regbrowse.reference import Registry, is_repository_path
from regbrowse.settings.certificates import problem_with_ca, problem_with_pair
from regbrowse.settings.preferences import Preferences, Wishes
from regbrowse.settings.reading import Notices, kind_of
from regbrowse.settings.statements import Heading, Problem, Value, read_statements
from regbrowse.text import visible

MOST_CONNECTIONS = 16
MOST_CACHE = 2**40
REGISTRIES = 1000
_SIZE = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,3}))?\s*([A-Za-z]*)")
_UNITS = {
    "": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
    "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40,
}  # fmt: skip
_PLATFORM = re.compile(r"[A-Za-z0-9_.-]{1,64}/[A-Za-z0-9_.-]{1,64}(/[A-Za-z0-9_.-]{1,64})?(:[A-Za-z0-9_.-]{1,64})?")


class Draft(SimpleNamespace):
    """Wishes in the making."""

    def __init__(self) -> None:
        super().__init__(**Wishes()._asdict())


class Lines:
    """Puts statements where they belong. Setters return why a value cannot be used, or nothing."""

    def __init__(self, file: Path, home: Path, notices: Notices) -> None:
        self._folder = file.parent
        self._home = home
        self._notices = notices
        self._file = visible(file.name, 100)
        self._general: dict[str, Any] = {}
        self._registries: dict[str, Draft] = {}
        self._seen: dict[tuple[str, ...], int] = {}
        self._tables: dict[tuple[str, ...], bool] = {(): True}
        self._setters: dict[str, Callable[[Draft, object], str]] = {
            "plain_http": self._truth("plain_http"),
            "insecure": self._truth("insecure"),
            "ca": self._ca,
            "client_cert": self._path("client_cert"),
            "client_key": self._path("client_key"),
            "mirror": _mirror,
            "connections": _connections,
        }

    def fill(self, text: str) -> Preferences:
        for read in read_statements(text):
            match read:
                case Problem(line, reason):
                    self._say(line, reason)
                case Heading(line, path):
                    self._is_known(line, path)
                case Value(line, path, value) if value != {} and self._is_known(line, path[:-1]):
                    reason = self._take(line, path, value)
                    if reason:
                        self._say(line, f"{reason}; the line is not used")
        for name, draft in self._registries.items():
            self._check_pair(name, draft)
        registries = {name: Wishes(**vars(draft)) for name, draft in self._registries.items()}
        return Preferences(self._file, **self._general, registries=registries)

    def _say(self, line: int, words: str) -> None:
        self._notices.add(f"{self._file} line {line}: {words}.")

    def _is_known(self, line: int, path: tuple[str, ...]) -> bool:
        """Whether a table is one of ours; says once why it is not."""
        if path not in self._tables:
            reason = self._table_problem(path)
            self._tables[path] = not reason
            if reason:
                self._say(line, f"{reason}; nothing in it is used")
        return self._tables[path]

    def _table_problem(self, path: tuple[str, ...]) -> str:
        match path:
            case ("cache",) | ("registry",):
                return ""
            case ("registry", name):
                if _key_of(name) is None:
                    return f'"{visible(name, 100)}" is no registry; write its host and perhaps its port'
                return "" if len(self._registries) < REGISTRIES else "there are too many registries"
            case ("registry", *names):
                return f'a name with dots needs quotation marks, as in [registry."{visible(".".join(names), 100)}"]'
        return f"there is no table [{visible('.'.join(path), 100)}]"

    def _take(self, line: int, path: tuple[str, ...], value: object) -> str:
        key = path[-1]
        wishes = None
        if path[0] == "registry" and len(path) == 3:
            name = _key_of(path[1]) or ""
            path = ("registry", name, key)
            wishes = self._registries.setdefault(name, Draft())
        shown = f'"{visible(key, 64)}"'
        if path in self._seen:
            return f"{shown} was set in line {self._seen[path]} already"
        self._seen[path] = line
        if wishes is not None:
            setter = self._setters.get(key)
            return setter(wishes, value) if setter else f"{shown} is not a setting of a registry"
        match path:
            case ("platform",):
                return self._platform(value)
            case ("cache", "size"):
                return self._cache_size(value)
            case ("cache", _):
                return f"{shown} is not a setting of the cache"
            case ("registry", _):
                return 'settings of a registry stand below [registry."HOST"]'
        return f"there is no setting {shown}"

    def _platform(self, value: object) -> str:
        if not isinstance(value, str):
            return f'"platform" must be a text, not {kind_of(value)}'
        if not _PLATFORM.fullmatch(value.strip()):
            return f'"{visible(value, 64)}" is not a platform; write for example "linux/arm64"'
        self._general["platform"] = value.strip()
        return ""

    def _cache_size(self, value: object) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            count = value
        elif isinstance(value, str):
            match = _SIZE.fullmatch(value.strip())
            unit = _UNITS.get(match[3].lower()) if match else None
            if match is None or unit is None:
                return f'"{visible(value, 64)}" is not a size; write for example "256 MiB"'
            count = int(match[1]) * unit + int(f"0{match[2] or ''}") * unit // 10 ** len(match[2] or "")
        else:
            return f'"size" must be a text or a whole number, not {kind_of(value)}'
        if not 0 <= count <= MOST_CACHE:
            return "the size must be from 0 to 1 TiB"
        self._general["cache_size"] = count
        return ""

    def _truth(self, key: str) -> Callable[[Draft, object], str]:
        def take(wishes: Draft, value: object) -> str:
            if not isinstance(value, bool):
                return f'"{key}" must be true or false, not {kind_of(value)}'
            setattr(wishes, key, value)
            return ""

        return take

    def _path(self, key: str) -> Callable[[Draft, object], str]:
        def take(wishes: Draft, value: object) -> str:
            if not isinstance(value, str) or not value or "\0" in value:
                return f'"{key}" must be the name of a file'
            setattr(wishes, key, self._expanded(value))
            return ""

        return take

    def _ca(self, wishes: Draft, value: object) -> str:
        reason = self._path("ca")(wishes, value)
        if wishes.ca is not None:
            reason = problem_with_ca(wishes.ca)
            wishes.ca = None if reason else wishes.ca
        return reason

    def _expanded(self, value: str) -> Path:
        """`~` is the person's folder; what is relative belongs to the folder of the settings."""
        if value == "~" or value.startswith(("~/", "~\\")):
            return self._home / value[2:]
        return self._folder / value

    def _check_pair(self, name: str, wishes: Draft) -> None:
        """Half a client certificate is none; so is one that cannot be loaded."""
        cert, key = wishes.client_cert, wishes.client_key
        wishes.client_cert = wishes.client_key = None
        if cert is None and key is None:
            return
        have = "client_cert" if cert is not None else "client_key"
        line = self._seen["registry", name, have]
        if cert is None or key is None:
            lack = "client_key" if have == "client_cert" else "client_cert"
            self._say(line, f'"{have}" without "{lack}"; not using a client certificate')
            return
        reason = problem_with_pair(cert, key)
        if reason:
            self._say(line, f"{reason}; not using a client certificate")
        else:
            wishes.client_cert, wishes.client_key = cert, key


def _key_of(name: str) -> str | None:
    try:
        return Registry.parse(name).key.removesuffix(":443")
    except BadReference:
        return None


def _mirror(wishes: Draft, value: object) -> str:
    if not isinstance(value, str):
        return f'"mirror" must be a text, not {kind_of(value)}'
    if "://" in value:
        return '"mirror" is written without "https://"'
    host, _, path = value.strip().rstrip("/").partition("/")
    key = _key_of(host)
    if key is None or (path and not is_repository_path(path)):
        return f'"{visible(value, 100)}" is no mirror; write "host" or "host/path"'
    wishes.mirror = f"{key}/{path}" if path else key
    return ""


def _connections(wishes: Draft, value: object) -> str:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_CONNECTIONS:
        return f'"connections" must be a whole number from 1 to {MOST_CONNECTIONS}'
    wishes.connections = value
    return ""
