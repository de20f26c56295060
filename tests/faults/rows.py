"""The rows of the table: what a server or a machine does wrong, and what the program makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

Test = TypeVar("Test", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that goes wrong, and the test that makes it happen."""

    area: str
    server: str
    """What the server, or this machine, does."""
    client: str
    """What regbrowse does then."""
    test: str
    """`file.py::function`."""
    line: int
    """Where it stands in its file."""
    broken: str = ""
    """What happens instead, while it does not hold."""


ROWS: dict[str, Row] = {}
"""By test, so that a module that is imported under two names counts once."""


def row(area: str, *, server: str, client: str, broken: str = "", partly: str = "") -> Callable[[Test], Test]:
    """Puts a test into the table. With `broken` the test is expected to fail, and fails when it passes.

    `partly` only tells the table: the parameters that fail are marked where they stand.
    """

    def register(test: Test) -> Test:
        name = f"{Path(test.__code__.co_filename).name}::{test.__name__}"
        ROWS[name] = Row(area, server, client, name, test.__code__.co_firstlineno, broken or partly)
        return pytest.mark.xfail(reason=broken, strict=True)(test) if broken else test

    return register
