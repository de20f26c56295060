"""`aliases`: the tags that share a digest, by HEAD alone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pty
import sys
from pathlib import Path

import pyte
import pytest

from support import images
from support.command_line import CommandLine
from support.fake_registry import FakeRegistry, Fault

APP = images.image()
OTHER = images.image(architecture="arm64")
REPOSITORY = "acme/app"


@pytest.fixture
def name(registry: FakeRegistry) -> str:
    shelf = registry.repository(REPOSITORY)
    shelf.add(APP, "1", "1.2", "1.2.3", "latest")
    shelf.add(OTHER, "0.9", "edge")
    return f"{registry.name}/{REPOSITORY}"


def methods(registry: FakeRegistry) -> set[str]:
    return {one.method for one in registry.asked if "/manifests/" in one.path}


async def test_tags_of_the_same_digest(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    said = await run("aliases", f"{name}:1.2")
    assert (said.code, said.err) == (0, "")
    assert sorted(said.json) == ["1", "1.2", "1.2.3", "latest"]
    assert methods(registry) == {"HEAD"}, "nothing is read to know what is the same"
    paths = [one.path for one in registry.asked if "/tags/" in one.path or one.method == "HEAD"]
    listed = next(at for at, path in enumerate(paths) if path.endswith("/tags/list"))
    assert not [path for path in paths[:listed] if not path.endswith("/1.2")], "the tags are listed first"


async def test_one_in_a_line(run: CommandLine, name: str) -> None:
    said = await run("--format", "table", "aliases", name)
    assert said.code == 0
    assert sorted(said.lines) == ["1", "1.2", "1.2.3", "latest"], "without a tag it is latest"


async def test_what_was_found_stays_beside_the_counter(name: str, tmp_path: Path) -> None:
    """Both are on the same terminal: a line that is painted over must not hold what was found."""
    inside, outside = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "regbrowse", "--no-cache", "aliases", name,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm", "NO_COLOR": "1"},
        stdin=asyncio.subprocess.DEVNULL, stdout=outside, stderr=outside,
    )  # fmt: skip
    os.close(outside)
    screen = pyte.Screen(80, 24)
    stream = pyte.ByteStream(screen)
    with contextlib.suppress(OSError):  # which is how a terminal ends
        while came := await asyncio.to_thread(os.read, inside, 65_536):
            stream.feed(came)
    os.close(inside)
    assert await process.wait() == 0
    assert sorted(json.loads("".join(screen.display))) == ["1", "1.2", "1.2.3", "latest"]


async def test_a_digest_is_not_asked_for(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    said = await run("--format", "table", "aliases", f"{name}@{OTHER.digest}")
    assert sorted(said.lines) == ["0.9", "edge"]
    assert len([one for one in registry.asked if one.method == "HEAD"]) == 6


async def test_a_digest_without_a_tag_has_no_aliases(run: CommandLine, name: str) -> None:
    said = await run("aliases", f"{name}@{images.sha256(b'')}")
    assert (said.code, said.json) == (0, [])
    assert said.err == f"No tag of {name} points to {images.sha256(b'')}.\n"


async def test_a_tag_that_does_not_exist(run: CommandLine, name: str) -> None:
    said = await run("aliases", f"{name}:nope")
    assert (said.code, said.raw) == (1, b"")
    assert 'has no "nope"' in said.err


async def test_at_most_four_at_once_and_written_as_found(registry: FakeRegistry, run: CommandLine) -> None:
    tags = [f"t{number:02}" for number in range(40)]
    registry.repository(REPOSITORY).add(APP, *tags)
    gates = [registry.gate(f"/v2/{REPOSITORY}/manifests/{tag}") for tag in tags[:6]]
    gates[0].open()  # what is asked about
    asking = asyncio.create_task(run("--format", "table", "aliases", f"{registry.name}/{REPOSITORY}:{tags[0]}"))
    async with asyncio.timeout(10):
        for gate in gates[1:5]:
            await gate.arrived.wait()
        assert not gates[5].arrived.is_set(), "four are asked for, and no fifth"
        gates[3].open()
        await gates[5].arrived.wait()
        while b"t03" not in run.out.bytes.getvalue():
            await asyncio.sleep(0.001)
    assert run.out.bytes.getvalue() == b"t00\nt03\n", "found, while others are still being asked for"
    for gate in gates:
        gate.open()
    assert sorted((await asking).lines) == tags


@pytest.mark.parametrize("raw", [True, False])
async def test_a_rate_limit_ends_it_with_what_it_has(
    registry: FakeRegistry, run: CommandLine, name: str, raw: bool
) -> None:
    limited = Fault(status=429, body=b"", headers=[("Retry-After", "7200")])
    registry.fault(f"/v2/{REPOSITORY}/manifests/latest", limited)
    said = await run(*(["-r"] if raw else []), "aliases", f"{name}:1.2")
    found = said.json
    assert (said.out.count("\n") == 1) == raw
    assert set(found) <= {"1", "1.2", "1.2.3"}
    assert found
    assert said.code == 3
    first, second = said.err.splitlines()
    assert first.startswith("Stopped early: ")
    assert first.endswith(" of 6 tags asked.")
    assert "limit" in second


async def test_a_registry_that_tells_no_digest_by_head(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    for tag in ("1", "edge"):
        headers = [("Content-Type", images.OCI_MANIFEST)]
        registry.fault(f"/v2/{REPOSITORY}/manifests/{tag}", Fault(status=200, body=b"", headers=headers))
    said = await run("--format", "table", "aliases", f"{name}:1.2")
    assert sorted(said.lines) == ["1.2", "1.2.3", "latest"]
    assert said.err == "2 tags left out: the registry does not say by HEAD what they point to.\n"


async def test_a_terminal_is_told_how_far_it_is(run: CommandLine, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regbrowse.cli.progress.PAUSE", 0)
    monkeypatch.setenv("TERM", "xterm")
    said = await run("aliases", f"{name}:1.2", terminal=True)
    assert "of 6 tags asked" in said.err
    assert said.err.endswith("\r\x1b[K"), "nothing of it stays"
    assert sorted(said.json) == ["1", "1.2", "1.2.3", "latest"]


async def test_a_registry_is_no_image(registry: FakeRegistry, run: CommandLine) -> None:
    said = await run("aliases", registry.name)
    assert (said.code, said.raw) == (2, b"")
    assert "is a registry" in said.err
