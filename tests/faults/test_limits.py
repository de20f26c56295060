"""Registries that want to be left alone, or have trouble of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from faults.answers import http, problem
from faults.asking import LIST, MADE, TAG, here, listing, manifest, sent
from faults.rows import row
from faults.server import TRUTH, Misbehaving
from faults.trial import trial
from regbrowse.errors import RateLimited, ServerError
from regbrowse.registry.client import Client

AREA = "Limits"
PAST = "Tue, 18 Jun 2024 09:41:00 GMT"
HUB_WORDS = "You have reached your pull rate limit. You may increase the limit by authenticating and upgrading"


def limited(*headers: tuple[str, str], message: str = "slow down") -> bytes:
    return problem(429, "TOOMANYREQUESTS", message, headers)


def soon(**parts: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(**parts), usegmt=True)


@row(
    AREA,
    server="429 with `Retry-After` as seconds, date, 1e9, or `X-Retry-After`, all far away",
    client="does not wait silently: says when it may be tried again, an hour at most",
)
@pytest.mark.parametrize(
    ("name", "value", "low", "high"),
    [
        ("Retry-After", lambda: "120", 119, 120),
        ("Retry-After", lambda: soon(minutes=10), 500, 601),
        ("Retry-After", lambda: "1e9", 3590, 3600),
        ("Retry-After", lambda: soon(days=900), 3590, 3600),
        ("X-Retry-After", lambda: str(int(datetime.now(UTC).timestamp()) + 300), 200, 301),
    ],
)
async def test_long_waits(server: Misbehaving, name: str, value: Callable[[], str], low: float, high: float) -> None:
    server.on(LIST, limited((name, value())))
    seen = await trial(server, listing(server), at_most=2)
    assert isinstance(seen.error, RateLimited)
    assert seen.error.retry_after is not None
    assert low <= seen.error.retry_after <= high
    assert "limiting requests" in seen.why


@row(
    AREA,
    server="429 with a short `Retry-After`, a past date, a negative number, garbage or none",
    client="waits as long as it was told, tries again, and gets the answer",
)
@pytest.mark.parametrize("value", ["0.04", "0", "-5", PAST, "garbage", "nan", "\x1b[31m", None])
async def test_short_waits(server: Misbehaving, value: str | None) -> None:
    server.truth.repository("acme/app").listed = ["1"]
    refusal = limited(*([] if value is None else [("Retry-After", value)]))
    server.on(LIST, refusal, refusal, TRUTH)
    seen = await trial(server, listing(server), at_most=4)
    assert seen.answer == ["1"]
    assert seen.seconds > (0.08 if value == "0.04" else 0)


@row(AREA, server="429 for ever without a date", client="gives up after three tries")
async def test_limits_without_end(server: Misbehaving) -> None:
    server.on(LIST, limited())
    seen = await trial(server, listing(server), at_most=4)
    assert isinstance(seen.error, RateLimited)


@row(AREA, server="429 for one question, for two minutes", client="leaves the whole registry alone; a key ends that")
async def test_a_limit_counts_for_everybody(server: Misbehaving) -> None:
    server.truth.repository("acme/app").add(MADE, "1")
    server.on(TAG, limited(("Retry-After", "120")), TRUTH)

    async def ask(client: Client) -> list[int]:
        registry = here(server).registry
        with pytest.raises(RateLimited):
            await manifest(server)(client)
        wait = client.limits.wait(registry)
        assert wait is not None
        assert "limiting requests" in wait.why
        with pytest.raises(RateLimited):
            await manifest(server, "2")(client)
        asked = [server.count("/v2/acme/app/manifests/2")]
        client.limits.retry_now(registry)
        assert client.limits.wait(registry) is None
        await manifest(server)(client)
        return asked

    seen = await trial(server, ask, at_most=3)
    assert seen.answer == [0]


@row(
    AREA,
    server="a pull limit is counted down in `ratelimit-limit` and `ratelimit-remaining`",
    client="knows what is left; a header that says nothing is passed over",
)
@pytest.mark.parametrize(
    ("limit", "left", "known"),
    [("100;w=21600", "76;w=21600", True), (" 100 ; w=21600", "76", True), ("x", "76", False), ("-100", "76", False)],
)
async def test_counted_pulls(server: Misbehaving, limit: str, left: str, known: bool) -> None:
    server.on(TAG, sent(MADE.raw, headers=[("RateLimit-Limit", limit), ("RateLimit-Remaining", left)]))

    async def ask(client: Client) -> int | None:
        await manifest(server)(client)
        rate = client.limits.rate(here(server).registry)
        return rate.remaining if rate else None

    seen = await trial(server, ask, at_most=2)
    assert seen.answer == (76 if known else None)


@row(AREA, server="500 twice, then the answer", client="gets the answer with the third try")
@pytest.mark.parametrize("status", [408, 499, 500, 502, 503, 504, 522, 524])
async def test_trouble_that_passes(server: Misbehaving, status: int) -> None:
    server.truth.repository("acme/app").listed = ["1"]
    bad = http(status, "<html><title>Bad Gateway</title>")
    server.on(LIST, bad, bad, TRUTH)
    seen = await trial(server, listing(server), at_most=4)
    assert seen.answer == ["1"]


@row(AREA, server="408, 499, 502 with HTML, 503, 504, 522 or 524 for ever", client="tells after three tries")
@pytest.mark.parametrize("status", [408, 499, 502, 503, 504, 522, 524])
async def test_trouble_that_stays(server: Misbehaving, status: int) -> None:
    server.on(TAG, http(status, "<html><title>\x1b[31mMaintenance</title>"))
    seen = await trial(server, manifest(server), at_most=4)
    assert isinstance(seen.error, ServerError)
    assert "has a problem on its side" in seen.why
    assert seen.error.evidence.said == "\\x1b[31mMaintenance"
    assert server.count(TAG) == 4  # three tries, and the one that was cancelled


@row(AREA, server="421: the connection is for another host", client="asks once more on a new connection")
async def test_misdirected_requests(server: Misbehaving) -> None:
    server.truth.repository("acme/app").add(MADE, "1")
    server.on(TAG, http(421), TRUTH)
    seen = await trial(server, manifest(server), at_most=3)
    assert seen.answer is not None
    first, second = [one for one in server.asked if one.path == TAG][:2]
    assert first.connection != second.connection


@row(
    AREA,
    server="20 `Warning` headers, one of 10 KB, some with control characters or of other codes",
    client="keeps each once, harmless, 4,096 bytes in all, and does nothing because of them",
)
async def test_warnings(server: Misbehaving) -> None:
    lines = ['299 - "old \\"api\\""', '299 - "\x1b[31mred"', '199 - "other"', f'299 - "{"w" * 10_000}"', "299 - open"]
    lines += [f'299 - "number {number % 7} {"x" * 500}"' for number in range(20)]
    server.on(TAG, sent(MADE.raw, headers=[("Warning", line) for line in lines]))

    async def ask(client: Client) -> tuple[str, ...]:
        await manifest(server)(client)
        await manifest(server, "1")(client)
        return client.connection(here(server).registry).notes

    seen = await trial(server, ask, at_most=3)
    assert seen.answer is not None
    told = " ".join(seen.answer)
    assert 'old "api"' in told
    assert "\x1b" not in told
    assert "other" not in told
    assert len(told.encode()) < 5000
    assert told.count("number 1") <= 1


@row(AREA, server="the limit's own words are hostile, or of Docker Hub", client="shows them harmless")
@pytest.mark.parametrize("words", ["\x1b[2J\u202e[bold]", HUB_WORDS])
async def test_words_of_limits(server: Misbehaving, words: str) -> None:
    server.on(LIST, limited(("Retry-After", "500"), message=words))
    seen = await trial(server, listing(server), at_most=2)
    assert isinstance(seen.error, RateLimited)
    assert not {"\x1b", "\u202e"} & set(seen.shown)
