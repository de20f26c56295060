from __future__ import annotations

from pathlib import Path

import pytest

from support.machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Make a machine that says nothing yet."""
    return Machine(tmp_path)
