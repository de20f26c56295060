"""Runs command lines of a shell in which `regbrowse` is this program."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Said:
    """What came of a command."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()


def shell(line: str, home: Path, **environment: str) -> Said:
    """Runs a line of sh in a folder that is also the home; its exit code is that of the first command that fails."""
    folder = home / "bin"
    folder.mkdir(exist_ok=True)
    for name, module in (("regbrowse", "-m regbrowse"), ("python", "")):
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {module} "$@"\n')
        program.chmod(0o755)
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=home,
        env={
            "PATH": f"{folder}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "HOME": str(home),
            "LANG": "C.UTF-8",
            **environment,
        },
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr.decode())
