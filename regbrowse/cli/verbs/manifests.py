"""`manifestlist`, `digestlist`, `manifest` and `digest`."""

from __future__ import annotations

from regbrowse.cli.choosing import chosen, platform_of, tell_anomalies
from regbrowse.cli.context import Job
from regbrowse.errors import NotFound, RegbrowseError
from regbrowse.oci.manifest import Artifact, Image, Index, Manifest, Schema1


async def run(job: Job) -> None:
    """Raises NotFound when there is no list, or no image for the platform."""
    manifest = await _list(job) if job.verb.endswith("list") else (await chosen(job)).manifest
    if job.verb.startswith("digest"):
        job.output.line(str(manifest.digest))
    elif job.arguments.raw:
        job.output.raw(manifest.raw)
    else:
        job.output.document(manifest.raw)


async def _list(job: Job) -> Index:
    found = await job.browser.open(job.reference)
    if not isinstance(found, Index):
        raise NotFound(f"no manifest list, but there is {await _what(job, found)} with the digest {found.digest}")
    tell_anomalies(found)
    return found


async def _what(job: Job, manifest: Manifest) -> str:
    """In words, as far as it can be told."""
    if isinstance(manifest, Artifact):
        return f"an artifact ({manifest.kind})"
    if not isinstance(manifest, Image | Schema1):
        return "a document of an unknown kind"
    try:
        platform = await platform_of(job, manifest)
    except RegbrowseError:
        platform = None
    return f"a manifest for '{platform}'" if platform and platform.known else "a manifest for one platform"
