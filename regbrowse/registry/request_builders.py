"""The questions themselves: path, scope, limits and the words for each."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from regbrowse.errors import BadResponse, NotFound
from regbrowse.oci.mediatype import ACCEPT, OCI_INDEX
from regbrowse.reference import Digest, Registry, Repository, is_tag
from regbrowse.registry.requests import MANIFEST_LIMIT, PAGE_LIMIT, Request
from regbrowse.registry.transport.headers import ANYTHING, blob_path, tags_path
from regbrowse.text import visible

if TYPE_CHECKING:
    from regbrowse.oci.descriptor import Descriptor


def tags_request(repository: Repository) -> Request:
    return Request(
        repository.registry,
        "tags",
        tags_path(repository),
        f"Listing tags of {repository.familiar}",
        repository.familiar,
        scope=_pull(repository),
        limit=PAGE_LIMIT,
    )


def catalog_request(registry: Registry) -> Request:
    return Request(
        registry,
        "catalog",
        "/v2/_catalog",
        f"Listing repositories of {visible(registry.name)}",
        "the list of repositories",
        scope="registry:catalog:*",
        limit=PAGE_LIMIT,
        stay=True,
    )


def manifest_request(repository: Repository, target: str | Digest, digest: Digest | None) -> Request:
    """Raises NotFound for a target that may not stand in a URL."""
    if digest is None and not is_tag(str(target)):
        raise NotFound(f'"{visible(str(target))}" is not a valid tag.', wanted=f"Reading {repository.familiar}")
    name = digest.short if digest else str(target)
    return Request(
        repository.registry,
        "manifest",
        f"/v2/{repository.path}/manifests/{target}",
        f"Reading {repository.familiar}{'@' if digest else ':'}{name}",
        repository.familiar,
        name,
        headers={"Accept": ACCEPT},
        scope=_pull(repository),
        limit=MANIFEST_LIMIT,
    )


def blob_request(repository: Repository, descriptor: Descriptor, limit: int) -> tuple[Digest, Request]:
    """Raises BadResponse when the descriptor names no digest that may stand in a URL."""
    digest = descriptor.digest
    if digest is None:
        wanted = f"Reading content of {repository.familiar}"
        raise BadResponse("The manifest names no valid digest for this content.", wanted=wanted)
    question = Request(
        repository.registry,
        "blob",
        blob_path(repository, digest),
        f"Reading {repository.familiar}@{digest.short}",
        repository.familiar,
        digest.short,
        headers={"Accept": ANYTHING},
        scope=_pull(repository),
        limit=limit,
        size=descriptor.size,
    )
    return digest, question


def referrers_request(repository: Repository, subject: Digest, artifact_type: str = "") -> Request:
    """distribution-spec, Listing Referrers. Redirects elsewhere lead to login pages, so it stays where it is."""
    query = f"?artifactType={quote(artifact_type, safe='')}" if artifact_type else ""
    return Request(
        repository.registry,
        "referrers",
        f"/v2/{repository.path}/referrers/{subject}{query}",
        f"Looking for what is attached to {repository.familiar}@{subject.short}",
        repository.familiar,
        subject.short,
        headers={"Accept": f"{OCI_INDEX}, application/json;q=0.5"},
        scope=_pull(repository),
        limit=MANIFEST_LIMIT,
        tries=2,
        stay=True,
    )


def _pull(repository: Repository) -> str:
    return f"repository:{repository.path}:pull"
