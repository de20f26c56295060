"""`a`: which tags have the digest of this one; complete, or with how many are not asked."""

from __future__ import annotations

import asyncio
from pathlib import Path

from support import images
from support.fake_registry import FakeRegistry
from tui.screen_driver import browsing


def filled(registry: FakeRegistry, count: int = 100) -> None:
    """Every tenth tag is one image, the others are another one each."""
    repository = registry.repository("shop/app")
    same = images.image()
    for number in range(count):
        made = same if number % 10 == 0 else images.image(files=[{"number": b"%d" % number}])
        repository.add(made, f"1.{number}.0")


async def test_the_tags_of_a_digest_are_found_by_one_key(registry: FakeRegistry, tmp_path: Path) -> None:
    filled(registry, 30)
    async with browsing(f"{registry.name}/shop/app:1.20.0", tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("a")
        await driven.shows("3 tags · same digest")
        assert [line for line in ("1.20.0", "1.10.0", "1.0.0") if line not in driven.text()] == []
        assert "1.19.0" not in driven.text()
        assert driven.screen.tags_pane.current == "1.20.0"
        heads = [each.path for each in registry.asked if each.method == "HEAD"]
        assert len(heads) - len(set(heads)) <= 4, "those on their way when all were asked for"
        await driven.press("escape")
        await driven.shows("1.19.0")
        assert driven.screen.tags_pane.current == "1.20.0"


async def test_of_many_tags_the_number_is_said_before_they_are_asked(registry: FakeRegistry, tmp_path: Path) -> None:
    filled(registry)
    async with browsing(f"{registry.name}/shop/app:1.90.0", tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.until(lambda: driven.is_quiet)
        await driven.press("a")
        await driven.shows("HEAD requests")
        await driven.shows(" of 100 asked")
        assert len([each for each in registry.asked if each.method == "HEAD"]) < 60, "those in view only"
        await driven.press("a")
        await driven.shows("10 tags · same digest")
        await driven.press("a")
        await driven.shows("1.99.0")


async def test_it_can_be_stopped_and_gone_on_with(registry: FakeRegistry, tmp_path: Path) -> None:
    filled(registry)
    gate = registry.gate("/v2/shop/app/manifests/1.50.0")
    async with browsing(f"{registry.name}/shop/app:1.90.0", tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.until(lambda: driven.is_quiet)
        await driven.press("a", "a")
        await asyncio.wait_for(gate.arrived.wait(), 10)
        await driven.shows("esc stop ")
        await driven.press("escape")
        await driven.lacks("esc stop ")
        await driven.shows("of 100 asked")
        gate.open()
        await driven.press("a")
        await driven.shows("10 tags · same digest")
        await driven.press("escape")
        await driven.shows("1.99.0")
