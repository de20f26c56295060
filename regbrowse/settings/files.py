"""Read settings files of this machine: bounded and without raising; each problem is a sentence that names its file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import NoneType
from typing import Any, NamedTuple, TypeVar

from regbrowse.errors import BadReference, RegbrowseError
from regbrowse.reference import Registry
from regbrowse.text import visible

FILE_LIMIT = 2**20
"""Bytes of a settings file that are read; a larger file is not used at all."""
NOTICES = 50
_TOML_LINE = re.compile(r"\(at line (\d+), column \d+\)$")
_JSON_PLACE = re.compile(r"line \d+, column \d+")
_TOML_REASONS = {
    "Cannot overwrite a value": "the key is set twice",
    "Cannot declare": "the table is written twice",
    "Duplicate inline table key": "the key is set twice",
    "Illegal character": "a text has no end, or a control character in it",
    "Expected ']'": "a bracket is missing",
    "Expected '='": "an equals sign is missing behind the key",
    "Invalid value": "the value is none of TOML; texts need quotation marks",
    "Unescaped '\\'": "a text has a single backslash in it; write two, or use single quotes",
    "Expected newline": "there is something behind the value",
    "Invalid initial character": "a key has a character in it that needs quotation marks",
}
"""The beginning of what tomllib says, and what it means in words for people who write settings."""
_KINDS: dict[type, str] = {  # bool before int, of which it is a subclass
    bool: "true or false", str: "a text", int: "a number", float: "a number", list: "a list", dict: "a table",
    NoneType: "null",
}  # fmt: skip
Kind = TypeVar("Kind", bool, str, list[Any], dict[str, Any])


class Notices:
    """Collect sentences about what could not be used, each once."""

    def __init__(self, limit: int = NOTICES) -> None:
        """`limit`: how many are kept."""
        self._limit = limit
        self._sentences: dict[str, None] = {}

    def add(self, sentence: str) -> None:
        if len(self._sentences) < self._limit:
            self._sentences[sentence] = None

    @property
    def all(self) -> tuple[str, ...]:
        return tuple(self._sentences)


class Report:
    """Add notices about one file or table, and take values of the right kind out of it."""

    def __init__(self, name: str, notices: Notices) -> None:
        """`name`: of the file or table, as shown to people."""
        self.name = name
        self._notices = notices

    def add(self, words: str) -> None:
        self._notices.add(f"{self.name}: {words}.")

    def wrong(self, label: str, wanted: str, value: object) -> None:
        """Add that a value is of the wrong kind; `label` names it, `wanted` says what it should be."""
        self.add(f"{label} must be {wanted}, not {kind_of(value)}; it is not used")

    def find(self, table: Mapping[str, object], key: str, kind: type[Kind], label: str = "") -> Kind | None:
        """Find a value by its key; None when it is missing or, with a notice, of another kind."""
        value = table.get(key)
        if value is None or isinstance(value, kind):
            return value
        self.wrong(label or f'"{key}"', _KINDS[kind], value)
        return None

    def get(self, table: Mapping[str, object], key: str, kind: type[Kind], label: str = "") -> Kind:
        """Find a value by its key, else the empty value of its kind."""
        value = self.find(table, key, kind, label)
        return kind() if value is None else value


def kind_of(value: object) -> str:
    """Say what a value of TOML or JSON is, for sentences that begin with what it should be."""
    return next((words for kind, words in _KINDS.items() if isinstance(value, kind)), "a date or time")


class KnownRegistry(NamedTuple):
    """A registry that a file of this machine names."""

    registry: Registry
    file: str
    """As shown to people."""


def registry_key(text: str) -> str:
    """Read the name of a registry and give the key by which it is compared; empty when the text is none."""
    try:
        return Registry.parse(text).https_key
    except BadReference:
        return ""


def shown_path(path: Path) -> str:
    """Make a path safe to show."""
    return visible(str(path), 200)


def config_folder(environ: Mapping[str, str], home: Path) -> Path:
    """`$XDG_CONFIG_HOME`, where it is an absolute path (XDG Base Directory Specification), else `~/.config`."""
    given = Path(environ.get("XDG_CONFIG_HOME", ""))
    return given if given.is_absolute() else home / ".config"


def read_toml(path: Path, notices: Notices) -> dict[str, Any]:
    """Read the top table of a TOML file; empty when there is no file or, with a notice, when it cannot be used.

    tomllib takes minutes for some texts that are made for it, such as keys of many thousand parts. These files are
    the user's own or root's: who can write them needs no such trick.
    """
    text = _read_text(path, notices)
    if not text:
        return {}
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        place = _TOML_LINE.search(said)
        reason = next((ours for theirs, ours in _TOML_REASONS.items() if said.startswith(theirs)), "this is not TOML")
        problem = f" line {place[1]}: {reason}" if place else ": it has no end"
    except (ValueError, RecursionError):
        problem = ": a number or nesting is too large"
    notices.add(f"{shown_path(path)}{problem}; the file is not used.")
    return {}


def read_json(path: Path, notices: Notices) -> dict[str, Any]:
    """Read the object in a JSON file; empty when there is no file or, with a notice, when it cannot be used."""
    text = _read_text(path, notices)
    if not text.strip():
        return {}
    from regbrowse.oci.document import parse_json

    try:
        # It looks at the nesting first: some Pythons' json ends the process when a small thread parses deep nesting.
        value = parse_json(text.encode(), limit=2 * FILE_LIMIT).value
    except RegbrowseError as error:
        place = _JSON_PLACE.search(error.why)
        problem = f" {place[0]}: this is not JSON" if place else ": this is not JSON"
        if "was not read" in error.why:
            problem = " has a number or nesting that is too large"
    else:
        if isinstance(value, dict):
            return value
        problem = " holds no JSON object"
    notices.add(f"{shown_path(path)}{problem}; the file is not used.")
    return {}


def _read_text(path: Path, notices: Notices) -> str:
    """Read a file; empty when there is none and, with a notice, when it cannot be read."""
    try:
        if not path.is_file():
            if path.is_dir():
                notices.add(f"{shown_path(path)} is a folder, not a file; it is not used.")
            return ""
        with path.open("rb") as file:
            data = file.read(FILE_LIMIT + 1)
    except (OSError, ValueError) as error:
        if not isinstance(error, FileNotFoundError):
            notices.add(f"{shown_path(path)} cannot be read ({reason_of(error)}); it is not used.")
        return ""
    if len(data) > FILE_LIMIT:
        notices.add(f"{shown_path(path)} is larger than 1 MiB; it is not used.")
        return ""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        notices.add(f"{shown_path(path)} line {line}: this is not UTF-8; the file is not used.")
        return ""


def reason_of(error: OSError | ValueError) -> str:
    """Say why a file cannot be read, in the system's words."""
    strerror = getattr(error, "strerror", None)
    return visible(strerror[0].lower() + strerror[1:], 100) if strerror else "its name is impossible"
