"""Filters in every pane, orders of layers, and long lines that are scrolled."""

from __future__ import annotations

from pathlib import Path
from random import Random

from support import images
from support.fake_registry import FakeRegistry
from tui.screen_driver import Driven, browsing

LONG = "https://example.org/" + "path/" * 40 + "end-of-it"


def several(registry: FakeRegistry) -> str:
    """An index of three platforms, the first of which has three layers and a long label."""
    files = [{f"etc/file{size}": Random(size).randbytes(size)} for size in (10, 90_000, 4_000)]
    made = images.image(files=files, values={"config": {"Labels": {"org.example.url": LONG}, "Env": ["A=first"]}})
    others = images.image(architecture="arm64"), images.image(architecture="s390x")
    registry.repository("acme/app").add(images.index(made, *others), "1.0")
    return f"{registry.name}/acme/app:1.0"


def rows(driven: Driven, title: str) -> list[str]:
    """The rows of a pane at 120 columns, as they are read."""
    lines = driven.lines()
    first = next(number for number, line in enumerate(lines) if f"{title} " in line)
    last = next(number for number in range(first + 1, len(lines)) if lines[number].rstrip()[-1:] in "╯┛")
    return [line[34:-1].strip(" ▌▐│┃") for line in lines[first + 1 : last]]


async def test_manifests_are_filtered_with_what_they_are_in(registry: FakeRegistry, tmp_path: Path) -> None:
    async with browsing(several(registry), tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("2", "slash", *"s390")
        await driven.shows("1 of 4 · substring")
        shown = [row for row in rows(driven, "2 Manifests") if row]
        assert shown[0].endswith("s390")
        assert "index" in shown[1]
        assert "linux/s390x" in shown[2]
        assert len(shown) == 3
        await driven.press("enter")
        await driven.shows("3 Layers linux/s390x")
        await driven.press("escape")
        await driven.shows("linux/arm64")
        assert driven.screen.opened.manifests_pane.current is not None
        assert driven.screen.opened.manifests_pane.current.label == "linux/s390x"


async def test_a_filter_that_nothing_matches_says_how_to_go_on(registry: FakeRegistry, tmp_path: Path) -> None:
    async with browsing(several(registry), tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        for pane, noun in (("2", "manifest"), ("3", "row")):
            await driven.press(pane, "slash", *"zzz")
            await driven.shows(f'no {noun} matches "zzz"')
            await driven.press("enter", "escape")
            await driven.lacks("zzz")
        await driven.shows("linux/s390x")


async def test_layers_are_filtered_sorted_and_freed_of_empty_steps(registry: FakeRegistry, tmp_path: Path) -> None:
    async with browsing(several(registry), tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("3", "slash", *"part1")
        await driven.shows("1 of 4 · substring")
        await driven.press("enter")
        layer = driven.screen.opened.layers_pane.current
        assert layer is not None
        assert layer.number == 2
        await driven.press("escape")
        await driven.shows("3 layers · 1 empty")
        assert driven.screen.opened.layers_pane.current is layer

        await driven.press("s", "down", "enter")
        await driven.shows("3 layers")
        await driven.lacks("1 empty")
        await driven.press("s", "down", "enter")
        await driven.shows("3 layers · largest first")
        sizes = [row.descriptor.size or 0 for row in driven.screen.opened.layers_pane.shown_rows if row.descriptor]
        assert sizes == sorted(sizes, reverse=True)
        assert driven.screen.opened.layers_pane.current is layer


async def test_matches_of_the_config_are_counted(registry: FakeRegistry, tmp_path: Path) -> None:
    async with browsing(several(registry), tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("4", "v", "slash", *"part")
        await driven.shows("/part 1 of 3 matches")
        await driven.press("enter", "n")
        await driven.shows("/part 2 of 3 matches")
        await driven.press("up")
        await driven.shows("/part 3 matches")


async def test_long_lines_scroll_to_their_end_and_back(registry: FakeRegistry, tmp_path: Path) -> None:
    async with browsing(several(registry), tmp_path, size=(80, 24)) as driven:
        await driven.shows("created 2024-06-18")
        await driven.press("4", "G")
        await driven.shows("org.example.url")
        assert "end-of-it" not in driven.text()
        for _ in range(20):
            await driven.press("right")
        await driven.shows("end-of-it")
        assert "…" not in driven.text().partition("4  Config")[2]
        for _ in range(20):
            await driven.press("left")
        await driven.shows("https://example.org/")
