"""Images of the demo: steps of a Dockerfile become layers, history and config."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from demo_layouts.layout import Json, Layout, compact
from regbrowse.oci.mediatype import DOCKER_CONFIG, DOCKER_MANIFEST, OCI_CONFIG, OCI_MANIFEST

BUILDKIT = "buildkit.dockerfile.v0"


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the history, with the layer it made."""

    made_by: str
    layer: str = ""
    """Name of a layer; empty for steps that changed only the config."""
    comment: str = BUILDKIT
    at: int = 0
    """Seconds before the image was finished."""


def earlier(created: str, seconds: int) -> str:
    """A time before another; the fraction of a second stays."""
    if not seconds:
        return created
    whole, dot, fraction = created.rstrip("Z").partition(".")
    return (datetime.fromisoformat(whole) - timedelta(seconds=seconds)).isoformat() + dot + fraction + "Z"


def history_of(steps: Iterable[Step], created: str) -> list[Json]:
    """The history of a config (image-spec, config.md)."""
    entries: list[Json] = []
    for step in steps:
        entry: Json = {"created": earlier(created, step.at), "created_by": step.made_by}
        if step.comment:
            entry["comment"] = step.comment
        if not step.layer:
            entry["empty_layer"] = True
        entries.append(entry)
    return entries


def add_image(
    layout: Layout,
    steps: Iterable[Step],
    *,
    created: str,
    platform: Mapping[str, str],
    config: Json,
    author: str = "",
    docker: bool = False,
    history: list[Json] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Json:
    """Add an image with its config and layers; gives its descriptor with the platform."""
    steps = list(steps)
    where = dict(platform)
    document: Json = {"architecture": where.pop("architecture"), "os": where.pop("os"), **where, "created": created}
    if author:
        document["author"] = author
    made = [step for step in steps if step.layer]
    document |= {
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [layout.diff_id(step.layer) for step in made]},
        "history": history_of(steps, created) if history is None else history,
    }
    manifest: Json = {
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST if docker else OCI_MANIFEST,
        "config": layout.blob(compact(document), DOCKER_CONFIG if docker else OCI_CONFIG),
        "layers": [layout.layer(step.layer, docker=docker) for step in made],
    }
    if annotations:
        manifest["annotations"] = dict(annotations)
    return layout.manifest(manifest, platform=dict(platform))
