"""Everything that goes to stderr, and the exit codes."""

from __future__ import annotations

import sys
from enum import IntEnum

from regbrowse.errors import RegbrowseError


class ExitCode(IntEnum):
    """What the shell is told; stable."""

    OK = 0
    """Done."""
    USAGE = 2
    """The command line, a setting or a file is wrong."""
    INTERRUPTED = 130
    """Ctrl+C."""


def complain(error: RegbrowseError | str) -> None:
    """One sentence with the next step."""
    print(f"regbrowse: {error}", file=sys.stderr)
