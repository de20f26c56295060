from __future__ import annotations

import asyncio
import sys
import time

import pytest

from regbrowse.cli import progress
from regbrowse.cli.progress import Transfer, progress_line, waiting
from regbrowse.registry.models import Wait
from support.command_line import Pipe


def test_the_line_says_how_far_it_is() -> None:
    now = [0.0]
    progress = Transfer("sha256:0123456789ab", lambda: now[0])
    now[0] = 2.0
    line = progress.line(20 * 2**20, 80 * 2**20, 99)
    assert line.startswith("sha256:0123456789ab  [")
    assert line.endswith("]   25 %  20.0 MiB of 80.0 MiB  10.0 MiB/s  6 s left")
    assert progress.line(20 * 2**20, None, 99) == "sha256:0123456789ab  20.0 MiB  10.0 MiB/s"
    assert progress.line(20 * 2**20, 80 * 2**20, 99, "r.example is limiting requests.").endswith("requests.")


def test_the_rate_is_that_of_the_last_seconds() -> None:
    now = [0.0]
    progress = Transfer("x", lambda: now[0])
    for second in range(1, 11):
        now[0] = float(second)
        line = progress.line(min(second, 5) * 2**20, None, 99)
    assert line == "x  5.0 MiB  0 B/s"


@pytest.mark.parametrize("width", [0, 9, 39, 59, 79, 199])
@pytest.mark.parametrize("total", [None, 0, 10**12])
def test_the_line_fits(width: int, total: int | None) -> None:
    assert len(Transfer("sha256:0123456789ab").line(0, total, width)) <= width


@pytest.mark.parametrize("terminal", [True, False])
async def test_the_line_is_only_on_terminals(monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    stream, asked = Pipe(terminal=terminal), asyncio.Semaphore(0)
    monkeypatch.setattr(progress, "PAUSE", 0)
    monkeypatch.setattr(sys, "stderr", stream)

    def line(_: int) -> str:
        asked.release()
        return "x"

    async with progress_line(line), asyncio.timeout(5):
        # What the first answer is used for is over when there is a second question.
        await asked.acquire()
        await asked.acquire()
    assert (b"x" in stream.bytes.getvalue()) == terminal


async def test_the_line_of_an_inner_block_takes_the_place_of_the_outer(monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[str] = []
    monkeypatch.setattr(progress, "PAUSE", 0.001)
    monkeypatch.setattr(progress, "paint", painted.append)

    async def until(text: str) -> None:
        async with asyncio.timeout(5):
            while text not in painted:
                await asyncio.sleep(0)
        painted.clear()

    async with progress_line(lambda _: "outer"):
        await until("outer")
        async with progress_line(lambda _: "inner"):
            await until("inner")
            await until("inner")
            assert "outer" not in painted
        await until("outer")


def test_why_a_registry_is_not_asked_is_said_with_the_time_that_is_left() -> None:
    now = time.monotonic()
    assert waiting(Wait(now + 29.5, "ghcr.io is limiting requests.")) == (
        "ghcr.io is limiting requests. Trying again in 30 s."
    )
    assert waiting(Wait(now - 1, "ghcr.io is limiting requests.")) == ""
    assert waiting(None) == ""
