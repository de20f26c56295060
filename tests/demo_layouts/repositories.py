"""All repositories of the demo."""

from __future__ import annotations

from demo_layouts import artifacts, bases, estargz, hostile, legacy, supply_chain, webapp
from demo_layouts.layers import Layers
from demo_layouts.layout import Layout
from demo_layouts.signatures import add_signature
from regbrowse.demo.registry import DATA


def files() -> dict[str, bytes]:
    """Every file of every layout by its path."""
    layers = Layers(DATA)
    layouts: list[Layout] = []

    def layout(name: str) -> Layout:
        layouts.append(Layout(name, layers))
        return layouts[-1]

    newest = webapp.webapp(layout(webapp.NAME))
    bases.alpine(layout("acme/base/alpine"))
    bases.nested(layout("acme/base/nested"))
    artifacts.charts(layout("acme/charts/webapp"))
    artifacts.component(layout("acme/edge/filter"))
    bases.big_config(layout("acme/lab/big-config"))
    bases.plain(layout("acme/lab/broken"), "latest")
    layout("acme/lab/empty")
    hostile.hostile(layout("acme/lab/hostile"))
    bases.mismatch(layout("acme/lab/mismatch"))
    bases.odd(layout("acme/lab/odd"))
    bases.squashed(layout("acme/lab/squashed"))
    bases.plain(layout("acme/lab/throttled"), "latest")
    estargz.lazy(layout("acme/lazy/python"))
    legacy.legacy(layout("acme/legacy/app"))
    artifacts.policies(layout("acme/policies/images"))
    supply_chain.supply_chain(layout("acme/supply/attached"))
    signatures = layout("acme/supply/signatures")
    signatures.tag(add_signature(signatures, webapp.NAME, newest["digest"]), "webapp")
    bases.plain(layout("private/vault"), "1.0", "latest")
    return {f"{each.name}/{path}": content for each in layouts for path, content in each.finished().items()}
