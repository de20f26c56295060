"""How often a registry is asked, how soon again, and by how many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import pytest

from regbrowse.errors import NetError, Offline, RateLimited, ServerError
from regbrowse.oci.descriptor import Descriptor
from regbrowse.reference import Digest, Registry, Repository
from regbrowse.registry.auth.ping import Pings
from regbrowse.registry.client import Client, Settings
from regbrowse.registry.error_mapping import status_error
from regbrowse.registry.models import LoginState
from regbrowse.registry.requests import Response, tags_request
from regbrowse.registry.transport import rate_limit
from regbrowse.registry.transport.transport import Transport
from support import images
from support.asking import here
from support.fake_registry import FakeRegistry, Fault
from support.tls_world import Machine

TAGS = "/v2/acme/app/tags/list"
BLOB = images.layer()
PATH = f"/v2/acme/app/blobs/{BLOB.digest}"
WHAT = Descriptor(BLOB.media_type, Digest.parse(BLOB.digest), len(BLOB.raw))


def paths(registry: FakeRegistry) -> list[str]:
    return [one.path for one in registry.asked if one.path != "/v2/"]


class Rests:
    """Takes the place of every wait: notes how long it is, and lasts until the test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, open: bool = True) -> None:
        self.seconds: list[float] = []
        self.began = asyncio.Event()
        self.ended = asyncio.Event()
        if open:
            self.ended.set()
        monkeypatch.setattr(rate_limit, "sleep", self)

    async def __call__(self, seconds: float, hurried: asyncio.Event) -> None:
        self.seconds.append(seconds)
        self.began.set()
        over, hurry = asyncio.ensure_future(self.ended.wait()), asyncio.ensure_future(hurried.wait())
        try:
            await asyncio.wait({over, hurry}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
            hurry.cancel()


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not reached():
            await asyncio.sleep(0)


async def tags(client: Client, registry: FakeRegistry) -> list[str]:
    return [tag async for page in client.tags(here(registry)) for tag in page.tags]


@pytest.mark.parametrize("header", [("Retry-After", "2"), ("Retry-After", "2.0")])
async def test_a_short_wait_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, registry: FakeRegistry, client: Client, header: tuple[str, str]
) -> None:
    rests = Rests(monkeypatch)
    registry.repository("acme/app").add(images.image(), "1")
    registry.fault(TAGS, Fault(429, b"", [header], times=1))
    assert await tags(client, registry) == ["1"]
    assert rests.seconds == [pytest.approx(2.05, abs=0.06)]


@pytest.mark.parametrize("status", [408, 429, 499, 500, 502, 503, 504, 522, 524])
async def test_troubles_that_pass(monkeypatch: pytest.MonkeyPatch, registry: FakeRegistry, status: int) -> None:
    rests = Rests(monkeypatch)
    registry.repository("acme/app").add(images.image(), "1")
    registry.fault(TAGS, Fault(status, b"", times=2))
    async with Client(Settings(pause=0.5)) as client:
        assert await tags(client, registry) == ["1"]
    assert rests.seconds == [pytest.approx(0.5, abs=0.11), pytest.approx(1, abs=0.21)]


async def test_everybody_waits_while_a_registry_wants_to_be_left_alone(
    monkeypatch: pytest.MonkeyPatch, registry: FakeRegistry, client: Client
) -> None:
    rests = Rests(monkeypatch, open=False)
    registry.repository("acme/app").add(images.image(), "1")
    await client.ping(here(registry).registry)
    registry.fault(TAGS, Fault(429, b"", [("Retry-After", "30")], times=1))
    listing = asyncio.create_task(tags(client, registry))
    await asyncio.wait_for(rests.began.wait(), 5)
    reading = asyncio.create_task(client.manifest(here(registry), "1"))
    await until(lambda: len(rests.seconds) >= 2)
    wait = client.limits.wait(here(registry).registry)
    assert wait is not None
    assert wait.why == f"{registry.name} is limiting requests."
    assert paths(registry) == [TAGS]
    rests.ended.set()
    await asyncio.gather(listing, reading)
    assert len(registry.paths()) == 3
    assert client.limits.wait(here(registry).registry) is None


async def test_try_now_ends_the_wait(monkeypatch: pytest.MonkeyPatch, registry: FakeRegistry, client: Client) -> None:
    rests = Rests(monkeypatch, open=False)
    registry.repository("acme/app").add(images.image(), "1")
    registry.fault(TAGS, Fault(503, b"", [("Retry-After", "30")], times=1))
    listing = asyncio.create_task(tags(client, registry))
    await asyncio.wait_for(rests.began.wait(), 5)
    client.limits.retry_now(here(registry).registry)
    assert await asyncio.wait_for(listing, 5) == ["1"]


async def test_giving_up_during_a_wait_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, registry: FakeRegistry
) -> None:
    rests = Rests(monkeypatch, open=False)
    registry.fault(TAGS, Fault(500, b"", times=1))
    async with Client(Settings(pause=0.5)) as client:
        listing = asyncio.create_task(tags(client, registry))
        await asyncio.wait_for(rests.began.wait(), 5)
        assert client.limits.wait(here(registry).registry) is not None
        listing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listing
        assert client.limits.wait(here(registry).registry) is None


async def test_a_long_wait_is_told_at_once_and_nobody_asks_again_meanwhile(
    monkeypatch: pytest.MonkeyPatch, registry: FakeRegistry, client: Client
) -> None:
    rests = Rests(monkeypatch)
    registry.repository("acme/app").add(images.image(), "1")
    registry.fault(TAGS, Fault(429, b"", [("Retry-After", "1e9")], times=1))
    for _ in range(3):
        with pytest.raises(RateLimited) as caught:
            await tags(client, registry)
        assert caught.value.retry_after == pytest.approx(3600, abs=2)
        assert caught.value.hint == "Try again in about 60 minutes."
    assert paths(registry) == [TAGS]
    assert rests.seconds == []
    await client.manifest(here(registry), "1")
    client.limits.retry_now(here(registry).registry)
    assert await tags(client, registry) == ["1"]


