"""What registries tell beyond the standard, on the screen: dates and sizes of tags, and a search."""

from __future__ import annotations

from pathlib import Path

from regbrowse.registry.client import Settings
from support.fake_vendor import FakeApi, hub_page, hub_row, said
from tui.screen_driver import Driven, browsing

TAGS = "/v2/namespaces/library/repositories/alpine/tags"
SEARCH = "/v2/search/repositories/"


def hub(*, tags: object, search: object = None) -> tuple[FakeApi, Settings]:
    """Docker Hub: the registry lists two tags, the API says what it is told to."""
    tags_list = {"name": "library/alpine", "tags": ["latest", "3.20"]}
    registry = FakeApi().on("/v2/library/alpine/tags/list", said(tags_list))
    registry.on("/v2/", said({}))
    api = FakeApi().on(TAGS, said(tags)).on(SEARCH, said(search))
    return api, Settings(pause=0, local={"registry-1.docker.io": registry, "hub.docker.com": api})


async def typed(driven: Driven, text: str) -> None:
    await driven.press(*text)


async def test_a_tag_says_when_it_was_pushed_and_what_it_weighs(tmp_path: Path) -> None:
    _, settings = hub(tags=hub_page(hub_row("latest")))
    async with browsing("alpine", tmp_path, settings=settings) as driven:
        await driven.shows("3.20")
        await driven.shows("pushed 2024-06-18 09:40 UTC  2.9 MiB linux/amd64")


async def test_without_them_the_tags_stay_and_the_reason_is_said(tmp_path: Path) -> None:
    _, settings = hub(tags="maintenance")
    async with browsing("alpine", tmp_path, settings=settings) as driven:
        await driven.shows("3.20")
        await driven.shows("Dates and sizes are not available right now (hub.docker.com:")
        assert driven.screen.tags_pane.error is None


async def test_docker_hub_is_searched_instead_of_listed(tmp_path: Path) -> None:
    found = {"results": [{"repo_name": "library/postgres", "short_description": "The \x1b[31mdatabase"}]}
    api, settings = hub(tags=hub_page(), search=found)
    async with browsing("docker.io/", tmp_path, settings=settings) as driven:
        await driven.shows("docker.io does not list its")
        await driven.press("slash")
        await typed(driven, "post")
        await driven.shows("library/postgres")
        await driven.shows("The \\x1b[31mdatabase")
        await driven.shows("1 repository found · search")
        await driven.press("enter")
        assert driven.screen.tags_pane.current == "library/postgres"
        await driven.press("enter")
        await driven.until(lambda: driven.screen.tags_pane.repository is not None)
        assert str(driven.screen.tags_pane.repository) == "docker.io/library/postgres"
    asked = [target for target in api.asked if target.startswith(SEARCH)]
    assert len(asked) == 1, "asked once the typing rests"
    assert "query=post" in asked[0]


async def test_a_search_that_finds_nothing_and_one_that_fails(tmp_path: Path) -> None:
    api, settings = hub(tags=hub_page(), search={"results": []})
    async with browsing("docker.io/", tmp_path, settings=settings) as driven:
        await driven.shows("docker.io does not list its")
        await driven.press("slash")
        await typed(driven, "zzz")
        await driven.shows('nothing is found for "zzz"')
        api.on(SEARCH, said({"message": "down"}, 503))
        await typed(driven, "z")
        await driven.until(lambda: "×" in driven.text().splitlines()[-2], "the reason on the strip")
        await driven.press("escape")
        await driven.shows("docker.io does not list its")
