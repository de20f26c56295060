"""The base of everything that is painted by line: it knows the colours of the present theme."""

from __future__ import annotations

from textual.widget import Widget

from regbrowse.tui import colours
from regbrowse.tui.colours import Inks


class Inked(Widget):
    """Mixes its inks when they are first needed, and again after the theme changed."""

    _mixed: Inks | None = None

    @property
    def inks(self) -> Inks:
        if self._mixed is None:
            self._mixed = colours.mix(self.app)
        return self._mixed

    def theme_changed(self) -> None:
        self._mixed = None
        self.refresh()
