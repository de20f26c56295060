"""Which part of an image is meant where nobody said so."""

from __future__ import annotations

from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Artifact, Image, Index, Manifest
from regbrowse.oci.platform import Platform, choose
from regbrowse.tree import platforms


def chosen(index: Index, wanted: Platform | None) -> Descriptor | None:
    """The child to show first: the wanted platform, this machine's, linux/amd64, or the first image."""
    candidates = platforms(index) or [each for each in index.manifests if each.digest]
    if not candidates:
        return None
    offered = [each.platform for each in candidates]
    at = choose(offered, wanted)
    if at is None:
        at = choose(offered, None)
    return candidates[at or 0]


def missing(index: Index, wanted: Platform) -> bool:
    """Whether an index for several platforms has no image for this one."""
    offered = [each.platform for each in platforms(index)]
    return bool(offered) and choose(offered, wanted) is None


def config_of(manifest: Manifest) -> Descriptor | None:
    """The blob to show as config, if the manifest names one."""
    return manifest.config if isinstance(manifest, Image | Artifact) else None
