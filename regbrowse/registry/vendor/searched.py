"""Registries that are searched instead of listed."""

from __future__ import annotations

from regbrowse.reference import DOCKER_HUB, Registry

_SEARCHED = frozenset({DOCKER_HUB, "quay.io"})


def is_searched(registry: Registry) -> bool:
    """Whether it has a search of its own that answers where others list their repositories."""
    return registry.name in _SEARCHED or registry.key in _SEARCHED
