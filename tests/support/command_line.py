"""Runs the program's command line beside a registry of the same test, and gives what it wrote."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs
import pytest

from regbrowse.cli.main import main
from support.files import write


class Pipe(io.TextIOWrapper):
    """A stream that says whether it is a terminal."""

    def __init__(self, *, terminal: bool) -> None:
        self.bytes = io.BytesIO()
        self._terminal = terminal
        super().__init__(self.bytes, encoding="utf-8", write_through=True)

    def isatty(self) -> bool:
        return self._terminal


@dataclass(frozen=True)
class Said:
    """What a command wrote and how it ended."""

    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode()

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


@dataclass
class CommandLine:
    """Starts commands, each in a thread with a loop of its own."""

    patch: pytest.MonkeyPatch
    out: Pipe = field(default_factory=lambda: Pipe(terminal=False))
    """Of the command that was started last."""

    async def __call__(self, *words: str, terminal: bool = False) -> Said:
        out, err = Pipe(terminal=terminal), Pipe(terminal=terminal)
        self.out = out
        with self.patch.context() as patch:
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            patch.setenv("NO_COLOR", "1")
            patch.setattr("regbrowse.cli.verbs.download.SIGNALS", ())  # only a main thread can handle them
            code = await asyncio.to_thread(_main, words)
        return Said(code, out.bytes.getvalue(), err.bytes.getvalue().decode())

    def configure(self, settings: str) -> None:
        """Write the settings of everything that is started from now on."""
        write(platformdirs.user_config_path("regbrowse", appauthor=False) / "settings.toml", settings)


def _main(words: tuple[str, ...]) -> int:
    try:
        return main(words)
    except SystemExit as ended:
        return int(ended.code or 0)


def command_line(monkeypatch: pytest.MonkeyPatch, home: Path) -> CommandLine:
    """Where nothing of this machine's settings is found."""
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(home / name.lower()))
    for name in ("DOCKER_CONFIG", "DOCKER_AUTH_CONFIG", "DOCKER_REGISTRY_CREDENTIALS", "REGISTRY_AUTH_FILE"):
        monkeypatch.delenv(name, raising=False)
    return CommandLine(monkeypatch)
