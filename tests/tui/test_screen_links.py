"""Digests in JSON lead to where they belong, small texts of artifacts are read, and `[` comes back."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from support import images
from support.fake_registry import FakeRegistry
from tui.screen_driver import Driven, browsing


def cursor_on(driven: Driven, text: str) -> None:
    """Put the cursor of the config on the first line that holds a text."""
    pane = driven.screen.opened.config_pane
    pane.rows.jump(next(row for row, line in enumerate(pane.lines) if text in line))


async def test_digests_of_a_manifest_and_a_config(registry: FakeRegistry, tmp_path: Path) -> None:
    made = images.image(files=[{"a": b"1"}, {"b": b"2"}])
    config, _, second = made.below
    registry.repository("acme/app").add(made, "1.0")
    async with browsing(f"{registry.name}/acme/app:1.0", tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        pane = driven.screen.opened.config_pane
        await driven.press("4", "v", "v", "v", "v")
        await driven.shows('"schemaVersion": 2')

        cursor_on(driven, second.digest)
        line = pane.rows.cursor
        await driven.pilot.pause()
        await driven.shows("enter go to digest")
        await driven.press("enter")
        await driven.until(lambda: driven.screen.focused is driven.screen.opened.layers_pane)
        layer = driven.screen.opened.layers_pane.current
        assert layer is not None
        assert layer.number == 2

        await driven.press("[")
        await driven.until(lambda: driven.screen.focused is pane and pane.rows.cursor == line, "the line it left")
        assert pane.view == "manifest"

        cursor_on(driven, config.digest)
        await driven.press("enter")
        await driven.shows("platform    linux/amd64")

        await driven.press("v")
        cursor_on(driven, images.sha256(gzip.decompress(second.raw)))
        await driven.press("enter")
        await driven.until(lambda: driven.screen.focused is driven.screen.opened.layers_pane)
        layer = driven.screen.opened.layers_pane.current
        assert layer is not None
        assert layer.number == 2


async def test_a_digest_of_another_manifest_is_opened(registry: FakeRegistry, tmp_path: Path) -> None:
    repository = registry.repository("acme/app")
    subject = images.image()
    repository.add(subject, "1.0")
    repository.add(images.artifact("application/vnd.example.note", subject=subject), "note")
    async with browsing(f"{registry.name}/acme/app:note", tmp_path) as driven:
        await driven.shows("the manifest itself")
        await driven.press("4")
        cursor_on(driven, subject.digest)
        await driven.press("enter")
        await driven.shows(f"2 Manifests  {subject.digest[:19]}")
        await driven.shows("platform    linux/amd64")
        await driven.press("[")
        await driven.shows("the manifest itself")


async def test_a_digest_that_nothing_has_is_said_to_be_nowhere(registry: FakeRegistry, tmp_path: Path) -> None:
    base = "sha256:" + "0" * 63 + "1"
    made = images.image(annotations={"org.opencontainers.image.base.digest": base})
    registry.repository("acme/app").add(made, "1.0")
    async with browsing(f"{registry.name}/acme/app:1.0", tmp_path, size=(200, 40)) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("4", "v", "v", "v", "v")
        cursor_on(driven, base)
        await driven.press("enter")
        await driven.shows("is nowhere in")


@pytest.mark.parametrize("key", ["[", "escape"])
async def test_small_texts_of_an_artifact_are_read(registry: FakeRegistry, tmp_path: Path, key: str) -> None:
    titled: images.Json = {"annotations": {"org.opencontainers.image.title": "rules.rego"}}
    blob = images.Made(b"package rules\n\ndeny := false\n", "application/vnd.cncf.openpolicyagent.policy", extra=titled)
    packed = images.layer(media_type="application/vnd.example.data+gzip")
    registry.repository("acme/rules").add(images.artifact("application/vnd.example.rules", blob, packed), "1.0")
    async with browsing(f"{registry.name}/acme/rules:1.0", tmp_path) as driven:
        await driven.shows("2 blobs")
        await driven.press("3")
        await driven.shows("enter content")
        await driven.press("enter")
        await driven.shows("Config  rules.rego")
        await driven.shows("deny := false")
        assert driven.screen.opened.config_pane.path == ""
        await driven.press(key)
        await driven.until(lambda: driven.screen.focused is driven.screen.opened.layers_pane)
        if key == "[":
            await driven.shows("the manifest itself")
        await driven.press("3", "down")
        await driven.shows("enter whole row")
