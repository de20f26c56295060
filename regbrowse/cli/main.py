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
