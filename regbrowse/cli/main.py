"""The program's start: reads the command line, then opens the screen by a deferred import."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from regbrowse.cli.arguments import CREDENTIALS_VARIABLE, DEMO, Arguments, parse
from regbrowse.cli.diagnostics import ExitCode, complain
from regbrowse.errors import ConfigError, RegbrowseError

if TYPE_CHECKING:
    from pathlib import Path

    from regbrowse.browse import Browser
    from regbrowse.pasted import Typed
    from regbrowse.registry.responder import Responder
    from regbrowse.tui.state import Place


def main(words: Sequence[str] | None = None) -> int:
    """Runs the program; gives its exit code."""
    arguments = parse(words)
    try:
        return _open(arguments)
    except RegbrowseError as error:
        complain(error)
        return ExitCode.USAGE
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED


def _open(arguments: Arguments) -> int:
    typed = _typed(arguments.reference)
    place, local, notices = _local(typed)
    source = CREDENTIALS_VARIABLE if arguments.user is None else "-u"
    user = (os.environ.get(source) or None) if arguments.user is None else arguments.user
    if user is not None:
        _check_login(user, source)
    if arguments.ca_file is not None:
        _check_authority(arguments.ca_file)
    if arguments.authfile is not None and not arguments.authfile.is_file():
        raise ConfigError(f"--authfile {arguments.authfile}: there is no such file.")
    if arguments.offline and not arguments.cache:
        raise ConfigError("--offline shows what --no-cache does not keep.", hint="Leave one of them out.")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError("regbrowse draws on a terminal, and this is none.", hint="Start it without pipes.")

    from regbrowse.tui.app import RegbrowseApp

    async def connect() -> Browser:
        from regbrowse.cli.connect import browser

        plain = arguments.plain_http or (typed is not None and typed.plain_http)
        return await browser(place, arguments, user, source, plain_http=plain, local=local, notices=notices)

    app = RegbrowseApp(connect, place)
    app.run()
    return app.return_code or ExitCode.OK


def _check_login(user: str, source: str) -> None:
    """Raises ConfigError, without a word of the login."""
    from regbrowse.settings.authfile import sendable

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


def _local(typed: Typed | None) -> tuple[Place | None, dict[str, Responder], tuple[str, ...]]:
    """Where to begin, the registries inside this process, and what was strange about them."""
    if typed is None or typed.source is None:
        return (typed.place if typed else None), {}, ()
    from regbrowse.registry.sources.open import open_source

    opened = open_source(typed.source)
    return opened.place, {opened.registry.key: opened.responder}, opened.notices


def _typed(reference: str | None) -> Typed | None:
    from regbrowse.pasted import Typed, read_typed

    if reference is None:
        return None
    if reference == DEMO:
        from regbrowse.demo.start import START

        return Typed(START)
    return read_typed(reference)
