"""The four panes, which of them the keyboard works in, and which have the room."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.reactive import reactive

from regbrowse.tui.layout import small_rows
from regbrowse.tui.panes.pane import Pane


class PaneLayout(Container):
    """Lays the panes out; the style sheets say how, by the classes that are set here."""

    focused_pane: reactive[str] = reactive("tags")
    """The pane that the keyboard works in, or worked in before a dialog was opened."""
    favoured_pane: reactive[str] = reactive("manifests")
    """The right pane that has the room where the panes are stacked."""
    zoomed: reactive[bool] = reactive(False, toggle_class="-zoomed")
    """Whether the focused pane has all the room."""

    @dataclass
    class Changed(Message):
        """Another pane has the keyboard, or the focused one has more or less room."""

    def __init__(self, tags: Pane, *others: Pane) -> None:
        super().__init__(id="body")
        self.panes = tags, *others

    def compose(self) -> ComposeResult:
        yield self.panes[0]
        yield Container(*self.panes[1:], id="right")

    @property
    def pane(self) -> Pane:
        """The pane that the keyboard works in."""
        return next(pane for pane in self.panes if pane.id == self.focused_pane)

    def focus_pane(self, name: str) -> None:
        """Give a pane the keyboard, before the next key is read."""
        self.focused_pane = name
        self.screen.set_focus(self.pane)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        pane = next((node for node in event.widget.ancestors_with_self if isinstance(node, Pane)), None)
        if pane is not None:
            self.focused_pane = str(pane.id)

    def watch_focused_pane(self) -> None:
        for pane in self.panes:
            pane.active = pane is self.pane
        self.set_class(self.pane is self.panes[0], "-in-tags")
        if self.pane is not self.panes[0]:
            self.favoured_pane = self.focused_pane
        self.post_message(self.Changed())

    def watch_favoured_pane(self) -> None:
        for pane in self.panes:
            pane.set_class(pane.id == self.favoured_pane, "-favoured")
        self._fit()

    def watch_zoomed(self) -> None:
        self._fit()
        self.post_message(self.Changed())

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        rows = None if self.zoomed else small_rows(*self.app.size)
        for pane in self.panes[1:]:
            pane.styles.height = None if pane.id == self.favoured_pane else rows
