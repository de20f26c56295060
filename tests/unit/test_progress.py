from __future__ import annotations

import asyncio
import io
import sys

import pytest

from regbrowse.cli.progress import PAUSE, Transfer, progress_line


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


async def test_the_line_is_only_on_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    async with progress_line(lambda _: "x"):
        await asyncio.sleep(1.5 * PAUSE)
    assert stream.getvalue() == ""
