"""Signatures and what surrounds them: cosign's simple signing, envelopes (DSSE), Sigstore bundles, Notation."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime

from regbrowse.errors import BadResponse, RegbrowseError
from regbrowse.oci.decode.values import (
    NOT_VERIFIED,
    ROW_LIMIT,
    VALUE_LIMIT,
    Column,
    Fact,
    Part,
    Row,
    facts_of,
    line,
    present,
)
from regbrowse.oci.document import Reader, parse_object
from regbrowse.reference import Digest
from regbrowse.text import CELL_LIMIT, exact, moment, plural, visible

VALUES = (Column("name"), Column("value"))
_COSIGN = "dev.cosignproject.cosign/signature"
_CERTIFICATE = "dev.sigstore.cosign/certificate"
_BUNDLE = "dev.sigstore.cosign/bundle"
_SIGNED = "io.cncf.notary."


def decoded_base64(text: str, *, url: bool = False) -> bytes | None:
    """Decode base64, the standard or the one for URLs, padded or not; None where it is neither."""
    try:
        if url:
            return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def read_simple(reader: Reader, annotations: Mapping[str, str]) -> Part:
    """Read the payload of cosign (sigstore/cosign, specs/SIGNATURE_SPEC.md); its signature is beside it."""
    critical, optional = reader.reader("critical"), reader.reader("optional")
    by = line(optional, "creator")
    made = optional.raw("timestamp")
    when = _epoch(made) if isinstance(made, int) else ""
    facts = present(
        Fact("signed as", line(critical.reader("identity"), "docker-reference")),
        Fact("by", by),
        Fact("made", when),
        Fact("signature", NOT_VERIFIED if _COSIGN in annotations else ""),
        Fact("certificate", NOT_VERIFIED if _CERTIFICATE in annotations else ""),
        Fact("logged", _logged_beside(annotations)),
    )
    names = [name for name in optional if name not in ("creator", "timestamp")]
    rows = [_named(optional, name) for name in names[:ROW_LIMIT]]
    return Part(facts, "value", VALUES if rows else (), tuple(rows))


def signed_digest(reader: Reader) -> tuple[Digest, ...]:
    """Give the digest that the payload of cosign is about."""
    digest = reader.reader("critical").reader("image").digest("docker-manifest-digest")
    return (digest,) if digest else ()


def _logged_beside(annotations: Mapping[str, str]) -> str:
    """Say where and when the log took the signature, as the annotation of its layer claims."""
    text = annotations.get(_BUNDLE, "")
    if not text:
        return ""
    try:
        payload = parse_object(text.encode("utf-8", "replace"), "No object.").reader("Payload")
    except RegbrowseError:
        return ""
    return _log_entry(payload.raw("logIndex"), payload.raw("integratedTime"))


def _log_entry(index: object, seconds: object) -> str:
    """Say `entry 103482771, 2024-06-18 09:41 UTC`; Sigstore writes numbers as texts in some places."""
    number = visible(str(index), 32) if isinstance(index, int | str) and not isinstance(index, bool) else ""
    return ", ".join(filter(None, (f"entry {number}" if number else "", _epoch(seconds))))


def _epoch(seconds: object) -> str:
    """Write a time in seconds since 1970; empty where it is none."""
    if isinstance(seconds, bool):
        return ""
    try:
        whole = int(seconds) if isinstance(seconds, int | str) and len(str(seconds)) < 16 else None
        return datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%d %H:%M UTC") if whole else ""
    except (ValueError, OverflowError, OSError):
        return ""


def envelope_facts(reader: Reader) -> tuple[Fact, ...]:
    """Say who signed an envelope, as far as it tells (secure-systems-lab/dsse, envelope.md)."""
    signatures = reader.readers("signatures")
    keys = [line(each, "keyid", CELL_LIMIT) for each in signatures[:ROW_LIMIT]]
    return (
        Fact("envelope", f"DSSE, {plural(len(signatures), 'signature')}, {NOT_VERIFIED}"),
        *facts_of("key", [key for key in keys if key]),
    )


def is_bundle(reader: Reader) -> bool:
    """Tell whether this is a bundle of Sigstore (sigstore/protobuf-specs, sigstore_bundle.proto)."""
    return reader.has("verificationMaterial") or (
        "dev.sigstore.bundle" in str(reader.raw("mediaType"))[:CELL_LIMIT] and not reader.has("layers")
    )


def bundle_facts(reader: Reader) -> tuple[Fact, ...]:
    """Say what a bundle holds to verify its content with."""
    material = reader.reader("verificationMaterial")
    chain = material.reader("x509CertificateChain").items("certificates")
    key = ""
    if material.has("certificate"):
        key = "a certificate"
    elif chain:
        key = plural(len(chain), "certificate")
    elif material.has("publicKey"):
        hint = line(material.reader("publicKey"), "hint", CELL_LIMIT)
        key = f"a public key {hint}".strip()
    logged = [_log_entry(each.raw("logIndex"), each.raw("integratedTime")) for each in material.readers("tlogEntries")]
    stamps = material.reader("timestampVerificationData").items("rfc3161Timestamps")
    return (
        Fact("bundle", f"{line(reader, 'mediaType', CELL_LIMIT) or 'Sigstore bundle'}, {NOT_VERIFIED}"),
        *present(Fact("key", key)),
        *facts_of("logged", [each for each in logged if each]),
        *present(Fact("stamped", plural(len(stamps), "timestamp") if stamps else "")),
    )


def message_digest(reader: Reader) -> tuple[Digest, ...]:
    """Give the digest that the bare signature of a bundle is about."""
    told = reader.reader("messageSignature").reader("messageDigest")
    raw = decoded_base64(line(told, "digest", CELL_LIMIT))
    algorithm = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}.get(line(told, "algorithm", 32), "")
    digest = Digest.read(f"{algorithm}:{raw.hex()}") if raw and algorithm else None
    return (digest,) if digest else ()


def is_jws(reader: Reader) -> bool:
    """Tell whether this is the JSON form of a JWS with one signature (RFC 7515, 7.2.2)."""
    return all(isinstance(reader.raw(key), str) for key in ("payload", "protected", "signature"))


def read_notation(reader: Reader) -> tuple[Part, tuple[Digest, ...]]:
    """Read a signature of Notation (notaryproject/specifications, signature-envelope-jws.md), and what it is about.

    Raises BadResponse where the parts of the envelope are no JSON.
    """
    protected, payload = _inside(reader, "protected"), _inside(reader, "payload")
    target, header = payload.reader("targetArtifact"), reader.reader("header")
    digest, length = target.digest("digest"), target.number("size")
    chain = header.items("x5c")
    what = line(target, "mediaType", CELL_LIMIT), exact(length) if length is not None else ""
    facts = present(
        Fact("signs", ", ".join(filter(None, what))),
        Fact("made", moment(line(protected, f"{_SIGNED}signingTime", CELL_LIMIT))),
        Fact("expires", moment(line(protected, f"{_SIGNED}expiry", CELL_LIMIT))),
        Fact("by", line(header, f"{_SIGNED}signingAgent")),
        Fact("scheme", line(protected, f"{_SIGNED}signingScheme", CELL_LIMIT)),
        Fact("algorithm", line(protected, "alg", CELL_LIMIT)),
        Fact("key", f"{plural(len(chain), 'certificate')}, {NOT_VERIFIED}" if chain else ""),
        Fact("stamped", "a timestamp" if header.has(f"{_SIGNED}timestampSignature") else ""),
    )
    annotations = target.reader("annotations")
    rows = [_named(annotations, name) for name in list(annotations)[:ROW_LIMIT]]
    part = Part(facts, "value", VALUES if rows else (), tuple(rows))
    return part, (digest,) if digest else ()


def _inside(reader: Reader, key: str) -> Reader:
    raw = decoded_base64(str(reader.raw(key)), url=True)
    if raw is None:
        raise BadResponse("The envelope of the signature holds no base64 text.")
    inner = parse_object(raw, "The envelope of the signature holds no JSON object.")
    reader.anomalies += inner.anomalies
    return Reader({name: inner.raw(name) for name in inner}, key, reader.anomalies)


def _named(reader: Reader, name: str) -> Row:
    value = reader.raw(name)
    text = visible(value if isinstance(value, str) else str(value)[:CELL_LIMIT], VALUE_LIMIT)
    return Row((visible(name), text), text)
