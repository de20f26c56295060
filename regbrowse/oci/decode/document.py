"""Tell what a document is, unwrap it, and have it read; bounded, and without trust."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from regbrowse.errors import BadResponse
from regbrowse.oci.attestation import STATEMENT_LIMIT, Statement, builder_of, by_predicate
from regbrowse.oci.decode import provenance, report, sbom, signature
from regbrowse.oci.decode.values import LIST_LIMIT, NOT_VERIFIED, Decoded, Fact, Part, facts_of, line, read_digests
from regbrowse.oci.document import Reader, parse_object
from regbrowse.oci.mediatype import COSE, essence
from regbrowse.reference import Digest
from regbrowse.text import CELL_LIMIT, exact, plural

_ENVELOPES = 3
"""Envelopes within one another that are opened."""
_SUBJECTS = 1_000
_NONE: Mapping[str, str] = MappingProxyType({})


def decode(raw: bytes, media_type: str = "", annotations: Mapping[str, str] = _NONE) -> Decoded:
    """Read what a document says it is: a statement (bare, in an envelope or a bundle), a bill, a signature, a report.

    `media_type` and `annotations` are those by which its manifest names it. What is of no known form has no rows.
    Raises BadResponse when it is no JSON object, TooLarge above 64 MiB.
    """
    if essence(media_type) == COSE:
        told = Statement("signature", "Notation, COSE")
        fact = Fact("form", f"COSE, {exact(len(raw))}, not decoded")
        return Decoded(told, (*_head(told, ()), fact), Part(), is_known=True)
    reader = _object(raw)
    around: list[Fact] = []
    for _ in range(_ENVELOPES):
        inner = _unwrap(reader, around)
        if inner is None:
            break
        reader = inner
    told, part, names = _read(reader, annotations)
    is_known = bool(part.facts or part.columns or told.note or around)
    facts = (*_head(told, names), *part.facts, *around, *_left_out(part)) if is_known else ()
    return Decoded(told, facts, part, is_known, tuple(reader.anomalies))


def _object(raw: bytes) -> Reader:
    return parse_object(raw, "The attestation is not a JSON object.", limit=STATEMENT_LIMIT)


def _unwrap(reader: Reader, around: list[Fact]) -> Reader | None:
    """Give the content of an envelope, and add what is to be said of that; None when this is none."""
    if isinstance(reader.raw("dsseEnvelope"), dict):
        if signature.is_bundle(reader):
            around += signature.bundle_facts(reader)
        return reader.reader("dsseEnvelope")
    payload = reader.raw("payload")
    if not isinstance(payload, str) or not reader.has("payloadType"):
        return None
    around += signature.envelope_facts(reader)
    content = signature.decoded_base64(payload)
    if content is None:
        raise BadResponse("The envelope of the attestation holds no base64 text.")
    inner = _object(content)
    inner.anomalies[:0] = reader.anomalies
    return inner


def _read(reader: Reader, annotations: Mapping[str, str]) -> tuple[Statement, Part, list[str]]:
    """Read what is within all envelopes; also the names of what it is about."""
    if reader.has("predicateType"):
        names = [line(each, "name", 512) for each in reader.readers("subject")[:LIST_LIMIT]]
        told, part = _statement(reader)
        return told, part, names
    if signature.is_jws(reader):
        part, subjects = signature.read_notation(reader)
        return Statement("signature", "Notation, JWS", subjects), part, []
    if signature.is_bundle(reader):
        told = Statement("signature", "Sigstore bundle", signature.message_digest(reader))
        return told, Part(signature.bundle_facts(reader)), []
    if reader.has("critical"):
        told = Statement("signature", "cosign", signature.signed_digest(reader))
        return told, signature.read_simple(reader, annotations), []
    return *_bare(reader), []


def _statement(reader: Reader) -> tuple[Statement, Part]:
    """Read a statement of in-toto (in-toto/attestation, spec/v1/statement.md)."""
    predicate_type = reader.raw("predicateType")
    known = by_predicate(predicate_type if isinstance(predicate_type, str) else "")
    predicate = reader.reader("predicate")
    note = known.note
    bare, part = _bare(predicate) if known.kind == "SBOM" else (None, None)
    if bare is not None and bare.kind == "SBOM":
        note = bare.note
    elif known.kind == "provenance":
        note = ", ".join(filter(None, (known.note, builder_of(predicate))))
        part = provenance.read_provenance(predicate)
    elif known.kind == "VEX":
        note = f"{known.note}, {plural(len(predicate.items('statements')), 'statement')}"
        part = report.read_vex(predicate)
    else:
        part = report.read_members(predicate)
    return Statement(known.kind, note, _subjects(reader), known.predicate_type), part or Part()


def _bare(reader: Reader) -> tuple[Statement, Part]:
    """Read a document by its own tell-tale fields."""
    bill = sbom.read_sbom(reader)
    if bill is not None:
        return Statement("SBOM", f"{_bill_form(reader)}, {plural(len(bill.rows) + bill.left_out, bill.noun)}"), bill
    if isinstance(reader.raw("runs"), list):
        version, results = line(reader, "version", 64), plural(report.results_of(reader), "result")
        return Statement("scan report", f"SARIF {version}, {results}"), report.read_sarif(reader)
    if "openvex" in str(reader.raw("@context"))[:CELL_LIMIT]:
        note = f"OpenVEX, {plural(len(reader.items('statements')), 'statement')}"
        return Statement("VEX", note), report.read_vex(reader)
    return Statement("attestation", ""), Part()


def _bill_form(reader: Reader) -> str:
    if reader.has("spdxVersion"):
        return f"SPDX {line(reader, 'spdxVersion', 64).removeprefix('SPDX-')}"
    if reader.raw("bomFormat") == "CycloneDX":
        return f"CycloneDX {line(reader, 'specVersion', 64)}".strip()
    return "SPDX 3" if sbom.is_spdx3(reader) else "Syft"


def _subjects(reader: Reader) -> tuple[Digest, ...]:
    subjects = reader.readers("subject")[:_SUBJECTS]
    return tuple(dict.fromkeys(digest for subject in subjects for digest in read_digests(subject)))


def _left_out(part: Part) -> tuple[Fact, ...]:
    if not part.left_out:
        return ()
    return (Fact("left out", f"{plural(part.left_out, part.noun)} behind the first {len(part.rows):,}"),)


def _head(told: Statement, names: list[str] | tuple[str, ...]) -> tuple[Fact, ...]:
    """Say what it is, and what about."""
    return (
        Fact("what", ", ".join(filter(None, (told.kind, told.note)))),
        Fact("state", NOT_VERIFIED),
        *facts_of("about", [str(digest) for digest in told.subjects]),
        *facts_of("named", [name for name in dict.fromkeys(names) if name]),
    )
