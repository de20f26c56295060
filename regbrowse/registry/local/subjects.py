"""What refers to what in an image layout, found by reading its manifests (image-spec, manifest.md, `subject`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from regbrowse.errors import RegbrowseError
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.document import DOCUMENT_LIMIT
from regbrowse.oci.manifest import Artifact, Image, Index, Manifest, parse_manifest
from regbrowse.oci.mediatype import MANIFESTS, essence
from regbrowse.reference import Digest

MANIFEST_LIMIT = 20_000
BYTES_LIMIT = 256 * 2**20
NESTING = 5

Found = dict[Digest, list[Mapping[str, object]]]


def find_subjects(roots: Iterable[Descriptor], read: Callable[[Digest], bytes]) -> Found:
    """By subject, the descriptors that the referrers API answers with (distribution-spec, Listing Referrers).

    `read` gives no bytes for what is not there. What cannot be read or is no manifest refers to nothing.
    """
    found: Found = {}
    seen: set[Digest] = set()
    total = 0
    level = list(roots)
    for _ in range(NESTING):
        below: list[Descriptor] = []
        for descriptor in level:
            digest = descriptor.digest
            known = essence(descriptor.media_type)
            if digest is None or digest in seen or (known and known not in MANIFESTS):
                continue
            seen.add(digest)
            if len(seen) > MANIFEST_LIMIT or total > BYTES_LIMIT:
                return found
            raw = read(digest)
            total += len(raw)
            manifest = _parsed(raw, digest, known)
            if manifest is None:
                continue
            if manifest.subject is not None and manifest.subject.digest is not None:
                found.setdefault(manifest.subject.digest, []).append(_described(manifest))
            if isinstance(manifest, Index):
                below += manifest.manifests
        level = below
    return found


def _parsed(raw: bytes, digest: Digest, expected: str) -> Manifest | None:
    if not raw or len(raw) > DOCUMENT_LIMIT:
        return None
    try:
        return parse_manifest(raw, expected=expected, digest=digest)
    except RegbrowseError:
        return None


def _described(manifest: Manifest) -> Mapping[str, object]:
    kind = manifest.artifact_type
    if not kind and isinstance(manifest, Image | Artifact) and manifest.config is not None:
        kind = manifest.config.media_type
    return {
        "mediaType": manifest.media_type,
        "digest": str(manifest.digest),
        "size": manifest.size,
        **({"artifactType": kind} if kind else {}),
        **({"annotations": dict(manifest.annotations)} if manifest.annotations else {}),
    }
