"""Writes the pictures of the README by driving the real program on its demo: `python screenshots/take.py [NAME...]`."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from regbrowse.reference import Reference

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Picture:
    """One picture: its size, its theme and the keys that lead to it."""

    columns: int
    rows: int
    keys: tuple[str, ...] = ()
    theme: str = "textual-dark"


PICTURES: dict[str, Picture] = {
    "main-80x24": Picture(80, 24, ("2",)),
    "main-120x36": Picture(120, 36, ("2",)),
    "main-200x60": Picture(200, 60, ("2",)),
    "main-light-120x36": Picture(120, 36, ("2",), "textual-light"),
    "filter-120x36": Picture(120, 36, ("slash", "2", "full_stop", "1")),
    "copy-120x36": Picture(120, 36, ("2", "y", "down", "down")),
    "sbom-120x36": Picture(120, 36, ("2", "down", "enter", "z")),
    "help-120x36": Picture(120, 36, ("question_mark",)),
    "compare-120x36": Picture(120, 36, ("down", "down", "down", "m", "up", "up", "up", "equals_sign")),
    "open-120x36": Picture(120, 36, ("o", *"ghcr.io/acme/app:1.2")),
}


async def settled(pilot: Pilot[Reference | None], looks: int = 10) -> None:
    """Waits until every worker has ended and nothing is to be asked any more, for so many looks behind each other."""
    from regbrowse.tui.app import RegbrowseApp

    app = pilot.app
    assert isinstance(app, RegbrowseApp)
    quiet = 0
    while quiet < looks:
        await pilot.pause(0.05)
        busy = any(not worker.is_finished for worker in app.workers)
        waits = app.main is None or app.main.tags_pane.streaming
        quiet = 0 if busy or waits else quiet + 1


async def take(name: str) -> str:
    """The picture as SVG; the same bytes every time."""
    os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp()
    from textual.widgets import Input

    from regbrowse.cli.arguments import parse
    from regbrowse.cli.connect import Connector
    from regbrowse.state.files import memory_file
    from regbrowse.tui.app import RegbrowseApp

    memory_file.cache_clear()
    picture = PICTURES[name]
    connector = Connector(parse(["demo"]))
    app = RegbrowseApp(connector.browser, connector.place)
    async with app.run_test(size=(picture.columns, picture.rows)) as pilot:
        await settled(pilot)
        app.theme = picture.theme
        await settled(pilot)
        for key in picture.keys:
            await pilot.press(key)
            await pilot.pause()
            for field in pilot.app.screen.query(Input):
                field.cursor_blink = False
            if pilot.app.screen is app.main:
                await settled(pilot)  # what a slow machine asks for between two keys, a fast one asks for as well
        await settled(pilot, 20)
        return app.export_screenshot(title="regbrowse demo")


def main() -> None:
    for name in sys.argv[1:] or PICTURES:
        svg = asyncio.run(take(name))
        (FOLDER / f"{name}.svg").write_text(svg, encoding="utf-8")
        print(f"{name}.svg")


if __name__ == "__main__":
    main()
