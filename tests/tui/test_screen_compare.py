"""Marking a row, and the comparison of it with another."""

from __future__ import annotations

from pathlib import Path

import pytest

from regbrowse.reference import Digest
from regbrowse.tui.screens.compare import CompareScreen
from support import images
from support.fake_registry import FakeRegistry, Fault
from tui.screen_driver import Driven, browsing

BASE, OLD, NEW = {"base": b"b" * 400}, {"app": b"1"}, {"app": b"2" * 300}
PATH = "acme/app"


def image(*files: dict[str, bytes], architecture: str = "amd64", **inner: object) -> images.Made:
    return images.image(architecture=architecture, files=files, values={"config": {"User": "app", **inner}})


ONE, TWO = image(BASE, OLD, Env=["MODE=old", "A=1"]), image(BASE, NEW, Env=["MODE=new", "A=1"], StopSignal="SIGINT")
ARM = image(BASE, architecture="arm64")


def hold(registry: FakeRegistry, one: images.Made = ONE, two: images.Made = TWO) -> str:
    repository = registry.repository(PATH)
    repository.add(one, "1.0")
    repository.add(two, "2.0")
    return f"{registry.name}/{PATH}:1.0"


async def compare(driven: Driven) -> CompareScreen:
    """Compare 1.0 with 2.0, which stands above it."""
    await driven.shows("2.0")
    await driven.press("1", "m", "k")
    await driven.press("equals_sign")
    await driven.until(lambda: isinstance(driven.app.screen, CompareScreen), "the comparison")
    screen = driven.app.screen
    assert isinstance(screen, CompareScreen)
    return screen


def short(made: images.Made) -> str:
    return Digest.parse(made.digest).short


