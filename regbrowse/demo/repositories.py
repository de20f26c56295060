"""All repositories of the demo registry."""

from __future__ import annotations

from regbrowse.demo import webapp
from regbrowse.demo.shelf import Shelf
from regbrowse.demo.signed import SIGNED
from regbrowse.demo.versions import NEWEST, stable, webapp_tags

_RATE = {"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "72;w=21600"}


def repositories() -> dict[str, Shelf]:
    """The shelves by repository name."""
    return {
        webapp.NAME: Shelf(
            webapp_tags(), webapp.build_webapp, aside=(NEWEST, *stable()), headers=_RATE, hint=SIGNED.get
        ),
    }
