"""Walking from a repository to a copied digest, as a person does."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from regbrowse.oci.platform import Platform
from regbrowse.tui.messages import ConfigLoaded, ManifestLoaded, NamesLoaded
from support import images
from support.fake_registry import FakeRegistry, Fault
from tui.screen_driver import browsing

SIZES = [(80, 24), (120, 36), (200, 60)]


def filled(registry: FakeRegistry) -> images.Made:
    """A repository with a multi-arch tag, an older tag and a single image."""
    repository = registry.repository("shop/app")
    amd64 = images.image(architecture="amd64")
    made = repository.add(images.index(amd64, images.image(architecture="arm64"), images.attestation(amd64)), "1.1.0")
    repository.add(images.index(images.image(architecture="s390x", files=({"old": b"1"},))), "1.0.0")
    repository.add(images.image(architecture="ppc64le", files=({"one": b"1"},)), "single")
    return made


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_from_tag_to_config_by_keyboard(registry: FakeRegistry, tmp_path: Path, size: tuple[int, int]) -> None:
    """Enter walks tags, manifests, layers; 4 goes to the config; nothing but the terminal's size differs."""
    filled(registry)
    async with browsing(f"{registry.name}/shop/app", tmp_path, size=size) as driven:
        await driven.shows("1.1.0")
        await driven.press("j")
        await driven.press("enter")
        await driven.until(lambda: driven.screen.pane_layout.focused_pane == "manifests")
        await driven.shows("linux/amd64")
        await driven.press("enter")
        await driven.until(lambda: driven.screen.pane_layout.focused_pane == "layers")
        await driven.shows("COPY")
        await driven.press("4")
        await driven.shows("platform    linux/amd64")


async def test_answers_come_in_order_and_name_their_request(registry: FakeRegistry, tmp_path: Path) -> None:
    filled(registry)
    async with browsing(f"{registry.name}/shop/app:1.1.0", tmp_path) as driven:
        await driven.until(lambda: any(isinstance(each, ConfigLoaded) for each in driven.messages))
        names = next(each for each in driven.messages if isinstance(each, NamesLoaded))
        root = next(each for each in driven.messages if isinstance(each, ManifestLoaded))
        assert set(names.part.names) == {"1.1.0", "1.0.0", "single"}
        assert root.request.reference.tag == "1.1.0"
        assert root.request is driven.screen.opened.manifests_pane.request


async def test_digest_copied_with_one_key(registry: FakeRegistry, tmp_path: Path) -> None:
    """Y copies the digest of the row; the strip says what, of what, and by which route."""
    made = filled(registry)
    async with browsing(f"{registry.name}/shop/app:1.1.0", tmp_path) as driven:
        await driven.shows("linux/amd64")
        await driven.press("1", "Y")
        await driven.shows("index digest of")
        assert driven.app.clipboard == made.digest
        assert "OSC 52" in driven.text()


