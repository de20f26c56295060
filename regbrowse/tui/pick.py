"""The chooser: the same screen, whose enter ends it with a reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regbrowse.tui.app import RegbrowseApp

if TYPE_CHECKING:
    from regbrowse.reference import Reference
    from regbrowse.tui.screen import BrowseScreen
    from regbrowse.tui.state import Connect, Place

INTERRUPTED = 130


class PickApp(RegbrowseApp):
    """Browses until something is picked, or nothing."""

    picked: Reference | None = None

    def new_main(self, connect: Connect, place: Place | None) -> BrowseScreen:
        from regbrowse.tui.picking import PickScreen

        return PickScreen(connect, place)

    def pick(self, reference: Reference) -> None:
        """Ends with this choice."""
        self.picked = reference
        self.exit()

    async def action_quit(self) -> None:
        """Ctrl+C: what called this is interrupted as well."""
        self.exit(return_code=INTERRUPTED)
