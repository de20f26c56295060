"""`pick`: the browser as a chooser, drawn on the terminal; stdout gets the choice and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from regbrowse.cli.arguments import DEMO, Arguments
from regbrowse.cli.diagnostics import ExitCode
from regbrowse.cli.output import Output
from regbrowse.cli.terminal import on_terminal

if TYPE_CHECKING:
    from regbrowse.cli.connect import Start
    from regbrowse.reference import Reference


def run(arguments: Arguments, start: Callable[[Arguments], Start]) -> int:
    """1 when nothing was chosen. Raises BadReference, and ConfigError without a terminal."""
    begun = start(arguments)
    output = Output.standard()
    with on_terminal():
        from regbrowse.tui.pick import PickApp

        app = PickApp(begun.browser, begun.place)
        app.run()
    if app.picked is None:
        return app.return_code or ExitCode.NO
    output.line(written(begun, app.picked))
    output.flush()
    return ExitCode.OK


def written(start: Start, reference: Reference) -> str:
    """A reference in full, as every other verb reads it."""
    name = str(reference)
    if start.is_demo:
        from regbrowse.demo.start import REGISTRY

        if reference.repository.registry == REGISTRY:
            return DEMO + name.removeprefix(REGISTRY.name)
    return name
