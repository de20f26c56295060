"""`downloadlayer` as a process: pipes, signals, full disks, terminals."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import re
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.fake_registry import FakeRegistry, Fault, lie
from support.layer import NAME, PATH, RAW, content, left


def written(folder: Path) -> int:
    """Bytes under a temporary name, of which there is one for a moment to see whether anything can be written."""
    size = 0
    for one in folder.glob(".regbrowse-*.part"):
        with contextlib.suppress(FileNotFoundError):
            size += one.stat().st_size
    return size


async def start(
    folder: Path, *words: str, out: int = asyncio.subprocess.PIPE, before: Callable[[], None] | None = None
) -> asyncio.subprocess.Process:
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "xterm"}

    def prepare() -> None:
        # A shell that starts pytest in the background lets it, and everything that it starts, ignore interrupts.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if before is not None:
            before()

    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "regbrowse", "--no-cache", "downloadlayer", *words,
        cwd=folder, env=environ, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=asyncio.subprocess.PIPE,
        preexec_fn=prepare,
    )  # fmt: skip


async def start_and_wait(
    folder: Path, *words: str, out: int = asyncio.subprocess.PIPE, before: Callable[[], None] | None = None
) -> tuple[int | None, bytes, str]:
    process = await start(folder, *words, out=out, before=before)
    came, said = await process.communicate()
    return process.returncode, came or b"", said.decode()


@pytest.mark.parametrize("words", [(), ("-o", "-")])
async def test_to_a_pipe_the_bytes_and_nothing_else(tmp_path: Path, layer_name: str, words: tuple[str, ...]) -> None:
    assert await start_and_wait(tmp_path, layer_name, *words) == (0, RAW, "")
    assert left(tmp_path) == []


async def test_to_a_pipe_the_exit_code_tells_that_they_were_wrong(
    tmp_path: Path, registry: FakeRegistry, layer_name: str
) -> None:
    registry.fault(PATH, Fault(200, lie(RAW)))
    code, out, said = await start_and_wait(tmp_path, layer_name)
    assert (code, out) == (5, lie(RAW))
    assert "What was written is wrong." in said


async def test_a_pipe_gets_what_is_there_while_the_rest_is_waited_for(
    tmp_path: Path, registry: FakeRegistry, layer_name: str
) -> None:
    registry.fault(PATH, Fault(stall=1000))
    process = await start(tmp_path, layer_name)
    assert process.stdout is not None
    assert await process.stdout.readexactly(1000) == RAW[:1000]
    registry.gate(PATH).open()
    assert await process.stdout.read() == RAW[1000:]
    assert await process.wait() == 0


async def test_a_closed_pipe_ends_it_quietly(tmp_path: Path, registry: FakeRegistry, layer_name: str) -> None:
    registry.fault(PATH, Fault(body=bytes(2**20), endless=True))
    inside, outside = os.pipe()
    process = await start(tmp_path, layer_name, out=outside)
    os.close(outside)
    await asyncio.to_thread(os.read, inside, 10)
    os.close(inside)
    _, said = await process.communicate()
    assert (process.returncode, said) == (0, b"")


async def test_standard_output_on_a_full_disk(tmp_path: Path, layer_name: str) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    code, _, said = await start_and_wait(tmp_path, layer_name, out=full)
    os.close(full)
    assert code == 2
    assert said == "regbrowse: Standard output cannot be written: no space is left there.\n"


async def test_a_full_disk_leaves_nothing(tmp_path: Path, layer_name: str) -> None:
    def little() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    code, _, said = await start_and_wait(tmp_path, layer_name, "-o", "layer", before=little)
    assert code == 2
    why = "files may not be that long there. Choose another place with -o FILE."
    assert said == f"regbrowse: {tmp_path} cannot be written: {why}\n"
    assert left(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_an_interrupt_leaves_nothing(
    tmp_path: Path, registry: FakeRegistry, layer_name: str, number: signal.Signals
) -> None:
    registry.fault(PATH, Fault(stall=100_000))
    process = await start(tmp_path, layer_name, "-o", "layer")
    while not written(tmp_path):
        await asyncio.sleep(0.01)
    assert "layer" not in left(tmp_path)
    process.send_signal(number)
    _, said = await process.communicate()
    assert (process.returncode, said) == (130, b"regbrowse: Interrupted; nothing was kept.\n")
    assert left(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupt_need_not_wait_for_the_reader(
    tmp_path: Path, registry: FakeRegistry, layer_name: str, number: signal.Signals
) -> None:
    registry.fault(PATH, Fault(body=bytes(2**20), endless=True))
    inside, outside = os.pipe()
    process = await start(tmp_path, layer_name, out=outside)
    os.close(outside)
    await asyncio.to_thread(os.read, inside, 10)
    process.send_signal(number)
    _, said = await process.communicate()
    os.close(inside)
    assert (process.returncode, said) == (130, b"regbrowse: Interrupted.\n")


async def test_memory_stays_small(tmp_path: Path, registry: FakeRegistry, layer_name: str) -> None:
    """A transfer of 256 MiB within an address space that could not hold it."""
    registry.fault(PATH, Fault(200, bytes(2**28)))

    def little() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (2**28, 2**28))

    code, _, said = await start_and_wait(tmp_path, layer_name, "-o", "layer", before=little)
    assert code == 5, said


async def test_a_folder_that_may_not_be_written(tmp_path: Path, registry: FakeRegistry, layer_name: str) -> None:
    if os.getuid() == 0:
        pytest.skip("root may write everywhere")
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    code, _, err = await start_and_wait(tmp_path, layer_name, "-o", str(folder / "x"))
    assert (code, registry.asked) == (2, [])
    assert "you may not write there" in err


async def test_the_line_comes_and_is_erased(tmp_path: Path, registry: FakeRegistry, layer_name: str) -> None:
    registry.fault(PATH, Fault(stall=150_000))
    ours, theirs = pty.openpty()
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "regbrowse", "--no-cache", "downloadlayer", layer_name,
        cwd=tmp_path, env=environ, stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    while not re.search(rb"%  146\.5 KiB of 293\.2 KiB [^\r]* left", seen):
        seen += await asyncio.to_thread(os.read, ours, 4096)
    registry.gate(PATH).open()
    while b"verified" not in seen:
        seen += await asyncio.to_thread(os.read, ours, 4096)
    assert await process.wait() == 0
    os.close(ours)
    assert seen.decode().replace("\r\n", "\n").endswith(f"\r\x1b[K{NAME}: 293.2 KiB, verified.\n")
    assert content(str(tmp_path / NAME)) == RAW
