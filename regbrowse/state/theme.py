"""Remember the theme that was chosen last."""

from __future__ import annotations

from regbrowse.state import files


def load_theme() -> str | None:
    """Read the name of the theme; None when none was chosen."""
    name = files.read_object(files.memory_file()).get("theme")
    return name if isinstance(name, str) else None


def save_theme(name: str) -> None:
    """Keep the name of the theme, beside what else the file holds."""
    memory = files.read_object(files.memory_file())
    if memory.get("theme") != name:
        files.write_object(files.memory_file(), memory | {"theme": name})
