"""One table of keys, and everything that is made from it."""

from __future__ import annotations

from pathlib import Path

from regbrowse.tui import keys
from regbrowse.tui.describe import FOOT_ORDER
from regbrowse.tui.screen import BrowseScreen

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_every_key_has_an_action_on_the_screen() -> None:
    for key in keys.KEYS:
        name = key.action.partition("(")[0]
        assert callable(getattr(BrowseScreen, f"action_{name}", None)), key.action


def test_no_key_does_two_things() -> None:
    names = [name for key in keys.KEYS for name in key.keys.split(",")]
    assert len(names) == len(set(names))


def test_foot_words_come_from_the_table() -> None:
    for action in {action for order in FOOT_ORDER.values() for action in order}:
        assert keys.key_for(action).foot, action


def test_readme_lists_the_keys_of_the_table() -> None:
    assert keys.readme_table() in README
