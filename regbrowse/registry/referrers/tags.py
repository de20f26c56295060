"""Tags that stand for what is attached: the specification's fall-back, and cosign's.

distribution-spec, Referrers Tag Schema; sigstore/cosign, specs/SIGNATURE_SPEC.md.
"""

from __future__ import annotations

import re
from dataclasses import replace

from regbrowse.errors import NotFound
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Index
from regbrowse.oci.mediatype import essence
from regbrowse.reference import Digest, Repository, is_tag
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.content.manifests import Manifests
from regbrowse.registry.content.verify import docker_content_digest
from regbrowse.registry.error_mapping import status_error
from regbrowse.registry.requests import manifest_request
from regbrowse.text import visible

SUFFIXES = (".sig", ".att", ".sbom")
_NOT_IN_TAGS = re.compile(r"[^A-Za-z0-9._-]")
_NO_HEAD = frozenset({400, 405, 406, 501})


def fallback_tag(digest: Digest) -> str:
    """The tag of the fall-back: 32 characters of the algorithm, 64 of the rest.

    Of a SHA-512 that is half, so that two subjects may share a tag: see `belongs`.
    """
    return f"{_NOT_IN_TAGS.sub('-', digest.algorithm[:32])}-{_NOT_IN_TAGS.sub('-', digest.encoded[:64])}"


def signature_tags(digest: Digest) -> tuple[str, ...]:
    """The tags that cosign hangs signature, attestation and SBOM on; none when the digest is too long for a tag."""
    names = (f"{digest.algorithm}-{digest.encoded}{suffix}" for suffix in SUFFIXES)
    return tuple(name for name in names if is_tag(name))


async def ask_fallback(manifests: Manifests, repository: Repository, digest: Digest) -> tuple[Descriptor, ...]:
    """The entries behind the fall-back tag. Nothing when there is none, or when a broken tool put an image there."""
    try:
        manifest = await manifests.get(repository, fallback_tag(digest))
    except NotFound:
        return ()
    return manifest.manifests if isinstance(manifest, Index) else ()


async def ask_signature(
    desk: Authenticator, manifests: Manifests, repository: Repository, tag: str
) -> Descriptor | None:
    """What a tag of cosign points to, by HEAD alone where the server knows how; None when there is no such tag."""
    reply = await desk.send(replace(manifest_request(repository, tag, None), method="HEAD", attempts=2))
    if reply.status in (404, 410):
        return None
    digest = docker_content_digest(reply) if reply.status == 200 else None
    if digest is not None:
        length = reply.headers.get("content-length", "")
        size = int(length) if re.fullmatch(r"[0-9]{1,15}", length) else None
        return Descriptor(visible(essence(reply.content_type)), digest, size)
    if reply.status not in _NO_HEAD and reply.status != 200:
        raise status_error(reply, desk.login_state(repository.registry))
    try:
        manifest = await manifests.get(repository, tag)
    except NotFound:
        return None
    return Descriptor(manifest.media_type, manifest.digest, manifest.size, artifact_type=manifest.artifact_type)
