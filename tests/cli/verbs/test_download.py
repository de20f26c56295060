"""`downloadlayer`: a whole and right file, or none; bytes to standard output as they come."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from regbrowse.cli.verbs.download import ending_of
from support import images
from support.command_line import CommandLine
from support.fake_registry import FakeRegistry, Fault, lie
from support.images import Made
from support.layer import NAME, PATH, RAW, content, left


@pytest.fixture
def run(run: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CommandLine:
    """Works in a folder of its own, where whatever is left behind is seen."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("TERM", "xterm")
    return run


def about(name: str) -> tuple[int, int]:
    there = Path(name).stat()
    return there.st_mode & 0o777, there.st_nlink


def put(name: str) -> None:
    Path(name).write_bytes(b"mine")


def link(name: str, to: str) -> None:
    Path(name).symlink_to(to)


# Files


async def test_into_the_file_that_was_named(run: CommandLine, layer_name: str) -> None:
    said = await run("downloadlayer", layer_name, "-o", "layer")
    assert (said.code, said.raw, said.err) == (0, b"", "")
    assert content("layer") == RAW
    assert left() == ["layer"]


async def test_it_can_be_read_like_any_other_file(run: CommandLine, layer_name: str) -> None:
    before = os.umask(0o027)
    try:
        await run("downloadlayer", layer_name, "-o", "layer")
    finally:
        os.umask(before)
    assert about("layer") == (0o640, 1)


async def test_at_a_terminal_it_is_named_after_the_digest(run: CommandLine, layer_name: str) -> None:
    said = await run("downloadlayer", layer_name, terminal=True)
    assert (said.code, said.raw, left()) == (0, b"", [NAME])
    assert f"{NAME}: 293.2 KiB, verified.\n" in said.err
    assert content(NAME) == RAW


@pytest.mark.parametrize(
    ("start", "ending"),
    [
        (b"\x1f\x8b\x08", ".tar.gz"),
        (b"\x28\xb5\x2f\xfd", ".tar.zst"),
        (b"\x50\x2a\x4d\x18", ".tar.zst"),
        (b"\x5f\x2a\x4d\x18", ".tar.zst"),
        (b"\x60\x2a\x4d\x18", ""),
        (b"a".ljust(257, b"\0") + b"ustar\0", ".tar"),
        (bytes(1024), ".tar"),
        (bytes(1023), ""),
        (b' {"a": 1}', ".json"),
        (b"", ""),
        (b"\0asm", ""),
    ],
)
def test_the_first_bytes_tell_the_end_of_the_name(start: bytes, ending: str) -> None:
    assert ending_of(start) == ending


async def test_configs_and_empty_content_can_be_had_too(
    registry: FakeRegistry, run: CommandLine, layer_name: str
) -> None:
    assert layer_name
    for made in (images.config(), Made(b"", "")):
        registry.repository("acme/app").blobs[made.digest] = made.raw
        said = await run("downloadlayer", f"{registry.name}/acme/app@{made.digest}", terminal=True)
        path = made.digest.replace(":", "-") + (".json" if made.raw else "")
        assert (said.code, content(path)) == (0, made.raw)


async def test_what_runs_inside_the_program_can_be_downloaded(run: CommandLine) -> None:
    listed = await run("-r", "manifest", "demo", "--platform", "linux/amd64")
    digest = listed.json["config"]["digest"]
    said = await run("downloadlayer", f"demo/acme/shop/webapp@{digest}", "-o", "config")
    assert (said.code, images.sha256(content("config"))) == (0, digest)


async def test_nothing_is_overwritten(registry: FakeRegistry, run: CommandLine, layer_name: str) -> None:
    put("layer")
    said = await run("downloadlayer", layer_name, "-o", "layer")
    assert said.code == 2
    assert said.err == "regbrowse: layer exists. Overwrite it with --force, or choose another name.\n"
    assert (content("layer"), left(), registry.asked) == (b"mine", ["layer"], [])
    assert (await run("downloadlayer", "--force", layer_name, "-o", "layer")).code == 0
    assert (content("layer"), left()) == (RAW, ["layer"])


async def test_nothing_is_overwritten_under_the_name_of_the_digest(
    registry: FakeRegistry, run: CommandLine, layer_name: str
) -> None:
    put(NAME)
    assert (await run("downloadlayer", layer_name, terminal=True)).code == 2
    assert (content(NAME), registry.asked) == (b"mine", [])
    assert (await run("downloadlayer", layer_name, "--force", terminal=True)).code == 0
    assert content(NAME) == RAW


async def test_a_file_that_appears_meanwhile_stays(registry: FakeRegistry, run: CommandLine, layer_name: str) -> None:
    gate = registry.gate(PATH)
    running = asyncio.create_task(run("downloadlayer", layer_name, "-o", "layer"))
    await gate.arrived.wait()
    put("layer")
    gate.open()
    said = await running
    assert (said.code, content("layer"), left()) == (2, b"mine", ["layer"])


