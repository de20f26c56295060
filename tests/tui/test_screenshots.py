"""The committed pictures are those that the program draws today."""

from __future__ import annotations

import html
import importlib.util
import re
import sys
from difflib import unified_diff
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


def words(svg: str) -> list[str]:
    """The pieces of text in a picture."""
    return [html.unescape(piece) for piece in re.findall(r">([^<>]+)</text>", svg)]


def difference(kept: list[str], drawn: list[str]) -> str:
    lines = list(unified_diff(kept, drawn, "committed", "drawn today", n=1, lineterm=""))
    return "\n".join(lines[:40]) or "the same words in other colours or places"


@pytest.mark.parametrize("name", sorted(TAKE.PICTURES))
async def test_committed_picture_is_what_the_program_draws(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """When this fails and the change is wanted: python screenshots/take.py, and look at the pictures."""
    monkeypatch.setenv("XDG_STATE_HOME", "unused")
    drawn = await TAKE.take(name)
    kept = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    if drawn != kept:
        pytest.fail(f"{name}.svg is stale:\n{difference(words(kept), words(drawn))}")


def test_no_picture_without_its_recipe() -> None:
    assert {path.stem for path in FOLDER.glob("*.svg")} == set(TAKE.PICTURES)
