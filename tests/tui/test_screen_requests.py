"""The request log on the screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import images
from support.fake_registry import FakeRegistry, Fault
from tui.screen_driver import Driven, browsing

IMAGE = images.image()
METERED = [("RateLimit-Limit", "100;w=21600"), ("RateLimit-Remaining", "99;w=21600")]


@pytest.fixture
def place(registry: FakeRegistry) -> str:
    registry.extra_headers = list(METERED)
    registry.repository("acme/app").add(IMAGE, "1.0")
    return f"{registry.name}/acme/app:1.0"


def row(driven: Driven, text: str) -> str:
    """The first line with a text, without frame and bar."""
    return next(line for line in driven.lines() if text in line).strip("┃│▌▐ ")


async def opened(driven: Driven) -> None:
    await driven.shows("created  ")
    await driven.until(lambda: driven.is_quiet)
    await driven.press("l")
    await driven.shows("As curl")


async def test_every_request_with_its_cost_and_as_curl(place: str, registry: FakeRegistry, tmp_path: Path) -> None:
    async with browsing(place, tmp_path) as driven:
        await opened(driven)
        words = row(driven, "/manifests/1.0").split()
        assert words[3:] == ["200", f"{len(IMAGE.raw)}", "B", "1", "GET", "/v2/acme/app/manifests/1.0"]
        assert words[2] in ("ms", "s")
        await driven.press("slash", *"manifests/1", "enter")
        await driven.shows("1 of ")
        await driven.shows(f"{registry.url}/v2/acme/app/manifests/1.0")
        await driven.shows("curl -sSL \\")
        await driven.shows("docker-content-digest: " + IMAGE.digest)
        await driven.shows("costs 1 of the pull limit")
        await driven.press("y")
        await driven.shows("as curl")
        assert driven.app.clipboard.startswith("curl -sSL \\\n  -H 'Accept: ")
        assert driven.app.clipboard.endswith(f"{registry.url}/v2/acme/app/manifests/1.0")
        await driven.press("enter")
        await driven.shows("request and answer")
        await driven.press("escape", "escape")
        await driven.shows("/tags/list")
        await driven.press("escape")
        await driven.shows("Manifests")


async def test_what_the_cache_answered_and_what_was_cancelled(
    place: str, registry: FakeRegistry, tmp_path: Path
) -> None:
    registry.repository("acme/app").add(images.image("arm64"), "0.9")
    gate = registry.gate("/v2/acme/app/manifests/0.9")
    async with browsing(place, tmp_path) as driven:
        await driven.shows("created  ")
        await driven.press("j")
        await driven.until(gate.arrived.is_set, "the request")
        await driven.press("k")
        await driven.shows("created  ")
        await driven.press("l", "g")
        await driven.shows(" cancelled ")
        await driven.shows(" cache ")
        await driven.shows("from cache")


async def test_the_log_grows_and_the_cursor_stays_on_its_request(place: str, tmp_path: Path) -> None:
    async with browsing(place, tmp_path) as driven:
        await opened(driven)
        browser = driven.screen.session.browser
        assert browser is not None
        await driven.press("g")
        await driven.until(lambda: "▌" in next(line for line in driven.lines() if "  /v2/ " in line))
        reference = driven.screen.tags_pane.reference
        assert reference is not None
        await browser.open(reference, fresh=True)
        await driven.shows("HEAD /v2/acme/app/manifests/1.0")
        assert "▌" in next(line for line in driven.lines() if "  /v2/ " in line)
        await driven.press("G")
        await browser.tag_head(reference.repository, "none")
        await driven.until(
            lambda: "▌" in next((line for line in driven.lines() if "GET  /v2/acme/app/manifests/none" in line), "")
        )
        assert " 404 " in row(driven, "/manifests/none")


async def test_what_had_no_answer_is_said_in_words(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.fault("/v2/acme/app/tags/list", Fault(truncate=1))
    async with browsing(f"{registry.name}/acme/app", tmp_path) as driven:
        await driven.shows("r  try again")
        await driven.press("l")
        await driven.shows(" broke off ")


@pytest.mark.parametrize(("columns", "there", "gone"), [(80, "took", "rate"), (60, "status", "took")])
async def test_columns_that_have_no_room_are_left_out(
    place: str, tmp_path: Path, columns: int, there: str, gone: str
) -> None:
    async with browsing(place, tmp_path, size=(columns, 24)) as driven:
        await driven.until(lambda: driven.screen.opened.request is not None)
        await driven.press("l")
        await driven.shows("/manifests/1.0")
        header = next(line for line in driven.lines() if "what" in line)
        assert there in header
        assert gone not in header


async def test_keys_of_the_log(place: str, tmp_path: Path) -> None:
    async with browsing(place, tmp_path) as driven:
        await opened(driven)
        await driven.press("tab", "y")
        await driven.until(lambda: driven.app.clipboard)
        await driven.press("question_mark")
        await driven.shows("requests so far, as curl")
        await driven.press("escape", "1", "slash", *"nothing like it", "enter")
        await driven.shows('no request matches "nothing like it"')
        await driven.press("escape")
        await driven.shows("/tags/list")
        await driven.press("l")
        await driven.shows("Manifests")


async def test_who_is_not_let_in_is_led_to_the_requests(private_registry: FakeRegistry, tmp_path: Path) -> None:
    async with browsing(f"{private_registry.name}/acme/app", tmp_path) as driven:
        await driven.shows("l  see the requests")
        await driven.press("l")
        await driven.shows(" 401 ")
        await driven.shows("token  scope repository:acme/app:pull")
        await driven.shows("&client_id=regbrowse'")
        await driven.press("k")
        await driven.shows("www-authenticate: Bearer realm=")