async def test_links_are_not_followed_to_what_they_lead_to(run: CommandLine, layer_name: str) -> None:
    put("mine")
    link("layer", "mine")
    link("dangling", "nowhere")
    for there in ("layer", "dangling"):
        assert (await run("downloadlayer", layer_name, "-o", there)).code == 2
    assert (await run("downloadlayer", layer_name, "-o", "layer", "--force")).code == 0
    assert (content("mine"), content("layer")) == (b"mine", RAW)


async def test_a_file_system_without_hard_links(
    run: CommandLine, layer_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    assert (await run("downloadlayer", layer_name, "-o", "layer")).code == 0
    assert (content("layer"), left()) == (RAW, ["layer"])


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("no/folder", "no cannot be written: there is no such folder."),
        ("file/x", "file/x cannot be written: there is no such folder."),
        (".", ". is a folder. Name a file in it with -o FILE."),
        ("/dev/null", "/dev/null is not a plain file. Write to standard output with -o - instead."),
        ("n" * 300, "cannot be written: the name is too long."),
        ("/proc/x", "/proc cannot be written: "),
    ],
)
@pytest.mark.parametrize("force", [(), ("--force",)])
async def test_where_nothing_can_be_written(
    registry: FakeRegistry, run: CommandLine, layer_name: str, place: str, why: str, force: tuple[str, ...]
) -> None:
    put("file")
    said = await run("downloadlayer", layer_name, "-o", place, *force)
    assert said.code == 2
    assert why in said.err
    assert said.err.count("\n") == 1
    assert (left(), registry.asked) == (["file"], [])


# What the registry does wrong


@pytest.mark.parametrize("served", [lie(RAW), RAW[:-1], b"", b"<html></html>"])
@pytest.mark.parametrize("words", [("-o", "layer"), ("-o", "layer", "--force"), ()])
async def test_wrong_bytes_leave_nothing(
    registry: FakeRegistry, run: CommandLine, layer_name: str, served: bytes, words: tuple[str, ...]
) -> None:
    registry.fault(PATH, Fault(200, served))
    put("other")
    said = await run("downloadlayer", layer_name, *words, terminal=True)
    assert (said.code, left()) == (5, ["other"])
    assert "Nothing was kept." in said.err


async def test_wrong_bytes_do_not_replace_what_was_there(
    registry: FakeRegistry, run: CommandLine, layer_name: str
) -> None:
    registry.fault(PATH, Fault(200, lie(RAW)))
    put("layer")
    assert (await run("downloadlayer", layer_name, "-o", "layer", "--force")).code == 5
    assert (content("layer"), left()) == (b"mine", ["layer"])


@pytest.mark.parametrize("second", [None, Fault(200, RAW, times=1)], ids=["ranges", "no ranges"])
async def test_a_broken_transfer_is_resumed(
    registry: FakeRegistry, run: CommandLine, layer_name: str, second: Fault | None
) -> None:
    registry.fault(PATH, Fault(truncate=100_000, times=1))
    if second:
        registry.fault(PATH, second)
    assert (await run("downloadlayer", layer_name, "-o", "layer")).code == 0
    assert content("layer") == RAW
    assert [one.headers.get("range") for one in registry.asked if one.path == PATH] == [None, "bytes=100000-"]


async def test_what_cannot_be_had_leaves_nothing(registry: FakeRegistry, run: CommandLine, layer_name: str) -> None:
    registry.repository("acme/app").blobs.clear()
    said = await run("downloadlayer", layer_name, "-o", "layer")
    assert (said.code, left()) == (1, [])
    assert "does not hold" in said.err
    assert f"`regbrowse layers {registry.name}/acme/app:TAG` lists the layers" in said.err
    assert "(urls) are not fetched" in said.err


async def test_logins_are_asked_for(registry: FakeRegistry, run: CommandLine, layer_name: str) -> None:
    registry.auth, registry.public = "bearer", False
    assert (await run("downloadlayer", layer_name, "-o", "layer")).code == 4
    assert left() == []
    assert (await run("downloadlayer", layer_name, "-o", "layer", "-u", "ann:s3cr3t-canary-1")).code == 0
    assert content("layer") == RAW


# What is typed wrong


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("acme/app:1", '"{}" has a tag where a digest is needed. `regbrowse layers {}` lists the layers'),
        ("acme/app", '"{}" has nothing where a digest is needed. `regbrowse layers {}` lists the layers'),
        (f"acme/app@blake3:{'0' * 64}", "blake3 cannot be computed here"),
        ("acme/app@sha256:12", "is not a valid digest"),
        ("", "is a registry. Write REPOSITORY@DIGEST."),
    ],
)
async def test_what_names_no_layer(registry: FakeRegistry, run: CommandLine, typed: str, why: str) -> None:
    given = f"{registry.name}/{typed}"
    said = await run("downloadlayer", given)
    assert (said.code, registry.asked, left()) == (2, [], [])
    assert why.replace("{}", given) in said.err
    assert said.err.count("\n") == 1


async def test_a_tag_beside_a_digest_does_no_harm(run: CommandLine, layer_name: str) -> None:
    assert (await run("downloadlayer", layer_name.replace("@", ":1@"), "-o", "layer")).code == 0
