"""The layouts, to the column."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from support import images
from support.fake_registry import FakeRegistry
from tui.screen_driver import Driven, browsing

Size = tuple[int, int]


async def laid_out(driven: Driven, size: Size, keys: str = "") -> dict[str, tuple[int, int]]:
    """The width and height of every pane that is shown, after these keys at this size."""
    await driven.pilot.resize_terminal(*size)
    for key in keys:
        await driven.press(key)
    await driven.pilot.pause(0.05)
    panes = driven.screen.pane_layout.panes
    return {str(pane.id): (pane.region.width, pane.region.height) for pane in panes if pane.region.area}


@pytest.fixture
def filled(registry: FakeRegistry) -> str:
    registry.repository("shop/app").add(images.index(images.image()), "1.0.0")
    return f"{registry.name}/shop/app:1.0.0"


async def test_stack_gives_the_room_to_the_pane_in_use(filled: str, tmp_path: Path) -> None:
    async with browsing(filled, tmp_path) as driven:
        heights = {"tags": (34, 32), "manifests": (86, 14), "layers": (86, 9), "config": (86, 9)}
        assert await laid_out(driven, (120, 36), "2") == heights
        assert await laid_out(driven, (120, 36), "1") == heights
        assert await laid_out(driven, (120, 36), "4") == heights | {"manifests": (86, 9), "config": (86, 14)}
        assert await laid_out(driven, (120, 36), "1") == heights | {"manifests": (86, 9), "config": (86, 14)}


async def test_narrow_shows_summaries_beside_the_pane_in_use(filled: str, tmp_path: Path) -> None:
    async with browsing(filled, tmp_path) as driven:
        sizes = await laid_out(driven, (80, 24), "2")
        assert sizes == {"tags": (26, 21), "manifests": (54, 15), "layers": (54, 3), "config": (54, 3)}
        await driven.shows("env")
        assert "line 1 of" not in driven.text()


async def test_three_columns(filled: str, tmp_path: Path) -> None:
    async with browsing(filled, tmp_path) as driven:
        sizes = await laid_out(driven, (200, 60), "2")
        assert sizes == {"tags": (50, 56), "manifests": (84, 24), "layers": (84, 32), "config": (66, 56)}
        assert (await laid_out(driven, (160, 40)))["tags"] == (40, 36)


async def test_single_column_and_too_small(filled: str, tmp_path: Path) -> None:
    async with browsing(filled, tmp_path) as driven:
        sizes = await laid_out(driven, (60, 24), "3")
        assert sizes == {"tags": (60, 3), "manifests": (60, 3), "layers": (60, 12), "config": (60, 3)}
        sizes = await laid_out(driven, (60, 24), "1")
        assert sizes == {"tags": (60, 12), "manifests": (60, 3), "layers": (60, 3), "config": (60, 3)}
        assert await laid_out(driven, (60, 17), "3") == {"layers": (60, 14)}
        assert await laid_out(driven, (60, 17), "1") == {"tags": (60, 14)}
        for size in ((39, 24), (80, 9)):
            assert await laid_out(driven, size) == {}
            await driven.shows(f"regbrowse needs 40x10, this is {size[0]}x{size[1]}")
        assert len(await laid_out(driven, (80, 24))) == 4


async def test_panes_cover_the_body_exactly(filled: str, tmp_path: Path) -> None:
    async with browsing(filled, tmp_path) as driven:
        for key in ("1", "4", "z"):
            await driven.press(key)
            for width, height in product((40, 70, 100, 159, 160, 200), (10, 18, 30)):
                await laid_out(driven, (width, height))
                regions = [pane.region for pane in driven.screen.pane_layout.panes if pane.region.area]
                cells = {cell for each in regions for cell in product(each.column_range, each.line_range)}
                rows = height - (4 if height >= 30 else 3)
                assert len(cells) == width * rows == sum(each.area for each in regions), (key, width, height)
