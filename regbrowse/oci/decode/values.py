"""What a decoded document is: a short head, and the rows of a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.oci.document import Reader
from regbrowse.reference import Digest
from regbrowse.text import CELL_LIMIT, plural, visible

if TYPE_CHECKING:
    from regbrowse.oci.attestation import Statement

ROW_LIMIT = 50_000
"""Rows that are read of one document."""
LIST_LIMIT = 20
"""Values of one kind that the head lists."""
VALUE_LIMIT = 2_048
"""Characters of a value that is copied, such as a purl."""
NOT_VERIFIED = "present, not verified"


class Fact(NamedTuple):
    """One value of the head."""

    name: str
    """What it is, such as `about`."""
    value: str


class Column(NamedTuple):
    """One column of the table."""

    name: str
    is_number: bool = False
    """Whether its cells stand on the right."""


class Row(NamedTuple):
    """One row of the table."""

    cells: tuple[str, ...]
    """One for each column."""
    value: str
    """What stands for the row where it is copied, such as the purl of a package."""
    more: tuple[Fact, ...] = ()
    """What the document says beyond the cells."""


class Part(NamedTuple):
    """What the reader of one form makes of a document."""

    facts: tuple[Fact, ...] = ()
    noun: str = "value"
    """What a row is."""
    columns: tuple[Column, ...] = ()
    rows: tuple[Row, ...] = ()
    left_out: int = 0
    """Rows above the limit."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a document says, in words; all of it is claimed, nothing is verified."""

    statement: Statement
    facts: tuple[Fact, ...]
    part: Part
    is_known: bool
    """Whether the form of the document was recognised."""
    anomalies: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """Say what it is, such as `SBOM, SPDX 2.3, 212 packages`."""
        return ", ".join(filter(None, (self.statement.kind, self.statement.note)))

    @property
    def counted(self) -> str:
        """Say how many rows there are: `212 packages`; empty where there is no table."""
        return plural(len(self.part.rows) + self.part.left_out, self.part.noun) if self.part.columns else ""

    def as_json(self) -> dict[str, object]:
        """Give it for scripts."""
        names = [column.name for column in self.part.columns]
        return {
            "kind": self.statement.kind,
            "note": self.statement.note,
            "predicateType": self.statement.predicate_type or None,
            "subjects": [str(digest) for digest in self.statement.subjects],
            "verified": False,
            "facts": _listed(self.facts),
            "rowsAre": self.part.noun if self.part.columns else None,
            "rows": [{**dict(zip(names, row.cells, strict=True)), "more": _listed(row.more)} for row in self.part.rows],
            "rowsLeftOut": self.part.left_out,
            "anomalies": list(self.anomalies),
        }


def _listed(facts: tuple[Fact, ...]) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for name, value in facts:
        told.setdefault(name, []).append(value)
    return told


def line(reader: Reader, key: str, limit: int = VALUE_LIMIT) -> str:
    """Give a text of one line; empty where there is none."""
    return reader.text(key, limit=limit)


def facts_of(name: str, values: tuple[str, ...] | list[str]) -> Iterator[Fact]:
    """Give a fact for each of a few values, and one that counts the others."""
    for value in values[:LIST_LIMIT]:
        if value:
            yield Fact(name, value)
    if len(values) > LIST_LIMIT:
        yield Fact(name, f"and {len(values) - LIST_LIMIT:,} more")


def present(*facts: Fact) -> tuple[Fact, ...]:
    """Give the facts that have a value."""
    return tuple(fact for fact in facts if fact.value)


def digests_of(reader: Reader, key: str = "digest") -> tuple[str, ...]:
    """Give a digest set of in-toto as `sha256:…`, the usual one first; names of algorithms are as hostile as values."""
    found = [f"{name}:{value}" for name, value in reader.strings(key).items()]
    found.sort(key=lambda text: not text.startswith("sha256:"))
    return tuple(visible(text, CELL_LIMIT) for text in found[:LIST_LIMIT])


def read_digests(reader: Reader, key: str = "digest") -> Iterator[Digest]:
    """Give those of a digest set of in-toto that are digests of this world."""
    for algorithm, encoded in reader.strings(key).items():
        digest = Digest.read(f"{algorithm}:{encoded}")
        if digest is not None:
            yield digest
