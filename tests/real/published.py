"""Two repositories such as people publish: a base image for three machines, and one image for one of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from real.push import (
    TYPE_DOCKER_CONFIG,
    TYPE_DOCKER_LAYER,
    TYPE_DOCKER_MANIFEST,
    Image,
    Pusher,
    Stored,
    tar_gz,
    to_json,
    write_tags,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from real.server import Server

TYPE_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
BASE, SINGLE = "library/ubuntu", "sphinxdoc/sphinx"
BASE_TAG, SINGLE_TAG = "18.04", "4.4.0"
BASE_TAGS = (
    "10.04", "12.04", "12.04.5", "12.10", "13.04", "13.10", "14.04", "14.04.1", "14.04.2", "14.04.3", "14.04.4",
    "14.04.5", "16.04", "18.04",
)  # fmt: skip
MACHINES = {"amd64": "", "arm": "v7", "arm64": "v8"}
LABELS = {
    "maintainer": "Jo Doe <jo@example.com>",
    "org.opencontainers.image.description": "",
    "org.opencontainers.image.revision": hashlib.sha1(b"a commit", usedforsecurity=False).hexdigest(),
    "org.opencontainers.image.version": SINGLE_TAG,
}
ENVIRONMENT = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]


@dataclass(frozen=True, slots=True)
class Published:
    """What was pushed."""

    index: Stored
    machines: Mapping[str, Image]
    """By architecture, in the index's order."""
    single: Image
    layer: Stored
    """Of the single image."""


def publish(server: Server) -> Published:
    """Fills both; further tags are written to the storage."""
    with server.pusher(BASE) as push:
        machines = {name: _image(push, name, variant)[0] for name, variant in MACHINES.items()}
        children = [
            image.manifest.descriptor(platform=_platform(name, MACHINES[name])) for name, image in machines.items()
        ]
        value = {"schemaVersion": 2, "mediaType": TYPE_LIST, "manifests": children}
        index = push.manifest(Stored(TYPE_LIST, to_json(value)), BASE_TAG)
    write_tags(server.storage, BASE, index.digest, [tag for tag in BASE_TAGS if tag != BASE_TAG])
    with server.pusher(SINGLE) as push:
        single, layer = _image(push, "amd64", "", LABELS, (SINGLE_TAG, "latest"))
    return Published(index, machines, single, layer)


def _platform(architecture: str, variant: str) -> dict[str, str]:
    return {"architecture": architecture, "os": "linux"} | ({"variant": variant} if variant else {})


def _image(
    push: Pusher,
    architecture: str,
    variant: str,
    labels: Mapping[str, str] | None = None,
    tags: tuple[str, ...] = (),
) -> tuple[Image, Stored]:
    layer = push.blob(TYPE_DOCKER_LAYER, tar_gz("etc/issue", f"{architecture}{variant}\n"))
    value = {
        **_platform(architecture, variant),
        "config": {"Hostname": "", "User": "", "Env": ENVIRONMENT, "Cmd": ["bash"], "Labels": labels},
        "created": "2022-01-16T15:19:24.686Z",
        "history": [{"created": "2022-01-16T15:19:24.686Z", "created_by": "ADD rootfs /"}],
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(b"unpacked").hexdigest()]},
    }
    config = push.blob(TYPE_DOCKER_CONFIG, to_json(value))
    # docker writes manifests indented, and so does this: exactness must not depend on how they are spelled.
    manifest = Stored(
        TYPE_DOCKER_MANIFEST,
        b"{\n   "
        + to_json(
            {
                "schemaVersion": 2,
                "mediaType": TYPE_DOCKER_MANIFEST,
                "config": config.descriptor(),
                "layers": [layer.descriptor()],
            }
        )[1:-1]
        + b"\n}\n",
    )
    return Image(push.manifest(manifest, *tags), config), layer
