"""Bills of materials as tables of packages: SPDX 2 and 3, CycloneDX, and Syft's own form, in JSON."""

from __future__ import annotations

from collections.abc import Iterator

from regbrowse.oci.decode.values import ROW_LIMIT, Column, Fact, Part, Row, facts_of, line, present
from regbrowse.oci.document import Reader
from regbrowse.text import CELL_LIMIT, moment, visible

COLUMNS = (Column("name"), Column("version"), Column("license"), Column("purl"))
_UNTOLD = frozenset({"", "NOASSERTION", "NONE"})
_NESTED = 16
"""Levels of components within components that are read."""


def read_sbom(reader: Reader) -> Part | None:
    """Read a bill by its own tell-tale fields; None when it is none."""
    if reader.has("spdxVersion"):
        return _spdx(reader)
    if reader.raw("bomFormat") == "CycloneDX":
        return _cyclonedx(reader)
    if is_spdx3(reader):
        return _spdx3(reader)
    if reader.has("artifacts") and reader.has("descriptor"):
        return _syft(reader)
    return None


def is_spdx3(reader: Reader) -> bool:
    """Tell whether this is SPDX 3, which is a graph (spdx.github.io/spdx-spec/v3.0, serializations)."""
    return isinstance(reader.raw("@graph"), list) and "spdx" in str(reader.raw("@context"))[:256].lower()


def spdx3_packages(reader: Reader) -> list[Reader]:
    """Give the packages of the graph."""
    members = (Reader(item, "@graph", reader.anomalies) for item in reader.items("@graph") if isinstance(item, dict))
    return [member for member in members if member.raw("type") == "software_Package"]


def _row(name: str, version: str, licence: str, purl: str, more: tuple[Fact, ...]) -> Row:
    cells = (name, version, licence, purl)
    return Row(cells, purl or " ".join(filter(None, (name, version))), present(*more))


def _part(facts: tuple[Fact, ...], noun: str, found: list[Reader], rows: Iterator[Row]) -> Part:
    return Part(facts, noun, COLUMNS, tuple(rows), max(0, len(found) - ROW_LIMIT))


def _spdx(reader: Reader) -> Part:
    """SPDX 2 (spdx.github.io/spdx-spec/v2.3): packages name their purl among their external references."""
    made = reader.reader("creationInfo")
    facts = (
        *facts_of("by", made.texts("creators")),
        *present(
            Fact("made", moment(line(made, "created", CELL_LIMIT))),
            Fact("document", line(reader, "name")),
            Fact("namespace", line(reader, "documentNamespace")),
        ),
    )
    packages = reader.readers("packages")

    def rows() -> Iterator[Row]:
        for package in packages[:ROW_LIMIT]:
            references = [
                (line(each, "referenceType", CELL_LIMIT), line(each, "referenceLocator"))
                for each in package.readers("externalRefs")[:32]
            ]
            purl = next((locator for kind, locator in references if kind == "purl"), "")
            licences = [line(package, key) for key in ("licenseConcluded", "licenseDeclared")]
            told = next((each for each in licences if each not in _UNTOLD), "")
            checksums = [
                f"{line(each, 'algorithm', 32).lower()}:{line(each, 'checksumValue', CELL_LIMIT)}"
                for each in package.readers("checksums")[:8]
            ]
            more = (
                *(Fact(kind, locator) for kind, locator in references if locator != purl),
                *(Fact(key, each) for key in ("supplier", "originator") if (each := line(package, key)) not in _UNTOLD),
                Fact("checksum", ", ".join(checksums)),
                Fact("SPDXID", line(package, "SPDXID", CELL_LIMIT)),
            )
            yield _row(line(package, "name"), line(package, "versionInfo", CELL_LIMIT), told, purl, more)

    return _part(facts, "package", packages, rows())


def _spdx3(reader: Reader) -> Part:
    packages = spdx3_packages(reader)

    def rows() -> Iterator[Row]:
        for package in packages[:ROW_LIMIT]:
            version = line(package, "software_packageVersion", CELL_LIMIT)
            purl = line(package, "software_packageUrl")
            yield _row(line(package, "name"), version, "", purl, (Fact("spdxId", line(package, "spdxId")),))

    return _part((), "package", packages, rows())


def _syft(reader: Reader) -> Part:
    tool = reader.reader("descriptor")
    name, version = line(tool, "name", CELL_LIMIT), line(tool, "version", CELL_LIMIT)
    facts = present(Fact("by", f"{name} {version}".strip()), Fact("made", moment(line(tool, "timestamp", CELL_LIMIT))))
    packages = reader.readers("artifacts")

    def rows() -> Iterator[Row]:
        for package in packages[:ROW_LIMIT]:
            licences = [_text_or(each, "value") for each in package.items("licenses")[:32]]
            more = (Fact("type", line(package, "type", CELL_LIMIT)), Fact("found by", line(package, "foundBy")))
            told = ", ".join(filter(None, licences))
            version = line(package, "version", CELL_LIMIT)
            yield _row(line(package, "name"), version, told, line(package, "purl"), more)

    return _part(facts, "package", packages, rows())


def _cyclonedx(reader: Reader) -> Part:
    """CycloneDX (cyclonedx.org/docs/1.6/json): components, which may hold components."""
    meta = reader.reader("metadata")
    tools = meta.raw("tools")
    listed = meta.reader("tools").readers("components") if isinstance(tools, dict) else meta.readers("tools")
    described = meta.reader("component")
    subject = " ".join(filter(None, (_named(described), line(described, "version", CELL_LIMIT))))
    facts = (
        *facts_of("by", [f"{line(each, 'name')} {line(each, 'version', CELL_LIMIT)}".strip() for each in listed]),
        *facts_of("by", [line(each, "name") for each in meta.readers("authors")]),
        *present(
            Fact("made", moment(line(meta, "timestamp", CELL_LIMIT))),
            Fact("document", subject),
            Fact("serial", line(reader, "serialNumber", CELL_LIMIT)),
        ),
    )
    components = list(flat_components(reader))

    def rows() -> Iterator[Row]:
        for component in components[:ROW_LIMIT]:
            licences = [_licence(each) for each in component.readers("licenses")[:32]]
            more = (
                Fact("type", line(component, "type", CELL_LIMIT)),
                Fact("cpe", line(component, "cpe")),
                Fact("publisher", line(component, "publisher")),
                Fact("bom-ref", line(component, "bom-ref")),
            )
            told = ", ".join(filter(None, licences))
            version = line(component, "version", CELL_LIMIT)
            yield _row(_named(component), version, told, line(component, "purl"), more)

    return _part(facts, "component", components, rows())


def flat_components(reader: Reader, depth: int = 0) -> Iterator[Reader]:
    """Give all components, each before those within it."""
    for component in reader.readers("components"):
        yield component
        if depth < _NESTED and component.has("components"):
            yield from flat_components(component, depth + 1)


def _named(component: Reader) -> str:
    return "/".join(filter(None, (line(component, "group"), line(component, "name"))))


def _licence(choice: Reader) -> str:
    inner = choice.reader("license")
    return line(choice, "expression") or line(inner, "id", CELL_LIMIT) or line(inner, "name")


def _text_or(value: object, key: str) -> str:
    """Read a text, or that of an object: the form of Syft's licences changed."""
    if isinstance(value, str):
        return visible(value)
    return line(Reader(value), key, CELL_LIMIT) if isinstance(value, dict) else ""