async def test_a_row_is_marked_and_compared(registry: FakeRegistry, tmp_path: Path) -> None:
    async with browsing(hold(registry), tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("equals_sign")
        await driven.shows("nothing is marked")
        await driven.shows("m marks the row under the cursor")
        await driven.press("m")
        await driven.shows("marked app:1.0")
        await driven.shows("● 1.0")
        assert "= compare" in driven.lines()[-1]
        await driven.press("equals_sign")
        await driven.shows("this row is marked itself")
        assert driven.screen.tags_pane.word("mark") == "unmark"
        await driven.press("m")
        await driven.shows("unmarked app:1.0")
        assert "●" not in driven.text()
        assert "= compare" not in driven.lines()[-1]
        await compare(driven)
        await driven.shows(f"{PATH} : 1.0 -> 2.0")
        await driven.shows("A  1.0")
        await driven.shows("B  2.0")
        await driven.shows("app, linux/amd64")
        await driven.shows("~ differs")
        await driven.shows("1 shared · 1 removed · 1 new")
        await driven.shows("2 differences")
        size = len(images.layer(NEW).raw)
        await driven.shows(f"{size} B new, {len(images.layer(BASE).raw)} B shared")
        lines = [line for line in driven.lines() if "COPY part" in line and "sha256" in line]
        assert [line.split()[1:3] for line in lines[:2]] == [["=", "1"], ["-", "2"]]
        assert lines[2].split()[1:4] == ["▌", "+", "2"]
        assert images.layer(NEW).digest in driven.lines()[-3], "the status line says the new layer in full"
        assert "new in B" in driven.lines()[-3]
        await driven.press("escape")
        await driven.until(lambda: driven.app.screen is driven.screen, "back")
        assert driven.screen.tags_pane.current == "2.0"
        await driven.shows("● 1.0")


async def test_a_and_b_are_swapped(registry: FakeRegistry, tmp_path: Path) -> None:
    async with browsing(hold(registry), tmp_path) as driven:
        await compare(driven)
        await driven.shows("1.0 -> 2.0")
        await driven.shows("1 removed")
        await driven.until(lambda: driven.is_quiet)  # the screen below looks for what is attached meanwhile
        before = len(registry.asked)
        await driven.press("equals_sign")
        await driven.shows("2.0 -> 1.0")
        await driven.shows(f"{len(images.layer(OLD).raw)} B new")
        assert [one for one in registry.asked[before:] if one.method == "GET"] == [], "all of it was read before"


async def test_what_is_copied_and_shown_whole(registry: FakeRegistry, tmp_path: Path) -> None:
    async with browsing(hold(registry), tmp_path) as driven:
        screen = await compare(driven)
        await driven.shows("1 new")
        await driven.press("Y")
        await driven.shows("layer digest of layer 2 of app:2.0")
        assert driven.app.clipboard == images.layer(NEW).digest
        await driven.press("1", "g", "Y")
        await driven.shows("image of app:2.0")
        assert driven.app.clipboard == TWO.digest
        await driven.press("y", "a")
        await driven.until(lambda: driven.app.clipboard == ONE.digest, "the digest of A")
        await driven.press("tab", "tab")
        assert screen.focused is screen.panes[2]
        await driven.press("G", "y")
        await driven.shows("value in A")
        await driven.press("b")
        await driven.until(lambda: driven.app.clipboard == "new", "the value of B")
        await driven.press("enter")
        await driven.shows("value in A:")
        await driven.press("escape", "g", "y")
        await driven.until(lambda: driven.app.clipboard == "SIGINT", "only B has it")
        await driven.press("shift+tab", "enter")
        await driven.shows("digest  sha256:")


async def test_rows_are_filtered(registry: FakeRegistry, tmp_path: Path) -> None:
    async with browsing(hold(registry), tmp_path) as driven:
        screen = await compare(driven)
        await driven.shows("2 differences")
        await driven.press("3", "slash", *"stop")
        await driven.shows("1 of 2")
        await driven.press("enter")
        assert [row.path for row in screen.panes[2].content.values] == [".config.StopSignal"]  # type: ignore[attr-defined]
        await driven.press("escape")
        await driven.lacks("1 of 2")
        await driven.press("slash", *"zzz")
        await driven.shows('no row matches "zzz"')
        await driven.press("escape", "escape")
        await driven.until(lambda: driven.app.screen is driven.screen, "back")


async def test_a_platform_of_both_is_chosen(registry: FakeRegistry, tmp_path: Path) -> None:
    only = image(NEW, architecture="s390x")
    reference = hold(registry, images.index(ONE, ARM), images.index(TWO, ARM, only))
    async with browsing(reference, tmp_path) as driven:
        await compare(driven)
        await driven.shows("index")
        await driven.shows("linux/amd64")
        await driven.press("p")
        await driven.shows("linux/arm64  the same image")
        await driven.shows("linux/s390x  only in B")
        await driven.press("j", "enter")
        await driven.shows("the same image")
        await driven.shows("app, linux/arm64")
        await driven.shows("nothing new")
        await driven.shows("the configs say the same")
        await driven.press("p", "G", "enter")
        await driven.press("p")
        await driven.until(lambda: driven.is_quiet, "quiet")
        await driven.press("escape")


async def test_images_of_an_index_are_compared(registry: FakeRegistry, tmp_path: Path) -> None:
    reference = hold(registry, images.index(ONE, ARM), TWO)
    async with browsing(reference, tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("2", "g", "j", "j", "m")
        await driven.shows("linux/arm64 ●")
        await driven.shows("marked linux/arm64 of app:1.0")
        await driven.press("k", "equals_sign")
        await driven.shows(f"1.0@{short(ARM)} -> 1.0@{short(ONE)}")
        await driven.shows("linux/arm64 and linux/amd64")
        await driven.press("escape", "1", "k", "equals_sign")
        await driven.shows(f"1.0@{short(ARM)} -> 2.0")


async def test_an_error_is_told_and_asked_again(registry: FakeRegistry, tmp_path: Path) -> None:
    reference = hold(registry)
    registry.fault(f"/v2/{PATH}/manifests/2.0", Fault(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}'))
    async with browsing(reference, tmp_path) as driven:
        await compare(driven)
        await driven.shows("× 404")
        await driven.shows("waits for both images")
        assert "r try again" in driven.lines()[-1]
        assert "log in" not in driven.text(), "no key is shown that does nothing here"
        registry.faults.clear()
        await driven.press("r")
        await driven.shows("1 shared · 1 removed · 1 new")
        await driven.lacks("× 404")


async def test_waiting_is_told_and_left(registry: FakeRegistry, tmp_path: Path) -> None:
    reference = hold(registry)
    gate = registry.gate(f"/v2/{PATH}/manifests/2.0")
    async with browsing(reference, tmp_path) as driven:
        await compare(driven)
        await driven.shows("asking for 1.0 and 2.0")
        assert "swap" not in driven.lines()[-1]
        await driven.press("escape")
        await driven.until(lambda: driven.app.screen is driven.screen, "back")
        gate.open()


@pytest.mark.parametrize("size", [(80, 24), (60, 24), (60, 16)])
async def test_a_and_b_stand_on_two_lines_where_there_is_no_room(
    registry: FakeRegistry, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with browsing(hold(registry), tmp_path, size=size) as driven:
        screen = await compare(driven)
        await driven.shows("1 shared · 1 removed · 1 new")
        await driven.press("3")
        await driven.until(lambda: "A  old" in driven.text() and "B  new" in driven.text(), "both values")
        a, b = (next(at for at, line in enumerate(driven.lines()) if word in line) for word in ("A  old", "B  new"))
        assert b == a + 1
        await driven.press("j", "j")
        await driven.until(lambda: '.config.Env["MODE"]' in driven.lines()[-2], "the row that two lines make")
        await driven.press("1", "g", "j", "Y")
        await driven.until(lambda: driven.app.clipboard == TWO.digest, "the digest of B")
        assert "  A  " not in driven.lines()[1], "no columns, no names above them"
        await driven.pilot.resize_terminal(120, 36)
        await driven.until(lambda: "A  1.0" in driven.text(), "one line again")
        assert screen.panes[0].rows.cursor == 0


async def test_images_of_two_repositories_are_compared(registry: FakeRegistry, tmp_path: Path) -> None:
    reference = hold(registry)
    registry.repository("acme/other").add(TWO, "9.9")
    async with browsing(reference, tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("1", "m", "o")
        await driven.paste(f"{registry.name}/acme/other:9.9")
        await driven.press("enter")
        await driven.until(lambda: driven.screen.tags_pane.current == "9.9", "the other repository")
        await driven.press("equals_sign")
        await driven.shows(f"A  {registry.name}/acme/app:1.0")
        await driven.shows(f"B  {registry.name}/acme/other:9.9")
        await driven.shows("app and other, linux/amd64")
        await driven.shows("1 shared · 1 removed · 1 new")


async def test_reloading_asks_what_the_tags_point_to(registry: FakeRegistry, tmp_path: Path) -> None:
    async with browsing(hold(registry), tmp_path) as driven:
        await compare(driven)
        await driven.shows("1 shared · 1 removed · 1 new")
        registry.repository(PATH).add(ONE, "2.0")
        await driven.press("r")
        await driven.shows("the same image")
        await driven.press("d")
        await driven.shows("digest  sha256:")


async def test_images_that_were_seen_are_compared_without_a_request(registry: FakeRegistry, tmp_path: Path) -> None:
    async with browsing(hold(registry), tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("1", "k")
        await driven.shows("Manifests 2.0")
        await driven.until(lambda: driven.is_quiet)
        await driven.press("j")
        await driven.shows("Manifests 1.0")
        await driven.pilot.pause(0.4)
        await driven.until(lambda: driven.is_quiet)
        registry.asked.clear()
        await compare(driven)
        await driven.shows("1 shared · 1 removed · 1 new")
        assert registry.paths() == []
