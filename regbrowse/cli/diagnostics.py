"""The only writer of stderr, and the exit codes."""

from __future__ import annotations

import os
import sys
from enum import IntEnum

from regbrowse.cli.demo_names import as_typed
from regbrowse.errors import (
    AuthError,
    BadReference,
    ConfigError,
    Integrity,
    NotFound,
    NotInFile,
    RegbrowseError,
)


class ExitCode(IntEnum):
    """What the shell is told; stable."""

    OK = 0
    """Done."""
    NO = 1
    """Not found, or a check failed."""
    USAGE = 2
    """The command line, a setting or a file is wrong."""
    REGISTRY = 3
    """The network or the registry."""
    AUTH = 4
    """A login is needed, or was refused."""
    INTEGRITY = 5
    """Content that does not match its digest."""
    INTERRUPTED = 130
    """Ctrl+C."""


def code_of(error: RegbrowseError) -> ExitCode:
    """The exit code for an error."""
    match error:
        case NotFound() | NotInFile():
            return ExitCode.NO
        case BadReference() | ConfigError():
            return ExitCode.USAGE
        case AuthError():
            return ExitCode.AUTH
        case Integrity():
            return ExitCode.INTEGRITY
        case _:
            return ExitCode.REGISTRY


def print_error(error: RegbrowseError | str) -> None:
    """Print one sentence with the next step."""
    note(f"regbrowse: {error}")


def note(text: str) -> None:
    """Print what people should know and scripts need not read."""
    paint("")
    print(as_typed(text), file=sys.stderr)


_painted: list[str] = []
"""The line on the terminal that the next one replaces."""


def paint(line: str) -> None:
    """Show a line on the terminal in place of the one that was painted last, until something else is printed.

    The empty text erases it. Nothing happens where stderr is no terminal.
    """
    if not (line or _painted) or not sys.stderr.isatty():
        return
    _painted[:] = [line] if line else []
    if os.environ.get("TERM", "dumb") == "dumb":
        # It knows no way to erase but writing over.
        sys.stderr.write("\r" + line.ljust(columns() - 1) + ("" if line else "\r"))
    else:
        sys.stderr.write(f"\r{line}\x1b[K")
    sys.stderr.flush()


def columns() -> int:
    """The width of the terminal on stderr."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except OSError:
        return 80
