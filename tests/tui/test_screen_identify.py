"""`i`: what a digest is, and the way to where it belongs."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path

import pytest

from support import images
from support.fake_registry import FakeRegistry
from tui.screen_driver import browsing

ARM64 = images.image(architecture="arm64", files=[{"a": b"1"}, {"b": b"2"}])
OLD = images.image(files=[{"old": b"1"}, {"older": b"2"}])


@pytest.fixture
def filled(registry: FakeRegistry) -> FakeRegistry:
    """An index as 2.0, and an image in older tags."""
    repository = registry.repository("acme/app")
    repository.add(images.index(images.image(), ARM64), "2.0")
    repository.add(images.index(OLD, images.image(architecture="s390x")), "1.0")
    return registry


@pytest.mark.parametrize(
    ("digest", "said", "reached"),
    [
        (ARM64.digest, "an image for linux/arm64", "Manifests"),
        (ARM64.below[0].digest, "the config (image id) of linux/arm64", ""),
        (images.sha256(gzip.decompress(ARM64.below[2].raw)), "the diffID of layer 2 of linux/arm64", ""),
    ],
)
async def test_what_belongs_to_what_is_open(
    filled: FakeRegistry, tmp_path: Path, digest: str, said: str, reached: str
) -> None:
    async with browsing(f"{filled.name}/acme/app:2.0", tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("i")
        await driven.shows("Identify")
        await driven.paste(digest)
        await driven.press("enter")
        await driven.shows(said)
        await driven.shows("looked at so far")
        await driven.press("enter")
        await driven.lacks("Identify")
        if reached:
            await driven.shows("platform    linux/arm64")


async def test_a_layer_that_is_shown_gets_the_cursor(filled: FakeRegistry, tmp_path: Path) -> None:
    async with browsing(f"{filled.name}/acme/app@{ARM64.digest}", tmp_path) as driven:
        await driven.shows("platform    linux/arm64")
        await driven.press("i")
        await driven.paste(ARM64.below[2].digest.removeprefix("sha256:"))
        await driven.press("enter")
        await driven.shows("is layer 2 of")
        await driven.press("enter")
        await driven.until(lambda: driven.screen.focused is driven.screen.opened.layers_pane)
        layer = driven.screen.opened.layers_pane.current
        assert layer is not None
        assert layer.number == 2


async def test_the_other_tags_are_searched_when_asked_to(filled: FakeRegistry, tmp_path: Path) -> None:
    async with browsing(f"{filled.name}/acme/app:2.0", tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("i")
        await driven.paste(OLD.below[2].digest)
        await driven.press("enter")
        await driven.shows("is nowhere in")
        await driven.shows("The repository holds a blob of this digest")
        await driven.shows("ctrl+s search 1 tag")
        await driven.press("ctrl+s")
        await driven.shows("is layer 2 of linux/amd64")
        await driven.press("enter")
        await driven.until(lambda: driven.screen.focused is driven.screen.opened.layers_pane)
        await driven.until(driven.screen.opened.layers_pane.row_count)
        await driven.until(lambda: driven.screen.opened.layers_pane.rows.cursor == 1)
        assert str(driven.screen.navigator.place) == f"{filled.name}/acme/app:1.0@{OLD.digest}"
        await driven.press("[")
        await driven.shows("Manifests 2.0")


async def test_a_search_can_be_stopped(filled: FakeRegistry, tmp_path: Path) -> None:
    gate = filled.gate("/v2/acme/app/manifests/1.0")
    async with browsing(f"{filled.name}/acme/app:2.0", tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("i")
        await driven.paste(OLD.below[2].digest)
        await driven.press("enter")
        await driven.shows("ctrl+s search 1 tag")
        await driven.press("ctrl+s")
        await asyncio.wait_for(gate.arrived.wait(), 10)
        await driven.press("escape")
        await driven.shows("Stopped.")
        await driven.press("escape")
        await driven.lacks("Identify")


async def test_what_is_no_digest_is_said_to_be_none(filled: FakeRegistry, tmp_path: Path) -> None:
    async with browsing(f"{filled.name}/acme/app:2.0", tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("i", *"sha256")
        await driven.shows("This is no digest yet")
        await driven.press("enter")
        await driven.shows("This is no digest yet")
