from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import pytest_asyncio

from regbrowse.oci.manifest import parse_manifest
from regbrowse.redact import Secret
from regbrowse.reference import Digest, Registry, Repository
from regbrowse.registry.client import Client, Settings
from regbrowse.registry.referrers.cosign import cosign_tags
from regbrowse.registry.referrers.finder import ReferrerFinder, belongs
from regbrowse.registry.referrers.tag_schema import referrers_tag
from regbrowse.settings.login import Login
from support.asking import here
from support.attached import (
    API,
    APP,
    EMPTY,
    JSON,
    NO_API,
    SBOM,
    SIGNATURE,
    SUBJECT,
    TAG,
    attached,
    digests,
    entry,
    finder_of,
    listing,
    offer,
)
from support.fake_registry import FakeRegistry, Fault
from support.images import OCI_INDEX, artifact, image, index


@pytest_asyncio.fixture
async def finder(client: Client) -> ReferrerFinder:
    return finder_of(client)


@pytest_asyncio.fixture
async def shelf(registry: FakeRegistry) -> FakeRegistry:
    registry.repository("acme/app").add(APP, "1.0")
    return registry


async def test_the_registry_is_asked_and_cosign_s_tags_in_any_case(shelf: FakeRegistry, finder: ReferrerFinder) -> None:
    made = attached(SIGNATURE)
    offer(shelf, made.descriptor(artifactType=SIGNATURE, annotations={"a": "b"}))
    found = await finder.find(here(shelf), SUBJECT)
    assert digests(found) == [made.digest]
    only = found.entries[0]
    assert only.found_by == ("API",)
    assert (only.descriptor.artifact_type, only.descriptor.annotations) == (SIGNATURE, {"a": "b"})
    assert (found.subject, found.places, found.note) == (SUBJECT, 4, "")
    heads = [one.path.rpartition(".")[2] for one in shelf.asked if one.method == "HEAD"]
    assert sorted(heads) == ["att", "sbom", "sig"]
    assert len(shelf.paths()) == 4, "one question to the API and three for tags, and nothing else"


async def test_none_is_no_failure(shelf: FakeRegistry, finder: ReferrerFinder) -> None:
    shelf.fault(API, Fault(status=200, body=EMPTY, headers=JSON))
    found = await finder.find(here(shelf), SUBJECT)
    assert (found.entries, found.places, found.note) == ((), 4, "")
    assert TAG not in shelf.paths(), "a registry with the API needs no fall-back"


@pytest.mark.parametrize("body", [b'{"schemaVersion":2,"manifests":null}', b'{"mediaType":"%s"}' % OCI_INDEX.encode()])
async def test_null_means_none(shelf: FakeRegistry, finder: ReferrerFinder, body: bytes) -> None:
    shelf.fault(API, Fault(status=200, body=body, headers=JSON))
    found = await finder.find(here(shelf), SUBJECT)
    assert (found.entries, found.note) == ((), "")


@pytest.mark.parametrize("present", [True, False])
async def test_404_costs_one_request_more_and_only_once(
    shelf: FakeRegistry, finder: ReferrerFinder, present: bool
) -> None:
    shelf.fault(API, Fault(status=404, body=b"404 page not found\n"))
    made = attached(SBOM)
    if present:
        shelf.repository("acme/app").add(index(made), referrers_tag(SUBJECT))
    found = await finder.find(here(shelf), SUBJECT)
    assert digests(found) == ([made.digest] if present else [])
    assert [each.found_by for each in found.entries] == ([("tag",)] if present else [])
    assert found.places == 4
    assert found.note == f"{shelf.name} {NO_API}"
    assert [shelf.paths().count(path) for path in (API, TAG)] == [1, 1]
    other = shelf.repository("acme/other").add(image(architecture="arm64"), "1.0")
    await finder.find(Repository(Registry.parse(shelf.name), "acme/other"), Digest.parse(other.digest))
    assert len([path for path in shelf.paths() if "/referrers/" in path]) == 1, "what it has not it is not asked for"


@pytest.mark.parametrize(
    "fault",
    [
        *(Fault(status=status, body=b"") for status in (400, 405, 406, 410, 501)),
        Fault(status=403, body=b'{"errors":[{"code":"DENIED"}]}'),
        Fault(status=404, body=b'{"errors":[{"code":"NAME_UNKNOWN"}]}'),
        Fault(status=200, body=b"<!doctype html><title>Log in</title>", headers=[("Content-Type", "text/html")]),
        Fault(status=200, body=b"", headers=JSON),
        Fault(status=200, body=b"[]", headers=JSON),
        Fault(status=200, body=b'{"errors":[{"code":"UNSUPPORTED"}]}', headers=JSON),
        Fault(status=200, body=b'{"schemaVersion":2,"config":{},"layers":[]}', headers=JSON),
        Fault(status=200, body=b'{"manifests":' + b"[" * 100_000, headers=JSON),
    ],
    ids=lambda fault: f"{fault.status}-{fault.body[:24].decode()}",
)
async def test_everything_that_is_no_answer_means_look_at_the_tag(
    shelf: FakeRegistry, finder: ReferrerFinder, fault: Fault
) -> None:
    shelf.fault(API, fault)
    made = attached(SIGNATURE)
    shelf.repository("acme/app").add(index(made), referrers_tag(SUBJECT))
    for _ in range(2):
        found = await finder.find(here(shelf), SUBJECT)
        assert digests(found) == [made.digest]
        assert found.note.endswith(NO_API)
    assert shelf.paths().count(API) <= 2, "403 is tried with and without a login, everything else once"


