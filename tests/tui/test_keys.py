"""One table of keys, and everything that is made from it."""

from __future__ import annotations

from pathlib import Path

from regbrowse.tui import keys
from regbrowse.tui.panes.config import ConfigPane
from regbrowse.tui.panes.layers import LayersPane
from regbrowse.tui.panes.manifests import ManifestsPane
from regbrowse.tui.panes.pane import Pane
from regbrowse.tui.panes.tags import TagsPane
from regbrowse.tui.screens.browse import BrowseScreen
from regbrowse.tui.screens.compare import CompareScreen

PARTS: dict[str, tuple[type, ...]] = {
    keys.SCREEN: (BrowseScreen,),
    keys.PANE: (TagsPane, ManifestsPane, LayersPane, ConfigPane),
    keys.TAGS: (TagsPane,),
    keys.MANIFESTS: (ManifestsPane,),
    keys.CONFIG: (ConfigPane,),
    keys.FILTER: (TagsPane, ManifestsPane, LayersPane, ConfigPane),
    keys.COMPARISON: (CompareScreen,),
}
README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_every_key_is_answered_by_its_part() -> None:
    for key in keys.KEYS:
        name = key.action.partition("(")[0]
        for part in PARTS[key.part]:
            assert callable(getattr(part, f"action_{name}", None)), (part, key.action)


def test_keys_that_two_parts_share() -> None:
    names = [name for key in keys.KEYS for name in key.keys.split(",")]
    assert {name for name in names if names.count(name) > 1} == {"enter", "escape", "left", "right", "equals_sign"}


def test_foot_words_come_from_the_table() -> None:
    panes: tuple[type[Pane], ...] = (TagsPane, ManifestsPane, LayersPane, ConfigPane)
    for action in {action for pane in panes for action in pane.foot}:
        assert keys.key_for(action).foot, action


def test_readme_lists_the_keys_of_the_table() -> None:
    assert keys.readme_table() in README
