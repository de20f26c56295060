"""Imports what the first request would import on the event loop: 40 ms that need not be seen."""

from __future__ import annotations

import importlib
import sys
from contextlib import suppress

LATE = ("encodings.idna", "stringprep")
"""What httpx leaves until the first connection. Of no account when one has moved."""


def without_its_command_line() -> None:
    """To be called before httpx is imported: it looks for its own command line, and loads click, rich and pygments.

    60 ms of every answer. None says that there is no such module, and httpx does without.
    """
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]


def warm() -> None:
    """To be called in a thread, before the first question."""
    for name in LATE:
        with suppress(ImportError):
            importlib.import_module(name)
