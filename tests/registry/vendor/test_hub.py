from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from regbrowse.errors import BadResponse, NetError, RateLimited, RegistryError, Unsupported
from regbrowse.redact import Secret
from regbrowse.reference import Digest, Registry
from regbrowse.registry.client import Settings
from regbrowse.registry.models import Found, TagFact
from regbrowse.registry.responder import Answer
from regbrowse.registry.vendor import is_searchable
from regbrowse.settings.login import Login
from support.fake_vendor import (
    HTML,
    ApiClient,
    D,
    FakeApi,
    client_of,
    facts,
    heard,
    hub_page,
    hub_row,
    notes,
    place,
    said,
)

TAGS = "/v2/namespaces/library/repositories/alpine/tags"
SEARCH = "/v2/search/repositories/"
HUB = Registry.parse("docker.io")
UNAVAILABLE = "Dates and sizes are not available right now (hub.docker.com: {})."


async def test_tags_come_with_date_size_and_digest() -> None:
    hub = FakeApi().on(TAGS, said(hub_page(hub_row(), hub_row("old", images=[], tag_last_pushed=None))))
    async with client_of({"hub.docker.com": hub}) as client:
        parts = await heard(client, "docker.io/library/alpine")
    pushed = datetime(2024, 6, 18, 9, 40, tzinfo=UTC)
    later = datetime(2024, 6, 18, 9, 41, tzinfo=UTC)
    assert facts(parts) == [
        TagFact("latest", pushed, 3_000_000, "linux/amd64", Digest.parse(D)),
        TagFact("old", later, 3_000_000, "one platform", Digest.parse(D)),
    ]
    assert notes(parts) == []
    assert hub.asked == [f"{TAGS}?page_size=100&ordering=last_updated"]


async def test_the_login_of_the_registry_stays_with_the_registry() -> None:
    hub, registry = FakeApi().on(TAGS, said(hub_page(hub_row()))), FakeApi()
    login = Login("ann", Secret("s3cr3t-canary-hub"))
    async with client_of({"hub.docker.com": hub, "registry-1.docker.io": registry}, login) as client:
        await client.auth.pings.ping(HUB)
        assert len(facts(await heard(client, "docker.io/library/alpine"))) == 1
    assert hub.logins == [""]


async def test_pages_are_followed_and_bounded() -> None:
    following = f"https://hub.docker.com{TAGS}?page=%d"
    pages = [said(hub_page(hub_row(f"t{number}"), next=following % number)) for number in range(12)]
    hub = FakeApi().on(TAGS, *pages)
    async with client_of({"hub.docker.com": hub}) as client:
        parts = await heard(client, "docker.io/library/alpine")
    assert [fact.tag for fact in facts(parts)] == [f"t{number}" for number in range(10)]
    assert len(hub.asked) == 10
    assert notes(parts) == ["Dates and sizes are those of the newest tags only (hub.docker.com lists more)."]


async def test_a_page_that_names_itself_ends_the_list() -> None:
    hub = FakeApi().on(TAGS, said(hub_page(hub_row(), next=f"{TAGS}?page_size=100&ordering=last_updated")))
    async with client_of({"hub.docker.com": hub}) as client:
        await heard(client, "docker.io/library/alpine")
    assert len(hub.asked) == 1


@pytest.mark.parametrize(
    ("following", "note"),
    [
        ("https://evil.example/x", "hub.docker.com continued its list on another host (evil.example); not followed."),
        ("http://hub.docker.com/v2/x", "hub.docker.com continued its list on another host (hub.docker.com); not"),
        ("https://hub.docker.com:8443/v2/x", "hub.docker.com continued its list on another host"),
        ("//evil.example/v2/x", "hub.docker.com continued its list on another host (evil.example); not followed."),
        ("https://a@hub.docker.com/", "hub.docker.com continued its list at an address with a user name in it"),
        ("file:///etc/passwd", "hub.docker.com continued its list at an address with the scheme"),
        ("https://[::1/", "hub.docker.com continued its list at an address with an impossible host or port"),
    ],
)
async def test_another_origin_is_not_followed(following: str, note: str) -> None:
    hub, other = FakeApi().on(TAGS, said(hub_page(hub_row(), next=following))), FakeApi()
    async with client_of({"hub.docker.com": hub, "evil.example": other}) as client:
        parts = await heard(client, "docker.io/library/alpine")
    assert [fact.tag for fact in facts(parts)] == ["latest"]
    assert notes(parts)[0].startswith(note)
    assert other.asked == []
    assert len(hub.asked) == 1


async def test_null_everywhere_is_unknown() -> None:
    row: dict[str, object] = dict.fromkeys(hub_row())
    hub = FakeApi().on(TAGS, said(hub_page(row, {**row, "name": "bare"}, next=None)))
    async with client_of({"hub.docker.com": hub}) as client:
        parts = await heard(client, "docker.io/library/alpine")
    assert facts(parts) == [TagFact("bare")]
    assert notes(parts) == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (said({"count": 3}), "strange answer"),
        (said({"results": None}), "strange answer"),
        (said([]), "strange answer"),
        (HTML, "strange answer"),
        (Answer(200, {}, b""), "strange answer"),
        (Answer(200, {}, b"[" * 100_000), "strange answer"),
        (Answer(200, {}, b" " * (4 * 2**20 + 1)), "too big"),
        (said({"message": "httperror 404: object not found"}, 404), "404 Not Found"),
        (said({"detail": "x"}, 401), "401 Unauthorized"),
        (said({}, 500), "500 Internal Server Error"),
        (said({}, 429, {"x-retry-after": "9999999999"}), "limiting requests"),
        (Answer(302, {"location": "https://evil.example/login"}, b""), "refused"),
        (Answer(302, {"location": TAGS}, b""), "refused"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value.status),
)
async def test_every_failure_is_one_note(answer: Answer, reason: str) -> None:
    hub, other = FakeApi().on(TAGS, answer), FakeApi()
    async with client_of({"hub.docker.com": hub, "evil.example": other}) as client:
        parts = await heard(client, "docker.io/library/alpine")
    assert (facts(parts), notes(parts)) == ([], [UNAVAILABLE.format(reason)])
    assert other.asked == []
    assert len(hub.asked) <= 2


