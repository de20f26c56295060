"""What people come for, from the start of the demo, with the number of keys it takes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from regbrowse.demo.registry import DemoRegistry
from regbrowse.demo.start import REGISTRY, START
from regbrowse.registry.models import Settings
from tui.screen_driver import Driven, browsing

WEBAPP = "registry.demo/acme/shop/webapp"


@pytest_asyncio.fixture(params=[(80, 24), (120, 36)], ids=["80x24", "120x36"])
async def demo(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Driven]:
    settings = Settings(pause=0, local={REGISTRY.key: DemoRegistry()})
    async with browsing(str(START), tmp_path, size=request.param, settings=settings) as driven:
        await driven.until(lambda: driven.screen.opened.config_pane.card)
        await driven.shows("SLSA v1" if request.param == (120, 36) else "attestation")
        await driven.until(lambda: not driven.screen.tags_pane.streaming and driven.is_quiet)
        yield driven


TASKS = [
    ("the index digest of a tag", 1, "Y", f"index digest of {WEBAPP}:2.14.1, 5 platforms"),
    ("the largest layer and its command", 3, "3 d", "ADD rootfs.tar.xz"),
    ("a label", 3, "4 G", "image.version"),
    ("which tags are this digest", 1, "a", "HEAD requests"),
    ("compare two tags", 4, "m j j equals_sign", "what a pull of B needs"),
    ("the curl for what is on screen", 2, "l y", "curl"),
    ("choose a platform", 3, "p j enter", "3 Layers linux/arm64/v8"),
    ("another repository of this registry", 4, "u / =charts enter enter", "Tags  webapp"),
]
"""What is wanted, how many keys it may take, the keys, and what is seen then; `=` is typed and does not count."""


@pytest.mark.parametrize(("most", "keys", "seen"), [task[1:] for task in TASKS], ids=[task[0] for task in TASKS])
async def test_a_task(demo: Driven, most: int, keys: str, seen: str) -> None:
    await done(demo, most, *keys.split())
    await demo.shows(seen)


async def test_the_digest_for_arm64(demo: Driven) -> None:
    await done(demo, 4, "2", *(["left"] if "SBOM" in demo.text() else []), "j", "Y")
    await demo.shows(f"linux/arm64/v8 digest of {WEBAPP}:2.14.1")


async def test_the_software_of_an_image(demo: Driven) -> None:
    """The SBOM is folded where there is little room."""
    await done(demo, 4, "2", *([] if "SBOM" in demo.text() else ["space"]), "j", "enter")
    await demo.shows("packages")


async def test_a_pasted_digest(demo: Driven) -> None:
    await demo.press("i")
    await demo.paste("c0378273efcda295f9c03cafcdb740d411cb68d87337082847b648e4e821b833")
    await demo.press("enter")
    await demo.shows("a statement (SBOM SPDX)")


async def done(demo: Driven, most: int, *keys: str) -> None:
    """Press keys as somebody does who waits for each."""
    for key in keys:
        if key.startswith("="):
            await demo.paste(key[1:])
            await demo.shows(f"/ {key[1:]}")
        else:
            await demo.press({"/": "slash"}.get(key, key))
            await demo.until(lambda: not demo.screen.tags_pane.streaming and demo.is_quiet)
    assert sum(not key.startswith("=") for key in keys) <= most


@pytest.mark.parametrize("place", ["", "/acme/policies/images:1.1", "/acme/charts/webapp"])
async def test_every_row_that_is_cut_can_be_read_whole(place: str, tmp_path: Path) -> None:
    """`d` shows all of it, in every pane, on a small terminal."""
    settings = Settings(pause=0, local={REGISTRY.key: DemoRegistry()})
    reference = f"{REGISTRY}{place}" if place else str(START)
    cut = 0
    async with browsing(reference, tmp_path, size=(80, 24), settings=settings) as demo:
        await demo.until(lambda: not demo.screen.tags_pane.streaming and demo.screen.opened.config_pane.row_count())
        for number, pane in enumerate(demo.screen.pane_layout.panes, 1):
            await demo.press(str(number))
            await demo.until(lambda: demo.is_quiet)
            for row in range(min(pane.row_count(), 60)):
                pane.rows.put_cursor(row)
                await demo.pilot.pause()
                y = pane.rows.region.y + row - pane.rows.top
                line = demo.lines()[y][pane.rows.region.x : pane.rows.region.right]
                for piece in line.split("…")[:-1]:
                    cut += 1
                    read = re.findall(r'[^\s▌▸▾",:]+', piece.split("  ")[-1])
                    whole = " ".join(pane.whole_row())
                    assert all(word in whole for word in read), line
    assert cut or place
