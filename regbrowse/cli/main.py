"""The program's door: reads the command line, and loads the rest only when more than help is wanted."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn, TextIO

from regbrowse.cli.arguments import parse


def main(words: Sequence[str] | None = None) -> int:
    """Runs the program; gives its exit code. Raises SystemExit after help, version and wrong words."""
    _stand_in()
    try:
        arguments = parse(words)
        from regbrowse.cli.begin import carry_out

        return carry_out(arguments)
    except BrokenPipeError:
        # Whoever read our output has all it wanted. Python would complain about the rest at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def program() -> NoReturn:
    """The whole process: as `main`, and gone at once, because taking down what was loaded takes 30 ms."""
    code = main()
    # A shell may have closed them (`>&-`), whatever their types say.
    streams: tuple[TextIO | None, ...] = (sys.stdout, sys.stderr)
    for stream in streams:
        if stream is not None:
            with suppress(OSError):
                stream.flush()
    os._exit(code)


def _stand_in() -> None:
    """For standard streams that a shell has closed (`2>&-`).

    Whatever is opened next would get their numbers, and Python prints to standard output what has nowhere to go.
    Standard output itself is missed where something is to be written.
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