async def test_a_login_host_is_never_contacted(shelf: FakeRegistry, finder: ReferrerFinder) -> None:
    async with FakeRegistry().serve() as login_host:
        location = f"{login_host.url}/signin?continue=s3cr3t-canary"
        shelf.fault(API, Fault(status=302, headers=[("Location", location)]))
        made = attached(SIGNATURE)
        shelf.repository("acme/app").add(index(made), referrers_tag(SUBJECT))
        found = await finder.find(here(shelf), SUBJECT)
        assert digests(found) == [made.digest]
        await finder.find(here(shelf), SUBJECT)
        assert login_host.asked == []
        assert shelf.paths().count(API) == 1


async def test_who_asks_at_the_same_time_waits_for_the_first_answer(
    shelf: FakeRegistry, finder: ReferrerFinder
) -> None:
    gate = shelf.gate(API)
    shelf.fault(API, Fault(status=404, body=b"404 page not found\n"))
    other = Digest.of(b"the platform's manifest")
    both = asyncio.gather(finder.find(here(shelf), SUBJECT), finder.find(here(shelf), other))
    await gate.arrived.wait()
    gate.open()
    await both
    assert len([path for path in shelf.paths() if "/referrers/" in path]) == 1


async def test_a_registry_that_answered_once_is_asked_again(shelf: FakeRegistry, finder: ReferrerFinder) -> None:
    offer(shelf, entry(1))
    await finder.find(here(shelf), SUBJECT)
    poor = Repository(Registry.parse(shelf.name), "acme/poor")
    shelf.fault(f"/v2/acme/poor/referrers/{SUBJECT}", Fault(status=404, body=b"no\n"))
    assert (await finder.find(poor, SUBJECT)).note.endswith(NO_API)
    assert len((await finder.find(here(shelf), SUBJECT)).entries) == 1


async def test_another_login_asks_again(shelf: FakeRegistry, finder: ReferrerFinder) -> None:
    shelf.fault(API, Fault(status=403, body=b'{"errors":[{"code":"DENIED"}]}', times=1))
    shelf.fault(API, Fault(status=200, body=listing(entry(1)), headers=JSON))
    assert (await finder.find(here(shelf), SUBJECT)).entries == ()
    assert (await finder.find(here(shelf), SUBJECT)).entries == ()
    finder.forget(Registry.parse(shelf.name))
    assert len((await finder.find(here(shelf), SUBJECT)).entries) == 1


async def test_an_image_behind_the_fall_back_tag_is_ignored(shelf: FakeRegistry, finder: ReferrerFinder) -> None:
    shelf.fault(API, Fault(status=404, body=b""))
    shelf.repository("acme/app").add(image(architecture="riscv64"), referrers_tag(SUBJECT))
    found = await finder.find(here(shelf), SUBJECT)
    assert (found.entries, found.places) == ((), 4)


async def test_cosign_s_tags_are_found_by_head(shelf: FakeRegistry, finder: ReferrerFinder) -> None:
    offer(shelf)
    signature = artifact(SIGNATURE)
    tag = f"{SUBJECT.algorithm}-{SUBJECT.encoded}.sig"
    shelf.repository("acme/app").add(signature, tag)
    found = await finder.find(here(shelf), SUBJECT)
    only = found.entries[0]
    assert (only.found_by, only.tag, str(only.descriptor.digest)) == (("signature tag",), tag, signature.digest)
    assert only.descriptor.size == len(signature.raw)
    assert [one.method for one in shelf.asked if one.path.endswith(".sig")] == ["HEAD"]


@pytest.mark.parametrize("status", [405, 500])
async def test_a_server_without_head_is_asked_with_get(
    shelf: FakeRegistry, finder: ReferrerFinder, status: int
) -> None:
    offer(shelf)
    signature = artifact(SIGNATURE)
    tag = f"{SUBJECT.algorithm}-{SUBJECT.encoded}.sig"
    shelf.repository("acme/app").add(signature, tag)
    for suffix in ("sig", "att", "sbom"):
        path = f"/v2/acme/app/manifests/{SUBJECT.algorithm}-{SUBJECT.encoded}.{suffix}"
        shelf.fault(path, Fault(status, b"", method="HEAD"))
    found = await finder.find(here(shelf), SUBJECT)
    assert digests(found) == [signature.digest]
    assert (found.places, found.note) == (4, "")


