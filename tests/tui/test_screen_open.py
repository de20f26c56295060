"""The dialog to open something: digests, recents by keyboard and by mouse."""

from __future__ import annotations

import json
import re
from pathlib import Path

from textual.widgets import Input

from regbrowse.reference import parse_reference
from regbrowse.registry.client import Settings
from regbrowse.settings.keychain import Keychain
from regbrowse.state import recents
from support import images
from support.fake_registry import FakeRegistry
from support.files import write
from support.machine import Machine
from tui.screen_driver import Driven, browsing


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
        await driven.until(lambda: driven.is_quiet)
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


async def test_registries_of_this_machine_are_offered(registry: FakeRegistry, tmp_path: Path) -> None:
    """Those of auth files and of registries.conf, each once; no helper is run for it."""
    machine = Machine(tmp_path)
    registry.repository("shop/app").add(images.image(), "1.0")
    write(machine.user, f'[[registry]]\nlocation = "{registry.name}"\n[[registry]]\nprefix = "*.example.net"\n')
    auths: dict[str, object] = {"https://index.docker.io/v1/": {}, "ghcr.io": {}, "quay.io/org": {}, "not a host": {}}
    write(machine.home / ".docker/config.json", json.dumps({"auths": auths, "credHelpers": {"gcr.io": "gcloud"}}))
    settings = Settings(pause=0, network=machine.network(), keychain=Keychain({}, machine.home))
    async with browsing(None, tmp_path, settings=settings) as driven:
        await driven.shows("Registries")
        named = [found[1] for line in driven.lines() if (found := re.search(r"┃ {3}(\S+/) ", line))]
        assert named == ["docker.io/", "ghcr.io/", "quay.io/", "gcr.io/", f"{registry.name}/"]
        await driven.shows("~/.docker/config.json")
        await driven.press(*["down"] * 5, "enter")
        await driven.shows("Repositories")
        await driven.shows("shop/app")


async def test_tab_completes_repositories_and_tags(registry: FakeRegistry, tmp_path: Path) -> None:
    for name in ("shop/webapp", "shop/worker", "tools/git"):
        registry.repository(name).add(images.image(), "1.0", "1.1", "2.0")
    async with browsing(None, tmp_path) as driven:
        await driven.shows("Takes")
        await driven.paste(f"{registry.name}/sh")
        await driven.press("tab")
        await driven.shows("Repositories   2")
        assert input_of(driven) == f"{registry.name}/shop/w"
        await driven.press("e", "tab")
        await driven.shows("Repositories   1")
        assert input_of(driven) == f"{registry.name}/shop/webapp"
        await driven.press("colon", "1", "tab")
        await driven.shows("Tags   2")
        assert input_of(driven) == f"{registry.name}/shop/webapp:1."
        await driven.press("down", "down", "enter")
        await driven.shows("Manifests 1.1")


async def test_tab_says_what_it_cannot_complete(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.repository("shop/webapp").add(images.image(), "1.0")
    async with browsing(None, tmp_path) as driven:
        await driven.shows("Takes")
        await driven.paste(f"{registry.name}/x")
        await driven.press("tab")
        await driven.shows('no repository begins with "x"')
        await driven.press(*["backspace"], *"nobody:1", "tab")
        await driven.shows("has no repository")


def input_of(driven: Driven) -> str:
    return driven.app.screen.query_one(Input).value


async def test_a_name_without_a_registry_is_also_offered_in_the_one_that_is_open(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    for name in ("shop/app", "shop/other"):
        registry.repository(name).add(images.image(), "1.0")
    async with browsing(f"{registry.name}/shop/app:1.0", tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("o")
        await driven.paste("shop/other:1.0")
        await driven.shows("registry docker.io")
        await driven.shows(f"{registry.name}/shop/other:1.0")
        await driven.press("down", "enter")
        await driven.shows("Tags  other")
