"""Builders for what registries hold: each returns bytes with their digest and type."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"
IN_TOTO = "application/vnd.in-toto+json"

Json = dict[str, object]


def sha256(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def dump(value: object) -> bytes:
    return json.dumps(value, indent=2).encode()


@dataclass(frozen=True)
class Made:
    """Some content, and for a manifest everything below it that a registry must hold."""

    raw: bytes
    media_type: str
    below: tuple[Made, ...] = ()
    """Blobs and child manifests."""
    manifest: bool = False
    extra: Json = field(default_factory=dict)
    """Fields that a descriptor of it gets besides the usual three."""
    algorithm: str = "sha256"
    """What it is named by."""

    @property
    def digest(self) -> str:
        return f"{self.algorithm}:{hashlib.new(self.algorithm, self.raw).hexdigest()}"

    def descriptor(self, **more: object) -> Json:
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.raw), **self.extra, **more}


def named_by(algorithm: str, made: Made) -> Made:
    """The same content, where every descriptor names what is below it by this algorithm."""
    below = tuple(named_by(algorithm, one) for one in made.below)
    raw = made.raw
    for old, new in zip(made.below, below, strict=True):
        raw = raw.replace(dump(old.digest), dump(new.digest))
        raw = raw.replace(b'"size": %d' % len(old.raw), b'"size": %d' % len(new.raw))
    return replace(made, raw=raw, below=below, algorithm=algorithm)


def layer(files: Mapping[str, bytes] | None = None, media_type: str = OCI_LAYER) -> Made:
    """A real tar.gz, the same bytes every time."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in (files or {"etc/hostname": b"box\n"}).items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return Made(gzip.compress(packed.getvalue(), mtime=0), media_type)


def config(
    os: str = "linux", architecture: str = "amd64", variant: str = "", layers: Sequence[Made] = (), **more: object
) -> Made:
    """An image config with one history entry per layer and an empty one at the end."""
    history: list[Json] = [{"created_by": f"COPY part{number} / # buildkit"} for number in range(len(layers))]
    history.append({"created_by": 'CMD ["/bin/sh"]', "empty_layer": True})
    value: Json = {
        "architecture": architecture,
        "os": os,
        **({"variant": variant} if variant else {}),
        "created": "2024-06-18T09:41:00Z",
        "config": {"Env": ["PATH=/usr/bin:/bin"], "Cmd": ["/bin/sh"], "Labels": {"org.example.name": "app"}},
        "rootfs": {"type": "layers", "diff_ids": [sha256(gzip.decompress(one.raw)) for one in layers]},
        "history": history,
        **more,
    }
    return Made(dump(value), OCI_CONFIG)


def image(
    os: str = "linux",
    architecture: str = "amd64",
    variant: str = "",
    files: Sequence[Mapping[str, bytes]] = ({"etc/hostname": b"box\n"},),
    *,
    docker: bool = False,
    config_type: str = "",
    values: Mapping[str, object] | None = None,
    **more: object,
) -> Made:
    """A complete image; with `docker` in Docker's types, its config of another type when one is named.

    `values` are members of the config.
    """
    layers = [layer(one, DOCKER_LAYER if docker else OCI_LAYER) for one in files]
    made = config(os, architecture, variant, layers)
    if values:
        made = Made(dump({**json.loads(made.raw), **values}), OCI_CONFIG)
    if docker:
        made = Made(made.raw, DOCKER_CONFIG)
    if config_type:
        made = Made(made.raw, config_type)
    media_type = DOCKER_MANIFEST if docker else OCI_MANIFEST
    value: Json = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": made.descriptor(),
        "layers": [one.descriptor() for one in layers],
        **more,
    }
    platform: Json = {"os": os, "architecture": architecture, **({"variant": variant} if variant else {})}
    return Made(dump(value), media_type, (made, *layers), True, {"platform": platform})


def index(*children: Made, docker: bool = False, **more: object) -> Made:
    """An index over images, attestations or other indexes."""
    media_type = DOCKER_LIST if docker else OCI_INDEX
    value: Json = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "manifests": [child.descriptor() for child in children],
        **more,
    }
    return Made(dump(value), media_type, children, True)


def artifact(artifact_type: str, *blobs: Made, subject: Made | None = None, **more: object) -> Made:
    """An image manifest that is no image: empty config, and what it is in `artifactType`."""
    empty = Made(b"{}", OCI_EMPTY)
    value: Json = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": artifact_type,
        "config": empty.descriptor(),
        "layers": [blob.descriptor() for blob in blobs or (empty,)],
        **({"subject": subject.descriptor()} if subject else {}),
        **more,
    }
    return Made(dump(value), OCI_MANIFEST, (empty, *blobs), True)


def attestation(of: Made, predicate_type: str = "https://spdx.dev/Document", predicate: Json | None = None) -> Made:
    """What BuildKit attaches to a platform of an index: an in-toto statement under unknown/unknown."""
    statement: Json = {
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": predicate_type,
        "subject": [{"name": "app", "digest": {"sha256": of.digest.removeprefix("sha256:")}}],
        "predicate": predicate or {"spdxVersion": "SPDX-2.3", "packages": []},
    }
    blob = Made(dump(statement), IN_TOTO, extra={"annotations": {"in-toto.io/predicate-type": predicate_type}})
    made = config("unknown", "unknown")
    value: Json = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": made.descriptor(),
        "layers": [blob.descriptor()],
    }
    extra: Json = {
        "platform": {"os": "unknown", "architecture": "unknown"},
        "annotations": {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": of.digest,
        },
    }
    return Made(dump(value), OCI_MANIFEST, (made, blob), True, extra)


def schema1(name: str = "old/app", tag: str = "latest") -> Made:
    """A legacy manifest with a signature, whose digest is not that of its bytes."""
    first, second = layer({"a": b"1"}), layer({"b": b"2"})
    history = [
        {"v1Compatibility": json.dumps({"id": "2" * 64, "parent": "1" * 64, "architecture": "amd64", "os": "linux"})},
        {"v1Compatibility": json.dumps({"id": "1" * 64, "container_config": {"Cmd": ["/bin/sh -c #(nop) ADD a /"]}})},
    ]
    value: Json = {
        "schemaVersion": 1,
        "name": name,
        "tag": tag,
        "architecture": "amd64",
        "fsLayers": [{"blobSum": second.digest}, {"blobSum": first.digest}],
        "history": history,
        "signatures": [{"header": {"alg": "ES256"}, "signature": "c2ln", "protected": "e30"}],
    }
    return Made(dump(value), SCHEMA1, (first, second), True)
