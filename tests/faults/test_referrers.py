"""What is attached to an image: registries that know the question, do not know it, or lie."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from faults.answers import as_json, http, problem, redirect
from faults.asking import MADE, here
from faults.rows import row
from faults.server import TRUTH, Answering, End, Misbehaving, Request, Script
from faults.trial import MIB, trial
from regbrowse.oci.attestation import attested
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.document import Reader
from regbrowse.reference import Digest
from regbrowse.registry.client import Client
from regbrowse.registry.models import Referrers
from support import images
from support.images import OCI_INDEX

AREA = "Attachments"
SUBJECT = Digest.parse(MADE.digest)
API = f"/v2/acme/app/referrers/{SUBJECT}"
TAG_NAME = f"sha256-{SUBJECT.encoded}"
FALLBACK = f"/v2/acme/app/manifests/{TAG_NAME}"
SIGNATURE = images.artifact("application/vnd.dev.cosign.artifact.sig.v1+json", subject=MADE)


def referrers(server: Misbehaving) -> Callable[[Client], Awaitable[Referrers]]:
    async def ask(client: Client) -> Referrers:
        return await client.referrers(here(server), SUBJECT)

    return ask


def index(*entries: object) -> Script:
    return as_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(entries)}, 200)


def digests(found: Referrers | None) -> list[str]:
    assert found is not None
    return [str(each.descriptor.digest) for each in found.entries]


@row(
    AREA,
    server="no API (404), and a tag that stands for it, or none",
    client="one extra question each: found, or nothing",
)
@pytest.mark.parametrize("there", [True, False])
async def test_fallback_tags(server: Misbehaving, there: bool) -> None:
    repository = server.truth.repository("acme/app")
    repository.add(MADE, "1")
    if there:
        repository.add(images.index(SIGNATURE), TAG_NAME)
    seen = await trial(server, referrers(server), at_most=8)
    assert digests(seen.answer) == ([SIGNATURE.digest] if there else [])
    asked = server.paths()
    assert asked.count(FALLBACK) == 1
    assert sum(API in path for path in asked) == 2  # once to be answered, once to be cancelled


@row(
    AREA,
    server="the API answers 400, 403, 405, 406, 410, 501, a web page, nothing, or other JSON",
    client="takes it as not offered, and looks at the tag",
)
@pytest.mark.parametrize(
    "answer",
    [*(problem(status) for status in (400, 403, 404, 405, 406, 410, 501)), http(200, "<html>Sign in"), http(200),
     http(204), as_json([]), as_json({"manifests": 5}), http(200, "[" * 100_000)],
)  # fmt: skip
async def test_no_api(server: Misbehaving, answer: Script) -> None:
    repository = server.truth.repository("acme/app")
    repository.add(MADE, "1")
    repository.add(images.index(SIGNATURE), TAG_NAME)
    server.on(API, answer)
    seen = await trial(server, referrers(server), at_most=8)
    assert digests(seen.answer) == [SIGNATURE.digest]
    assert server.count(FALLBACK) == 1


@row(AREA, server="the API redirects to a login page of another host", client="never goes there, and looks at the tag")
@pytest.mark.parametrize("status", [301, 302, 307])
async def test_login_pages(server: Misbehaving, other: Misbehaving, status: int) -> None:
    repository = server.truth.repository("acme/app")
    repository.add(MADE, "1")
    repository.add(images.index(SIGNATURE), TAG_NAME)
    server.on(API, redirect(f"{other.url}/ServiceLogin", status))
    seen = await trial([server, other], referrers(server), at_most=8)
    assert digests(seen.answer) == [SIGNATURE.digest]
    assert not other.asked


@row(AREA, server="the API has nothing: an empty list, null", client="there is none; the tag is not asked")
@pytest.mark.parametrize("members", [[], None])
async def test_empty_answers(server: Misbehaving, members: object) -> None:
    server.truth.repository("acme/app").add(MADE, "1")
    server.on(API, as_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": members}))
    seen = await trial(server, referrers(server), at_most=6)
    assert digests(seen.answer) == []
    assert server.count(FALLBACK) == 0


@row(
    AREA,
    server="the API fails: 500, 429, the connection breaks",
    client="says that it could not look; nothing else breaks",
)
@pytest.mark.parametrize("answer", [problem(500), problem(429, headers=[("Retry-After", "100")]), End.RESET])
async def test_failing_api(server: Misbehaving, answer: Script) -> None:
    server.truth.repository("acme/app").add(MADE, "1")
    server.on(API, answer)
    seen = await trial(server, referrers(server), at_most=12)
    assert seen.answer is not None
    assert "Could not look for signatures" in seen.answer.note


@row(AREA, server="the tag leads to an image, or to something else than an index", client="ignores it")
@pytest.mark.parametrize("made", [images.image(architecture="arm64"), images.schema1()])
async def test_strange_fallback_tags(server: Misbehaving, made: images.Made) -> None:
    repository = server.truth.repository("acme/app")
    repository.add(MADE, "1")
    repository.add(made, TAG_NAME)
    seen = await trial(server, referrers(server), at_most=8)
    assert digests(seen.answer) == []


@row(
    AREA,
    server="names attachments that are of another image, are the image itself, repeated, or have no digest",
    client="lists each once, leaves out what cannot be",
)
async def test_strange_entries(server: Misbehaving) -> None:
    server.truth.repository("acme/app").add(MADE, "1")
    entries: list[object] = [
        SIGNATURE.descriptor(),
        SIGNATURE.descriptor(),
        MADE.descriptor(),
        None,
        5,
        {"digest": "x"},
    ]
    server.on(API, index(*entries))
    seen = await trial(server, referrers(server), at_most=6)
    assert digests(seen.answer) == [SIGNATURE.digest]
    assert seen.answer is not None
    assert seen.answer.note


@row(AREA, server="the tag's index names an attachment of another image", client="drops it")
async def test_attachments_of_others(server: Misbehaving) -> None:
    repository = server.truth.repository("acme/app")
    repository.add(MADE, "1")
    foreign = images.artifact("application/x", subject=images.image(architecture="s390x"))
    repository.add(images.index(foreign, SIGNATURE), TAG_NAME)
    seen = await trial(server, referrers(server), at_most=9)
    assert seen.answer is not None
    assert SIGNATURE.digest in digests(seen.answer)


@row(
    AREA,
    server="10,000 attachments in one answer; pages that link to each other",
    client="reads them, and stops in time",
)
@pytest.mark.parametrize("how", ["many", "loop", "endless"])
async def test_many_attachments(server: Misbehaving, how: str) -> None:
    server.truth.repository("acme/app").add(MADE, "1")
    numbers = iter(range(100_000))

    def page(count: int) -> list[object]:
        return [
            {"mediaType": "x/y", "digest": images.sha256(str(next(numbers)).encode()), "size": 1} for _ in range(count)
        ]

    def answer(_: Request) -> Script:
        link = f'<{API}?page={"same" if how == "loop" else next(numbers)}>; rel="next"'
        body = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": page(2 if how == "loop" else 0)}
        return as_json(body, headers=[("Link", link)])

    answering: Answering = index(*page(10_000)) if how == "many" else answer
    server.on(API, answering)
    seen = await trial(server, referrers(server), at_most=10, memory=100 * MIB)
    assert seen.answer is not None
    assert len(seen.answer.entries) == (10_000 if how == "many" else 4 if how == "loop" else 0)
    assert bool(seen.answer.note) is (how != "many")


@row(AREA, server="cosign's tags `.sig`, `.att`, `.sbom`", client="finds each, beside what the API names")
async def test_signature_tags(server: Misbehaving) -> None:
    repository = server.truth.repository("acme/app")
    repository.add(MADE, "1")
    made = [images.artifact(f"application/{kind}") for kind in ("sig", "att", "sbom")]
    for kind, each in zip(("sig", "att", "sbom"), made, strict=True):
        repository.add(each, f"{TAG_NAME}.{kind}")
    server.on(API, index(SIGNATURE.descriptor()))
    seen = await trial(server, referrers(server), at_most=9)
    assert set(digests(seen.answer)) == {SIGNATURE.digest, *(each.digest for each in made)}


@row(
    AREA,
    server="follows an attestation's reference to something that is no digest",
    client="shows it as something else",
)
@pytest.mark.parametrize("named", ["x", "", 5, None, "sha256:../../x"])
async def test_strange_attestations(server: Misbehaving, named: object) -> None:
    value = {
        "mediaType": images.OCI_MANIFEST, "digest": MADE.digest, "size": 5,
        "platform": {"os": "unknown", "architecture": "unknown"},
        "annotations": {
            "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": named
        },
    }  # fmt: skip
    server.truth.repository("acme/app").add(MADE, "1")
    server.on(API, index(value))
    seen = await trial(server, referrers(server), at_most=6)
    assert digests(seen.answer) == []
    assert attested(Descriptor.read(Reader(value))) is None
    server.on(API, TRUTH)
