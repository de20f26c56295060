"""The table says what there is."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

from faults.rows import ROWS
from faults.table import TABLE, generated


def test_the_table_is_up_to_date() -> None:
    assert TABLE.read_text(encoding="utf-8") == generated(), "run: python -m tests.faults.table"


def test_every_test_has_a_row() -> None:
    generated()
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if path.name == Path(__file__).name:
            continue
        module = importlib.import_module(f"faults.{path.stem}")
        tests = [name for name, _ in inspect.getmembers(module, inspect.isfunction) if name.startswith("test_")]
        missing = [name for name in tests if f"{path.name}::{name}" not in ROWS]
        assert not missing, f"{path.name}: {missing}"
