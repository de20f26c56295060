"""What takes much of a pull limit is asked first."""

from __future__ import annotations

from pathlib import Path

from support import images
from support.fake_registry import FakeRegistry, Fault
from tui.screen_driver import Driven, browsing

MANY = [images.image(architecture=f"a{number}") for number in range(30)]
METERED = [("RateLimit-Limit", "100;w=21600"), ("RateLimit-Remaining", "72;w=21600")]


def reads(registry: FakeRegistry) -> int:
    """How many manifests were asked for; one whose request was cancelled by a newer one is asked for again."""
    return len({one.path for one in registry.asked if one.method == "GET" and "/manifests/sha256:" in one.path})


async def opened(driven: Driven) -> None:
    await driven.shows("linux/a9")
    await driven.press("2")


async def test_sizes_of_many_rows_are_read_when_it_is_wanted(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.extra_headers = list(METERED)
    registry.repository("acme/app").add(images.index(*MANY), "1.0")
    async with browsing(f"{registry.name}/acme/app:1.0", tmp_path) as driven:
        await opened(driven)
        await driven.press("z")
        await driven.shows("c sizes for")
        assert reads(registry) <= 11, "the one that is shown, and ten more"
        await driven.until(lambda: driven.is_quiet)
        before = reads(registry)
        await driven.press("c")
        await driven.shows("of the 72 pulls that are left.")
        await driven.press("escape")
        await driven.lacks("pulls that are left")
        assert reads(registry) == before
        await driven.press("c", "enter")
        await driven.until(lambda: reads(registry) == 29, "all that are in view")
        await driven.lacks("c sizes for")


async def test_few_rows_are_read_without_a_question(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.extra_headers = list(METERED)
    registry.repository("acme/app").add(images.index(*MANY[:9]), "1.0")
    async with browsing(f"{registry.name}/acme/app:1.0", tmp_path) as driven:
        await driven.shows("linux/a8")
        await driven.until(lambda: reads(registry) == 9)
        assert not driven.offers("sizes")


async def test_many_rows_are_read_where_nothing_is_counted(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.repository("acme/app").add(images.index(*MANY), "1.0")
    async with browsing(f"{registry.name}/acme/app:1.0", tmp_path) as driven:
        await driven.until(lambda: reads(registry) > 10)
        assert not driven.offers("sizes")


async def test_looking_for_a_digest_asks_first(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.extra_headers = list(METERED)
    wanted = images.sha256(b"elsewhere")
    registry.repository("acme/app").add(
        images.index(*MANY, images.image(values={"config": {"Labels": {"of": wanted}}})), "1.0"
    )
    async with browsing(f"{registry.name}/acme/app:1.0", tmp_path, size=(120, 36)) as driven:
        await driven.shows(wanted[:20])
        await driven.press("4")
        await driven.until(lambda: driven.is_quiet)
        await driven.press("G")
        await driven.press("enter")
        await driven.shows("of the 72 pulls that are left.")
        await driven.press("escape")
        await driven.shows("nothing of it was read")
        assert reads(registry) <= 11, "what the rows in view show"
        await driven.press("enter")
        await driven.shows("of the 72 pulls that are left.")
        await driven.press("enter")
        await driven.shows("is nowhere in")


async def test_tags_are_not_asked_by_themselves_where_head_is_a_get(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.extra_headers = list(METERED)
    names = [f"1.{number}" for number in range(20)]
    registry.repository("acme/app").add(MANY[0], *names)
    for name in names:
        registry.fault(f"/v2/acme/app/manifests/{name}", Fault(405, method="HEAD"))
    async with browsing(f"{registry.name}/acme/app", tmp_path) as driven:
        await driven.shows("platform    linux/a0")
        await driven.until(lambda: any(one.method == "HEAD" for one in registry.asked))
        await driven.until(lambda: driven.is_quiet)
        asked = {one.path for one in registry.asked if one.method == "GET" and "/manifests/1." in one.path}
        assert len(asked) <= 10


async def test_all_tags_of_a_digest_are_asked_for_when_it_is_wanted(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.extra_headers = list(METERED)
    names = [f"1.{number}" for number in range(20)]
    registry.repository("acme/app").add(MANY[0], *names)
    for name in names:
        registry.fault(f"/v2/acme/app/manifests/{name}", Fault(405, method="HEAD"))
    async with browsing(f"{registry.name}/acme/app:1.19", tmp_path) as driven:
        await driven.shows("platform    linux/a0")
        await driven.until(lambda: driven.is_quiet)
        await driven.press("a")
        await driven.shows("of the 72 pulls that are left.")
        await driven.press("escape")
        await driven.shows("nothing of it was read")
        await driven.press("escape", "a")
        await driven.shows("of the 72 pulls that are left.")
        await driven.press("enter")
        await driven.until(lambda: all(name in driven.screen.tags_pane.list.digests for name in names))
