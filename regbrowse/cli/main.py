# PYTHON_ARGCOMPLETE_OK
"""The start of the program: reads the command line, and loads the rest only when more than help is wanted."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn, TextIO

from regbrowse.cli.arguments import parse


def main(words: Sequence[str] | None = None) -> int:
    """Run the program; give its exit code. Raises SystemExit after help, version and wrong words."""
    _open_closed_streams()
    try:
        if "_ARGCOMPLETE" in os.environ:
            from regbrowse.cli.completion import complete

            complete()
        arguments = parse(words)
        from regbrowse.cli.dispatch import run

        return run(arguments)
    except BrokenPipeError:
        # The reader of our output has closed it. Python would complain about the rest at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def program() -> NoReturn:
    """Run the program and end the process at once, because taking down what was loaded takes 30 ms."""
    code = main()
    # A shell may have closed them (`>&-`), whatever their types say.
    streams: tuple[TextIO | None, ...] = (sys.stdout, sys.stderr)
    for stream in streams:
        if stream is not None:
            with suppress(OSError):
                stream.flush()
    os._exit(code)


def _open_closed_streams() -> None:
    """Put the null device where a shell has closed a standard stream (`2>&-`).

    What is opened next would get its number, and Python prints to standard output what is meant for a closed stderr.
    `sys.stdout` stays None: a command that writes says so.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    found: tuple[object, object] = (sys.stdin, sys.stderr)
    if found[0] is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY))
    if found[1] is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
