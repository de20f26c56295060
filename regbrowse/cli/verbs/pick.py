"""`pick`: the browser as a chooser, drawn on the terminal; stdout gets the choice and nothing else."""

from __future__ import annotations

from regbrowse.cli.arguments import Arguments
from regbrowse.cli.connect import Connector
from regbrowse.cli.diagnostics import ExitCode
from regbrowse.cli.output import Output
from regbrowse.cli.terminal import on_terminal
from regbrowse.cli.verb_table import DEMO


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
    name = str(picked)
    if connector.is_demo:
        from regbrowse.demo.start import REGISTRY

        if picked.repository.registry == REGISTRY:
            name = DEMO + name.removeprefix(REGISTRY.name)
    output.line(name)
    output.flush()
    return ExitCode.OK
