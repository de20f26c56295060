"""A schema 1 manifest, signed, as registries of 2015 served it (distribution, manifest-v2-1.md)."""

from __future__ import annotations

import base64
import hashlib
import json

from demo_layouts.layers import encoded
from demo_layouts.layout import Json, Layout, compact
from regbrowse.oci.mediatype import DOCKER_SCHEMA1_SIGNED

EMPTY_LAYER = bytes.fromhex("1f8b080000096e8800ff621805a360148c5800080000ffff2eafb5ef00040000")
"""The tar of nothing that docker pushed for every empty layer."""
_STEPS = (
    ("alpine-3.19.4-amd64", "/bin/sh -c #(nop) ADD file:4d1e0a5b92c3 in /"),
    ("", "/bin/sh -c #(nop) MAINTAINER ops@registry.demo"),
    ("tools", "/bin/sh -c apk add --update curl"),
    ("", '/bin/sh -c #(nop) CMD ["curl" "--help"]'),
)


def legacy(layout: Layout) -> None:
    """The digest of the manifest is that of its payload: the body without its signatures."""
    layers: list[Json] = []
    history: list[Json] = []
    parent = ""
    for number, (name, made_by) in enumerate(_STEPS):
        layer = layout.layer(name) if name else layout.blob(EMPTY_LAYER, "")
        image = hashlib.sha256(f"{parent} {made_by}".encode()).hexdigest()
        layers.insert(0, {"blobSum": layer["digest"]})
        history.insert(0, {"v1Compatibility": compact(_v1(image, parent, made_by, number)).decode()})
        parent = image
    value: Json = {
        "schemaVersion": 1,
        "name": layout.name,
        "tag": "1.0",
        "architecture": "amd64",
        "fsLayers": layers,
        "history": history,
    }
    payload = json.dumps(value, indent=3).encode()
    signed = _signed(payload)
    layout.files[f"blobs/sha256/{encoded(payload)}"] = signed
    digest = f"sha256:{encoded(payload)}"
    layout.tag({"mediaType": DOCKER_SCHEMA1_SIGNED, "digest": digest, "size": len(signed)}, "1.0")


def _v1(image: str, parent: str, made_by: str, number: int) -> Json:
    value: Json = {
        "id": image,
        "created": f"2015-11-0{number + 2}T21:19:34.204137Z",
        "container_config": {"Cmd": ["/bin/sh", "-c", made_by.removeprefix("/bin/sh -c ")]},
        "docker_version": "1.8.3",
        "author": "ops@registry.demo",
        "architecture": "amd64",
        "os": "linux",
    }
    if parent:
        value["parent"] = parent
    if number == len(_STEPS) - 1:
        value["config"] = {"Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], "Cmd": ["curl", "--help"], "Labels": {}}
    if not _STEPS[number][0]:
        value["throwaway"] = True
    return value


def _signed(payload: bytes) -> bytes:
    """The payload with a JWS put in before its last brace; the signature looks right and is none."""
    tail = b"\n}"
    head = payload[: -len(tail)]
    protected = compact({"formatLength": len(head), "formatTail": _base64(tail), "time": "2015-11-06T08:00:00Z"})
    key = {
        "crv": "P-256",
        "kid": "OD6I:6DRK:JXEJ:KBM4:255X:NSAA:MUSF:E4VM:ZI6W:CUN2:L4Z6:LSF4",
        "kty": "EC",
        "x": _base64(hashlib.sha256(b"demo key x").digest()),
        "y": _base64(hashlib.sha256(b"demo key y").digest()),
    }
    signature = {
        "header": {"jwk": key, "alg": "ES256"},
        "signature": _base64(hashlib.shake_256(payload).digest(64)),
        "protected": _base64(protected),
    }
    block = json.dumps([signature], indent=3).replace("\n", "\n   ")
    return head + f',\n   "signatures": {block}'.encode() + tail


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
