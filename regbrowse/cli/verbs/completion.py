"""`completion`: the code by which a shell asks this program for completions."""

from __future__ import annotations

from regbrowse.cli.arguments import Arguments
from regbrowse.cli.diagnostics import ExitCode
from regbrowse.cli.output import Output


def run(arguments: Arguments) -> int:
    """Print argcomplete's code for the shell. Raises ConfigError when standard output is closed."""
    from argcomplete.shell_integration import shellcode

    output = Output.standard()
    # Without `-o default`: file names complete only the options that take one.
    output.raw(shellcode(["regbrowse"], shell=arguments.shell, complete_arguments=["-o", "nospace"]).encode())
    output.flush()
    return ExitCode.OK
