"""The OCI layout of one repository of the demo, while it is made (image-spec, image-layout.md)."""

from __future__ import annotations

import json
from typing import Any

from demo_layouts.layers import Layers, encoded
from regbrowse.oci.mediatype import DOCKER_LAYER, OCI_INDEX, OCI_LAYER

Json = dict[str, Any]


def indented(value: Any) -> bytes:
    """JSON as BuildKit writes manifests."""
    return json.dumps(value, indent=2, ensure_ascii=False).encode()


def compact(value: Json) -> bytes:
    """JSON as docker writes configs: on one line."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


class Layout:
    """Collects the files of a layout: blobs, descriptions of generated layers, and the entries of index.json."""

    def __init__(self, name: str, layers: Layers) -> None:
        self.name = name
        self.files: dict[str, bytes] = {"oci-layout": compact({"imageLayoutVersion": "1.0.0"})}
        """By their paths in the layout; `index.json` is added by `finished`."""
        self.layers = layers
        self._entries: list[Json] = []

    def blob(self, body: bytes, media_type: str, **more: Any) -> Json:
        """Add a blob; gives its descriptor."""
        self.files[f"blobs/sha256/{encoded(body)}"] = body
        return {"mediaType": media_type, "digest": f"sha256:{encoded(body)}", "size": len(body), **more}

    def manifest(self, value: Json, **more: Any) -> Json:
        """Add a manifest; gives its descriptor."""
        return self.blob(indented(value), value["mediaType"], **more)

    def layer(self, name: str, *, docker: bool = False) -> Json:
        """Add a layer by its name; gives its descriptor."""
        layer = self.layers[name]
        self.files[layer.path] = layer.content
        media_type, separator = (DOCKER_LAYER, ".") if docker else (OCI_LAYER, "+")
        if layer.compression:
            media_type += separator + layer.compression
        return {"mediaType": media_type, "digest": f"sha256:{layer.encoded}", "size": layer.size}

    def diff_id(self, name: str) -> str:
        return f"sha256:{self.layers[name].diff}"

    def tag(self, descriptor: Json, *tags: str) -> None:
        """Give a manifest its tags."""
        for tag in tags:
            names = {"io.containerd.image.name": f"{self.name}:{tag}", "org.opencontainers.image.ref.name": tag}
            self._entries.append({**_plain(descriptor), "annotations": names})

    def refer(self, subject: Json, artifact: Json) -> None:
        """Add a manifest with a subject: the referrers API names it."""
        descriptor = self.manifest({**artifact, "subject": _plain(subject)})
        self._entries.append({**descriptor, "artifactType": artifact["artifactType"]})

    def finished(self) -> dict[str, bytes]:
        """All files, with index.json."""
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": self._entries}
        return {**self.files, "index.json": indented(index)}


def _plain(descriptor: Json) -> Json:
    return {key: descriptor[key] for key in ("mediaType", "digest", "size")}
