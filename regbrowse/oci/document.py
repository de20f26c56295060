"""Bounded JSON: bytes become a value, and what was strange about it becomes sentences."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, NamedTuple, NoReturn, TypeAlias

from regbrowse.errors import BadResponse, TooLarge
from regbrowse.reference import Digest
from regbrowse.text import FIELD_LIMIT, visible
from regbrowse.text import size as human

if TYPE_CHECKING:
    from collections.abc import Iterator

JsonValue: TypeAlias = "dict[str, JsonValue] | list[JsonValue] | str | int | float | bool | None"

DOCUMENT_LIMIT = 4 * 2**20
AUTOMATIC = 4 * 2**20
"""Bytes of a config, or of a text of an artifact, that are read without being asked."""
DEPTH_LIMIT = 64
"""Nesting above this ends the process on some Pythons when parsed in a thread with a small stack."""
CONTAINER_LIMIT = 500_000
ANOMALY_LIMIT = 200
_INTEGER_LIMIT = 20
_FLOAT_LIMIT = 64
_MAX_INT64 = 2**63 - 1

_TEXT = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
"""One without an end goes to the end of the document: the parser will meet it, too."""
_BRACKETS = re.compile(r"[\[{]++|[\]}]++")


class Document(NamedTuple):
    """A parsed JSON document and what was strange about its form."""

    value: JsonValue
    anomalies: tuple[str, ...] = ()
    """Whole sentences, bounded and safe to show."""


def parse_json(raw: bytes, *, limit: int = DOCUMENT_LIMIT, first_only: bool = False) -> Document:
    """One JSON document in strict UTF-8 within bounds (RFC 8259; I-JSON for numbers and keys).

    `first_only` ignores what stands behind it.
    A repeated key keeps its first value and becomes an anomaly. Raises TooLarge, or BadResponse
    with one sentence that says why this is not a document.
    """
    if len(raw) > limit:
        raise TooLarge(f"The document is larger than {human(limit)}.")
    try:
        text = raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError:
        raise BadResponse("The document is not UTF-8 text.") from None
    start = text[:256].lstrip()[:1]
    if start == "<":
        raise BadResponse("This is a web page, not a JSON document.")
    if not start and not text.strip():
        raise BadResponse("The document is empty.")
    _check_structure(text)
    repeated: dict[str, None] = {}

    def first_wins(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
        found = dict(pairs)
        if len(found) != len(pairs):
            found = {}
            for key, value in pairs:
                if key not in found:
                    found[key] = value
                elif len(repeated) < ANOMALY_LIMIT:
                    repeated[visible(key, 64)] = None
        return found

    decoder = json.JSONDecoder(
        object_pairs_hook=first_wins, parse_int=_integer, parse_float=_real, parse_constant=_constant
    )
    try:
        value: JsonValue
        if first_only:
            value, _ = decoder.raw_decode(text, len(text) - len(text.lstrip(" \t\r\n")))
        else:
            value = decoder.decode(text)
    except _NumberError as error:
        raise BadResponse(str(error)) from None
    except json.JSONDecodeError as error:
        if error.msg.startswith("Unterminated string"):
            raise BadResponse("The document is not JSON (a text in it has no end).") from None
        raise BadResponse(f"The document is not JSON (line {error.lineno}, column {error.colno}).") from None
    except (ValueError, RecursionError):
        raise BadResponse("The document is not JSON.") from None
    return Document(
        value, tuple(f'This document repeats the key "{key}"; the first value is shown.' for key in repeated)
    )


def _check_structure(text: str) -> None:
    """Depth and number of containers, before a recursive parser sees them."""
    if text.count("[") + text.count("{") <= DEPTH_LIMIT:
        return  # whatever of it stands in texts
    bare = _TEXT.sub("", text)
    containers = bare.count("[") + bare.count("{")
    if containers > CONTAINER_LIMIT:
        raise BadResponse(f"This document has more than {CONTAINER_LIMIT:,} objects and was not read.")
    depth = 0
    for match in _BRACKETS.finditer(bare):
        run = match.group()
        depth += len(run) if run[0] in "[{" else -len(run)
        if depth > DEPTH_LIMIT:
            raise BadResponse("This document is nested too deeply and was not read.")


class _NumberError(ValueError):
    """A number outside of what I-JSON and our limits allow."""


def _integer(text: str) -> int | float:
    """Read a whole number; one of more digits than any field takes becomes a float, which is out of their bounds."""
    if len(text) <= _INTEGER_LIMIT:
        return int(text)
    if not math.isfinite(value := float(text)):
        digits = len(text.lstrip("-"))
        raise _NumberError(f"The document has a number of {digits} digits and was not read.")
    return value


def _real(text: str) -> float:
    if len(text) > _FLOAT_LIMIT or not math.isfinite(value := float(text)):
        raise _NumberError("The document has a number that is out of range and was not read.")
    return value


def _constant(text: str) -> NoReturn:
    raise _NumberError(f"The document has {text} where JSON allows only numbers, and was not read.")


class Reader:
    """One JSON object, read without trust: a wrong form becomes a default and an anomaly.

    `null` counts as absent. Children share the list of anomalies with their parent.
    """

    __slots__ = ("_fields", "anomalies", "where")

    def __init__(self, value: object, where: str = "", anomalies: list[str] | None = None) -> None:
        self.where = where
        """Where this object stands in its document, such as `layers[2]`; empty at the top."""
        self.anomalies: list[str] = [] if anomalies is None else anomalies
        self._fields: dict[str, object] = {}
        if isinstance(value, dict):
            self._fields = value
        elif value is not None:
            self.strange(where or "The document", value)

    def __iter__(self) -> Iterator[str]:
        """The keys, exactly as they came: pass them through `visible` before they are shown."""
        return iter(self._fields)

    def strange(self, name: str, value: object) -> None:
        """Note that a field has an unexpected form."""
        self.note(f"{visible(name, 96)} has an unexpected form ({_form(value)}); ignored.")

    def note(self, sentence: str) -> None:
        """Add a sentence to the anomalies, within bounds."""
        if len(self.anomalies) < ANOMALY_LIMIT:
            self.anomalies.append(sentence)
        elif len(self.anomalies) == ANOMALY_LIMIT:
            self.anomalies.append("More than that is strange; the rest is not listed.")

    def path(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key

    def has(self, key: str) -> bool:
        """Whether the field is there and not null."""
        return self._fields.get(key) is not None

    def raw(self, key: str) -> object:
        """The value as it came, unchecked; None when absent."""
        return self._fields.get(key)

    def text(self, key: str, default: str = "", *, limit: int = FIELD_LIMIT, multiline: bool = False) -> str:
        value = self._fields.get(key)
        if isinstance(value, str):
            return visible(value, limit, multiline=multiline)
        if value is not None:
            self.strange(self.path(key), value)
        return default

    def number(self, key: str, low: int = 0, high: int = _MAX_INT64, *, digits: bool = False) -> int | None:
        """A whole number within the bounds; `digits` accepts `"12"`, as some native APIs write it."""
        value = self._fields.get(key)
        if value is None:
            return None
        number = _whole(value, digits)
        if number is None or not low <= number <= high:
            self.strange(self.path(key), value)
            return None
        return number

    def truth(self, key: str) -> bool:
        value = self._fields.get(key)
        if value is not None and not isinstance(value, bool):
            self.strange(self.path(key), value)
        return value is True

    def items(self, key: str) -> list[object]:
        value = self._fields.get(key)
        if isinstance(value, list):
            return value
        if value is not None:
            self.strange(self.path(key), value)
        return []

    def readers(self, key: str) -> list[Reader]:
        """One Reader for every member, in order; a member that is no object reads as an empty one."""
        found = []
        for index, item in enumerate(self.items(key)):
            where = f"{self.path(key)}[{index}]"
            if item is None:
                self.strange(where, item)
            found.append(Reader(item, where, self.anomalies))
        return found

    def reader(self, key: str) -> Reader:
        return Reader(self._fields.get(key), self.path(key), self.anomalies)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; one text alone counts as a list of one, and of an object the keys count."""
        value = self._fields.get(key)
        if isinstance(value, str):
            return (visible(value, FIELD_LIMIT),)
        members = list(value) if isinstance(value, dict) else self.items(key)
        found = []
        for index, item in enumerate(members):
            if isinstance(item, str):
                found.append(visible(item, FIELD_LIMIT))
            else:
                self.strange(f"{self.path(key)}[{index}]", item)
        return tuple(found)

    def strings(self, key: str) -> dict[str, str]:
        """An object of texts, such as annotations and labels; keys are as hostile as values."""
        value = self._fields.get(key)
        found: dict[str, str] = {}
        if isinstance(value, dict):
            for name, item in value.items():
                if isinstance(item, str):
                    found.setdefault(visible(name, FIELD_LIMIT), visible(item, FIELD_LIMIT))
                else:
                    self.strange(self.path(f"{key}.{visible(name, 48)}"), item)
        elif value is not None:
            self.strange(self.path(key), value)
        return found

    def digest(self, key: str) -> Digest | None:
        value = self._fields.get(key)
        digest = Digest.read(value) if isinstance(value, str) else None
        if digest is None and value is not None:
            self.strange(self.path(key), value)
        return digest


def parse_object(raw: bytes, refusal: str, *, limit: int = DOCUMENT_LIMIT) -> Reader:
    """A JSON document that is an object, as `parse_json` reads it. Raises TooLarge, and BadResponse with `refusal`."""
    document = parse_json(raw, limit=limit)
    if not isinstance(document.value, dict):
        raise BadResponse(refusal)
    return Reader(document.value, anomalies=list(document.anomalies))


def looks_like_html(content: bytes) -> bool:
    """Whether content begins as a web page does, and as no JSON document can."""
    return content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def _whole(value: object, digits: bool) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if digits and isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,19}", value):
        return int(value)
    return None


def _form(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str():
            return f'"{visible(value, 32)}"'
        case list():
            return "a list"
        case _:
            return "an object"
