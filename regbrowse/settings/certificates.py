"""The certificates that folders of this machine hold for single registries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Trust:
    """What is known about the certificates of one host and port."""

    ca_files: tuple[Path, ...] = ()
    """PEM files trusted in addition to the system's; each can be read and holds certificates."""
    pair: tuple[Path, Path] | None = None
    """PEM files of a client certificate and its key, which needs no password."""
    verify: bool = True
    """False when somebody asked for this host that certificates are not checked."""
    unverified_by: str = ""
    """The file that asked for it, as shown to people."""
    folder: Path | None = None
    """Where files for this host belong: the folder that was read, else the user's own, which can be made."""
