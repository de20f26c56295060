"""SLSA provenance: who built something, from which source, and out of what (slsa.dev/spec, v0.2 and v1)."""

from __future__ import annotations

from collections.abc import Iterator

from regbrowse.oci.decode.values import ROW_LIMIT, Column, Fact, Part, Row, digests_of, line, present
from regbrowse.oci.document import Reader
from regbrowse.text import CELL_LIMIT, moment

COLUMNS = (Column("uri"), Column("digest"))


def read_provenance(predicate: Reader) -> Part:
    """Read a predicate of either version."""
    is_v1 = predicate.has("buildDefinition") or predicate.has("runDetails")
    return _v1(predicate) if is_v1 else _v02(predicate)


def _v1(predicate: Reader) -> Part:
    definition, details = predicate.reader("buildDefinition"), predicate.reader("runDetails")
    outer, run = definition.reader("externalParameters"), details.reader("metadata")
    facts = present(
        Fact("builder", line(details.reader("builder"), "id")),
        Fact("build type", line(definition, "buildType")),
        Fact("source", _source(outer)),
        Fact("started", moment(line(run, "startedOn", CELL_LIMIT))),
        Fact("finished", moment(line(run, "finishedOn", CELL_LIMIT))),
        Fact("run", line(run, "invocationId")),
    )
    return _part(facts, "dependency", definition.readers("resolvedDependencies"))


def _v02(predicate: Reader) -> Part:
    call, run = predicate.reader("invocation"), predicate.reader("metadata")
    kind = line(predicate, "buildType") or line(predicate.reader("recipe"), "type")
    facts = present(
        Fact("builder", line(predicate.reader("builder"), "id")),
        Fact("build type", kind),
        Fact("source", _configured(call.reader("configSource"))),
        Fact("started", moment(line(run, "buildStartedOn", CELL_LIMIT))),
        Fact("finished", moment(line(run, "buildFinishedOn", CELL_LIMIT))),
        Fact("run", line(run, "buildInvocationID") or line(run, "buildInvocationId")),
    )
    return _part(facts, "material", predicate.readers("materials"))


def _source(parameters: Reader) -> str:
    """Find the source among the parameters, which each build type names in its own way."""
    if isinstance(parameters.raw("configSource"), dict):
        return _configured(parameters.reader("configSource"))
    if isinstance(parameters.raw("workflow"), dict):
        flow = parameters.reader("workflow")
        return "  ".join(filter(None, (line(flow, "repository"), line(flow, "ref"), line(flow, "path"))))
    source = parameters.raw("source")
    if isinstance(source, dict):
        return _configured(parameters.reader("source"))
    return line(parameters, "source") if isinstance(source, str) else ""


def _configured(source: Reader) -> str:
    """Write a source with what in it is run; its digest only where the address does not hold it."""
    uri, digests = line(source, "uri"), digests_of(source)
    missing = [digest for digest in digests if digest.partition(":")[2] not in uri]
    return "  ".join(filter(None, (uri, *missing[:1], line(source, "entryPoint") or line(source, "path"))))


def _part(facts: tuple[Fact, ...], noun: str, found: list[Reader]) -> Part:
    def rows() -> Iterator[Row]:
        for each in found[:ROW_LIMIT]:
            digests = digests_of(each)
            uri = line(each, "uri") or line(each, "name")
            more = (
                *(Fact("digest", digest) for digest in digests[1:]),
                Fact("name", line(each, "name") if each.has("uri") else ""),
                Fact("mediaType", line(each, "mediaType", CELL_LIMIT)),
                Fact("downloadLocation", line(each, "downloadLocation")),
            )
            yield Row((uri, digests[0] if digests else ""), uri or "".join(digests[:1]), present(*more))

    return Part(facts, noun, COLUMNS, tuple(rows()), max(0, len(found) - ROW_LIMIT))
