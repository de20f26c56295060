"""The tags of cosign, which knew no referrers API when it began (sigstore/cosign, specs/SIGNATURE_SPEC.md)."""

from __future__ import annotations

from dataclasses import replace

from regbrowse.errors import NotFound
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.mediatype import essence
from regbrowse.reference import Digest, Repository, is_tag
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.content.manifest_fetcher import ManifestFetcher
from regbrowse.registry.content.manifests import Manifests
from regbrowse.registry.content.verify import docker_content_digest
from regbrowse.registry.error_mapping import status_error
from regbrowse.registry.headers import content_length
from regbrowse.registry.requests import manifest_request
from regbrowse.text import visible

_SUFFIXES = (".sig", ".att", ".sbom")
_NO_HEAD = frozenset({400, 405, 406, 500, 501})


def cosign_tags(subject: Digest) -> tuple[str, ...]:
    """Make the tags of signature, attestation and SBOM of a digest; none when it is too long for a tag."""
    tags = (f"{subject.algorithm}-{subject.encoded}{suffix}" for suffix in _SUFFIXES)
    return tuple(tag for tag in tags if is_tag(tag))


async def find_tagged(
    auth: Authenticator,
    fetcher: ManifestFetcher,
    manifests: Manifests,
    repository: Repository,
    tag: str,
    *,
    background: bool = False,
) -> Descriptor | None:
    """Return what a tag points to; None when there is no such tag. Raises RegbrowseError.

    A HEAD is enough where the server answers it with a digest.
    """
    request = fetcher.understandable(manifest_request(repository, tag, None))
    response = await auth.send(replace(request, method="HEAD", attempts=2, background=background))
    if response.status in (404, 410):
        return None
    digest = docker_content_digest(response) if response.status == 200 else None
    if digest is not None:
        return Descriptor(visible(essence(response.content_type)), digest, content_length(response.headers))
    if response.status not in _NO_HEAD and response.status != 200:
        raise status_error(response, auth.login_state(repository.registry))
    try:
        manifest = await manifests.get(repository, tag, guessed=True, background=background)
    except NotFound:
        return None
    return Descriptor(manifest.media_type, manifest.digest, manifest.size, artifact_type=manifest.artifact_type)
