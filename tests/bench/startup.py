"""First paint of the program against that of a bare Textual app, each from the start of its process."""

from __future__ import annotations

import subprocess
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
_OWN = "import regbrowse.tui.app, regbrowse.tui.screens.browse, regbrowse.tui.selection, regbrowse.state.theme"
"""What the app imports on the way to its main screen."""
_PANES = r"1 (Tags|Repositories)"


def paint(command: list[str], pattern: str) -> float:
    """Seconds from the start of a process to the screen that matches."""
    with Terminal(command) as terminal:
        return terminal.until(pattern)


def imported(extra: str) -> float:
    """Seconds that a fresh interpreter takes to import Textual, or with `extra` what comes on top of that."""
    code = (
        "import time; start = time.perf_counter(); import textual.app; middle = time.perf_counter()\n"
        f"{extra or 'pass'}\n"
        f"print({'time.perf_counter() - middle' if extra else 'middle - start'})"
    )
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def run(runs: int) -> None:
    """First paint: the panes, before their content; and what our own modules cost."""
    modules = {"import of Textual": lambda: imported(""), "import of our own modules": lambda: imported(_OWN)}
    table(alternate(modules, runs), 0.6)
    subjects = {
        "bare Textual app": lambda: paint(_BARE, "one line of text"),
        "regbrowse demo": lambda: paint([*REGBROWSE, "demo"], _PANES),
    }
    with tempfile.TemporaryDirectory() as folder:
        if PROGRAM is None:
            table(alternate(subjects, runs), 1.2)
            print("  regbrowse HOST/repo: not measured, docker-registry is not installed")
            return
        with running(Path(folder)) as server:
            with server.pusher(TOOL) as push:
                push.image("amd64", "1.0")
            subjects["regbrowse HOST/repo"] = lambda: paint([*REGBROWSE, f"{server.name}/{TOOL}"], _PANES)
            table(alternate(subjects, runs), 1.2)
