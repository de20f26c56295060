"""`layers`: what an image is made of, with the commands that made it."""

from __future__ import annotations

from regbrowse.cli.context import CommandContext
from regbrowse.cli.diagnostics import note
from regbrowse.cli.selected_image import config_if_readable, selected
from regbrowse.errors import NotFound
from regbrowse.oci.layers import LayerRow, join
from regbrowse.oci.manifest import Artifact, Image, Schema1
from regbrowse.oci.mediatype import layer_kind
from regbrowse.text import size

_HEADER = ("#", "SIZE", "KIND", "DIGEST", "COMMAND")


async def run(context: CommandContext) -> None:
    """Raises NotFound when there is no image for the platform, or nothing that has layers."""
    found = await selected(context)
    manifest = found.manifest
    if not isinstance(manifest, Image | Artifact | Schema1):
        raise NotFound(f"{found.reference.familiar} is a document of an unknown kind, which has no layers.")
    config = await config_if_readable(context, manifest, found.config_error) if isinstance(manifest, Image) else None
    table = join(manifest, config)
    if table.note:
        note(table.note)
    if context.as_table:
        context.output.table(_HEADER, [_cells(row) for row in table.rows], frozenset({0, 1}))
    else:
        context.output.value([_value(row) for row in table.rows], compact=context.arguments.raw)


def _value(row: LayerRow) -> dict[str, object]:
    layer = row.descriptor
    return {
        "number": row.number,
        "digest": str(layer.digest) if layer and layer.digest else None,
        "mediaType": layer.media_type if layer else None,
        "size": layer.size if layer else None,
        "command": row.command.whole or None,
        "empty": row.empty,
    }


def _cells(row: LayerRow) -> tuple[str, ...]:
    layer = row.descriptor
    command = " ".join(filter(None, (row.command.instruction, row.command.rest)))
    if layer is None:
        return "", "", row.kind, "", command
    kind = layer_kind(layer.media_type, layer.annotations)
    return str(row.number or ""), size(layer.size), kind, str(layer.digest or ""), command
