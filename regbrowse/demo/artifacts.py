"""Things in registries that are no images: a Helm chart, a WebAssembly module, policies, a signature."""

from __future__ import annotations

import zlib

from regbrowse.demo.framing import Run, gzip_stored, padding, tar_header
from regbrowse.demo.layers import ballast
from regbrowse.demo.shelf import OCI_EMPTY, OCI_MANIFEST, Content, Json, compact, encode
from regbrowse.demo.supply import signature_image
from regbrowse.demo.versions import NEWEST, signed_digest

HELM_CONFIG = "application/vnd.cncf.helm.config.v1+json"
HELM_CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
WASM_CONFIG = "application/vnd.wasm.config.v0+json"
POLICY = "application/vnd.acme.policy.v1"
OCI_ARTIFACT = "application/vnd.oci.artifact.manifest.v1+json"

_VALUES = """replicas: 3
image:
  repository: registry.demo/acme/shop/webapp
  tag: "{app}"
service:
  port: 80
  targetPort: 8080
"""
_DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-webapp
spec:
  replicas: {{ .Values.replicas }}
  template:
    spec:
      containers:
        - name: webapp
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
          ports:
            - containerPort: {{ .Values.service.targetPort }}
"""
_REGO = """package shop.images

import rego.v1

deny contains message if {
  not startswith(input.image, "registry.demo/acme/")
  message := sprintf("%s does not come from our registry", [input.image])
}
"""


def _archive(files: dict[str, str]) -> bytes:
    tar = b"".join(
        tar_header(name, len(text.encode()), mtime=1_718_668_800) + text.encode() + padding(len(text.encode()))
        for name, text in files.items()
    ) + bytes(1024)
    return b"".join(run.piece for run in gzip_stored([Run(tar)], zlib.crc32(tar)))


def build_chart(version: str) -> Content:
    """A Helm chart as `helm push` stores it (helm.sh, HIP-0006)."""
    content = Content()
    app = {"1.8.0": "2.14.1", "1.7.2": "2.13.4"}.get(version, "2.12.5")
    chart: Json = {
        "name": "webapp",
        "version": version,
        "description": "The shop web application",
        "home": "https://github.com/acme/shop",
        "apiVersion": "v2",
        "appVersion": app,
        "type": "application",
        "maintainers": [{"name": "shop platform team", "email": "shop@registry.demo"}],
        "dependencies": [{"name": "redis", "version": "19.5.5", "repository": "oci://registry.demo/acme/charts"}],
    }
    lines = [f"{key}: {value}" for key, value in chart.items() if isinstance(value, str)]
    archive = _archive(
        {
            "webapp/Chart.yaml": "\n".join(lines) + "\n",
            "webapp/values.yaml": _VALUES.replace("{app}", app),
            "webapp/templates/deployment.yaml": _DEPLOYMENT,
        }
    )
    manifest: Json = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": content.blob(compact(chart), HELM_CONFIG),
        "layers": [content.blob(archive, HELM_CHART)],
        "annotations": {
            "org.opencontainers.image.created": "2024-06-18T10:02:11Z",
            "org.opencontainers.image.title": "webapp",
            "org.opencontainers.image.version": version,
        },
    }
    content.root = content.manifest(manifest)["digest"]
    return content


def build_wasm(_key: str) -> Content:
    """A WebAssembly component (CNCF TAG Runtime, wasm OCI artifact layout)."""
    content = Content()
    code = b"filter" + ballast("wasm filter")[:40_000]
    size = len(code) + 1
    length = bytes([size & 0x7F | 0x80, size >> 7 & 0x7F | 0x80, size >> 14])
    module = b"\0asm\x01\0\0\0" + b"\0" + length + b"\x06" + code
    layer = content.blob(module, "application/wasm", annotations={"org.opencontainers.image.title": "filter.wasm"})
    config = {
        "created": "2024-04-29T08:11:20Z",
        "architecture": "wasm",
        "os": "wasip2",
        "layerDigests": [layer["digest"]],
        "component": {"exports": ["wasi:http/incoming-handler@0.2.0"], "imports": ["wasi:cli/environment@0.2.0"]},
    }
    manifest: Json = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": content.blob(compact(config), WASM_CONFIG),
        "layers": [layer],
    }
    content.root = content.manifest(manifest)["digest"]
    return content


def build_policy(key: str) -> Content:
    """Files with the empty config; for the key `old` the artifact manifest that image-spec 1.1 dropped again."""
    content = Content()
    files = [
        content.blob(_REGO.encode(), "text/x-rego", annotations={"org.opencontainers.image.title": "images.rego"}),
        content.blob(
            encode({"registries": ["registry.demo"], "severity": "deny"}),
            "application/json",
            annotations={"org.opencontainers.image.title": "data.json"},
        ),
    ]
    manifest: Json
    if key == "old":
        manifest = {"mediaType": OCI_ARTIFACT, "artifactType": POLICY, "blobs": files}
    else:
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": POLICY,
            "config": content.blob(b"{}", OCI_EMPTY, data="e30="),
            "layers": files,
        }
    manifest["annotations"] = {"org.opencontainers.image.created": "2024-02-20T14:45:00Z"}
    content.root = content.manifest(manifest)["digest"]
    return content


def build_signature(_key: str) -> Content:
    """A signature in a repository of its own, as with cosign's COSIGN_REPOSITORY."""
    return signature_image("acme/shop/webapp", signed_digest(NEWEST))
