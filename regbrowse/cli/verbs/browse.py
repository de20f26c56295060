"""The browser on the terminal, which opens when no verb is given."""

from __future__ import annotations

import os
import sys

from regbrowse.cli.arguments import Arguments
from regbrowse.cli.connect import Connector
from regbrowse.cli.diagnostics import ExitCode
from regbrowse.errors import ConfigError


def run(arguments: Arguments) -> int:
    """Open the browser. Raises BadReference, and ConfigError without a terminal."""
    connector = Connector(arguments)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError(
            "The browser draws on a terminal, and this is none.",
            hint="Start it without pipes, or use one of the verbs that --help lists.",
        )
    if os.environ.get("TERM") == "dumb":
        raise ConfigError(
            "The browser needs a terminal that can move its cursor, and TERM says that this one cannot (dumb).",
            hint="Start it in another terminal, or use one of the verbs that --help lists.",
        )
    from regbrowse.tui.app import RegbrowseApp

    app = RegbrowseApp(connector.browser, connector.place)
    app.run()
    return app.return_code or ExitCode.OK
