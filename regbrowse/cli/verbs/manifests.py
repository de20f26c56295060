"""`manifestlist`, `digestlist`, `manifest` and `digest`."""

from __future__ import annotations

from regbrowse.cli.context import CommandContext
from regbrowse.cli.selected_image import selected, tell_anomalies
from regbrowse.errors import NotFound, RegbrowseError
from regbrowse.oci.manifest import Artifact, Image, Index, Manifest, Schema1
from regbrowse.platform_search import read_platform


async def run(context: CommandContext) -> None:
    """Raises NotFound when there is no list, or no image for the platform."""
    manifest = await _list(context) if context.verb.endswith("list") else (await selected(context)).manifest
    if context.verb.startswith("digest"):
        context.output.line(str(manifest.digest))
    elif context.arguments.raw:
        context.output.raw(manifest.raw)
    else:
        context.output.document(manifest.raw)


async def _list(context: CommandContext) -> Index:
    found = await context.browser.open(context.reference)
    if not isinstance(found, Index):
        raise NotFound(f"no manifest list, but there is {await _what(context, found)} with the digest {found.digest}")
    tell_anomalies(found)
    return found


async def _what(context: CommandContext, manifest: Manifest) -> str:
    """In words, as far as it can be told."""
    if isinstance(manifest, Artifact):
        return f"an artifact ({manifest.kind})"
    if not isinstance(manifest, Image | Schema1):
        return "a document of an unknown kind"
    try:
        platform = await read_platform(context.browser, context.repository, manifest)
    except RegbrowseError:
        platform = None
    return f"a manifest for '{platform}'" if platform and platform.known else "a manifest for one platform"
