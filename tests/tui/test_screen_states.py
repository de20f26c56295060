"""Loading, empty, filtered and failed: what each pane says, and that nothing shown before is lost."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from regbrowse.redact import Secret
from regbrowse.registry.models import Settings
from regbrowse.settings.login import Login
from support import images
from support.fake_registry import FakeRegistry, Fault, Gate
from tui.screen_driver import browsing

HOSTILE = "\x1b[31mred\x1b]52;c;aGk=\x07 [bold]x[/x] [@click=app.quit]q[/] \u202eevil\u200b"


def paged(registry: FakeRegistry) -> Gate:
    """Twelve tags in pages of five; the gate closes behind the first page."""
    registry.repository("shop/paged").add(images.image(), *(f"1.{n}.0" for n in range(12)))
    registry.page_size = 5
    gate = registry.gate("/v2/shop/paged/tags/list")
    gate.open()

    def link(path: str, query: str) -> str:
        gate.opened.clear()
        return f'<{path}?{query}>; rel="next"'

    registry.link = link
    return gate


async def test_first_page_is_shown_while_the_rest_streams(registry: FakeRegistry, tmp_path: Path) -> None:
    gate = paged(registry)
    async with browsing(f"{registry.name}/shop/paged", tmp_path) as driven:
        await driven.shows("5 so far")
        await driven.shows("1.0.0")
        assert "1.9.0" not in driven.text()
        registry.link = lambda path, query: f'<{path}?{query}>; rel="next"'
        gate.open()
        await driven.shows("of 12")
        assert "1.9.0" in driven.text()


async def test_cursor_stays_on_its_tag_while_rows_stream_in_above(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.repository("shop/paged").add(images.image(), *(f"1.{n}.0" for n in range(12)))
    registry.page_size = 1
    async with browsing(f"{registry.name}/shop/paged:1.0.0", tmp_path) as driven:
        await driven.shows("12 of 12")
        assert driven.screen.tags_pane.current == "1.0.0"
        await driven.until(lambda: not any(pane.is_loading for pane in driven.screen.pane_layout.panes))


async def test_listing_that_goes_in_circles_ends_with_a_reason(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.repository("shop/loop").add(images.image(), "1.0.0", "1.1.0")
    registry.page_size = 1
    registry.honours_n = False
    registry.link = lambda path, _query: f'<{path}?n=1&last=1.0.0>; rel="next"'
    async with browsing(f"{registry.name}/shop/loop", tmp_path) as driven:
        await driven.shows("incomplete")
        await driven.shows("1.0.0")
        assert len(registry.paths("/v2/shop/loop/tags")) <= 4


def pages_asked(registry: FakeRegistry) -> int:
    return sum(one.path.endswith("/tags/list") for one in registry.asked)


async def test_esc_stops_the_listing_and_keeps_the_rows(registry: FakeRegistry, tmp_path: Path) -> None:
    gate = paged(registry)
    async with browsing(f"{registry.name}/shop/paged", tmp_path) as driven:
        await driven.shows("5 so far")
        await driven.until(lambda: pages_asked(registry) == 2, "the second page is asked for")
        await driven.press("escape")
        await driven.shows("stopped")
        await asyncio.wait_for(gate.left.wait(), 10)
        await driven.shows("1.0.0")
        gate.open()
        registry.link = lambda path, query: f'<{path}?{query}>; rel="next"'
        await driven.press("r")
        await driven.shows("of 12")


async def test_page_that_fails_keeps_what_came(registry: FakeRegistry, tmp_path: Path) -> None:
    repository = registry.repository("shop/paged")
    repository.add(images.image(), *(f"1.{n}.0" for n in range(12)))
    registry.page_size = 5
    registry.fault("/v2/shop/paged/tags/list", Fault(after=1, status=500))
    async with browsing(f"{registry.name}/shop/paged", tmp_path) as driven:
        await driven.shows("5 so far")
        await driven.shows("500")
        await driven.shows("1.0.0")


async def test_filter_narrows_and_esc_clears(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.repository("shop/app").add(images.image(), "1.0.0", "1.1.0")
    registry.repository("shop/app").add(images.image(architecture="arm64"), "latest")
    async with browsing(f"{registry.name}/shop/app", tmp_path) as driven:
        await driven.shows("latest")
        await driven.press("slash", *"1.1")
        await driven.shows("1 of 3")
        await driven.lacks("  latest ")
        await driven.press("9")
        await driven.shows('no tag matches "1.19"')
        await driven.press("escape")
        await driven.shows("latest")
        await driven.shows("of 3 · newest first")


async def test_filter_can_be_fuzzy(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.repository("shop/app").add(images.image(), "release-2024", "nightly")
    async with browsing(f"{registry.name}/shop/app", tmp_path) as driven:
        await driven.shows("nightly")
        await driven.press("slash", *"r24")
        await driven.shows("no tag matches")
        await driven.press("ctrl+t")
        await driven.shows("1 of 2 · fuzzy")
        await driven.press("enter")
        assert driven.screen.tags_pane.current == "release-2024"


async def test_sort_as_served_keeps_the_cursor_on_its_tag(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.repository("shop/app").add(images.image(), "1.0.0", "1.2.0", "1.1.0")
    async with browsing(f"{registry.name}/shop/app", tmp_path) as driven:
        await driven.shows("of 3 · newest first")
        assert [driven.screen.tags_pane.list.name(i) for i in range(3)] == ["1.2.0", "1.1.0", "1.0.0"]
        await driven.press("s", "down", "enter")
        await driven.shows("as served")
        assert driven.screen.tags_pane.current == "1.2.0"


async def test_aliases_appear_from_heads_of_visible_rows(registry: FakeRegistry, tmp_path: Path) -> None:
    repository = registry.repository("shop/app")
    repository.add(images.image(), "1.0.0", "latest")
    repository.add(images.image(files=({"x": b"2"},)), "0.9.0")
    async with browsing(f"{registry.name}/shop/app", tmp_path) as driven:
        await driven.shows("latest = 1.0.0")
        asked = {(each.method, each.path.rpartition("/")[2]) for each in registry.asked if "/manifests/" in each.path}
        asked = {each for each in asked if not each[1].startswith("sha256-")}
        assert asked - {("HEAD", "latest")} == {("GET", "latest"), ("HEAD", "1.0.0"), ("HEAD", "0.9.0")}


async def test_empty_repository_is_explained(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.repository("shop/none").listed = []
    async with browsing(f"{registry.name}/shop/none", tmp_path) as driven:
        await driven.shows("exists and is empty")


async def test_catalog_that_is_refused_is_friendly(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.catalog = False
    async with browsing(f"{registry.name}/", tmp_path) as driven:
        await driven.shows("a list of repositories")
        await driven.press("o")
        await driven.shows("Takes")


@pytest.mark.parametrize(
    ("status", "says"),
    [(403, "403"), (404, "404"), (429, "429"), (500, "500"), (503, "503")],
)
async def test_refused_listing_says_who_why_and_what_next(
    registry: FakeRegistry, tmp_path: Path, status: int, says: str
) -> None:
    registry.repository("shop/app").add(images.image(), "1")
    registry.fault("/v2/shop/app/tags/list", Fault(status=status, body=b"{}"))
    async with browsing(f"{registry.name}/shop/app", tmp_path) as driven:
        await driven.shows(f"× {says}")
        await driven.shows("try again")
        assert "next" in driven.text()
        registry.faults.clear()
        await driven.press("r")
        await driven.shows("1 of 1")


async def test_login_needed_and_login_refused(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.auth, registry.public = "basic", False
    registry.repository("shop/app").add(images.image(), "1.0.0")
    async with browsing(f"{registry.name}/shop/app", tmp_path) as driven:
        await driven.shows("× 401")
        await driven.shows("anonymous")
    wrong = Settings(user=Login("ann", Secret("s3cr3t-canary-wrong")), pause=0)
    async with browsing(f"{registry.name}/shop/app", tmp_path, settings=wrong) as driven:
        await driven.shows("× 401")
        assert "canary" not in driven.text()
    right = Settings(user=Login("ann", Secret("s3cr3t-canary-1")), pause=0)
    async with browsing(f"{registry.name}/shop/app", tmp_path, settings=right) as driven:
        await driven.shows("1.0.0")
        await driven.shows("ann")
        assert "canary" not in driven.text()


@pytest.mark.parametrize(
    "body", [b"<html><title>Sign in</title>", b'{"tags": ["1.0', b"[" * 100_000, b"\xff\xfe{}", b"null"]
)
async def test_listing_that_is_no_listing(registry: FakeRegistry, tmp_path: Path, body: bytes) -> None:
    registry.repository("shop/app").add(images.image(), "1")
    registry.fault("/v2/shop/app/tags/list", Fault(status=200, body=body))
    async with browsing(f"{registry.name}/shop/app", tmp_path) as driven:
        await driven.until(lambda: driven.screen.tags_pane.error is not None or "empty" in driven.text(), "an error")
        await driven.press("2", "3", "4", "1")


async def test_nobody_answers(tmp_path: Path) -> None:
    async with browsing("127.0.0.1:1/shop/app", tmp_path) as driven:
        await driven.until(lambda: driven.screen.tags_pane.error is not None, "an error")
        await driven.shows("Nothing answers")


async def test_error_of_one_pane_leaves_the_others(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.repository("shop/app").add(images.image(), "1.0.0", "2.0.0")
    registry.fault("/v2/shop/app/manifests/1.0.0", Fault(status=404, body=b"{}", method="GET"))
    async with browsing(f"{registry.name}/shop/app:1.0.0", tmp_path) as driven:
        await driven.shows("× 404")
        await driven.shows("2.0.0")
        await driven.press("k")
        await driven.shows("platform    linux/amd64")


async def test_hostile_text_is_looked_at_and_does_nothing(registry: FakeRegistry, tmp_path: Path) -> None:
    """Escapes, markup, bidi and a 1 MB label stay characters on the screen."""
    labels = {HOSTILE[:40]: HOSTILE, "big": "x" * 1_000_000}
    history = [{"created_by": f"RUN {HOSTILE}"}]
    layer = images.layer({"a": b"1"})
    made = images.config(layers=(layer,), author="AUTHOR", history=history, config={"Labels": labels})
    value = json.loads(made.raw) | {"author": HOSTILE + "\ud800"}
    config = images.Made(json.dumps(value).encode(), made.media_type)
    registry.repository("shop/evil").add(_image_of(config, layer), "1.0.0")
    async with browsing(f"{registry.name}/shop/evil:1.0.0", tmp_path, size=(200, 60)) as driven:
        await driven.shows("evil")
        await driven.until(lambda: driven.screen.opened.config_pane.row_count() > 5, "the config")
        text = driven.text()
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "[bold]x[/x]" in text
        await driven.press("3", "enter")
        await driven.shows("Whole")
        await driven.press("escape", "4", "G", "g", "slash", *"big", "enter", "enter")
        await driven.shows("xxxxxxxx")


def _image_of(config: images.Made, layer: images.Made) -> images.Made:
    value = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": config.media_type, "digest": config.digest, "size": len(config.raw)},
        "layers": [{"mediaType": layer.media_type, "digest": layer.digest, "size": len(layer.raw)}],
    }
    return images.Made(images.dump(value), "application/vnd.oci.image.manifest.v1+json", (config, layer), manifest=True)


async def test_large_config_shows_its_first_part_and_all_on_enter(registry: FakeRegistry, tmp_path: Path) -> None:
    layer = images.layer({"a": b"1"})
    config = images.config(layers=(layer,), config={"Labels": {f"k{n}": "v" * 1000 for n in range(5000)}})
    registry.repository("shop/big").add(_image_of(config, layer), "1")
    async with browsing(f"{registry.name}/shop/big:1", tmp_path) as driven:
        await driven.shows("first part")
        assert len(driven.screen.opened.config_pane.raw) < 300_000
        await driven.press("4", "enter")
        await driven.until(lambda: len(driven.screen.opened.config_pane.raw) == len(config.raw), "all of it")


@pytest.mark.parametrize("size", [(39, 20), (60, 12), (60, 24), (80, 24), (300, 80)])
async def test_every_size_draws(registry: FakeRegistry, tmp_path: Path, size: tuple[int, int]) -> None:
    registry.repository("shop/app").add(images.index(images.image()), "1.0.0")
    async with browsing(f"{registry.name}/shop/app:1.0.0", tmp_path, size=size) as driven:
        if size[0] < 40:
            await driven.shows("regbrowse needs 40x10")
            return
        await driven.shows("1.0.0")
        for key in ("2", "3", "4", "z", "z", "question_mark", "escape", "o", "escape", "1"):
            await driven.press(key)
        assert all(len(line) >= 1 for line in driven.lines())


async def test_themes_and_resize(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.repository("shop/app").add(images.index(images.image()), "1.0.0")
    async with browsing(f"{registry.name}/shop/app:1.0.0", tmp_path) as driven:
        await driven.shows("linux/amd64")
        for theme in ("textual-light", "gruvbox", "catppuccin-latte", "solarized-light", "ansi-dark", "textual-dark"):
            driven.app.theme = theme
            await driven.pilot.pause()
            await driven.shows("linux/amd64")
        for size in ((80, 24), (200, 60), (60, 20), (120, 36)):
            await driven.pilot.resize_terminal(*size)
            await driven.shows("1.0.0")


async def test_r_goes_on_where_esc_stopped(registry: FakeRegistry, tmp_path: Path) -> None:
    """No page is asked for twice, and no tag is lost."""
    gate = paged(registry)
    async with browsing(f"{registry.name}/shop/paged", tmp_path) as driven:
        await driven.shows("5 so far")
        await driven.until(lambda: pages_asked(registry) == 2, "the second page is asked for")
        await driven.press("escape")
        await driven.shows("stopped")
        await asyncio.wait_for(gate.left.wait(), 10)
        gate.open()
        registry.link = lambda path, query: f'<{path}?{query}>; rel="next"'
        registry.asked.clear()
        await driven.press("r")
        await driven.shows("of 12")
        pages = [one.target for one in registry.asked if one.path.endswith("/tags/list")]
        assert len(pages) == 2
        assert all("last=" in page for page in pages), pages
        assert sorted(driven.screen.tags_pane.list.index(f"1.{n}.0") is not None for n in range(12)) == [True] * 12


async def test_a_name_that_does_not_exist_offers_those_that_are_near(registry: FakeRegistry, tmp_path: Path) -> None:
    for name in ("shop/webapp", "shop/worker"):
        registry.repository(name).add(images.image(), "2.14.1", "2.14.0", "latest")
    async with browsing(f"{registry.name}/shop/webap:latets", tmp_path) as driven:
        await driven.shows("enter  open it")
        await driven.shows("enter open shop/webapp")
        assert "Did you mean" in driven.text()
        await driven.press("enter")
        await driven.shows("Tags  webapp")
        await driven.shows("platform    linux/amd64")
    async with browsing(f"{registry.name}/shop/webapp:latets", tmp_path) as driven:
        await driven.shows('Did you mean "latest"?')
        await driven.press("2", "enter")
        await driven.shows("Manifests  latest")
        await driven.shows("platform    linux/amd64")


async def test_a_missing_child_is_no_failure_of_its_pane(registry: FakeRegistry, tmp_path: Path) -> None:
    first, gone = images.image(), images.image(architecture="s390x")
    registry.repository("acme/app").add(images.index(first, gone), "1.0")
    registry.fault(f"/v2/acme/app/manifests/{gone.digest}", Fault(404, b""))
    async with browsing(f"{registry.name}/acme/app:1.0", tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("2", "G")
        await driven.shows("! linux/s390x is missing here")
        assert not any(pane.has_failed for pane in driven.screen.pane_layout.panes)


async def test_the_status_of_an_answer_stands_before_a_long_path(registry: FakeRegistry, tmp_path: Path) -> None:
    name = "a" * 60 + "/" + "b" * 60
    async with browsing(f"{registry.name}/{name}", tmp_path, size=(80, 24)) as driven:
        await driven.shows("tags   404 GET /v2/aaa")
