"""The dialog to open something: digests, recents by keyboard and by mouse."""

from __future__ import annotations

from pathlib import Path

from regbrowse.reference import parse_reference
from regbrowse.registry.client import Settings
from regbrowse.state import recents
from support import images
from support.fake_registry import FakeRegistry
from support.files import write
from support.machine import Machine
from tui.screen_driver import browsing


async def test_a_digest_is_looked_for_in_what_is_open(registry: FakeRegistry, tmp_path: Path) -> None:
    image = images.image(architecture="arm64")
    layer, config = (next(each for each in image.below if kind in each.media_type) for kind in ("layer", "config"))
    registry.repository("shop/app").add(images.index(images.image(), image), "1.0.0")
    async with browsing(f"{registry.name}/shop/app:1.0.0", tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        for made, said in ((config, "(image id) of linux/arm64, in"), (layer, "is layer 1 of")):
            await driven.press("o")
            await driven.paste(made.digest)
            await driven.press("enter")
            await driven.shows(said)
            await driven.press("escape")
        await driven.press("o")
        await driven.paste("0" * 64)
        await driven.press("enter")
        await driven.shows("is nowhere in")
        await driven.press(*["backspace"] * 64)
        await driven.shows("an image, a repository or a registry")
        await driven.paste(image.digest.removeprefix("sha256:"))
        await driven.press("enter")
        await driven.lacks("Open")
        await driven.shows("platform    linux/arm64")
        assert driven.screen.navigator.place == parse_reference(f"{registry.name}/shop/app@{image.digest}")


async def test_without_anything_open_a_digest_alone_is_refused(tmp_path: Path) -> None:
    async with browsing(None, tmp_path) as driven:
        await driven.shows("Open")
        await driven.paste("sha256:" + "0" * 64)
        await driven.press("enter")
        await driven.shows("digest")
        await driven.shows("Open")


async def test_a_recent_is_opened_by_a_click(registry: FakeRegistry, tmp_path: Path) -> None:
    for name in ("one", "two"):
        registry.repository(f"shop/{name}").add(images.image(), "1.0")
    async with browsing(None, tmp_path) as driven:
        recents.remember(parse_reference(f"{registry.name}/shop/one:1.0"), None)
        recents.remember(parse_reference(f"{registry.name}/shop/two:1.0"), None)
        await driven.press("escape")
        await driven.lacks("Takes")
        await driven.press("o")
        await driven.shows("shop/one:1.0")
        row = next(y for y, line in enumerate(driven.lines()) if "shop/one:1.0" in line)
        await driven.pilot.click(offset=(30, row))
        await driven.shows("Tags  one")


async def test_a_name_that_only_recents_complete_means_them_first(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.repository("shop/webapp").add(images.image(), "1.0")
    async with browsing(None, tmp_path) as driven:
        recents.remember(parse_reference("alpine:3.20"), None)
        recents.remember(parse_reference(f"{registry.name}/shop/webapp:1.0"), None)
        await driven.press("escape")
        await driven.lacks("Takes")
        await driven.press("o", *"alpin")
        await driven.shows("repository library/alpin")
        assert not any("▌" in line and "alpine:3.20" in line for line in driven.lines())
        await driven.press(*["backspace"] * 5, *"weba")
        await driven.until(lambda: any("▌" in line and "shop/webapp:1.0" in line for line in driven.lines()))
        await driven.press("enter")
        await driven.shows("Tags  webapp")


async def test_a_short_name_means_what_registries_conf_says(registry: FakeRegistry, tmp_path: Path) -> None:
    """Typed before anything was asked, and after; what was opened before is opened again."""
    machine = Machine(tmp_path)
    write(machine.user, f'[aliases]\napp = "{registry.name}/shop/app"\nother = "{registry.name}/shop/other"\n')
    for name in ("app", "other"):
        registry.repository(f"shop/{name}").add(images.image(), "1.0")
    settings = Settings(pause=0, network=machine.network())
    async with browsing(None, tmp_path, settings=settings) as driven:
        recents.remember(parse_reference("app:1.0"), None)
        await driven.press("escape", "o")
        await driven.shows("app:1.0")
        await driven.paste("app:1.0")
        await driven.press("up", "enter")
        await driven.shows("Tags  app")
        assert driven.screen.navigator.place == parse_reference(f"{registry.name}/shop/app:1.0")
        await driven.press("o")
        await driven.paste("other")
        await driven.shows("repository shop/other")
        await driven.shows(f'"other" means {registry.name}/shop/other')
        await driven.press("enter")
        await driven.shows("Tags  other")
        assert driven.screen.tags_pane.repository == parse_reference(f"{registry.name}/shop/other").repository
