"""Images of the demo: steps of a Dockerfile become layers, history and config."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from regbrowse.demo.layers import measure_of
from regbrowse.demo.shelf import (
    DOCKER_CONFIG,
    DOCKER_LAYER,
    DOCKER_MANIFEST,
    OCI_CONFIG,
    OCI_LAYER,
    OCI_MANIFEST,
    Content,
    Json,
    compact,
)

BUILDKIT = "buildkit.dockerfile.v0"


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the history, with the layer it made."""

    made_by: str
    layer: str = ""
    """Name of a planned layer; empty for steps that changed only the config."""
    kind: str = "gzip"
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


def put_image(
    content: Content,
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
    """Puts config and manifest on the shelf; gives the manifest's descriptor with its platform."""
    steps = list(steps)
    where = {key: value for key, value in platform.items() if key != "os.features"}
    document: Json = {"architecture": where.pop("architecture"), "os": where.pop("os"), **where, "created": created}
    if author:
        document["author"] = author
    made = [step for step in steps if step.layer]
    document |= {
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [measure_of(step.layer).diff_id for step in made]},
        "history": history_of(steps, created) if history is None else history,
    }
    layers = [
        content.layer(step.layer, DOCKER_LAYER if docker and step.kind == "gzip" else f"{OCI_LAYER}+{step.kind}")
        for step in made
    ]
    manifest: Json = {
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST if docker else OCI_MANIFEST,
        "config": content.blob(compact(document), DOCKER_CONFIG if docker else OCI_CONFIG),
        "layers": layers,
    }
    if annotations:
        manifest["annotations"] = dict(annotations)
    return content.manifest(manifest, platform=dict(platform))
