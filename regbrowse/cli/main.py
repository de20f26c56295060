"""The program's start: reads the command line, then answers a verb or opens the screen, each imported late."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from regbrowse.cli.arguments import CREDENTIALS_VARIABLE, Arguments, parse
from regbrowse.cli.diagnostics import ExitCode, code_of, complain
from regbrowse.errors import ConfigError, RegbrowseError

if TYPE_CHECKING:
    from regbrowse.cli.connect import Start


def main(words: Sequence[str] | None = None) -> int:
    """Runs the program; gives its exit code."""
    try:
        arguments = parse(words)
        if arguments.verb is None:
            return _browse(arguments)
        from regbrowse.cli.verbs.run import run

        return run(arguments, _start)
    except RegbrowseError as error:
        complain(error)
        return code_of(error)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has all it wanted. Python would complain about the rest at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK


def _start(arguments: Arguments) -> Start:
    """Everything that is known before the first question. Raises BadReference or ConfigError."""
    from regbrowse.cli.connect import Start

    user = arguments.user or os.environ.get(CREDENTIALS_VARIABLE) or None
    source = "-u" if arguments.user else CREDENTIALS_VARIABLE
    if user is not None and ":" not in user.strip(":"):
        raise ConfigError(f"{source} is not of the form USER:PASSWORD.")
    for option, file in (("--cacert", arguments.ca_file), ("--authfile", arguments.authfile)):
        if file is not None and not file.is_file():
            raise ConfigError(f"{option} {file}: there is no such file.")
    if arguments.offline and not arguments.cache:
        raise ConfigError("--offline shows what --no-cache does not keep.", hint="Leave one of them out.")
    start = Start(arguments, user, source)
    start.find(arguments.reference)
    return start


def _browse(arguments: Arguments) -> int:
    start = _start(arguments)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError(
            "regbrowse draws on a terminal, and this is none.",
            hint="Start it without pipes, or use one of the verbs that --help lists.",
        )

    from regbrowse.tui.app import RegbrowseApp

    app = RegbrowseApp(start.browser, start.place)
    app.run()
    return app.return_code or ExitCode.OK