async def test_background_questions_are_tried_five_times(registry: FakeRegistry) -> None:
    registry.fault(TAGS, Fault(500, b""))
    transport = Transport(Settings(pause=0))
    question = tags_request(here(registry))
    background = type(question)(question.registry, "tags", TAGS, "", "", background=True)
    reply = await transport.send(background, f"{registry.url}{TAGS}")
    await transport.aclose()
    assert reply.status == 500
    assert len(registry.paths()) == 5


async def test_five_failures_in_a_row_close_an_origin_for_a_while(registry: FakeRegistry, client: Client) -> None:
    registry.repository("acme/app").add(images.image(), "1")
    registry.repository("acme/app").blobs[BLOB.digest] = BLOB.raw
    registry.fault(PATH, Fault(truncate=5, times=5))
    with pytest.raises(NetError, match="broke off"):
        await client.blob(here(registry), WHAT)
    with pytest.raises(NetError) as caught:
        await client.blob(here(registry), WHAT)
    assert caught.value.why == "127.0.0.1 failed 5 times in a row and is left alone for a while."
    assert caught.value.hint == "Press r to try now."
    asked = len(registry.paths())
    with pytest.raises(NetError):
        await tags(client, registry)
    assert len(registry.paths()) == asked
    wait = client.limits.wait(here(registry).registry)
    assert wait is not None
    client.limits.retry_now(here(registry).registry)
    assert await client.blob(here(registry), WHAT) == BLOB.raw


async def test_an_answer_in_between_keeps_an_origin_open(registry: FakeRegistry, client: Client) -> None:
    registry.repository("acme/app").add(images.image(), "1")
    for _ in range(4):
        registry.faults[TAGS] = [Fault(truncate=0, times=2)]
        assert await tags(client, registry) == ["1"]


async def test_a_name_that_is_unknown_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    rests = Rests(monkeypatch)
    async with Client(Settings(pause=0.5)) as patient:
        with pytest.raises(NetError, match=r"The name no-such-host\.invalid is not known \(DNS\)\."):
            await patient.ping(Registry.parse("no-such-host.invalid"))
        assert rests.seconds == [pytest.approx(1, abs=0.21)]
        assert len(patient.log) == 2


async def test_the_deadline_counts_over_all_redirects(registry: FakeRegistry) -> None:
    registry.fault(PATH, Fault(307, b"", [("Location", "/v2/moved")]))
    gate = registry.gate("/v2/moved")
    async with Client(Settings(pause=0, deadline=0.2)) as client:
        with pytest.raises(NetError, match=r"127\.0\.0\.1 did not answer within 1 s"):
            await client.blob(here(registry), WHAT)
    await asyncio.wait_for(gate.left.wait(), 5)


async def test_maintenance_with_a_web_page_is_trouble_not_data(registry: FakeRegistry, client: Client) -> None:
    registry.fault(TAGS, Fault(503, b"<html><title>Back soon</title>"))
    with pytest.raises(ServerError) as caught:
        await tags(client, registry)
    assert caught.value.evidence.said == "Back soon"


async def test_warnings_are_kept_once(registry: FakeRegistry, client: Client) -> None:
    registry.repository("acme/app").add(images.image(), "1")
    registry.extra_headers = [("Warning", '299 - "This registry \\"moves\\"."')]
    await tags(client, registry)
    await tags(client, registry)
    notes = client.connection(here(registry).registry).notes
    assert notes == (f'{registry.name} says: This registry "moves".',)


@pytest.mark.parametrize("room", [1, 7])
async def test_as_many_connections_as_the_settings_say(registry: FakeRegistry, room: int) -> None:
    machine = Machine()
    machine.rooms["127.0.0.1", registry.port] = room
    gate = registry.gate(TAGS)
    transport = Transport(Settings(pause=0, network=machine))
    try:
        question = tags_request(here(registry))
        asking = [asyncio.create_task(transport.send(question, f"{registry.url}{TAGS}")) for _ in range(10)]
        await until(lambda: len(paths(registry)) >= room)
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(paths(registry)) == room
        gate.open()
        await asyncio.gather(*asking)
    finally:
        await transport.aclose()


@pytest.mark.parametrize(
    ("user", "why", "hint"),
    [
        ("", "(100 per 6 h for anonymous use from your address).", "Logging in raises it. Lists still work."),
        ("ann", "(100 per 6 h for your account).", "Lists still work."),
    ],
)
def test_the_pull_limit_of_docker_hub(user: str, why: str, hint: str) -> None:
    hub = Repository(Registry.parse("docker.io"), "library/alpine")
    headers = httpx.Headers({"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "0;w=21600"})
    reply = Response(tags_request(hub), 429, headers, b"", "https://registry-1.docker.io/", 0.1)
    error = status_error(reply, LoginState(user))
    assert isinstance(error, RateLimited)
    assert error.why == f"Docker Hub pull limit reached {why}"
    assert error.hint == hint


async def test_offline_nothing_leaves(registry: FakeRegistry) -> None:
    transport = Transport(Settings(offline=True))
    with pytest.raises(Offline, match="is not asked offline"):
        await Pings(transport).ping(here(registry).registry)
    with pytest.raises(Offline, match=r"Listing tags of .* failed"):
        await transport.send(tags_request(here(registry)), f"{registry.url}{TAGS}")
    assert registry.connections == set()
