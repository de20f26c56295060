"""`pick`: the browser as a chooser, drawn on the terminal; stdout gets the choice and nothing else."""

from __future__ import annotations

from regbrowse.cli.arguments import Arguments
from regbrowse.cli.connect import Connector
from regbrowse.cli.demo_names import as_typed
from regbrowse.cli.diagnostics import ExitCode
from regbrowse.cli.output import Output
from regbrowse.cli.terminal import on_terminal


def run(arguments: Arguments) -> int:
    """Print what was picked; give 1 when it is nothing. Raises BadReference, and ConfigError without a terminal."""
    connector = Connector(arguments)
    output = Output.standard()
    with on_terminal():
        from regbrowse.tui.app import RegbrowseApp

        app = RegbrowseApp(connector.browser, connector.place, picks=True)
        picked = app.run()
    if picked is None:
        return app.return_code or ExitCode.NO
    output.line(as_typed(str(picked)))
    output.flush()
    return ExitCode.OK
