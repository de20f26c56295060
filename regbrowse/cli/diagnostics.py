"""Everything that goes to stderr, and the exit codes."""

from __future__ import annotations

import sys
from enum import IntEnum

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


def complain(error: RegbrowseError | str) -> None:
    """One sentence with the next step."""
    print(f"regbrowse: {error}", file=sys.stderr)


def note(text: str) -> None:
    """Something that people should know and scripts need not read."""
    print(text, file=sys.stderr)
