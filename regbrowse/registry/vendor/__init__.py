"""What some registries offer beyond the standard: dates and sizes of tags, and a search. Decoration, never needed.

A new vendor API is one module here, with a class that has what `VendorApi` asks for, and one line in
`vendor_apis.VENDORS`.
"""

from __future__ import annotations

from regbrowse.reference import DOCKER_HUB, Registry

_SEARCHABLE = frozenset({DOCKER_HUB, "quay.io"})


def is_searchable(registry: Registry) -> bool:
    """Whether a registry has a search, which stands for the list of repositories that it does not offer."""
    return registry.name in _SEARCHABLE or registry.key in _SEARCHABLE