async def test_the_digest_that_the_status_line_shows_is_copied_in_the_config(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    registry.repository("shop/app").add(images.image(), "1.0.0")
    async with browsing(f"{registry.name}/shop/app:1.0.0", tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("4", "Y")
        await driven.shows("config digest of")
        assert driven.app.clipboard in driven.lines()[-3]


async def test_other_panes_follow_the_cursor_before_the_keyboard_leaves(registry: FakeRegistry, tmp_path: Path) -> None:
    filled(registry)
    async with browsing(f"{registry.name}/shop/app:1.1.0", tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("2")
        driven.screen.opened.manifests_pane.action_move(1)
        driven.screen.action_focus_pane("layers")
        node, request = driven.screen.opened.manifests_pane.current, driven.screen.opened.layers_pane.request
        assert node is not None
        assert request is not None
        assert request.digest == node.digest


async def test_copy_menu_offers_reference_and_image_id(registry: FakeRegistry, tmp_path: Path) -> None:
    filled(registry)
    async with browsing(f"{registry.name}/shop/app:1.1.0", tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("2", "y")
        await driven.shows("config digest (image id)")
        await driven.press("c")
        await driven.shows("config digest of linux/amd64")
        image = driven.screen.opened.manifests_pane.model
        assert image is not None
        assert driven.app.clipboard.startswith("sha256:")
        await driven.press("y", "t")
        await driven.until(lambda: "@sha256:" in driven.app.clipboard)
        assert driven.app.clipboard.startswith(f"{registry.name}/shop/app:1.1.0@sha256:")


async def test_config_value_copied(registry: FakeRegistry, tmp_path: Path) -> None:
    filled(registry)
    async with browsing(f"{registry.name}/shop/app:1.1.0", tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("4", "y")
        await driven.shows(".architecture")
        assert driven.app.clipboard == "linux/amd64"
        await driven.press("J", "J", "J", "J", "y")
        await driven.shows('.config.Labels["org.example.name"] of linux/amd64')
        assert driven.app.clipboard == "app"
        await driven.press("v", "slash", *"amd64")
        await driven.press("enter", "y")
        await driven.until(lambda: driven.app.clipboard == "amd64")


async def test_the_views_of_a_config(registry: FakeRegistry, tmp_path: Path) -> None:
    made = images.image(architecture="amd64")
    registry.repository("shop/app").add(made, "1.0.0")
    async with browsing(f"{registry.name}/shop/app:1.0.0", tmp_path) as driven:
        await driven.shows("card · 5 values")
        await driven.press("4")
        for shown in ('"architecture": "amd64"', "· raw", "dockerfile", '"schemaVersion": 2', "card · 5 values"):
            await driven.press("v")
            await driven.shows(shown)
        await driven.press("v", "J", "J", "J")
        assert driven.screen.opened.config_pane.path == ".created"
        await driven.press("K")
        assert driven.screen.opened.config_pane.path == ".os"


async def test_holding_an_arrow_asks_once(registry: FakeRegistry, tmp_path: Path) -> None:
    """Rows passed on the way are not asked for."""
    repository = registry.repository("shop/many")
    made = images.image()
    repository.add(made, *(f"1.{minor}.0" for minor in range(30)))
    async with browsing(f"{registry.name}/shop/many", tmp_path) as driven:
        await driven.shows("Manifests 1.29.0")
        await driven.shows("platform    linux")
        for _ in range(12):
            driven.screen.tags_pane.action_move(1)
        await driven.shows("Manifests 1.17.0")

        def opened() -> list[str]:
            return [each.path for each in registry.asked if each.method == "GET" and "/manifests/" in each.path]

        # The config on the screen may still be that of the image before.
        await driven.until(lambda: len(opened()) > 1)
        await driven.until(lambda: driven.is_quiet)
        assert opened() == ["/v2/shop/many/manifests/1.29.0", "/v2/shop/many/manifests/1.17.0"]


async def test_late_answer_never_overwrites_a_newer_choice(registry: FakeRegistry, tmp_path: Path) -> None:
    filled(registry)
    gate = registry.gate("/v2/shop/app/manifests/1.1.0")
    async with browsing(f"{registry.name}/shop/app:1.1.0", tmp_path) as driven:
        await asyncio.wait_for(gate.arrived.wait(), 10)
        await driven.shows("1.0.0")
        await driven.press("j")
        await driven.shows("linux/s390x")
        gate.open()
        await driven.pilot.pause(0.2)
        assert "linux/s390x" in driven.text()
        assert "linux/amd64" not in driven.text()
        assert gate.left.is_set()


async def test_esc_cancels_and_the_connection_closes(registry: FakeRegistry, tmp_path: Path) -> None:
    filled(registry)
    gate = registry.gate("/v2/shop/app/manifests/1.1.0")
    async with browsing(f"{registry.name}/shop/app:1.1.0", tmp_path) as driven:
        await asyncio.wait_for(gate.arrived.wait(), 10)
        await driven.shows("asking for app:1.1.0")
        await driven.press("escape")
        await asyncio.wait_for(gate.left.wait(), 10)
        await driven.lacks("asking for")
        await driven.shows("waits for a tag")
        assert "1.0.0" in driven.text()


async def test_from_the_cache_nothing_but_one_head(registry: FakeRegistry, tmp_path: Path) -> None:
    """Opening needs index, manifest and config; going back to a tag that was read needs at most one HEAD."""
    filled(registry)
    async with browsing(f"{registry.name}/shop/app:1.1.0", tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        model = driven.screen.opened.manifests_pane.model
        await driven.until(lambda: model is not None and len(model.children) == 3, "all that the index lists")
        first = [each for each in registry.asked if each.method == "GET" and "/tags/" not in each.path]
        assert len([each for each in first if each.path != "/v2/"]) >= 3
        await driven.press("j")
        await driven.shows("linux/s390x")
        other = driven.screen.opened.manifests_pane.model
        await driven.until(lambda: other is not None and len(other.children) == 1, "the only one that it lists")
        await driven.until(lambda: not any(not worker.is_finished for worker in driven.screen.workers))
        before = len(registry.asked)
        await driven.press("k")
        await driven.shows("platform    linux/amd64")
        again = registry.asked[before:]
        assert [each.method for each in again if each.path.endswith("/1.1.0")] in ([], ["HEAD"])
        assert not [each for each in again if each.method == "GET"]


async def test_missing_child_is_a_grey_row(registry: FakeRegistry, tmp_path: Path) -> None:
    repository = registry.repository("shop/sparse")
    gone = images.image(architecture="riscv64")
    repository.add(images.index(images.image(), gone), "1")
    del repository.manifests[gone.digest]
    async with browsing(f"{registry.name}/shop/sparse:1", tmp_path) as driven:
        await driven.shows("not found (404)")
        await driven.shows("2 platforms · 1 missing")
        assert "platform    linux/amd64" in driven.text()


async def test_tag_whose_digest_the_registry_contradicts_is_a_mismatch(registry: FakeRegistry, tmp_path: Path) -> None:
    made = registry.repository("shop/app").add(images.image(), "1.0.0")
    claimed = "sha256:" + "0" * 64
    registry.fault("/v2/shop/app/manifests/1.0.0", Fault(200, made.raw, [("Docker-Content-Digest", claimed)]))
    async with browsing(f"{registry.name}/shop/app:1.0.0", tmp_path) as driven:
        for key in "12":
            await driven.press(key)
            await driven.shows(f"{made.digest}  {len(made.raw)} B  × mismatch" if key == "1" else "× mismatch")
            await driven.shows(made.digest)
            await driven.shows(f"the registry reports {claimed}")
        assert "✓ verified" not in driven.text()


async def test_child_that_does_not_match_is_shown_as_mismatch(registry: FakeRegistry, tmp_path: Path) -> None:
    repository = registry.repository("shop/bad")
    bad = images.image(architecture="riscv64")
    repository.add(images.index(images.image(), bad), "1")
    registry.fault(f"/v2/shop/bad/manifests/{bad.digest}", Fault(status=200, body=b'{"schemaVersion": 2}'))
    async with browsing(f"{registry.name}/shop/bad:1", tmp_path) as driven:
        await driven.shows("does not match its digest")
        assert "platform    linux/amd64" in driven.text()


async def test_platform_choice_stays_for_the_next_tag(registry: FakeRegistry, tmp_path: Path) -> None:
    filled(registry)
    repository = registry.repository("shop/app")
    repository.add(images.index(images.image(files=({"n": b"2"},)), images.image(architecture="arm64")), "1.2.0")
    async with browsing(f"{registry.name}/shop/app:1.1.0", tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("2", "p")
        await driven.shows("Platform")
        await driven.press("down", "enter")
        await driven.shows("platform    linux/arm64")
        await driven.press("1", "k")
        await driven.shows("2 Manifests 1.2.0")
        await driven.until(lambda: driven.screen.opened.config_pane.subject == "linux/arm64")


async def test_history_goes_back_and_forward(registry: FakeRegistry, tmp_path: Path) -> None:
    filled(registry)
    async with browsing(f"{registry.name}/", tmp_path) as driven:
        await driven.shows("shop/app")
        await driven.press("enter")
        await driven.shows("1 Tags")
        await driven.press("left_square_bracket")
        await driven.shows("1 Repositories")
        await driven.press("right_square_bracket")
        await driven.shows("1.1.0")


async def test_artifact_and_legacy_image_are_shown_for_what_they_are(registry: FakeRegistry, tmp_path: Path) -> None:
    repository = registry.repository("shop/odd")
    repository.add(images.artifact("application/vnd.example.thing", images.layer({"a": b"1"})), "thing")
    repository.add(images.schema1(), "old")
    async with browsing(f"{registry.name}/shop/odd:thing", tmp_path) as driven:
        await driven.shows("artifact")
        await driven.press("o")
        await driven.paste(f"{registry.name}/shop/odd:old")
        await driven.press("enter")
        await driven.shows("schema 1")


async def test_an_address_typed_with_https_is_not_asked_in_clear(registry: FakeRegistry, tmp_path: Path) -> None:
    filled(registry)
    registry.repository("shop/other").add(images.image(), "7.7.7")

    def other() -> list[str]:
        return [one.path for one in registry.asked if "/shop/other/" in one.path]

    async with browsing(f"{registry.name}/shop/app", tmp_path) as driven:
        await driven.shows("1.1.0")
        await driven.press("o")
        await driven.paste(f"https://{registry.name}/shop/other")
        await driven.press("enter")
        await driven.shows("does not speak TLS")
        assert other() == []
        await driven.press("H")
        await driven.shows("7.7.7")
        assert other()


async def test_a_platform_of_the_settings_that_is_not_there_is_said(registry: FakeRegistry, tmp_path: Path) -> None:
    filled(registry)
    async with browsing(f"{registry.name}/shop/app:1.1.0", tmp_path, platform=Platform("plan9", "mips")) as driven:
        await driven.shows("no image for plan9/mips here")
        await driven.shows("available: linux/amd64, linux/arm64")


async def test_a_config_with_repeated_keys_says_so(registry: FakeRegistry, tmp_path: Path) -> None:
    made = images.image()
    config = made.below[0]
    odd = images.Made(b'{"os":"plan9",' + config.raw[1:], config.media_type)
    value = json.loads(made.raw) | {"config": odd.descriptor()}
    manifest = images.Made(images.dump(value), made.media_type, (odd, *made.below[1:]), True)
    registry.repository("shop/app").add(manifest, "1")
    async with browsing(f"{registry.name}/shop/app:1", tmp_path, size=(200, 60)) as driven:
        await driven.shows("plan9")
        await driven.press("4")
        await driven.shows("1 odd")
        await driven.shows('This document repeats the key "os"; the first value is shown.')


async def test_arrows_go_into_the_tree_and_out_of_it(registry: FakeRegistry, tmp_path: Path) -> None:
    filled(registry)
    async with browsing(f"{registry.name}/shop/app:1.1.0", tmp_path, size=(120, 30)) as driven:
        await driven.shows("SBOM  SPDX")
        pane = driven.screen.opened.manifests_pane
        await driven.press("2")
        for key, label in (("right", "SBOM"), ("left", "linux/amd64"), ("left", "linux/amd64"), ("left", "index")):
            await driven.press(key)
            assert pane.current is not None
            assert pane.current.label == label
        await driven.lacks("SBOM")
        await driven.press("left")
        await driven.lacks("linux/arm64")
        await driven.press("right", "right", "right", "right")
        await driven.shows("SBOM  SPDX")
        assert pane.current is not None
        assert pane.current.label == "SBOM"


@pytest.mark.parametrize("listed", [True, False])
async def test_an_image_whose_config_has_a_type_that_says_nothing(
    registry: FakeRegistry, tmp_path: Path, listed: bool
) -> None:
    made = images.image(docker=True, config_type="application/octet-stream")
    registry.repository("shop/old").add(images.index(made) if listed else made, "1.0")
    async with browsing(f"{registry.name}/shop/old:1.0", tmp_path, size=(200, 36)) as driven:
        await driven.shows("/bin/sh")
        await driven.shows("COPY")
        assert "artifact" not in driven.text()
        await driven.press("2", *(["j"] if listed else []))
        await driven.shows("typed application/octet-stream")


async def test_a_config_that_is_none_of_an_image_is_shown_as_it_is(registry: FakeRegistry, tmp_path: Path) -> None:
    config, layer = images.Made(b'{"chart": "other"}', "application/json"), images.layer()
    value = {
        "schemaVersion": 2,
        "mediaType": images.OCI_MANIFEST,
        "config": config.descriptor(),
        "layers": [layer.descriptor()],
    }
    registry.repository("shop/other").add(
        images.Made(images.dump(value), images.OCI_MANIFEST, (config, layer), True), "1"
    )
    async with browsing(f"{registry.name}/shop/other:1", tmp_path, size=(200, 36)) as driven:
        await driven.shows('"other"')
        await driven.press("4")
        await driven.shows("none of an image")


async def test_the_digest_that_is_copied_is_one_that_the_registry_knows(registry: FakeRegistry, tmp_path: Path) -> None:
    made = registry.repository("shop/app").add(images.named_by("sha512", images.image()), "1.0.0")
    async with browsing(f"{registry.name}/shop/app:1.0.0", tmp_path, size=(200, 36)) as driven:
        await driven.shows("linux/amd64")
        await driven.press("1", "Y")
        await driven.until(lambda: driven.app.clipboard == made.digest, made.digest)
        await driven.press("2", "Y")
        await driven.until(lambda: driven.app.clipboard == made.digest, made.digest)


@pytest.mark.parametrize(
    ("history", "short", "told"),
    [
        ([{"created_by": "squash"}], "history does not fit", "the image does not tell which layer this step made"),
        ([{"created_by": "label", "empty_layer": True}], "history does not fit", "this step changed no files"),
        ([], "no history", ""),
    ],
)
async def test_history_that_does_not_fit_the_layers(
    registry: FakeRegistry, tmp_path: Path, history: list[object], short: str, told: str
) -> None:
    config, layers = images.config(history=history), [images.layer({"a": b"1"}), images.layer({"b": b"2"})]
    value = {
        "schemaVersion": 2,
        "mediaType": images.OCI_MANIFEST,
        "config": config.descriptor(),
        "layers": [each.descriptor() for each in layers],
    }
    made = images.Made(images.dump(value), images.OCI_MANIFEST, (config, *layers), True)
    registry.repository("shop/app").add(made, "1.0")
    async with browsing(f"{registry.name}/shop/app:1.0", tmp_path, size=(200, 36)) as driven:
        await driven.shows(short)
        await driven.press("3", "G")
        await driven.shows(told or "layer  sha256:")


@pytest.mark.parametrize("remote", [False, True])
async def test_pages_of_an_image_are_opened_in_the_browser(
    registry: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remote: bool
) -> None:
    source = "https://github.com/acme/shop"
    labels = {"org.opencontainers.image.source": source, "org.opencontainers.image.revision": "90edacff"}
    registry.repository("shop/app").add(images.image(values={"config": {"Labels": labels}}), "1.0.0")
    registry.repository("shop/app").add(images.image(), "0.9.0")
    monkeypatch.delenv("SSH_TTY", raising=False)
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    if remote:
        monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22")
    async with browsing(f"{registry.name}/shop/app:1.0.0", tmp_path, size=(160, 40)) as driven:
        opened: list[str] = []
        monkeypatch.setattr(driven.app, "open_url", opened.append)
        await driven.shows("platform    linux/amd64")
        await driven.press("b")
        await driven.shows(f"{source}/tree/90edacff")
        await driven.press("enter")
        await driven.until(lambda: opened or driven.app.clipboard)
        assert (opened, driven.app.clipboard) == (
            ([], f"{source}/tree/90edacff") if remote else ([f"{source}/tree/90edacff"], "")
        )
        await driven.press("1", "j", "enter")
        await driven.shows("Manifests  0.9.0")
        await driven.shows("platform    linux/amd64")
        await driven.until(lambda: driven.is_quiet)
        await driven.press("b")
        await driven.shows("no page of this image is known")
