"""Where the demo opens: cheap to import, reads no file."""

from __future__ import annotations

from regbrowse.reference import Reference, Registry, Repository

REGISTRY = Registry("registry.demo")
"""A name that no resolver knows: nothing of the demo can reach the network."""
START = Reference(Repository(REGISTRY, "acme/shop/webapp"), "2.14.1")
