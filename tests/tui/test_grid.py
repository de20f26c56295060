"""The layouts, to the column."""

from __future__ import annotations

from itertools import product

import pytest

from regbrowse.tui.grid import CONFIG, FOOT, HEAD, LAYERS, MANIFESTS, PANES, REFUSE, STRIP, TAGS, Focus, regions


def test_stack_gives_the_room_to_the_pane_in_use() -> None:
    parts = regions(120, 36, Focus(MANIFESTS, MANIFESTS))
    assert [parts[pane].height for pane in PANES] == [32, 14, 9, 9]
    assert parts[TAGS].width == 34
    assert [parts[pane].height for pane in PANES] == [
        regions(120, 36, Focus(TAGS, MANIFESTS))[pane].height for pane in PANES
    ]
    assert [regions(120, 36, Focus(CONFIG))[pane].height for pane in PANES[1:]] == [9, 9, 14]


def test_narrow_shows_summaries_beside_the_pane_in_use() -> None:
    parts = regions(80, 24, Focus(MANIFESTS, MANIFESTS))
    assert [parts[pane].height for pane in PANES] == [21, 15, 3, 3]
    assert parts[TAGS].width == 26
    assert parts[STRIP].height == 1


def test_three_columns() -> None:
    parts = regions(200, 60, Focus())
    assert (parts[TAGS].width, parts[MANIFESTS].width, parts[CONFIG].width) == (50, 84, 66)
    assert (parts[MANIFESTS].height, parts[LAYERS].height) == (24, 32)
    assert regions(160, 40, Focus())[TAGS].width == 40


def test_single_column_and_refusal() -> None:
    assert [regions(60, 24, Focus(LAYERS))[pane].height for pane in PANES] == [3, 3, 12, 3]
    assert [pane for pane in PANES if pane in regions(60, 17, Focus(LAYERS))] == [LAYERS]
    assert set(regions(39, 24, Focus())) == {REFUSE}
    assert set(regions(80, 9, Focus())) == {REFUSE}


@pytest.mark.parametrize(
    "size", list(product((40, 69, 70, 99, 100, 159, 160, 199, 200, 300), (10, 17, 18, 24, 29, 30, 60)))
)
@pytest.mark.parametrize("pane", PANES)
@pytest.mark.parametrize("zoomed", [False, True])
def test_parts_cover_the_terminal_exactly(size: tuple[int, int], pane: str, zoomed: bool) -> None:
    width, height = size
    parts = regions(width, height, Focus(pane, MANIFESTS if pane == TAGS else pane, zoomed))
    cells = {(x, y) for part in parts.values() for x in range(part.x, part.right) for y in range(part.y, part.bottom)}
    assert len(cells) == width * height == sum(part.area for part in parts.values())
    assert {HEAD, STRIP, FOOT} <= set(parts)
