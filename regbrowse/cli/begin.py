"""From the command line's values to the exit code: a verb is answered or the screen opened, each imported late."""

from __future__ import annotations

import os
import sys

from regbrowse.cli.arguments import CREDENTIALS_VARIABLE, Arguments
from regbrowse.cli.connect import Start
from regbrowse.cli.diagnostics import ExitCode, code_of, complain
from regbrowse.errors import ConfigError, RegbrowseError


def carry_out(arguments: Arguments) -> int:
    """Does what was asked; gives the exit code. Raises BrokenPipeError."""
    try:
        if arguments.verb is None:
            return _browse(arguments)
        from regbrowse.cli.verbs.run import run

        return run(arguments, begin)
    except RegbrowseError as error:
        complain(error)
        return code_of(error)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED


def begin(arguments: Arguments) -> Start:
    """Everything that is known before the first question. Raises BadReference or ConfigError."""
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
    start = begin(arguments)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError(
            "regbrowse draws on a terminal, and this is none.",
            hint="Start it without pipes, or use one of the verbs that --help lists.",
        )

    from regbrowse.tui.app import RegbrowseApp

    app = RegbrowseApp(start.browser, start.place)
    app.run()
    return app.return_code or ExitCode.OK
