"""Imports what the first request would import on the event loop: 40 ms that need not be seen."""

from __future__ import annotations

import importlib
from contextlib import suppress

LATE = ("httpcore", "h11", "anyio", "anyio._backends._asyncio", "encodings.idna", "stringprep")
"""What httpx leaves until the first connection. Of no account when one has moved."""


def warm() -> None:
    """To be called in a thread, before the first question."""
    for name in LATE:
        with suppress(ImportError):
            importlib.import_module(name)
