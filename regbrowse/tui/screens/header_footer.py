"""What the lines around the panes say: where we are, and which keys work now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regbrowse.reference import Reference
from regbrowse.tui.copy_forms import short_name
from regbrowse.tui.error_hints import needs_connection_dialog
from regbrowse.tui.panes.tags import TagsPane
from regbrowse.tui.screens.pane_screen import FILTER_HINTS
from regbrowse.tui.widgets.lines import Hint, Where

if TYPE_CHECKING:
    from regbrowse.browser import Browser
    from regbrowse.reference import Registry
    from regbrowse.tui.screens.browse import BrowseScreen


def where(screen: BrowseScreen) -> Where:
    """Say what the header says."""
    registry, browser = screen.tags_pane.registry, screen.session.browser
    if registry is None:
        return Where()
    repository, opened = screen.tags_pane.repository, screen.opened.request
    model, place = screen.opened.manifests_pane.model, screen.navigator.place
    reference = opened.reference if opened else place if isinstance(place, Reference) else None
    digest = model.root.digest if model else reference.digest if reference else None
    said = Where(
        registry=str(registry),
        repository=repository.path if repository and not repository.unnamed else "",
        tag=(reference.tag or "") if reference else "",
        digest=digest.short if digest else "",
        files=bool(registry.alias),
    )
    watched = screen.tags_pane.watched
    said = said._replace(watching=short_name(watched) if watched else "")
    if browser is None:
        return said
    if browser.client.is_offline(registry):
        return said._replace(offline=True)
    login, rate = browser.client.auth.login_state(registry), browser.client.limits.rate(registry)
    return said._replace(
        user=login.user,
        source=login.note or login.source,
        left=rate.remaining if rate else None,
        limit=rate.limit if rate else None,
        cost=1 if rate else 0,
        warning=_warning(browser, registry),
    )


def _warning(browser: Browser, registry: Registry) -> str:
    """Say what is not safe about the connection; empty when all is."""
    connection = browser.client.connection(registry)
    if not connection.base:
        return ""
    if not connection.encrypted:
        return "" if registry.is_loopback else "not encrypted"
    return "" if connection.verified else "certificate not checked"


def hints(screen: BrowseScreen) -> tuple[Hint, ...]:
    """Give the keys that do something now in the focused pane, what is done most first."""
    pane = screen.pane
    if screen.focused is not None and screen.focused is not pane:
        return _filter_hints(pane)
    enabled = screen.enabled_actions
    shown: list[Hint] = []
    if "clear_filter" in enabled:
        shown.append(Hint("esc", pane.word("clear_filter") or "clear", "clear_filter"))
    elif screen.pane_layout.zoomed:
        shown.append(Hint("esc", "back", "back"))
    elif screen.is_busy:
        shown.append(Hint("esc", "cancel", "back"))
    elif not pane.row_count() and pane is not screen.tags_pane:
        shown.append(Hint("esc", "back", "back"))
    can_compare = screen.marked is not None or (pane is screen.tags_pane and screen.tags_pane.visited is not None)
    order = tuple(each for each in screen.selection.order(pane) if each != "compare" or can_compare)
    if pane.error is not None:
        first = ("reload", "plain_http", "anonymous", *(("connection",) if needs_connection_dialog(pane.error) else ()))
        order = (*first, *(action for action in order if action not in first))

    def word(action: str) -> str:
        if action == "reload" and pane.error is not None:
            return "try again"
        return screen.selection.word(pane, action) or pane.word(action)

    return (*shown, *screen.hints_of(order, word))


def _filter_hints(pane: object) -> tuple[Hint, ...]:
    """Give the keys of the input above the rows."""
    if not isinstance(pane, TagsPane) or pane.searches:
        return FILTER_HINTS
    return (*FILTER_HINTS, Hint("ctrl+t", "substring" if pane.list.filter.fuzzy else "fuzzy", "fuzzy"))
