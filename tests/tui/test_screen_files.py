"""Folders and archives on this machine, opened from the screen."""

from __future__ import annotations

from pathlib import Path

from support import images
from support.archives import dir_files, layout_files, tagged, write
from tui.screen_driver import browsing


async def test_a_folder_is_opened_from_the_dialog(tmp_path: Path) -> None:
    index = images.index(images.image(), images.image(architecture="arm64"))
    write(tmp_path / "out", layout_files(tagged(index, "1.0")))
    async with browsing(None, tmp_path) as driven:
        await driven.shows("Open")
        await driven.paste(f"oci:{tmp_path}/out:1.0")
        await driven.shows("files on this machine")
        await driven.press("enter")
        await driven.shows("platform    linux/amd64")
        await driven.shows("on this machine")
        assert ".invalid" not in driven.text()


async def test_names_beyond_the_grammar_are_a_list(tmp_path: Path) -> None:
    names = {
        "host:5000/Team/app:v2+build": images.image(),
        "host:5000/Team/app:v3+build": images.image("linux", "arm64"),
    }
    write(tmp_path / "out", layout_files(*(tagged(made, name) for name, made in names.items())))
    async with browsing(None, tmp_path, size=(160, 36)) as driven:
        await driven.shows("Open")
        await driven.paste(f"oci:{tmp_path}/out")
        await driven.press("enter")
        await driven.shows("v2_build")
        await driven.shows("v3_build")
        await driven.press("o")
        await driven.paste(f"oci:{tmp_path}/out:host:5000/Team/app:v3+build")
        await driven.press("enter")
        await driven.shows("platform    linux/arm64")


async def test_a_folder_of_the_dir_transport_and_a_store_that_is_not_read(tmp_path: Path) -> None:
    write(tmp_path / "out", dir_files(images.index(images.image(), images.image(architecture="arm64"))))
    async with browsing(None, tmp_path, size=(160, 36)) as driven:
        await driven.shows("Open")
        await driven.paste("docker-daemon:alpine:1")
        await driven.shows("docker save -o image.tar alpine:1")
        await driven.press(*["backspace"] * len("docker-daemon:alpine:1"))
        await driven.paste(f"dir:{tmp_path}/out")
        await driven.press("enter")
        await driven.shows("platform    linux/amd64")


async def test_a_folder_that_is_none_is_said_in_the_dialog_which_stays(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path / "out", layout_files(tagged(images.image(), "1.0")))
    async with browsing(None, tmp_path) as driven:
        await driven.shows("Open")
        await driven.paste(f"oci:{tmp_path}/empty")
        await driven.press("enter")
        await driven.shows("index.json")
        await driven.press(*["backspace"] * len("empty"))
        await driven.lacks("index.json")
        await driven.paste("out:1.0")
        await driven.press("enter")
        await driven.shows("platform    linux/amd64")
        await driven.lacks("Open")
