"""Copying: by the terminal (OSC 52), which works over SSH, and by a local tool when the session is local.

Not every terminal takes OSC 52, and none says so; the local tool is the sure way where there is one. Which
routes were taken is told to the person.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App

TOOLS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("WAYLAND_DISPLAY", "wl-copy", ()),
    ("DISPLAY", "xclip", ("-selection", "clipboard")),
    ("DISPLAY", "xsel", ("--clipboard", "--input")),
)
"""Variable that must be set, program, arguments."""
SECONDS = 2.0


def local_tool(environment: Mapping[str, str] = os.environ) -> list[str] | None:
    """The command that reads the clipboard's new content from its input; None in a remote session."""
    if environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"):
        return None
    if sys.platform == "darwin" and (path := shutil.which("pbcopy")):
        return [path]
    for variable, program, arguments in TOOLS:
        if environment.get(variable) and (path := shutil.which(program)):
            return [path, *arguments]
    if "WSL_DISTRO_NAME" in environment and (path := shutil.which("clip.exe")):
        return [path]
    return None


async def copy(app: App[Any], text: str) -> tuple[str, ...]:
    """Copy a text by every route there is, and name the routes that took it."""
    app.copy_to_clipboard(text)
    tool = local_tool()
    if tool is not None and await by_tool(tool, text):
        return (Path(tool[0]).name, "OSC 52")
    return ("OSC 52",)


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
