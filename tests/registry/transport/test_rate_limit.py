from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from regbrowse.reference import Registry
from regbrowse.registry.requests import Request, Response
from regbrowse.registry.transport import rate_limit
from regbrowse.registry.transport.concurrency import ConcurrencyLimit
from regbrowse.registry.transport.rate_limit import CIRCUIT_SECONDS, MAX_FAILURES, Bucket, RateLimits, limited, sleep
from regbrowse.registry.transport.retry import backoff, retry_after
from regbrowse.registry.transport.url_policy import Origin

HERE: Origin = ("https", "one.example", 443)
THERE: Origin = ("https", "two.example", 443)
BUCKET: Bucket = (HERE, "ann")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2", 2.0),
        (" 2.5 ", 2.5),
        ("-5", 0.0),
        ("1e9", 3600.0),
        ("inf", 3600.0),
        ("nan", 0.0),
        ("soon", None),
        ("", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 3600.0),
    ],
)
def test_what_a_registry_asks_for(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": text}) == seconds


def test_a_date_is_told_in_seconds() -> None:
    text = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert retry_after({"retry-after": text}) == pytest.approx(30, abs=2)


@pytest.mark.parametrize("text", ["soon", "", "-1", "9" * 13])
def test_the_older_header_is_a_moment(text: str) -> None:
    assert retry_after({"x-retry-after": f"{time.time() + 30:.0f}"}) == pytest.approx(30, abs=2)
    assert retry_after({"x-retry-after": text}) is None


def test_pauses_double_and_never_undercut_what_was_asked() -> None:
    for attempt, usual in enumerate([0.5, 1, 2, 4]):
        assert 0.8 * usual <= backoff(attempt, 0.5) <= 1.2 * usual
    assert backoff(20, 0.5) <= 36
    assert 10 <= backoff(0, 0.5, 10.0) <= 10.5
    assert backoff(0, 0, 0.0) == 0


def test_a_pull_limit() -> None:
    limits, hub = RateLimits(), Registry("one.example")
    limits.read_rate(hub, {"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "76;w=21600"})
    rate = limits.rate(hub)
    assert rate is not None
    assert (rate.limit, rate.remaining, rate.window) == (100, 76, 21600)
    assert not limits.is_low(hub)
    limits.read_rate(hub, {"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "10;w=21600"})
    assert limits.is_low(hub)
    limits.forget_rate(hub)
    limits.read_rate(hub, {"ratelimit-limit": "many", "ratelimit-remaining": "76"})
    assert limits.rate(hub) is None


async def test_a_rest_ends_when_somebody_is_in_a_hurry() -> None:
    hurried = asyncio.Event()
    resting = asyncio.create_task(sleep(60, hurried))
    await asyncio.sleep(0)
    hurried.set()
    await asyncio.wait_for(resting, 5)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def question(kind: str = "tags") -> Request:
    registry = Registry("one.example")
    asked = Request(registry, "tags", "/v2/a/tags/list", "Listing tags", "a")
    return asked if kind == "tags" else Request(registry, "manifest", "/v2/a/manifests/1", "Reading", "a")


async def test_everybody_of_a_bucket_waits_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []

    async def remembered(seconds: float, _: asyncio.Event) -> None:
        rests.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr(rate_limit, "sleep", remembered)
    pauses = RateLimits(Clock())
    pauses.pause(BUCKET, "one.example", 30, "one.example is limiting requests.")
    pauses.pause(BUCKET, "one.example", 10, "a shorter one changes nothing")
    wait = pauses.wait(Registry("one.example"))
    assert wait is not None
    assert (wait.until, wait.why) == (1030, "one.example is limiting requests.")
    await pauses.until_free((HERE, ""))
    await pauses.until_free((THERE, "ann"))
    assert rests == []
    await asyncio.gather(pauses.until_free(BUCKET), pauses.until_free(BUCKET))
    assert rests == [30, 30]
    assert pauses.wait(Registry("one.example")) is None


async def test_hurry_reaches_who_waits_for_a_pause_that_has_grown_since() -> None:
    pauses = RateLimits()
    pauses.pause(BUCKET, "one.example", 60, "")
    first = asyncio.create_task(pauses.until_free(BUCKET))
    await asyncio.sleep(0)
    pauses.pause(BUCKET, "one.example", 90, "")
    second = asyncio.create_task(pauses.until_free(BUCKET))
    await asyncio.sleep(0)
    pauses.retry_now(Registry("one.example"))
    await asyncio.wait_for(asyncio.gather(first, second), 5)
    pauses.pause(BUCKET, "one.example", 60, "")
    third = asyncio.create_task(pauses.until_free(BUCKET))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not third.done()
    third.cancel()


async def test_a_pause_that_grows_is_waited_for_to_its_end() -> None:
    clock = Clock()
    pauses = RateLimits(clock)
    pauses.pause(BUCKET, "one.example", 0, "")
    clock.now = 1001
    pauses.pause(BUCKET, "one.example", 3600, "")
    over = asyncio.create_task(pauses.until_free(BUCKET))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not over.done()
    pauses.retry_now(Registry("two.example"))
    await asyncio.sleep(0)
    assert not over.done()
    pauses.retry_now(Registry("one.example"))
    await asyncio.wait_for(over, 5)
    assert not pauses.is_paused(BUCKET)


async def test_a_nap_is_seen_and_ends_in_a_hurry() -> None:
    pauses = RateLimits(Clock())
    nap = asyncio.create_task(pauses.back_off("one.example", 3600, "one.example has a problem on its side."))
    await asyncio.sleep(0)
    wait = pauses.wait(Registry("one.example"))
    assert wait is not None
    assert wait.why == "one.example has a problem on its side."
    pauses.retry_now(Registry("one.example"))
    await asyncio.wait_for(nap, 5)
    assert pauses.wait(Registry("one.example")) is None


def test_an_answer_stands_until_its_time_is_over() -> None:
    clock = Clock()
    pauses = RateLimits(clock)
    answer = Response(question(), 429, httpx.Headers({"Retry-After": "3600"}), b"no", "https://one.example/", 0.1)
    pauses.hold(BUCKET, answer, 3600)
    clock.now += 3000
    held = pauses.held(BUCKET, question())
    assert held is not None
    assert (held.status, held.body, held.headers["retry-after"]) == (429, b"no", "600")
    assert pauses.held(BUCKET, question("manifest")) is None
    assert pauses.held((HERE, ""), question()) is None
    wait = pauses.wait(Registry("one.example"))
    assert wait is not None
    assert wait.until == 4600
    clock.now += 600
    assert pauses.held(BUCKET, question()) is None
    assert pauses.wait(Registry("one.example")) is None
    pauses.hold(BUCKET, answer, 3600)
    pauses.retry_now(Registry("one.example"))
    assert pauses.held(BUCKET, question()) is None


def test_an_origin_that_only_fails_is_left_alone_for_a_while() -> None:
    clock = Clock()
    pauses = RateLimits(clock)
    for _ in range(MAX_FAILURES - 1):
        pauses.failed(HERE, "one.example", "one.example could not be reached several times.")
    assert not pauses.circuit_is_open(HERE)
    pauses.succeeded(HERE)
    for _ in range(MAX_FAILURES):
        assert not pauses.circuit_is_open(HERE)
        pauses.failed(HERE, "one.example", "one.example could not be reached several times.")
    assert pauses.circuit_is_open(HERE)
    assert not pauses.circuit_is_open(THERE)
    wait = pauses.wait(Registry("one.example"))
    assert wait is not None
    assert wait.why == "one.example could not be reached several times."
    clock.now += CIRCUIT_SECONDS
    assert not pauses.circuit_is_open(HERE)
    pauses.failed(HERE, "one.example", "one.example could not be reached several times.")
    assert pauses.circuit_is_open(HERE)
    pauses.retry_now(Registry("one.example"))
    assert not pauses.circuit_is_open(HERE)


async def through(
    limit: ConcurrencyLimit, origin: Origin, name: str, seen: list[str], *, background: bool = False
) -> None:
    async with limit.slot(origin, background=background):
        seen.append(name)
        await asyncio.sleep(0)


async def test_people_go_before_the_background() -> None:
    limit, seen = ConcurrencyLimit(lambda _: 1), list[str]()
    async with limit.slot(HERE):
        last = asyncio.create_task(through(limit, HERE, "row", seen, background=True))
        first = asyncio.create_task(through(limit, HERE, "person", seen))
        await asyncio.sleep(0)
        assert seen == []
        await through(limit, THERE, "elsewhere", seen)
    await asyncio.gather(last, first)
    assert seen == ["elsewhere", "person", "row"]


async def test_all_origins_together_have_room_for_so_many() -> None:
    limit, seen, held = ConcurrencyLimit(lambda _: 4, total=2), list[str](), asyncio.Event()

    async def hold(number: int) -> None:
        async with limit.slot(("https", f"h{number}.example", 443)):
            seen.append(str(number))
            await held.wait()

    tasks = [asyncio.create_task(hold(number)) for number in range(5)]
    for _ in range(50):
        await asyncio.sleep(0)
    assert seen == ["0", "1"]
    held.set()
    await asyncio.gather(*tasks)
    assert seen == ["0", "1", "2", "3", "4"]


async def test_who_gives_up_takes_no_place() -> None:
    limit, seen = ConcurrencyLimit(lambda _: 1), list[str]()
    async with limit.slot(HERE):
        waiting_here = asyncio.create_task(through(limit, HERE, "gone", seen))
        called_and_gone = asyncio.create_task(through(limit, HERE, "late", seen))
        await asyncio.sleep(0)
        waiting_here.cancel()
        await asyncio.sleep(0)
    called_and_gone.cancel()
    await asyncio.gather(waiting_here, called_and_gone, return_exceptions=True)
    await asyncio.wait_for(through(limit, HERE, "next", seen), 5)
    assert seen == ["next"]


async def test_extras_that_have_to_wait_are_nobody_elses_business() -> None:
    pauses = RateLimits(Clock())
    own = Request(Registry("one.example"), "vendor", "/api", "Asking", "a")
    pauses.pause(BUCKET, "one.example", 30, limited(own))
    pauses.hold(BUCKET, Response(own, 429, httpx.Headers(), b"", "https://one.example/", 0.1), 3600)
    for _ in range(MAX_FAILURES):
        pauses.failed(THERE, "one.example", "")
    assert pauses.wait(Registry("one.example")) is None
    assert pauses.is_paused(BUCKET)
    assert pauses.circuit_is_open(THERE)
