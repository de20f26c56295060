"""Asks for the details of rows that can be seen, behind everything that was asked for by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regbrowse.tui import loaders

if TYPE_CHECKING:
    from textual.screen import Screen
    from textual.timer import Timer

    from regbrowse.tui.messages import ListRequest
    from regbrowse.tui.panes.tags import TagsPane
    from regbrowse.tui.screens.opened_manifest import OpenedManifest
    from regbrowse.tui.session import RegistrySession

REST = 0.25
"""Seconds rows rest on the screen before their details are asked for."""


class VisibleRowRequests:
    """Owns the loaders of the digests, dates and sizes of tags; the sizes of platforms are loaded by OpenedManifest."""

    def __init__(self, screen: Screen[None], session: RegistrySession, tags: TagsPane, opened: OpenedManifest) -> None:
        self._screen, self._session, self._tags, self._opened = screen, session, tags, opened
        self._heads = loaders.TagHeadLoader(screen, session, tags)
        self._details = loaders.TagDetailsLoader(screen, session, tags)
        self._rest: Timer | None = None

    def load_all(self, request: ListRequest) -> None:
        """Ask the registry's own API for the dates and sizes of all tags of a list."""
        self._details.load(request)

    def load_soon(self) -> None:
        """Ask for what the rows in view lack, once they rest."""
        if self._rest:
            self._rest.stop()
        self._rest = self._screen.set_timer(REST, self._load)

    def cancel(self) -> None:
        """End what is asked about tags."""
        self._heads.cancel()
        self._details.cancel()

    def stop_heads(self) -> None:
        """End asking what the tags in view refer to: all tags are about to be asked for."""
        self._heads.cancel()

    def _load(self) -> None:
        """Ask, unless few requests are left."""
        browser, tags = self._session.browser, self._tags
        if browser is None or tags.registry is None or browser.client.limits.is_low(tags.registry):
            return
        frugal = browser.client.limits.is_metered(tags.registry)
        self._opened.load_children(frugal=frugal)
        self._opened.load_attachments(frugal=frugal)
        if tags.request is not None and tags.repository is not None and not tags.streaming and not tags.asking_digests:
            # The tag that is being opened is read anyway.
            is_read = self._opened.request is not None and self._opened.is_awaited
            opened = self._opened.request.reference.tag if self._opened.request and is_read else None
            unknown = [name for name in tags.names_in_view if name not in tags.list.digests and name != opened]
            if unknown:
                self._heads.load(tags.request, unknown)
