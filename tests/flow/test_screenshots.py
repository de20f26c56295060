"""The committed pictures are those that the program draws today."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[2] / "screenshots"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("take", FOLDER / "take.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["take"] = module
    spec.loader.exec_module(module)
    return module


TAKE = load()


@pytest.mark.parametrize("name", sorted(TAKE.PICTURES))
async def test_committed_picture_is_what_the_program_draws(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """When this fails and the change is wanted: python screenshots/take.py, and look at the pictures."""
    monkeypatch.setenv("XDG_STATE_HOME", "unused")
    drawn = await TAKE.take(name)
    assert drawn == (FOLDER / f"{name}.svg").read_text(encoding="utf-8"), f"{name}.svg is stale"


def test_no_picture_without_its_recipe() -> None:
    assert {path.stem for path in FOLDER.glob("*.svg")} == set(TAKE.PICTURES)
