"""A tag is watched by HEAD alone, politely, and not for ever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from regbrowse.browser import Browser
from regbrowse.errors import AuthRequired, NotFound, Unsupported
from regbrowse.reference import Digest, Reference
from regbrowse.registry.client import Client
from regbrowse.registry.models import Settings
from regbrowse.tag_watch import LEAST_INTERVAL, LOW_INTERVAL, TagWatch, planned
from support import images
from support.asking import here
from support.fake_registry import FakeRegistry, Fault

BEFORE, AFTER = images.image(), images.image(architecture="arm64")
PATH = "/v2/acme/app/manifests/1.0"


@dataclass
class Clock:
    """A clock that only sleeping moves; what happens meanwhile is done then."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)
    meanwhile: dict[int, Callable[[], object]] = field(default_factory=dict)
    """By the number of the sleep, from 1."""

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        self.meanwhile.get(len(self.slept), lambda: None)()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def browser(registry: FakeRegistry, client: Client) -> Browser:
    registry.repository("acme/app").add(BEFORE, "1.0")
    return Browser(client)


def watching(
    browser: Browser, registry: FakeRegistry, clock: Clock, seconds: float = 600, interval: float = 60
) -> TagWatch:
    return TagWatch(browser, Reference(here(registry), "1.0"), interval, seconds, clock=clock, sleep=clock.sleep)


def methods(registry: FakeRegistry) -> list[str]:
    return [one.method for one in registry.asked if "/manifests/" in one.path]


async def test_it_ends_when_the_tag_moves(registry: FakeRegistry, browser: Browser, clock: Clock) -> None:
    clock.meanwhile[2] = lambda: registry.repository("acme/app").add(AFTER, "1.0")
    watch = watching(browser, registry, clock)
    moved = await watch.run()
    assert moved is not None
    assert (str(moved.before), str(moved.after), watch.asked) == (BEFORE.digest, AFTER.digest, 3)
    assert clock.slept == [60, 60]
    assert methods(registry) == ["HEAD"] * 3
    name = f"{registry.name}/acme/app:1.0"
    assert moved.sentence.startswith(f"{name} points to {AFTER.digest}, before to {BEFORE.digest} (20")


async def test_it_ends_when_the_tag_is_gone(registry: FakeRegistry, browser: Browser, clock: Clock) -> None:
    clock.meanwhile[1] = lambda: registry.repository("acme/app").tags.pop("1.0")
    moved = await watching(browser, registry, clock).run()
    assert moved is not None
    assert moved.after is None
    assert " is gone, before to " in moved.sentence
    assert methods(registry) == ["HEAD"] * 2, "no GET is sent, which pull limits would count"


async def test_it_ends_by_itself(registry: FakeRegistry, browser: Browser, clock: Clock) -> None:
    assert await watching(browser, registry, clock, seconds=150).run() is None
    assert clock.slept == [60, 60, 30]
    assert methods(registry) == ["HEAD"] * 3


async def test_it_is_never_asked_more_often_than_is_polite(
    registry: FakeRegistry, browser: Browser, clock: Clock
) -> None:
    assert await watching(browser, registry, clock, seconds=25, interval=0.1).run() is None
    assert clock.slept == [LEAST_INTERVAL, LEAST_INTERVAL, 5]


async def test_what_it_pointed_to_may_be_known(registry: FakeRegistry, browser: Browser, clock: Clock) -> None:
    watch = watching(browser, registry, clock)
    watch.before = Digest.parse(AFTER.digest)
    moved = await watch.run()
    assert moved is not None
    assert str(moved.after) == BEFORE.digest
    assert clock.slept == []


async def test_a_pause_that_is_asked_for_is_kept(registry: FakeRegistry, clock: Clock) -> None:
    registry.repository("acme/app").add(BEFORE, "1.0")
    registry.fault(PATH, Fault(429, b"", [("Retry-After", "300")], times=1, after=1))
    told: list[str] = []
    async with Client(Settings(pause=0)) as client:
        watch = watching(Browser(client), registry, clock, seconds=500)
        watch.tell = told.append
        clock.meanwhile[2] = lambda: client.limits.retry_now(here(registry).registry)
        assert await watch.run() is None
    assert clock.slept == [60, 300, 60, 60, 20]
    assert len(told) == 1


async def test_what_passes_is_told_once_and_asked_again(registry: FakeRegistry, browser: Browser, clock: Clock) -> None:
    registry.fault(PATH, Fault(502, b"", after=1, times=6))
    clock.meanwhile[3] = lambda: registry.repository("acme/app").add(AFTER, "1.0")
    told: list[str] = []
    watch = watching(browser, registry, clock)
    watch.tell = told.append
    assert await watch.run() is not None
    assert len(told) == 1


async def test_it_is_asked_less_often_while_little_is_left(
    registry: FakeRegistry, browser: Browser, clock: Clock
) -> None:
    registry.extra_headers = [("RateLimit-Limit", "100;w=21600"), ("RateLimit-Remaining", "3;w=21600")]
    assert await watching(browser, registry, clock, seconds=700).run() is None
    assert clock.slept == [LOW_INTERVAL, LOW_INTERVAL, 100]


async def test_what_cannot_be_watched(registry: FakeRegistry, browser: Browser, clock: Clock) -> None:
    with pytest.raises(NotFound, match=r"acme/app:none is not there"):
        await TagWatch(browser, Reference(here(registry), "none"), clock=clock, sleep=clock.sleep).run()
    registry.fault(PATH, Fault(405, method="HEAD"))
    with pytest.raises(Unsupported, match="does not answer HEAD"):
        await watching(browser, registry, clock).run()
    registry.faults.clear()
    registry.fault(PATH, Fault(200, b"", [("Content-Type", BEFORE.media_type)], method="HEAD"))
    with pytest.raises(Unsupported, match="does not tell by HEAD"):
        await watching(browser, registry, clock).run()
    assert set(methods(registry)) == {"HEAD"}
    registry.faults.clear()
    registry.auth, registry.public = "bearer", False
    with pytest.raises(AuthRequired):
        await watching(browser, registry, clock).run()


def test_the_plan_in_words() -> None:
    assert planned(60, 3600) == "every 60 s for 1 h"
