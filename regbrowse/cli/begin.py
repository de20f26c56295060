"""From the command line's values to the exit code: a verb is answered or the screen opened, each imported late."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from regbrowse.cli.arguments import CREDENTIALS_VARIABLE, Arguments
from regbrowse.cli.connect import Start, look_ahead
from regbrowse.cli.diagnostics import ExitCode, code_of, complain
from regbrowse.errors import ConfigError, RegbrowseError

if TYPE_CHECKING:
    from pathlib import Path


def carry_out(arguments: Arguments) -> int:
    """Does what was asked; gives the exit code. Raises BrokenPipeError."""
    try:
        if arguments.verb is None:
            return _browse(arguments)
        look_ahead(arguments)
        from regbrowse.cli.verbs.run import run

        return run(arguments, begin)
    except RegbrowseError as error:
        complain(error)
        return code_of(error)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED


def begin(arguments: Arguments) -> Start:
    """Everything that is known before the first question. Raises BadReference or ConfigError."""
    source = CREDENTIALS_VARIABLE if arguments.user is None else "-u"
    user = (os.environ.get(source) or None) if arguments.user is None else arguments.user
    if arguments.reference is None:
        # A login is for the registry of the reference; without one it would go to whatever is opened first.
        if arguments.user is not None:
            raise ConfigError("-u is a login for the registry of a reference, and there is none.")
        user = None
    if user is not None:
        _check_login(user, source)
    if arguments.ca_file is not None:
        _check_authority(arguments.ca_file)
    if arguments.authfile is not None and not arguments.authfile.is_file():
        raise ConfigError(f"--authfile {arguments.authfile}: there is no such file.")
    if arguments.offline and not arguments.cache:
        raise ConfigError("--offline shows what --no-cache does not keep.", hint="Leave one of them out.")
    start = Start(arguments, user, source)
    start.find(arguments.reference)
    return start


def _check_login(user: str, source: str) -> None:
    """Raises ConfigError, without a word of the login."""
    from regbrowse.settings.login import sendable

    name, _, password = user.partition(":")
    if not name or not password:
        raise ConfigError(f"{source} is not of the form USER:PASSWORD.")
    if not sendable(user):
        raise ConfigError(f"{source} is not written in UTF-8.", hint="Set the terminal to UTF-8, or use --authfile.")


def _check_authority(path: Path) -> None:
    from regbrowse.settings.certificates import problem_with_ca

    problem = problem_with_ca(path)
    if problem:
        raise ConfigError(f"--cacert: {problem}.")


def _browse(arguments: Arguments) -> int:
    start = begin(arguments)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError(
            "The browser draws on a terminal, and this is none.",
            hint="Start it without pipes, or use one of the verbs that --help lists.",
        )

    from regbrowse.tui.app import RegbrowseApp

    app = RegbrowseApp(start.browser, start.place)
    app.run()
    return app.return_code or ExitCode.OK
