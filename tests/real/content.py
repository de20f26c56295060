"""What the tests push to every registry, and expect to find there again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from real.push import Image, Stored, write_tags

if TYPE_CHECKING:
    from real.server import Server

APP, TOOL, CHART, MANY = "acme/app", "acme/tool", "acme/chart", "acme/many"
TAG_COUNT = 250


@dataclass(frozen=True, slots=True)
class Content:
    """The values pushed to one registry."""

    index: Stored
    """acme/app:1.2.3 and :latest."""
    images: tuple[Image, ...]
    """Its platforms, in order."""
    attestation: Stored
    tool: Image
    """acme/tool:1.0, a single Docker image."""
    chart: Image
    """acme/chart:1.0.0."""
    tags: tuple[str, ...]
    """All of acme/many."""


def fill(server: Server) -> Content:
    """Pushes everything; the many tags are written to the storage."""
    with server.pusher(APP) as push:
        images = (push.image("amd64"), push.image("arm64", variant="v8"))
        attestation = push.attestation(images[0].manifest)
        index = push.index([*(image.manifest for image in images), attestation], "1.2.3", "latest")
    with server.pusher(TOOL) as push:
        tool = push.image("amd64", "1.0", docker=True)
    with server.pusher(CHART) as push:
        chart = push.chart("1.0.0")
    tags = fill_tags(server, MANY, TAG_COUNT)
    return Content(index, images, attestation, tool, chart, tags)


def fill_tags(server: Server, path: str, count: int) -> tuple[str, ...]:
    """So many tags of one image."""
    tags = tuple(f"v{number // 100}.{number // 10 % 10}.{number % 10}" for number in range(count))
    with server.pusher(path) as push:
        image = push.image("amd64", tags[0])
    write_tags(server.storage, path, image.manifest.digest, tags[1:])
    return tags
