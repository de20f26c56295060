"""What httpx would load, and nobody here needs."""

from __future__ import annotations

import sys


def without_its_command_line() -> None:
    """To be called before httpx is imported: it looks for its own command line, and loads click, rich and pygments.

    60 ms of every answer. None says that there is no such module, and httpx does without.
    """
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