async def test_one_digest_from_several_places_is_one_entry(shelf: FakeRegistry, finder: ReferrerFinder) -> None:
    made = attached(SIGNATURE)
    shelf.repository("acme/app").add(made, f"{SUBJECT.algorithm}-{SUBJECT.encoded}.sig")
    offer(shelf, made.descriptor(artifactType=SIGNATURE), made.descriptor())
    found = await finder.find(here(shelf), SUBJECT)
    assert [each.found_by for each in found.entries] == [("API", "signature tag")]
    assert found.entries[0].descriptor.artifact_type == SIGNATURE
    assert found.entries[0].tag.endswith(".sig")


async def test_nothing_is_attached_to_itself(shelf: FakeRegistry, finder: ReferrerFinder) -> None:
    offer(shelf, APP.descriptor(), entry(1))
    shelf.repository("acme/app").tags[f"{SUBJECT.algorithm}-{SUBJECT.encoded}.att"] = APP.digest
    found = await finder.find(here(shelf), SUBJECT)
    assert digests(found) == [entry(1)["digest"]]


def test_an_entry_of_another_subject_does_not_belong() -> None:
    other = parse_manifest(artifact(SIGNATURE, subject=image(architecture="arm64")).raw)
    ours = parse_manifest(artifact(SIGNATURE, subject=APP).raw)
    unsaid = parse_manifest(artifact(SIGNATURE).raw)
    assert [belongs(each, SUBJECT) for each in (ours, unsaid, other)] == [True, True, False]


def test_tags_are_cut_and_legal() -> None:
    long = Digest.of(b"x", "sha512")
    assert referrers_tag(SUBJECT) == f"sha256-{SUBJECT.encoded}"
    assert referrers_tag(long) == f"sha512-{long.encoded[:64]}"
    assert referrers_tag(Digest.parse("sha256+b64u:LCa0a2j_xo=")) == "sha256-b64u-LCa0a2j_xo-"
    assert referrers_tag(Digest.parse(f"{'a' * 40}:x")) == f"{'a' * 32}-x"
    assert [tag.rpartition(".")[2] for tag in cosign_tags(SUBJECT)] == ["sig", "att", "sbom"]
    assert cosign_tags(long) == (), "139 characters are no tag"


async def test_trouble_is_a_sentence_and_the_tag_is_still_looked_at(
    shelf: FakeRegistry, finder: ReferrerFinder
) -> None:
    shelf.fault(API, Fault(status=500, body=b"\x1b[31mboom"))
    made = attached(SIGNATURE)
    shelf.repository("acme/app").add(index(made), referrers_tag(SUBJECT))
    found = await finder.find(here(shelf), SUBJECT)
    assert digests(found) == [made.digest]
    assert found.note == f"Could not look for signatures: {shelf.name} has a problem on its side."
    assert shelf.paths().count(API) == 2, "tried twice, not remembered"
    await finder.find(here(shelf), SUBJECT)
    assert shelf.paths().count(API) == 4


async def test_a_registry_that_limits_requests_is_not_asked_more(shelf: FakeRegistry, finder: ReferrerFinder) -> None:
    shelf.fault(API, Fault(status=429, body=b"", headers=[("Retry-After", "3000")]))
    found = await finder.find(here(shelf), SUBJECT)
    assert found.note == f"Could not look for signatures: {shelf.name} is limiting requests."
    assert TAG not in shelf.paths()


async def test_nobody_there_raises_nothing(client: Client) -> None:
    async with FakeRegistry().serve() as registry:
        place = here(registry)
    found = await finder_of(client).find(place, SUBJECT)
    assert (found.entries, found.places) == ((), 0)
    assert found.note.startswith("Could not look for signatures: Nothing answers at ")


async def test_a_setting_that_cannot_be_used_raises_nothing() -> None:
    async with Client(Settings(ca_file=Path("/nowhere/ca.pem"), pause=0)) as client:
        found = await finder_of(client).find(Repository.parse(Registry.parse("registry.example"), "a/b"), SUBJECT)
    assert found.places == 0
    assert found.note.startswith("Could not look for signatures: The CA file /nowhere/ca.pem cannot be used")


async def test_a_login_reaches_the_api_with_the_scope_of_the_repository(shelf: FakeRegistry) -> None:
    shelf.auth, shelf.public = "bearer", False
    offer(shelf, entry(1))
    async with Client(Settings(Login("ann", Secret("s3cr3t-canary-1")), pause=0)) as client:
        found = await finder_of(client).find(here(shelf), SUBJECT)
    assert len(found.entries) == 1
    scopes = {scope for granted in shelf.tokens.values() for scope in granted}
    assert scopes == {"repository:acme/app:pull"}


async def test_leaving_closes_every_request(shelf: FakeRegistry, finder: ReferrerFinder) -> None:
    gate = shelf.gate(API)
    finding = asyncio.ensure_future(finder.find(here(shelf), SUBJECT))
    await gate.arrived.wait()
    finding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await finding
    await asyncio.wait_for(gate.left.wait(), 5)
