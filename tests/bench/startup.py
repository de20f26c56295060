"""First paint of the program against that of a bare Textual app, each from the start of its process."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench.figures import alternate, table
from bench.terminal import Terminal
from real.content import TOOL
from real.server import PROGRAM, running

REGBROWSE = [sys.executable, "-c", "from regbrowse.cli.main import program; program()"]
"""What pip installs as the command `regbrowse`."""
_BARE = [sys.executable, str(Path(__file__).with_name("bare.py"))]
_PANES = r"1 (Tags|Repositories)"


def paint(command: list[str], pattern: str) -> float:
    """Seconds from the start of a process to the screen that matches."""
    with Terminal(command) as terminal:
        return terminal.until(pattern)


def run(runs: int) -> None:
    """First paint: the panes, before their content."""
    subjects = {
        "bare Textual app": lambda: paint(_BARE, "one line of text"),
        "regbrowse demo": lambda: paint([*REGBROWSE, "demo"], _PANES),
    }
    with tempfile.TemporaryDirectory() as folder:
        if PROGRAM is None:
            table(alternate(subjects, runs), 1.3)
            print("  regbrowse HOST/repo: not measured, docker-registry is not installed")
            return
        with running(Path(folder)) as server:
            with server.pusher(TOOL) as push:
                push.image("amd64", "1.0")
            subjects["regbrowse HOST/repo"] = lambda: paint([*REGBROWSE, f"{server.name}/{TOOL}"], _PANES)
            table(alternate(subjects, runs), 1.3)
