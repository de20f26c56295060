"""An error as lines in a pane: what, why, the registry's words, and what to do next."""

from __future__ import annotations

from rich.style import Style

from regbrowse.errors import RegbrowseError, RegistryError
from regbrowse.tui.cells import Span, wrap
from regbrowse.tui.colours import Ink

_BOLD = Style(bold=True)


def lines(
    error: RegbrowseError, steps: list[tuple[str, str]], width: int, ink: Ink, held: str = ""
) -> list[list[Span]]:
    """The error over as many lines as it needs at this width; keys that help come last.

    `held` says when the same is asked again by itself.
    """
    out: list[list[Span]] = [[(f"× {part}" if i == 0 else part, ink.error + _BOLD)] for i, part in
                             enumerate(wrap(error.heading, max(8, width - 2)))]  # fmt: skip
    out.append([])
    out += [[(line, ink.text)] for line in wrap(error.why, width)]
    said = error.evidence.said if isinstance(error, RegistryError) else ""
    if said and said not in error.why:
        out += [[], [("said", ink.secondary)], *([("  " + line, ink.text)] for line in wrap(said, width - 2))]
    out += [[], [("next", ink.secondary)]]
    if held:
        out += [[("  " + line, ink.warning)] for line in wrap(held, width - 2)]
    if error.hint and not (held and error.hint.startswith("Try again")):
        out += [[("  " + line, ink.text)] for line in wrap(error.hint, width - 2)]
    if error.command and error.command not in error.hint:
        out += [[("  " + line, ink.bold)] for line in wrap(error.command, width - 2)]
    out += [[("  ", ink.plain), (key, ink.key), (f"  {does}", ink.text)] for key, does in steps]
    return out


def one_line(error: RegbrowseError, ink: Ink) -> list[Span]:
    """The error in a pane of three rows."""
    return [(f"× {error.heading}", ink.error + _BOLD), (f"  {error.why}", ink.secondary)]
