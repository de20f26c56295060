"""Fills a registry through its HTTP API (distribution-spec, Push); for tests only, the program never writes."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

TYPE_INDEX = "application/vnd.oci.image.index.v1+json"
TYPE_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
TYPE_CONFIG = "application/vnd.oci.image.config.v1+json"
TYPE_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
TYPE_DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
TYPE_DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
TYPE_DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
TYPE_HELM_CONFIG = "application/vnd.cncf.helm.config.v1+json"
TYPE_HELM_CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
TYPE_IN_TOTO = "application/vnd.in-toto+json"


@dataclass(frozen=True, slots=True)
class Stored:
    """What a registry now holds, and how to name it."""

    media_type: str
    content: bytes
    extra: Mapping[str, object] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return sha256(self.content)

    def descriptor(self, **more: object) -> dict[str, object]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.content), **self.extra, **more}


@dataclass(frozen=True, slots=True)
class Image:
    """A pushed manifest with its config."""

    manifest: Stored
    config: Stored


def tar_gz(name: str, text: str) -> bytes:
    """A layer of one file, the same bytes every time."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(text.encode())
        tar.addfile(info, io.BytesIO(text.encode()))
    return gzip.compress(plain.getvalue(), mtime=0)


def sha256(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def to_json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


class Pusher:
    """Pushes to one repository."""

    def __init__(self, http: httpx.Client, path: str) -> None:
        self._http = http
        self._path = path

    def blob(self, media_type: str, content: bytes) -> Stored:
        """One upload session, monolithic."""
        stored = Stored(media_type, content)
        session = self._http.post(f"/v2/{self._path}/blobs/uploads/")
        session.raise_for_status()
        place = httpx.URL(session.headers["location"]).copy_merge_params({"digest": stored.digest})
        self._http.put(place, content=content).raise_for_status()
        return stored

    def manifest(self, stored: Stored, *tags: str) -> Stored:
        for name in tags or (stored.digest,):
            answer = self._http.put(
                f"/v2/{self._path}/manifests/{name}",
                content=stored.content,
                headers={"Content-Type": stored.media_type},
            )
            answer.raise_for_status()
        return stored

    def image(self, architecture: str, *tags: str, variant: str = "", docker: bool = False) -> Image:
        """An image of one layer; by tag, or by digest alone when no tag is given."""
        tar = tar_gz("etc/hello", f"hello from {architecture}{variant}\n")
        layer = self.blob(TYPE_DOCKER_LAYER if docker else TYPE_LAYER, tar)
        platform = {"os": "linux", "architecture": architecture} | ({"variant": variant} if variant else {})
        config = self.blob(
            TYPE_DOCKER_CONFIG if docker else TYPE_CONFIG,
            to_json(
                {
                    **platform,
                    "created": "2024-05-01T12:00:00Z",
                    "config": {"Env": ["PATH=/usr/bin"], "Cmd": ["/bin/hello"], "Labels": {"maintainer": "acme"}},
                    "rootfs": {"type": "layers", "diff_ids": [sha256(gzip.decompress(tar))]},
                    "history": [
                        {"created_by": "COPY hello /etc/hello # buildkit"},
                        {"created_by": 'CMD ["/bin/hello"]', "empty_layer": True},
                    ],
                }
            ),
        )
        media_type = TYPE_DOCKER_MANIFEST if docker else TYPE_MANIFEST
        manifest = Stored(
            media_type,
            to_json(
                {
                    "schemaVersion": 2,
                    "mediaType": media_type,
                    "config": config.descriptor(),
                    "layers": [layer.descriptor()],
                }
            ),
            {"platform": platform},
        )
        return Image(self.manifest(manifest, *tags), config)

    def attestation(self, subject: Stored) -> Stored:
        """What BuildKit writes beside a platform: a manifest with an in-toto layer."""
        statement = self.blob(
            TYPE_IN_TOTO,
            to_json(
                {
                    "_type": "https://in-toto.io/Statement/v0.1",
                    "predicateType": "https://slsa.dev/provenance/v0.2",
                    "subject": [{"name": self._path, "digest": {"sha256": subject.digest.partition(":")[2]}}],
                    "predicate": {"buildType": "https://mobyproject.org/buildkit@v1"},
                }
            ),
        )
        unknown = {"os": "unknown", "architecture": "unknown"}
        rootfs = {"type": "layers", "diff_ids": [sha256(statement.content)]}
        config = self.blob(TYPE_CONFIG, to_json({**unknown, "config": {}, "rootfs": rootfs}))
        layer = statement.descriptor(annotations={"in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2"})
        annotations = {
            "vnd.docker.reference.digest": subject.digest,
            "vnd.docker.reference.type": "attestation-manifest",
        }
        manifest = Stored(
            TYPE_MANIFEST,
            to_json({"schemaVersion": 2, "mediaType": TYPE_MANIFEST, "config": config.descriptor(), "layers": [layer]}),
            {"platform": unknown, "annotations": annotations},
        )
        return self.manifest(manifest)

    def index(self, children: Sequence[Stored], *tags: str) -> Stored:
        value = {
            "schemaVersion": 2,
            "mediaType": TYPE_INDEX,
            "manifests": [child.descriptor() for child in children],
        }
        return self.manifest(Stored(TYPE_INDEX, to_json(value)), *tags)

    def chart(self, *tags: str) -> Image:
        """A Helm chart as `helm push` writes it."""
        config = self.blob(TYPE_HELM_CONFIG, to_json({"apiVersion": "v2", "name": "acme", "version": "1.0.0"}))
        layer = self.blob(TYPE_HELM_CHART, tar_gz("acme/Chart.yaml", "name: acme\nversion: 1.0.0\n"))
        value = {"schemaVersion": 2, "config": config.descriptor(), "layers": [layer.descriptor()]}
        return Image(self.manifest(Stored(TYPE_MANIFEST, to_json(value)), *tags), config)


def write_tags(storage: Path, path: str, digest: str, tags: Sequence[str]) -> None:
    """Makes tags of a pushed manifest by writing the link files of the registry's own storage: far faster than PUT."""
    folder = storage / "docker/registry/v2/repositories" / path / "_manifests/tags"
    for tag in tags:
        current = folder / tag / "current"
        current.mkdir(parents=True)
        (current / "link").write_text(digest)
