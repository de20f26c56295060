"""The mouse does what the keys do."""

from __future__ import annotations

from pathlib import Path

from textual import events

from support import images
from support.fake_registry import FakeRegistry
from tui.screen_driver import browsing


async def test_click_picks_the_row_and_focuses_its_pane(registry: FakeRegistry, tmp_path: Path) -> None:
    repository = registry.repository("shop/app")
    repository.add(images.index(images.image(architecture="amd64"), images.image(architecture="arm64")), "1.0.0")
    repository.add(images.image(architecture="s390x"), "0.9.0")
    async with browsing(f"{registry.name}/shop/app:1.0.0", tmp_path) as driven:
        await driven.shows("linux/arm64")
        await driven.pilot.click("#manifests", offset=(10, 3))
        await driven.until(lambda: driven.screen.pane_layout.focused_pane == "manifests")
        await driven.shows("platform    linux/arm64")
        await driven.pilot.click("#tags", offset=(6, 2))
        await driven.shows("platform    linux/s390x")


async def test_wheel_scrolls_without_moving_the_cursor(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.repository("shop/app").add(images.image(), *(f"1.{n}" for n in range(100)))
    async with browsing(f"{registry.name}/shop/app", tmp_path) as driven:
        await driven.shows("1.99")
        rows = driven.screen.tags_pane.rows
        driven.app.post_message(events.MouseScrollDown(None, 6, 5, 0, 1, 0, False, False, False))
        await driven.until(lambda: rows.top > 0)
        assert rows.cursor == 0


async def test_click_on_the_foot_presses_the_key(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.repository("shop/app").add(images.image(), "1.0.0")
    async with browsing(f"{registry.name}/shop/app", tmp_path) as driven:
        await driven.shows("1.0.0")
        line = driven.lines()[-1]
        await driven.pilot.click("#footer", offset=(line.index("? help"), 0))
        await driven.shows("claimed: named by its parent")
        await driven.press("escape")
        await driven.lacks("claimed: named by its parent")


async def test_every_key_on_the_foot_works(registry: FakeRegistry, tmp_path: Path) -> None:
    """Whatever the foot offers in a pane can be done there."""
    registry.repository("shop/app").add(images.index(images.image(architecture="amd64")), "1.0.0")
    async with browsing(f"{registry.name}/shop/app:1.0.0", tmp_path, size=(200, 60)) as driven:
        await driven.shows("platform    linux/amd64")
        for pane in ("1", "2", "3", "4"):
            await driven.press(pane)
            await driven.until(lambda: driven.screen.footer.hints)
            for hint in driven.screen.footer.hints:
                assert hint.word
                assert driven.offers(hint.action), (pane, hint)
