from __future__ import annotations

import asyncio

import pytest

from regbrowse.reference import Digest, Registry
from regbrowse.registry.models import Found, TagFact
from regbrowse.registry.vendor.google import is_google
from support.fake_vendor import (
    ANN,
    DIGEST,
    OPEN_PING,
    THEN,
    FakeApi,
    client_of,
    facts,
    google_list,
    heard,
    notes,
    place,
    quay_page,
    quay_row,
    said,
)

QUAY_TAGS = "/api/v1/repository/acme/app/tag/"
HARBOR_TAGS = "/api/v2.0/projects/team/repositories/a%252Fb%252Fc/artifacts"
DISCOVER = "/v2/_oci/ext/discover"
ZOT = "/v2/_zot/ext/search"


async def test_quay_tells_dates_and_sizes_by_page() -> None:
    pages = quay_page(quay_row(), more=True), quay_page(quay_row("list", size=None, last_modified=None))
    quay = FakeApi().on(QUAY_TAGS, *map(said, pages))
    async with client_of({"quay.io": quay}) as client:
        parts = await heard(client, "quay.io/acme/app")
    assert facts(parts) == [TagFact("latest", THEN, 123, "", DIGEST), TagFact("list", THEN, None, "", DIGEST)]
    assert notes(parts) == []
    assert quay.asked == [f"{QUAY_TAGS}?limit=100&page={number}&onlyActiveTags=true" for number in (1, 2)]


async def test_quay_never_sees_the_login_and_401_is_a_note() -> None:
    quay = FakeApi().on(QUAY_TAGS, said({"error": "insufficient_scope"}, 401)).on("/v2/", OPEN_PING)
    async with client_of({"quay.io": quay}, ANN) as client:
        await client.auth.pings.ping(Registry.parse("quay.io"))
        parts = await heard(client, "quay.io/acme/app")
        assert client.auth.login_state(Registry.parse("quay.io")).user == "ann", (
            "the registry's login is as good as before"
        )
    assert (facts(parts), notes(parts)) == (
        [],
        ["Dates and sizes are not available right now (quay.io: 401 Unauthorized)."],
    )
    assert set(quay.logins) == {""}


@pytest.mark.parametrize("wait", ["20", "600"])
async def test_a_limit_of_the_api_does_not_pause_the_registry(wait: str) -> None:
    quay = FakeApi().on(QUAY_TAGS, said({}, 429, {"retry-after": wait})).on("/v2/", OPEN_PING)
    quay.on("/v2/acme/app/tags/list", said({"tags": ["1.0"]}))
    async with client_of({"quay.io": quay}) as client:
        assert len(notes(await heard(client, "quay.io/acme/app"))) == 1
        async with asyncio.timeout(10):
            assert await client.tags(place("quay.io/acme/app")) == ["1.0"]


async def test_an_api_that_is_slow_again_and_again_does_not_count_against_the_registry() -> None:
    quay = FakeApi(gate=asyncio.Event()).on("/v2/", OPEN_PING)
    quay.on("/v2/acme/app/tags/list", said({"tags": ["1.0"]}))
    async with client_of({"quay.io": quay}) as client:
        for _ in range(8):
            assert len(notes(await heard(client, "quay.io/acme/app", seconds=0.01))) == 1
        quay.gate = None
        assert await client.tags(place("quay.io/acme/app")) == ["1.0"]


async def test_quay_that_always_has_more_is_asked_ten_times() -> None:
    quay = FakeApi().on(QUAY_TAGS, said(quay_page(quay_row(), more=True)))
    async with client_of({"quay.io": quay}) as client:
        parts = await heard(client, "quay.io/acme/app")
    assert len(quay.asked) == 10
    assert notes(parts) == ["Dates and sizes are those of the newest tags only (quay.io lists more)."]


async def test_quay_is_searched() -> None:
    row = {"kind": "repository", "name": "app", "description": "# App\n\nThe whole page", "stars": 3.0}
    rows = [{**row, "namespace": {"kind": "organization", "name": "acme"}}, {**row, "namespace": "x"}, row, "x"]
    quay = FakeApi().on("/api/v1/find/repositories", said({"results": rows, "has_additional": False}))
    async with client_of({"quay.io": quay}) as client:
        found = await client.apis().search(Registry.parse("quay.io"), "app")
    assert found == (Found("acme/app", "App The whole page", False, 3),)


async def test_google_s_list_holds_everything() -> None:
    api = FakeApi().on("/v2/", OPEN_PING).on("/v2/p/app/tags/list", said(google_list()))
    async with client_of({"gcr.io": api}) as client:
        parts = await heard(client, "gcr.io/p/app")
    assert facts(parts) == [TagFact(tag, THEN, 5432, "", DIGEST) for tag in ("1.0", "latest")]
    assert notes(parts) == []
    assert api.paths == ["/v2/p/app/tags/list"]


@pytest.mark.parametrize(
    ("more", "fact"),
    [
        ({"timeUploadedMs": "0"}, (None, 5432)),
        ({"timeUploadedMs": "-62135596800000", "imageSizeBytes": "0"}, (None, None)),
        ({"timeUploadedMs": None, "imageSizeBytes": 7}, (None, 7)),
        ({"timeUploadedMs": 1718703660000, "imageSizeBytes": "many"}, (THEN, None)),
    ],
)
async def test_google_s_numbers_are_texts(more: dict[str, object], fact: tuple[object, object]) -> None:
    api = FakeApi().on("/v2/", OPEN_PING).on("/v2/p/app/tags/list", said(google_list(**more)))
    async with client_of({"europe-docker.pkg.dev": api}) as client:
        found = facts(await heard(client, "europe-docker.pkg.dev/p/app"))
    assert [(each.pushed, each.size) for each in found] == [fact, fact]


async def test_a_plain_list_of_google_tells_nothing_and_that_is_well() -> None:
    api = FakeApi().on("/v2/", OPEN_PING).on("/v2/p/app/tags/list", said({"name": "p/app", "tags": ["1.0"]}))
    async with client_of({"gcr.io": api}) as client:
        parts = await heard(client, "gcr.io/p/app")
    assert (facts(parts), notes(parts)) == ([], [])


async def test_many_manifests_come_in_slices_and_end() -> None:
    row = {"tag": ["t"], "timeUploadedMs": "1718703660000"}
    listed = {str(Digest.of(str(number).encode())): row for number in range(10_001)}
    api = FakeApi().on("/v2/", OPEN_PING).on("/v2/p/app/tags/list", said({"manifest": listed}))
    async with client_of({"gcr.io": api}) as client:
        parts = await heard(client, "gcr.io/p/app", seconds=30)
    assert len(facts(parts)) == 10_000
    assert max(len(part.facts) for part in parts) == 500
    assert notes(parts) == ["Dates and sizes are those of 10,000 images only (gcr.io lists more)."]


def test_google_is_known_by_its_whole_name() -> None:
    ours = ("gcr.io", "eu.gcr.io", "us-west1-docker.pkg.dev")
    others = ("gcr.io.evil.example", "notgcr.io", "pkg.dev", "docker.pkg.dev.example", "x.us-docker.pkg.dev")
    assert all(is_google(Registry.parse(name)) for name in ours)
    assert not any(is_google(Registry.parse(name)) for name in others)
