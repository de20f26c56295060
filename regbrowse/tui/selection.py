"""What enter means: to browse on, or to pick what the cursor is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regbrowse.errors import NotFound, RegbrowseError
from regbrowse.oci.manifest import Index
from regbrowse.reference import Digest
from regbrowse.tui.panes.manifests import ManifestsPane
from regbrowse.tui.panes.tags import TagsPane

if TYPE_CHECKING:
    from regbrowse.reference import Reference
    from regbrowse.tui.panes.pane import Pane
    from regbrowse.tui.screens.browse import BrowseScreen


class Selection:
    """Enter goes on from the row under the cursor."""

    help_group = ""
    """The group of keys that only this way has."""

    def reference(self, pane: Pane) -> Reference | None:  # noqa: ARG002
        """Give what enter would pick; None where it goes on."""
        return None

    def take(self, screen: BrowseScreen, pane: Pane) -> bool:  # noqa: ARG002
        """Take what was selected; False: the screen goes on from it."""
        return False

    def pin(self, screen: BrowseScreen) -> None:
        """Pick the row by its digest; does nothing where nothing is picked."""

    def can_pin(self, pane: Pane) -> bool:
        """Tell whether the row can be picked by a digest that its reference does not name."""
        reference = self.reference(pane)
        return reference is not None and reference.digest is None

    def order(self, pane: Pane) -> tuple[str, ...]:
        """Give the actions in the footer, what is done most first."""
        return pane.foot

    def word(self, pane: Pane, action: str) -> str:  # noqa: ARG002
        """Give a better word for the footer than the pane has; empty when there is none."""
        return ""

    def leave(self, screen: BrowseScreen) -> None:
        """Do what esc does where there is nothing left to go back to."""


class PickSelection(Selection):
    """Tags and platforms are picked by enter, which ends the app with them; everything else is there to look at."""

    help_group = "Pick"

    def reference(self, pane: Pane) -> Reference | None:
        if isinstance(pane, TagsPane):
            return pane.reference if pane.repository is not None and not _is_awaited(pane) else None
        return pane.reference if isinstance(pane, ManifestsPane) else None

    def take(self, screen: BrowseScreen, pane: Pane) -> bool:
        reference = self.reference(pane)
        if reference is not None:
            screen.app.exit(reference)
        return reference is not None or _is_awaited(pane)

    def pin(self, screen: BrowseScreen) -> None:
        """End the app with what the cursor is on by its digest, which is asked for where it is not known."""
        reference, form = self.reference(screen.pane_layout.pane), screen.pane_layout.pane.digest_form()
        if reference is None:
            return
        if form is not None:
            screen.app.exit(reference._replace(digest=Digest.parse(form.value)))
            return
        screen.note("asking", f"what {reference.tag} points to")
        screen.run_worker(self._ask_digest(screen, reference), group="pin", exclusive=True)

    async def _ask_digest(self, screen: BrowseScreen, reference: Reference) -> None:
        try:
            digest = await (await screen.session.connected()).digest_of(reference)
        except NotFound:
            screen.post_message(screen.tags_pane.Noted("×", f'there is no "{reference.tag}"'))
        except RegbrowseError as error:
            screen.post_message(screen.tags_pane.Noted("×", error.why))
        else:
            screen.app.exit(reference._replace(digest=digest))

    def order(self, pane: Pane) -> tuple[str, ...]:
        order = [action for action in pane.foot if action != "enter" or not _is_awaited(pane)]
        if self.reference(pane) is not None and "enter" in order:
            more = ["pin"]
            if isinstance(pane, TagsPane) and isinstance(pane.opened_manifest, Index):
                more.append("next_pane(1)")
            order[order.index("enter") + 1 : 1] = more
        return tuple(order)

    def word(self, pane: Pane, action: str) -> str:
        if action == "next_pane(1)":
            return "platforms"
        return "pick" if action == "enter" and self.reference(pane) is not None else ""

    def leave(self, screen: BrowseScreen) -> None:
        screen.app.exit()


def _is_awaited(pane: Pane) -> bool:
    """Tell whether the cursor will still move to the tag that was asked for."""
    return isinstance(pane, TagsPane) and bool(pane.wanted) and pane.streaming and not pane.is_placed
