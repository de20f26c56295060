"""What signatures and attestations hold: envelopes, statements and SBOMs that are hostile."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from faults.answers import http
from faults.asking import MADE, blob, here
from faults.rows import row
from faults.server import Endless, Misbehaving
from faults.trial import MIB, trial
from regbrowse.errors import BadResponse, RegbrowseError, TooLarge
from regbrowse.oci.attestation import Statement
from regbrowse.oci.decode.document import decode
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Artifact
from regbrowse.reference import Digest
from regbrowse.registry.client import Client
from support import images
from tui.screen_driver import browsing

AREA = "Attachments"
SPDX = "https://spdx.dev/Document"


def envelope(payload: bytes) -> bytes:
    value = {
        "payloadType": "application/vnd.in-toto+json",
        "payload": base64.b64encode(payload).decode(),
        "signatures": [],
    }
    return json.dumps(value).encode()


def statement(digest: str, **more: object) -> bytes:
    value = {"_type": "https://in-toto.io/Statement/v1", "predicateType": SPDX, "predicate": {}, **more}
    return json.dumps({"subject": [{"name": "x", "digest": {"sha256": digest}}], **value}).encode()


@row(
    AREA,
    server="an envelope with bad base64, another envelope in it, a payload 100,000 deep, XML that expands, no JSON",
    client="says why it was not read; XML stays text",
)
@pytest.mark.parametrize(
    "raw",
    [
        b'{"payloadType":"x","payload":"%%%"}',
        envelope(b"[" * 100_000),
        envelope(envelope(envelope(envelope(b"\xff")))),
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><bom>&b;</bom>',
        b"\x00\x01",
        b"[]",
    ],
)
async def test_hostile_envelopes(server: Misbehaving, raw: bytes) -> None:
    what = Descriptor("application/vnd.dsse.envelope.v1+json", Digest.of(raw), len(raw))
    server.on(f"/v2/acme/app/blobs/{what.digest}", http(200, raw))

    async def ask(client: Client) -> Statement:
        return decode(await blob(server, what)(client)).statement

    seen = await trial(server, ask, at_most=2)
    assert isinstance(seen.error, BadResponse) or (seen.answer and seen.answer.kind == "attestation")


@row(AREA, server="an SBOM of 60 MB", client="reads it only when told to, and no further than its limit")
async def test_large_sboms(server: Misbehaving) -> None:
    raw = b'{"spdxVersion":"SPDX-2.3","packages":[],"x":"' + b"y" * (60 * MIB) + b'"}'
    what = Descriptor("application/spdx+json", Digest.of(raw), len(raw))
    # In small pieces, so that the server's own buffers do not count as the client's memory.
    head = http(200, raw[:1000], [("Content-Length", str(len(raw)))], length=False)
    server.on(f"/v2/acme/app/blobs/{what.digest}", [head, Endless(b"y" * 65_536, 900)])
    seen = await trial(server, blob(server, what), at_most=0, cancel=False)
    assert isinstance(seen.error, TooLarge)

    async def first(client: Client) -> int:
        return len(await client.blob_start(here(server), what, 1000))

    part = await trial(server, first, at_most=2, memory=50 * MIB)
    assert part.answer == 1000
    with pytest.raises(RegbrowseError):
        decode(raw + b" " * 5 * MIB)


@row(AREA, server="a statement names another image than the one it hangs on", client="knows what it describes")
async def test_statements_about_others(server: Misbehaving) -> None:
    subject = Digest.parse(MADE.digest)
    for named, same in ((subject.encoded, True), ("0" * 64, False), ("../x", False)):
        raw = envelope(statement(named))
        what = Descriptor("", Digest.of(raw), len(raw))
        server.on(f"/v2/acme/app/blobs/{what.digest}", http(200, raw))
        seen = await trial(server, blob(server, what), at_most=2)
        assert seen.answer is not None
        assert (subject in decode(seen.answer).statement.subjects) is same


@row(
    AREA,
    server="cosign, Sigstore bundles, notation with JWS and COSE, SBOMs, by their types",
    client="names them for what they are; none of them counts as verified",
)
@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("application/vnd.dev.cosign.artifact.sig.v1+json", "signature"),
        ("application/vnd.dev.sigstore.bundle.v0.3+json", "sigstore"),
        ("application/vnd.cncf.notary.signature", "notation"),
        ("application/spdx+json", "spdx"),
        ("application/vnd.cyclonedx+json", "cyclonedx"),
    ],
)
async def test_kinds(server: Misbehaving, kind: str, word: str) -> None:
    made = server.truth.repository("acme/app").add(images.artifact(kind, subject=MADE), "1")

    async def ask(client: Client) -> Artifact:
        read = await client.manifest(here(server), "1")
        assert isinstance(read, Artifact)
        return read

    seen = await trial(server, ask, at_most=2)
    assert seen.answer is not None
    assert str(seen.answer.digest) == made.digest
    assert word in seen.answer.kind.lower()
    assert "verified" not in seen.answer.kind.lower()


@row(
    AREA,
    server="an index with attestations whose statements are hostile",
    client="the program shows the others and goes on",
)
@pytest.mark.parametrize("content", [b"[" * 100_000, b"\x1b[31m", b'{"predicateType":"' + b"\\u001b[31m" * 50 + b'"}'])
async def test_hostile_attestations_on_the_screen(server: Misbehaving, tmp_path: Path, content: bytes) -> None:
    good = images.attestation(MADE)
    blob_of = images.Made(
        content, images.IN_TOTO, extra={"annotations": {"in-toto.io/predicate-type": "\x1b[31m" + SPDX}}
    )
    value = json.loads(good.raw) | {"layers": [blob_of.descriptor()]}
    bad = images.Made(images.dump(value), images.OCI_MANIFEST, (good.below[0], blob_of), True, good.extra)
    server.truth.repository("acme/app").add(images.index(MADE, bad), "1.0")
    async with browsing(f"{server.name}/acme/app:1.0", tmp_path) as driven:
        await driven.shows("linux/amd64")
        await driven.press("2", "down", "right", "down", "enter", "4", "enter", "escape", "1")
        assert driven.app.is_running
        assert "\x1b" not in driven.text()
        await driven.shows("linux/amd64")
