"""Copying: by the terminal (OSC 52), which works over SSH, by a local tool when the session is local, and by tmux.

Not every terminal takes OSC 52, and none says so; a tool that ends well is the sure way where there is one. What is
known of the arrival is told to the person.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

TOOLS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("WAYLAND_DISPLAY", "wl-copy", ()),
    ("DISPLAY", "xclip", ("-selection", "clipboard")),
    ("DISPLAY", "xsel", ("--clipboard", "--input")),
)
"""Variable that must be set, program, arguments."""
SECONDS = 2.0
SELECT = "shift+drag selects"
"""What helps where nothing else does: with shift the mouse is the terminal's own."""


def is_remote(environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether the person sits at another machine."""
    return bool(environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"))


def local_tool(environment: Mapping[str, str] = os.environ) -> list[str] | None:
    """The command that reads the clipboard's new content from its input; None in a remote session."""
    if is_remote(environment):
        return None
    if sys.platform == "darwin" and (path := shutil.which("pbcopy")):
        return [path]
    for variable, program, arguments in TOOLS:
        if environment.get(variable) and (path := shutil.which(program)):
            return [path, *arguments]
    if "WSL_DISTRO_NAME" in environment and (path := shutil.which("clip.exe")):
        return [path]
    return None


class TakesText(Protocol):
    """An app, as far as it is needed here."""

    def copy_to_clipboard(self, text: str) -> None:
        """Send a text to the terminal by OSC 52."""


class Copied(NamedTuple):
    """What became of a copy."""

    verb: str
    """`copied` where somebody confirmed it, `sent` where nobody can, `×` where nothing takes it."""
    how: str


async def copy(app: TakesText, text: str, environment: Mapping[str, str] = os.environ) -> Copied:
    """Copy a text by every route there is, and tell what is known of its arrival."""
    app.copy_to_clipboard(text)
    tool = local_tool(environment)
    if tool is not None and await by_tool(tool, text):
        return Copied("copied", f"by {Path(tool[0]).name} and OSC 52")
    if environment.get("TMUX") and (tmux := shutil.which("tmux")):
        # tmux takes no OSC 52 of a program by default (set-clipboard external), but passes on what is in its buffer.
        if await by_tool([tmux, "load-buffer", "-w", "-"], text):
            return Copied("copied", "by tmux, which passes it on to your terminal")
        if await by_tool([tmux, "load-buffer", "-"], text):
            return Copied("copied", "into the buffer of tmux only")
    if environment.get("STY"):
        return Copied("×", f"GNU screen passes nothing on; {SELECT}")
    if environment.get("TERM") == "linux":
        return Copied("×", "this terminal has no clipboard")
    return Copied("sent", f"by OSC 52, if your terminal takes it; else {SELECT}")


async def by_tool(command: list[str], text: str) -> bool:
    """Whether the local tool took the text."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    try:
        async with asyncio.timeout(SECONDS):
            await process.communicate(text.encode())
    except TimeoutError:
        process.kill()
        return False
    return process.returncode == 0
