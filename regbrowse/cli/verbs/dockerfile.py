"""`dockerfile`: the history of an image as a Dockerfile."""

from __future__ import annotations

from regbrowse.cli.context import CommandContext
from regbrowse.cli.selected_image import artifact_kind, config_if_readable, selected
from regbrowse.errors import NotFound
from regbrowse.oci.dockerfile import dockerfile
from regbrowse.oci.layers import join
from regbrowse.oci.manifest import Image, Schema1


async def run(context: CommandContext) -> None:
    """Raises NotFound when there is no image for the platform, or no image at all."""
    found = await selected(context)
    manifest = found.manifest
    if not isinstance(manifest, Image | Schema1):
        what = artifact_kind(manifest)
        raise NotFound(f"{found.reference.familiar} is an artifact ({what}), which was built by no Dockerfile.")
    config = manifest.config if isinstance(manifest, Schema1) else None
    if isinstance(manifest, Image):
        config = await config_if_readable(context, manifest, found.config_error)
    written = dockerfile(join(manifest, config), config, manifest.annotations)
    context.output.line(written.text(sizes=True).rstrip("\n"))
