"""The main screen of the chooser: enter picks what the cursor is on instead of opening it."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message

from regbrowse.errors import NotFound, RegbrowseError
from regbrowse.oci.manifest import Index
from regbrowse.reference import Reference
from regbrowse.tui.pick import PickApp
from regbrowse.tui.screen import BrowseScreen

PIN = ("@", "with digest", "pin")
PLATFORMS = ("tab", "platforms", "pane(1)")
OWN_KEYS = (("enter", "pick this tag or platform"), ("@", "pick it with its digest"), ("esc  q", "leave, pick nothing"))


class Pinned(Message):
    """What a tag points to is known, or why not."""

    def __init__(self, reference: Reference, error: RegbrowseError | None = None) -> None:
        super().__init__()
        self.reference = reference
        self.error = error


class PickScreen(BrowseScreen):
    """Tags and platforms can be picked; everything else is there to look at."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("at", "pin", "pick it with its digest", show=False)]

    # What can be picked

    @property
    def pickable(self) -> Reference | None:
        """What enter would pick: a tag, the opened manifest, or a platform, which only its digest names."""
        if self.pane is self.tags_pane:
            name = None if self._awaited else self.tags_pane.current
            return Reference(self.repository, name) if name and self.repository else None
        node = self.manifests_pane.current
        if self.pane is not self.manifests_pane or node is None or self.opened is None:
            return None
        if node.digest is None or node.parent is not None or node.missing:
            return None
        return self.opened.reference if node.is_root else self.opened.reference._replace(digest=node.digest)

    @property
    def _awaited(self) -> bool:
        """Whether the cursor will still move to the tag that was asked for."""
        tags = self.tags_pane
        return self.pane is tags and bool(self.wanted_tag) and tags.streaming and not tags.is_placed

    def possible(self, action: str) -> bool:
        if action == "pin":
            return self.pickable is not None and self.pickable.digest is None
        return super().possible(action)

    def enter_word(self) -> str:
        if self._awaited:
            return ""
        return "pick" if self.pickable else super().enter_word()

    # Picking

    def action_enter(self) -> None:
        if self.pickable is not None:
            self._pick(self.pickable)
        elif not self._awaited:
            super().action_enter()

    def action_pin(self) -> None:
        reference = self.pickable
        if reference is None:
            return
        node = self.manifests_pane.current
        known = self.tags_pane.list.digests.get(reference.tag or "")
        if self.pane is self.manifests_pane and node is not None:
            known = node.digest
        if reference.digest or known:
            self._pick(reference._replace(digest=reference.digest or known))
        else:
            self.say("asking", f"what {reference.tag} points to", "")
            self.run_worker(self._pin(reference), group="pin", exclusive=True)

    async def _pin(self, reference: Reference) -> None:
        try:
            browser = await self.connected()
            digest = await browser.digest_of(reference)
        except RegbrowseError as error:
            self.post_message(Pinned(reference, error))
        else:
            self.post_message(Pinned(reference._replace(digest=digest)))

    @on(Pinned)
    def _pinned(self, fact: Pinned) -> None:
        if fact.error is None:
            self._pick(fact.reference)
        else:
            what = f'there is no "{fact.reference.tag}"' if isinstance(fact.error, NotFound) else fact.error.why
            self.say("×", what, "")

    def _pick(self, reference: Reference) -> None:
        app = self.app
        assert isinstance(app, PickApp)
        app.pick(reference)

    def action_escape(self) -> None:
        """As everywhere, and where there is nothing left to go back to it leaves."""
        here = self.pane is self.tags_pane and not self.history.can_step(-1)
        if here and not (self.focus_state.zoomed or self.clearable or self.busy):
            self.app.exit()
        else:
            super().action_escape()

    # What it says

    def refresh_lines(self) -> None:
        super().refresh_lines()
        actions = [action for _, _, action in self.foot.pairs]
        if self.pickable is None or "enter" not in actions:
            return
        at = actions.index("enter") + 1
        more = [PIN] if self.possible("pin") else []
        tree = self.manifests_pane.model
        if self.pane is self.tags_pane and tree is not None and isinstance(tree.root, Index):
            more.append(PLATFORMS)
        self.foot.pairs = (*self.foot.pairs[:at], *more, *self.foot.pairs[at:])

    def action_help(self) -> None:
        from regbrowse.tui.dialogs.help import HelpDialog

        self.app.push_screen(HelpDialog(OWN_KEYS))
