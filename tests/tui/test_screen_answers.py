"""What the lines around the panes, the copies and the whole rows say is so, and is all there is to say."""

from __future__ import annotations

from pathlib import Path

from regbrowse.registry.models import Settings
from support import images
from support.fake_registry import FakeRegistry
from tui.screen_driver import browsing


async def test_equal_tags_are_said_to_be_those_known_so_far(registry: FakeRegistry, tmp_path: Path) -> None:
    made = images.image()
    repository = registry.repository("shop/app")
    repository.add(made, "latest", "2.14", *(f"1.{n}.0" for n in range(36)), "1")
    async with browsing(f"{registry.name}/shop/app:latest", tmp_path, size=(120, 30)) as driven:
        await driven.shows("so far: 24 of 39 tags asked")
        await driven.press("G")
        await driven.lacks("so far: ")
        await driven.shows("latest = ")


async def test_copies_of_a_tag_are_named_and_offer_the_platform_that_is_looked_at(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    arm = images.image(architecture="arm64")
    made = registry.repository("shop/app").add(images.index(images.image(), arm), "1.0.0")
    name = f"{registry.name}/shop/app:1.0.0"
    async with browsing(name, tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("p", "j", "enter")
        await driven.shows("platform    linux/arm64")
        await driven.press("1", "Y")
        await driven.shows(f"index digest of {name}, 2 platforms")
        assert driven.app.clipboard == made.digest
        await driven.press("y")
        await driven.shows("linux/arm64 digest")
        await driven.press("l")
        await driven.shows(f"linux/arm64 digest of {name}")
        assert driven.app.clipboard == arm.digest


async def test_the_status_line_follows_the_filter_of_a_catalog(registry: FakeRegistry, tmp_path: Path) -> None:
    for name in ("shop/alpha", "shop/beta", "shop/gamma"):
        registry.repository(name).add(images.image(), "1.0")
    async with browsing(f"{registry.name}/", tmp_path) as driven:
        await driven.shows(f"repo   {registry.name}/shop/alpha")
        await driven.press("slash", *"gam")
        await driven.shows(f"repo   {registry.name}/shop/gamma")


async def test_enter_on_an_attestation_goes_to_its_statement(registry: FakeRegistry, tmp_path: Path) -> None:
    image = images.image()
    attestation = images.attestation(image)
    statement = attestation.below[-1]
    registry.repository("shop/app").add(images.index(image, attestation), "1.0.0")
    async with browsing(f"{registry.name}/shop/app:1.0.0", tmp_path) as driven:
        await driven.shows("SPDX")
        await driven.press("2", "j")
        await driven.shows("enter content")
        await driven.shows("decoded · 0 packages")
        await driven.shows(f"{len(statement.raw)} B  ✓ verified")
        await driven.press("enter")
        assert driven.screen.pane_layout.focused_pane == "config"
        await driven.press("3")
        await driven.shows("no layers: this is an attestation")
        await driven.shows("esc back")


async def test_offline_is_said_all_the_time(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.repository("shop/app").add(images.image(), "1.0.0")
    kept = tmp_path / "cache"
    async with browsing(f"{registry.name}/shop/app:1.0.0", tmp_path, settings=Settings(cache_folder=kept)) as driven:
        await driven.shows("platform    linux/amd64")
        assert "offline" not in driven.text()
    settings = Settings(cache_folder=kept, offline=True)
    async with browsing(f"{registry.name}/shop/app:1.0.0", tmp_path, settings=settings) as driven:
        await driven.shows("platform    linux/amd64")
        assert "offline" in driven.lines()[0]


async def test_the_share_of_a_layer_is_the_same_under_the_cursor(registry: FakeRegistry, tmp_path: Path) -> None:
    large = images.image(files=({"a": bytes(100)}, {"b": bytes(range(256)) * 200}))
    registry.repository("shop/app").add(large, "1.0.0")
    async with browsing(f"{registry.name}/shop/app:1.0.0", tmp_path, size=(160, 40)) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("3", "z")
        await driven.shows("made by")

        def bars() -> list[str]:
            return [line[line.index("sha256:") + 19 :][:14].strip(" ┃▐") for line in driven.lines() if "gzip" in line]

        before = bars()
        assert [bar.count("━") for bar in before] != [10, 10]
        await driven.press("j")
        assert bars() == before
        rows = driven.lines()
        heading = next(line for line in rows if "made by" in line)
        first = next(line for line in rows if "gzip" in line)
        assert first[heading.index("made by") - 1] == " " != first[heading.index("made by")]


async def test_enter_shows_all_of_a_blob(registry: FakeRegistry, tmp_path: Path) -> None:
    made = registry.repository("shop/chart").add(images.artifact("application/x-note", images.layer()), "1.0.0")
    async with browsing(f"{registry.name}/shop/chart:1.0.0", tmp_path) as driven:
        await driven.shows("1 blob")
        await driven.press("3", "enter")
        await driven.shows("Whole  blob 1 of")
        await driven.shows(f"digest      {made.below[-1].digest}")
        await driven.shows("media type  ")
        assert "↑ ↓ scroll" not in driven.text()
