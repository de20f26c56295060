"""Reading files of this machine: bounded, never raising, every trouble one sentence that names the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from regbrowse.errors import RegbrowseError
from regbrowse.text import visible

FILE_LIMIT = 2**20
"""Bytes of a settings file that are read; a larger file is not used at all."""
NOTICES = 50
_PLACE = re.compile(r"\(at line (\d+), column \d+\)")
_JSON_PLACE = re.compile(r"line (\d+), column (\d+)")
_UNFINISHED = "(at end of document)"
_REASONS = (
    ("Cannot overwrite a value", "the key is set twice"),
    ("Cannot declare", "the table is written twice"),
    ("Duplicate inline table key", "the key is set twice"),
    ("Illegal character", "a text has no end, or a control character in it"),
    ("Expected ']'", "a bracket is missing"),
    ("Expected '='", "an equals sign is missing behind the key"),
    ("Invalid value", "the value is none of TOML; texts need quotation marks"),
    ("Unescaped '\\'", "a text has a single backslash in it; write two, or use single quotes"),
    ("Expected newline", "there is something behind the value"),
    ("Invalid initial character", "a key has a character in it that needs quotation marks"),
)


class Notices:
    """Sentences about what could not be used, each once, at most 50."""

    def __init__(self) -> None:
        self._sentences: dict[str, None] = {}

    def add(self, sentence: str) -> None:
        if len(self._sentences) < NOTICES:
            self._sentences[sentence] = None

    @property
    def all(self) -> tuple[str, ...]:
        return tuple(self._sentences)


class NotToml(Exception):
    """Text that is not TOML; stays inside this room."""

    def __init__(self, reason: str, line: int | None, *, unfinished: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        """In words that follow a colon, without any of the text."""
        self.line = line
        """From 1; None for the end of the text."""
        self.unfinished = unfinished
        """Whether more lines could still make it TOML."""


def named(path: Path) -> str:
    """A path as it is shown."""
    return visible(str(path), 200)


def config_folder(environ: Mapping[str, str], home: Path) -> Path:
    """`$XDG_CONFIG_HOME`, where it is an absolute path (XDG Base Directory Specification), else `~/.config`."""
    given = Path(environ.get("XDG_CONFIG_HOME", ""))
    return given if given.is_absolute() else home / ".config"


def read_text(path: Path, notices: Notices) -> str | None:
    """The text of a file; None when there is none, and with a notice when it cannot be read."""
    try:
        if not path.is_file():
            if path.is_dir():
                notices.add(f"{named(path)} is a folder, not a file; it is not used.")
            return None
        with path.open("rb") as file:
            data = file.read(FILE_LIMIT + 1)
    except (OSError, ValueError) as error:
        if not isinstance(error, FileNotFoundError):
            notices.add(f"{named(path)} cannot be read ({reason_of(error)}); it is not used.")
        return None
    if len(data) > FILE_LIMIT:
        notices.add(f"{named(path)} is larger than 1 MiB; it is not used.")
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        notices.add(f"{named(path)} line {line}: this is not UTF-8; the file is not used.")
        return None


def read_toml(path: Path, notices: Notices) -> dict[str, object]:
    """The tables of a TOML file; empty when there is none or it cannot be used."""
    text = read_text(path, notices)
    if text is None:
        return {}
    try:
        return parse_toml(text)
    except NotToml as error:
        place = f" line {error.line}" if error.line else ""
        notices.add(f"{named(path)}{place}: {error.reason}; the file is not used.")
        return {}


def read_json(path: Path, notices: Notices) -> dict[str, object]:
    """The object in a JSON file; empty when there is none or it cannot be used."""
    text = read_text(path, notices)
    if text is None or not text.strip():
        return {}
    from regbrowse.oci.document import parse_json

    value: object
    try:
        # It looks at the nesting first: with some Pythons the one in the library ends the process in a small thread.
        value = parse_json(text.encode(), limit=2 * FILE_LIMIT).value
    except RegbrowseError as error:
        place = _JSON_PLACE.search(error.why)
        wrong = f"{f' line {place[1]}, column {place[2]}' if place else ''}: this is not JSON"
        if "was not read" in error.why:
            wrong = " has a number or nesting that is too large"
        notices.add(f"{named(path)}{wrong}; the file is not used.")
        return {}
    if not isinstance(value, dict):
        notices.add(f"{named(path)} holds no JSON object; the file is not used.")
        return {}
    return value


def parse_toml(text: str) -> dict[str, object]:
    """Raises NotToml, and nothing else."""
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        unfinished = said.endswith(_UNFINISHED)
        known = (ours for theirs, ours in _REASONS if said.startswith(theirs))
        reason = "it has no end" if unfinished else next(known, "this is not TOML")
        place = _PLACE.search(said)
        raise NotToml(reason, int(place[1]) if place else None, unfinished=unfinished) from None
    except (ValueError, RecursionError):
        raise NotToml("a number or nesting is too large", None) from None


def reason_of(error: OSError | ValueError) -> str:
    """Why a file cannot be read, in the system's words."""
    strerror = getattr(error, "strerror", None)
    return visible(strerror[0].lower() + strerror[1:], 100) if strerror else "its name is impossible"


def kind_of(value: object) -> str:
    """What a value is, for sentences that begin with what it should be."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, list):
        return "a list"
    return "a table" if isinstance(value, dict) else "a date or time" if value is not None else "null"
