"""`config`, `id`, `labels` and `history`."""

from __future__ import annotations

from regbrowse.cli.context import CommandContext
from regbrowse.cli.diagnostics import note
from regbrowse.cli.json_text import indented, member
from regbrowse.cli.selected_image import Selected, artifact_kind, selected
from regbrowse.errors import BadResponse, NotFound, RegbrowseError
from regbrowse.oci.config import CONFIG_LIMIT, check_config, parse_config
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.document import parse_json
from regbrowse.oci.layers import join
from regbrowse.oci.manifest import Image, Schema1, config_of

EMPTY = b"{}"
"""Known without asking; not every registry holds it (image-spec, manifest.md, Guidance for an Empty Descriptor)."""


async def run(context: CommandContext) -> None:
    """Raises NotFound when there is no image for the platform, or no config to print."""
    found = await selected(context)
    config = _config(found)
    if context.verb == "id":
        if config.digest is None:
            raise BadResponse("The manifest names its config without a usable digest.")
        context.output.line(str(config.digest))
        return
    if context.verb != "config" and not isinstance(found.manifest, Image):
        raise NotFound(f"{_named(found)}, not an image: its config holds no {context.verb}.", hint='See "config".')
    raw = EMPTY
    if config.digest is None or not config.digest.matches(EMPTY):
        if found.config_error is not None and (
            config.digest is None or context.browser.client.cached(config.digest) is None
        ):
            raise found.config_error  # asking once more would take all its attempts again
        raw, _ = await context.browser.content(context.repository, config, everything=True)
    if context.verb == "config":
        if context.arguments.raw:
            context.output.raw(raw)
        else:
            context.output.document(raw)
        return
    try:
        part = _part(raw, context.verb, config.media_type)
    except RegbrowseError as error:
        error.wanted = error.wanted or f"Reading the config of {found.reference.familiar}"
        error.hint = error.hint or '"config" prints it as it is.'
        raise
    if context.arguments.raw:
        context.output.raw(part.encode())
    else:
        context.output.json(indented(part))
    if context.verb == "history" and isinstance(found.manifest, Image):
        told = join(found.manifest, parse_config(raw)).note
        if told:
            note(told)


def _config(found: Selected) -> Descriptor:
    if isinstance(found.manifest, Schema1):
        raise NotFound(
            f"{found.reference.familiar} is a manifest of Docker's old schema 1, which has no config.",
            hint='What there is, "manifest" prints.',
        )
    config = config_of(found.manifest)
    if config is None:
        raise NotFound(f"{_named(found)} without a config.", hint='What there is, "manifest" prints.')
    return config


def _named(found: Selected) -> str:
    return f"{found.reference.familiar} is an artifact ({artifact_kind(found.manifest)})"


def _part(raw: bytes, verb: str, media_type: str) -> str:
    """The labels or the history, spelled as in the config; empty ones when there are none."""
    empty, kind = ("{}", dict) if verb == "labels" else ("[]", list)
    document = parse_json(raw, limit=CONFIG_LIMIT)
    if not isinstance(document.value, dict):
        raise BadResponse("The image's config is not a JSON object.")
    check_config(document.value.get("rootfs"), media_type)
    text = raw.decode("utf-8-sig")
    where = "config.Labels" if verb == "labels" else "history"
    part: str | None = text
    value: object = document.value
    for key in where.split("."):
        part = member(part, key) if part is not None else None
        value = value.get(key) if isinstance(value, dict) else None
    if value is None or part is None:
        return empty
    if not isinstance(value, kind):
        note(f"{where} has an unexpected form; ignored.")
        return empty
    return part
