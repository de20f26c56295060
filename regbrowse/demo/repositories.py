"""All repositories of the demo registry."""

from __future__ import annotations

from regbrowse.demo import artifacts, bases, webapp
from regbrowse.demo.estargz import build_estargz
from regbrowse.demo.hostile import build_hostile
from regbrowse.demo.legacy import build_legacy
from regbrowse.demo.shelf import Shelf
from regbrowse.demo.signed import SIGNED
from regbrowse.demo.versions import NEWEST, stable, webapp_tags

_RATE = {"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "72;w=21600"}
_ALPINE = {
    "3": "3.20.3",
    "3.19": "3.19.4",
    "3.19.4": "3.19.4",
    "3.20": "3.20.3",
    "3.20.3": "3.20.3",
    "3.20.3-amd64": "3.20.3-amd64",
    "3.20.3-tools": "3.20.3-tools",
    "latest": "3.20.3",
}


def repositories() -> dict[str, Shelf]:
    """The shelves by repository name."""
    return {
        webapp.NAME: Shelf(
            webapp_tags(), webapp.build_webapp, aside=(NEWEST, *stable()), headers=_RATE, hint=SIGNED.get
        ),
        "acme/base/alpine": Shelf(_ALPINE, bases.build_alpine),
        "acme/base/nested": Shelf({"1.0": "1.0", "latest": "1.0"}, bases.build_nested),
        "acme/charts/webapp": Shelf({tag: tag for tag in ("1.6.0", "1.7.2", "1.8.0")}, artifacts.build_chart),
        "acme/edge/filter": Shelf({"0.4.1": "0.4.1", "latest": "0.4.1"}, artifacts.build_wasm),
        "acme/lab/big-config": Shelf({"latest": "latest"}, bases.build_big),
        "acme/lab/broken": Shelf({"latest": "latest"}, bases.build_plain, failure=500),
        "acme/lab/empty": Shelf({}, bases.build_plain),
        "acme/lab/hostile": Shelf({"latest": "latest"}, build_hostile),
        "acme/lab/mismatch": Shelf({"latest": "latest"}, bases.build_mismatch),
        "acme/lab/squashed": Shelf({"latest": "latest"}, bases.build_squashed),
        "acme/lab/throttled": Shelf({"latest": "latest"}, bases.build_plain, failure=429),
        "acme/lazy/python": Shelf({"3.12": "3.12", "3.12-esgz": "3.12"}, build_estargz),
        "acme/legacy/app": Shelf({"1.0": "1.0"}, build_legacy),
        "acme/policies/images": Shelf({"1.1": "1.1", "artifact-manifest": "old"}, artifacts.build_policy),
        "acme/supply/signatures": Shelf({"webapp": "webapp"}, artifacts.build_signature),
        "private/vault": Shelf({"1.0": "1.0", "latest": "1.0"}, bases.build_plain, login=True),
    }
