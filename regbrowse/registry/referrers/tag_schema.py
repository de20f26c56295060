"""The tag that stands for the referrers API where there is none (distribution-spec, Referrers Tag Schema)."""

from __future__ import annotations

import re

from regbrowse.errors import NotFound
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Index
from regbrowse.reference import Digest, Repository
from regbrowse.registry.content.manifests import Manifests

_NOT_IN_TAGS = re.compile(r"[^A-Za-z0-9._-]")


def referrers_tag(subject: Digest) -> str:
    """Make the tag of a digest: 32 characters of its algorithm, 64 of the rest.

    That is half of a SHA-512, so two subjects may share a tag: see `belongs`.
    """
    return f"{_NOT_IN_TAGS.sub('-', subject.algorithm[:32])}-{_NOT_IN_TAGS.sub('-', subject.encoded[:64])}"


async def list_tagged(
    manifests: Manifests, repository: Repository, subject: Digest, *, background: bool = False
) -> tuple[Descriptor, ...]:
    """Return the entries of the index behind the tag. Raises RegbrowseError.

    There are none without such a tag, and none when a broken tool has put an image there.
    """
    try:
        manifest = await manifests.get(repository, referrers_tag(subject), guessed=True, background=background)
    except NotFound:
        return ()
    return manifest.manifests if isinstance(manifest, Index) else ()
