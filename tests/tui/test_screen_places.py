"""Going back and forward loses nothing; what is opened by itself, and what is remembered."""

from __future__ import annotations

from pathlib import Path

import pytest

from regbrowse.state import recents
from support import images
from support.fake_registry import FakeRegistry
from tui.screen_driver import browsing

LIST = "/v2/shop/app/tags/list"


def filled(registry: FakeRegistry) -> None:
    for number in range(40):
        registry.repository(f"team/r{number:02}").add(images.image(), "1.0")
    repository = registry.repository("shop/app")
    repository.add(images.index(images.image(), images.image(architecture="arm64")), "1.1.0", "1.0.0")
    repository.add(images.image(), *(f"0.{number}.0" for number in range(50)))


async def test_back_to_the_catalog_keeps_cursor_filter_and_what_was_listed(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    filled(registry)
    async with browsing(f"{registry.name}/", tmp_path) as driven:
        await driven.shows("41 · by name")
        await driven.press("slash", *"r3", "enter", "j", "j")
        await driven.shows("team/r32")
        await driven.press("enter")
        await driven.shows("Tags  r32")
        await driven.press("left_square_bracket")
        await driven.shows("Repositories")
        await driven.shows("/ r3")
        await driven.shows(f"repo   {registry.name}/team/r32")
        assert driven.screen.tags_pane.current == "team/r32"
        assert len([each for each in registry.asked if each.path.endswith("_catalog")]) == 1
        await driven.press("g")
        await driven.shows("] forward")
        await driven.press("right_square_bracket")
        await driven.shows("Tags  r32")
        assert len([each for each in registry.asked if each.path == "/v2/team/r32/tags/list"]) == 1


async def test_back_to_a_tag_keeps_platform_row_pane_and_scroll(registry: FakeRegistry, tmp_path: Path) -> None:
    filled(registry)
    async with browsing(f"{registry.name}/shop/app:1.1.0", tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("p", "j", "enter")
        await driven.shows("platform    linux/arm64")
        await driven.press("1", "slash", *"0.4", "enter", "2")
        await driven.shows("Manifests  0.49.0")
        await driven.press("1", "escape", "g", "2")
        await driven.shows("platform    linux/arm64")
        await driven.press("o")
        await driven.paste(f"{registry.name}/team/r01:1.0")
        await driven.press("enter")
        await driven.shows("Manifests 1.0")
        await driven.shows("platform    linux/amd64")
        await driven.press("left_square_bracket")
        await driven.shows("platform    linux/arm64")
        assert driven.screen.pane_layout.focused_pane == "manifests"
        assert driven.screen.tags_pane.current == "1.1.0"
        assert len([each for each in registry.asked if each.path == LIST]) == 1
        await driven.press("right_square_bracket")
        await driven.shows("Manifests 1.0")
        assert driven.screen.pane_layout.focused_pane == "tags"


async def test_a_list_that_was_left_while_it_came_goes_on_when_it_is_returned_to(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    filled(registry)
    registry.page_size = 30
    gate = registry.gate(LIST)
    gate.open()

    def link(path: str, query: str) -> str:
        gate.opened.clear()
        return f'<{path}?{query}>; rel="next"'

    registry.link = link
    async with browsing(f"{registry.name}/shop/app", tmp_path) as driven:
        await driven.shows("30 so far")
        await driven.press("o")
        await driven.paste(f"{registry.name}/team/r01:1.0")
        await driven.press("enter")
        await driven.shows("1 of 1 · newest first")
        registry.link = lambda path, query: f'<{path}?{query}>; rel="next"'
        gate.open()
        await driven.press("left_square_bracket")
        await driven.shows("of 52 · newest first")


async def test_the_first_tag_is_opened_by_itself(registry: FakeRegistry, tmp_path: Path) -> None:
    filled(registry)
    async with browsing(f"{registry.name}/shop/app", tmp_path) as driven:
        await driven.shows("Manifests 1.1.0")
        await driven.shows("platform    linux/amd64")
        assert not driven.screen.navigator.can_step(-1)


async def test_the_first_tag_is_not_opened_where_few_pulls_are_left(registry: FakeRegistry, tmp_path: Path) -> None:
    filled(registry)
    registry.extra_headers = [("ratelimit-limit", "100;w=21600"), ("ratelimit-remaining", "5;w=21600")]
    async with browsing(f"{registry.name}/shop/app", tmp_path) as driven:
        await driven.shows("waits for enter, which costs 1 of the 5 pulls left")
        assert not any("/manifests/" in each.path for each in registry.asked)
        await driven.press("enter")
        await driven.shows("platform    linux/amd64")


@pytest.mark.parametrize(("keys", "kept"), [("j", ["shop/app"]), ("jG", ["shop/app"])])
async def test_only_what_was_opened_on_purpose_is_remembered(
    registry: FakeRegistry, tmp_path: Path, keys: str, kept: list[str]
) -> None:
    filled(registry)
    async with browsing(f"{registry.name}/shop/app", tmp_path) as driven:
        await driven.shows("Manifests 1.1.0")
        for key in keys:
            before = driven.screen.tags_pane.current
            await driven.press(key)
            assert driven.screen.tags_pane.current != before
            await driven.shows(f"Manifests {driven.screen.tags_pane.current}")
            await driven.shows("platform    linux")
        assert [each.reference for each in recents.load()] == [f"{registry.name}/{name}" for name in kept]
        await driven.press("enter")
        await driven.until(lambda: len(recents.load()) == 2)
        assert recents.load()[0].reference == f"{registry.name}/shop/app:{driven.screen.tags_pane.current}"


async def test_up_to_the_repositories_of_the_registry(registry: FakeRegistry, tmp_path: Path) -> None:
    filled(registry)
    async with browsing(f"{registry.name}/team/r07:1.0", tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("2", "u")
        await driven.shows("41 · by name")
        assert driven.screen.pane_layout.focused_pane == "tags"
        assert driven.screen.tags_pane.current == "team/r07"
        assert not driven.offers("repositories")
        await driven.press("left_square_bracket")
        await driven.shows("platform    linux/amd64")
        assert driven.screen.tags_pane.repository is not None


async def test_listing_the_tags_anew_forgets_no_digest_of_what_is_open(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.repository("shop/app").add(images.image(), "1.0", "latest")
    async with browsing(f"{registry.name}/shop/app:1.0", tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.shows("= latest")
        await driven.press("r")
        await driven.until(lambda: driven.is_quiet)
        await driven.shows("= latest")
        await driven.until(lambda: driven.offers("digest"))
