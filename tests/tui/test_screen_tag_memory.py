"""Tags that moved since they were visited, and a tag that is watched."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from regbrowse.digest import Digest
from regbrowse.tag_watch import TagWatch
from regbrowse.tui import loaders
from support import images
from support.fake_registry import FakeRegistry, Fault
from tui.screen_driver import Driven, browsing

BEFORE, AFTER = images.image(), images.image(architecture="arm64")


@pytest.fixture
def place(registry: FakeRegistry) -> str:
    registry.repository("acme/app").add(BEFORE, "1.0")
    registry.repository("acme/app").add(images.image("windows"), "0.9")
    return f"{registry.name}/acme/app"


@dataclass
class Sleep:
    """A sleep that the test ends."""

    slept: list[float] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.begun.set()
        await self.over.wait()


@pytest.fixture
def sleep(monkeypatch: pytest.MonkeyPatch) -> Sleep:
    sleep = Sleep()
    monkeypatch.setattr(loaders, "TagWatch", partial(TagWatch, sleep=sleep))
    return sleep


def row(driven: Driven, tag: str) -> str:
    """The row of a tag, without frame and bar."""
    return next(line for line in driven.lines() if f" {tag} " in line.partition("┃")[2][:12])[1:33]


async def visited(driven: Driven, tmp_path: Path) -> None:
    await driven.shows("platform    linux/amd64")
    await driven.until(lambda: (tmp_path / "tags.json").exists() and driven.is_quiet, "the visit is written down")


async def test_a_tag_that_moved_since_it_was_visited(place: str, registry: FakeRegistry, tmp_path: Path) -> None:
    async with browsing(f"{place}:1.0", tmp_path) as driven:
        await visited(driven, tmp_path)
        assert "≠" not in driven.text()
    registry.repository("acme/app").add(AFTER, "1.0")
    async with browsing(place, tmp_path, size=(160, 40)) as driven:
        await driven.shows("≠ 1.0")
        await driven.shows(f"≠ {Digest.parse(BEFORE.digest).short} when visited 20")
        await driven.shows(AFTER.digest)
        await driven.press("1", "d")
        await driven.shows(f"before    {BEFORE.digest}")
        await driven.shows(f"digest    {AFTER.digest}")
        await driven.shows("visited   20")
        await driven.press("escape")
        await driven.shows("= compare with last visit")
        await driven.press("equals_sign")
        await driven.shows("what a pull of B needs")
        await driven.press("escape")
        await driven.until(lambda: driven.is_quiet)
    async with browsing(place, tmp_path) as driven:
        await driven.shows("platform    linux/arm64")
        assert "≠" not in driven.text(), "it was visited since"


async def test_tags_that_are_only_in_view_are_compared_as_well(
    place: str, registry: FakeRegistry, tmp_path: Path
) -> None:
    async with browsing(f"{place}:1.0", tmp_path) as driven:
        await visited(driven, tmp_path)
    registry.repository("acme/app").add(AFTER, "1.0")
    async with browsing(f"{place}:0.9", tmp_path) as driven:
        await driven.shows("≠ 1.0")
        assert "GET" not in [one.method for one in registry.asked[-40:] if one.path.endswith("/1.0")][1:]


async def test_all_that_is_known_of_a_tag(place: str, tmp_path: Path) -> None:
    async with browsing(f"{place}:1.0", tmp_path) as driven:
        await visited(driven, tmp_path)
        await driven.press("d")
        await driven.shows(f"name      {place}:1.0")
        await driven.shows("with this digest")


async def test_a_watched_tag_is_told_of_when_it_moves(
    place: str, registry: FakeRegistry, tmp_path: Path, sleep: Sleep
) -> None:
    async with browsing(f"{place}:0.9", tmp_path) as driven:
        await driven.shows("platform    windows")
        await driven.press("k", "w")
        await driven.until(sleep.begun.is_set, "the first look")
        await driven.shows("◎ 1.0")
        await driven.shows("◎ app:1.0")
        await driven.shows("every 60 s for 1 h")
        assert driven.screen.tags_pane.word("watch") == "watch no more"
        registry.repository("acme/app").add(AFTER, "1.0")
        sleep.over.set()
        await driven.shows("≠ app:1.0 points to " + Digest.parse(AFTER.digest).short)
        await driven.shows("≠ 1.0")
        assert "◎" not in driven.text()
        driven.screen.note("copied", "something else")
        await driven.pilot.pause()
        await driven.shows("≠ app:1.0 points to")
        await driven.press("j")
        await driven.lacks("≠ app:1.0 points to")


async def test_watching_ends_by_the_same_key(place: str, tmp_path: Path, sleep: Sleep) -> None:
    async with browsing(f"{place}:1.0", tmp_path) as driven:
        await driven.shows("platform    linux")
        await driven.press("w")
        await driven.until(sleep.begun.is_set, "the first look")
        await driven.press("w")
        await driven.shows("stopped watching app:1.0")
        assert "◎" not in driven.text()
        await driven.until(lambda: driven.is_quiet)


async def test_watching_goes_on_elsewhere(place: str, registry: FakeRegistry, tmp_path: Path, sleep: Sleep) -> None:
    registry.repository("acme/other").add(BEFORE, "3.0")
    async with browsing(f"{place}:1.0", tmp_path) as driven:
        await driven.shows("platform    linux")
        await driven.press("w")
        await driven.until(sleep.begun.is_set, "the first look")
        await driven.press("u")
        await driven.shows("acme/other")
        await driven.shows("◎ app:1.0")
        registry.repository("acme/app").tags.pop("1.0")
        sleep.over.set()
        await driven.shows("≠ app:1.0 is gone")


async def test_what_cannot_be_watched_is_said(place: str, registry: FakeRegistry, tmp_path: Path) -> None:
    async with browsing(f"{place}:1.0", tmp_path) as driven:
        await driven.shows("platform    linux")
        registry.fault("/v2/acme/app/manifests/1.0", Fault(405, method="HEAD"))
        await driven.press("w")
        await driven.shows("does not answer HEAD for a manifest")
        assert "◎" not in driven.text()
        assert not any(worker.group == "watch" and not worker.is_finished for worker in driven.app.workers)


async def test_a_registry_that_tells_another_digest_than_it_serves(
    place: str, registry: FakeRegistry, tmp_path: Path, sleep: Sleep
) -> None:
    headers = [("Content-Type", BEFORE.media_type), ("Docker-Content-Digest", AFTER.digest)]
    registry.fault("/v2/acme/app/manifests/1.0", Fault(200, BEFORE.raw, headers))
    for _ in range(2):
        async with browsing(f"{place}:1.0", tmp_path) as driven:
            await driven.shows("platform    linux/amd64")
            await driven.press("w")
            await driven.until(sleep.begun.is_set, "the first look")
            await driven.until(lambda: any(one.method == "HEAD" for one in registry.asked))
            assert "≠" not in driven.text()
        sleep.begun.clear()