async def test_a_setting_that_cannot_be_used_is_a_note() -> None:
    async with ApiClient(Settings(ca_file=Path("/nowhere/ca.pem"), pause=0)) as client:
        assert notes(await heard(client, "docker.io/library/alpine")) == [UNAVAILABLE.format("bad setting")]


async def test_a_later_page_that_fails_leaves_what_came() -> None:
    page = said(hub_page(hub_row(), next=f"{TAGS}?page=2"))
    hub = FakeApi().on(TAGS, page, said({}, 503))
    async with client_of({"hub.docker.com": hub}) as client:
        parts = await heard(client, "docker.io/library/alpine")
    assert len(facts(parts)) == 1
    assert notes(parts) == ["Dates and sizes are not complete (hub.docker.com: 503 Service Unavailable)."]


async def test_nobody_waits_for_a_slow_answer() -> None:
    hub = FakeApi(gate=asyncio.Event())
    started = time.monotonic()
    async with client_of({"hub.docker.com": hub}) as client:
        parts = await heard(client, "docker.io/library/alpine", seconds=0.05)
        assert time.monotonic() - started < 2
        assert notes(parts) == [UNAVAILABLE.format("no answer")]
        with pytest.raises(NetError, match="did not answer"):
            await client.apis(0.05).search(HUB, "alpine")


async def test_a_limit_is_respected_before_the_next_question() -> None:
    hub = FakeApi().on(TAGS, said({}, 429, {"retry-after": "600"}))
    async with client_of({"hub.docker.com": hub}) as client:
        vendor_apis = client.apis()
        for _ in range(3):
            parts = [part async for part in vendor_apis.tag_facts(place("docker.io/library/alpine"))]
            assert notes(parts) == [UNAVAILABLE.format("limiting requests")]
    assert len(hub.asked) == 1


async def test_leaving_early_closes_the_request() -> None:
    hub = FakeApi(gate=asyncio.Event())
    async with client_of({"hub.docker.com": hub}) as client:
        asking = asyncio.ensure_future(heard(client, "docker.io/library/alpine"))
        await hub.arrived.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert client.log[-1].note == "cancelled"


async def test_search_finds_repositories_that_can_be_opened() -> None:
    rows = [
        {"repo_name": "alpine", "short_description": "A minimal\nimage\x1b", "star_count": 11_000, "is_official": True},
        {"repo_name": "grafana/loki", "short_description": None, "star_count": None, "is_official": False},
        {"repo_name": "Not/Valid"},
        {"repo_name": None},
        {"repo_name": "grafana/loki"},
        None,
        3,
    ]
    hub = FakeApi().on(SEARCH, said({"count": 9, "results": rows}))
    async with client_of({"hub.docker.com": hub}) as client:
        vendor_apis = client.apis()
        found = await vendor_apis.search(HUB, " a&b/\ud800 ")
        assert await vendor_apis.search(HUB, "  ") == ()
    assert found == (
        Found("library/alpine", "A minimal image\\x1b", True, 11_000),
        Found("grafana/loki", "", False, None),
    )
    assert hub.asked == [f"{SEARCH}?query=a%26b%2F%3F&page_size=50"]


async def test_the_classic_search_stands_in() -> None:
    hub = FakeApi().on(SEARCH, HTML)
    rows = [{"name": "alpine", "description": "A minimal image", "star_count": 1, "is_official": True}]
    classic = FakeApi().on("/v1/search", said({"results": rows}))
    async with client_of({"hub.docker.com": hub, "index.docker.io": classic}) as client:
        found = await client.apis().search(HUB, "alpine")
    assert found == (Found("library/alpine", "A minimal image", True, 1),)
    assert classic.asked == ["/v1/search?q=alpine&n=50"]


@pytest.mark.parametrize(
    ("answer", "kind", "why"),
    [
        (HTML, BadResponse, "sent a web page instead"),
        (said({}, 429), RateLimited, "hub.docker.com is limiting requests."),
        (said({}, 404), Unsupported, "hub.docker.com does not offer this."),
        (said({}, 401), Unsupported, "hub.docker.com does not show this to everybody."),
    ],
)
async def test_a_search_that_fails_says_why(answer: Answer, kind: type[RegistryError], why: str) -> None:
    hub, classic = FakeApi().on(SEARCH, answer), FakeApi().on("/v1/search", said({}, 500))
    async with client_of({"hub.docker.com": hub, "index.docker.io": classic}) as client:
        with pytest.raises(kind, match=why) as caught:
            await client.apis().search(HUB, "alpine")
    assert caught.value.wanted == "Searching hub.docker.com"


async def test_who_can_be_searched() -> None:
    async with client_of({}) as client:
        vendor_apis = client.apis()
        names = ("docker.io", "index.docker.io", "quay.io", "ghcr.io", "quay.io.evil.example", "localhost:5000")
        assert [is_searchable(Registry.parse(name)) for name in names] == [True, True, True, False, False, False]
        with pytest.raises(Unsupported, match=r"ghcr\.io has no search"):
            await vendor_apis.search(Registry.parse("ghcr.io"), "x")
